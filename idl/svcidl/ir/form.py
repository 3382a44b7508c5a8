"""The form that writing, reading and the schema share: derived from the classes of the model, so that none is left out.

An object is a JSON object of the attributes' names. An attribute that has its class's default is left out. A
declaration is written in its package; anywhere else its full name stands for it. A `span` becomes `place`, without the
file, which is the package's. Where a class is one of several, `kind` tells which.
"""

import dataclasses
import types
import typing
from dataclasses import dataclass
from functools import cache
from typing import Any

from svcidl import model
from svcidl.source import Span

SCHEMA = 1
"""Version of the form."""

KINDS: dict[str, type] = {
    "alias": model.Alias,
    "enum": model.Enum,
    "struct": model.Struct,
    "union": model.Union,
    "error": model.Error,
    "event": model.Event,
    "service": model.Service,
    "rpc": model.Rpc,
    "oneway": model.Oneway,
    "subscription": model.Subscription,
    "route": model.Route,
    "socket": model.Socket,
    "timer": model.Timer,
    "scalar": model.Scalar,
    "list": model.ListOf,
    "set": model.SetOf,
    "map": model.MapOf,
    "optional": model.OptionalOf,
    "named": model.Named,
}
KIND_OF = {cls: kind for kind, cls in KINDS.items()}

UNORDERED = frozenset(("imports", "reserved"))
"""Attributes whose order says nothing: written sorted."""


class ModelFormatError(Exception):
    """A file is no model in this form; the message says where and why, in one line."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Attribute:
    """One attribute of a class of the model.

    Attributes:
        name: in Python.
        key: in JSON.
        hint: its type, resolved.
        default: `dataclasses.MISSING` where the attribute must be given.
    """

    name: str
    key: str
    hint: Any
    default: Any


@cache
def attributes(cls: type) -> tuple[Attribute, ...]:
    """Return what is written of a class, in order; a default of a field (`default`, `has_default`) is one key."""
    hints = typing.get_type_hints(cls)
    found = [
        Attribute(
            name=each.name,
            key="place" if each.name == "span" else each.name,
            hint=hints[each.name],
            default=each.default,
        )
        for each in dataclasses.fields(cls)
        # The package is that in which the declaration stands, `default` is there exactly if the field has one.
        if not (each.name == "package" and issubclass(cls, model.TopLevel)) and each.name != "has_default"
    ]
    # What names a thing comes first, its place last; a template names fields, a default is of a type.
    rank = {"name": -1, "default": 1, "template": 1, "place": 2}
    return tuple(sorted(found, key=lambda attribute: rank.get(attribute.key, 0)))


PLACE = tuple(each.name for each in dataclasses.fields(Span) if each.name != "file")


def options(hint: Any) -> tuple[Any, ...]:
    """Return the members of a union, or the hint alone."""
    return (
        typing.get_args(hint)
        if isinstance(hint, types.UnionType) or typing.get_origin(hint) is typing.Union
        else (hint,)
    )


def is_reference(hint: Any) -> bool:
    """Tell whether the hint is a declaration, or one of several: outside of its package its full name stands for it."""
    return all(isinstance(each, type) and issubclass(each, model.TopLevel) for each in options(hint))
