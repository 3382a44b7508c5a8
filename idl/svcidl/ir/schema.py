"""The published JSON Schema of the form, made from the classes of the model as the form itself is."""

import dataclasses
import enum
import json
import types
import typing
from importlib.resources import files
from typing import Any

from svcidl import model
from svcidl.ir.form import KIND_OF, PLACE, SCHEMA, Attribute, attributes, is_reference, options
from svcidl.source import Span

_PLAIN = {str: "string", bool: "boolean", int: "integer", float: "number", types.NoneType: "null"}


def published_schema() -> str:
    """Return the text of schema.json, which is in the package."""
    return files(__package__).joinpath("schema.json").read_text(encoding="utf-8")


def make_schema() -> str:
    """Return the JSON Schema (2020-12) as text."""
    definitions = _Definitions()
    packages = {"type": "array", "items": definitions.reference(model.Package)}
    document = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "svcgen model",
        "description": (
            "A checked contract as `svcgen ir` writes it. A key that is left out has its default. Outside of its "
            "package the full name of a declaration stands for it. Places have no file: it is the package's path."
        ),
        "type": "object",
        "properties": {"schema": {"const": SCHEMA}, "packages": packages},
        "required": ["schema", "packages"],
        "additionalProperties": False,
        "$defs": definitions.all(),
    }
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


class _Definitions:
    """The schemas of classes, each made when it is first referred to."""

    def __init__(self) -> None:
        self._made: dict[str, dict[str, Any]] = {}

    def all(self) -> dict[str, dict[str, Any]]:
        return dict(sorted(self._made.items()))

    def reference(self, cls: type) -> dict[str, Any]:
        name = cls.__name__
        if name not in self._made:
            self._made[name] = {}  # types refer to themselves
            self._made[name].update(_place() if cls is Span else self._class(cls))
        return {"$ref": f"#/$defs/{name}"}

    def _class(self, cls: type) -> dict[str, Any]:
        properties: dict[str, Any] = {"kind": {"const": KIND_OF[cls]}} if cls in KIND_OF else {}
        properties |= {each.key: self._attribute(cls, each) for each in attributes(cls)}
        required = [each.key for each in attributes(cls) if each.default is dataclasses.MISSING]
        return {
            "description": " ".join((cls.__doc__ or "").split("\n\n")[0].split()),
            "type": "object",
            "properties": properties,
            "required": [*(["kind"] if cls in KIND_OF else []), *required],
            "additionalProperties": False,
        }

    def _attribute(self, cls: type, attribute: Attribute) -> dict[str, Any]:
        if attribute.name == "default":
            return _LITERAL
        if attribute.name == "template":
            return {"type": "array", "items": {"anyOf": [{"type": "string"}, _keyed("field")]}}
        if (cls, attribute.name) == (model.Package, "declarations"):
            return {"type": "array", "items": {"anyOf": [self.reference(each) for each in options(model.Declaration)]}}
        made = self._hint(attribute.hint)
        if attribute.default is dataclasses.MISSING or "$ref" in made:
            return made
        return {**made, "default": list(attribute.default) if attribute.default == () else attribute.default}

    def _hint(self, hint: Any) -> dict[str, Any]:
        if is_reference(hint):
            kinds = " or ".join(f"`{KIND_OF[cls]}`" for cls in options(hint))
            return {"type": "string", "description": f"The full name of a declaration: {kinds}."}
        choices = options(hint)
        if len(choices) > 1:
            return {"anyOf": [self._hint(each) for each in choices]}
        if typing.get_origin(hint) is tuple:
            return {"type": "array", "items": self._hint(typing.get_args(hint)[0])}
        if hint in _PLAIN:
            return {"type": _PLAIN[hint]}
        if issubclass(hint, enum.Enum):
            return {"enum": [each.value for each in hint]}
        return self.reference(hint)


def _keyed(key: str) -> dict[str, Any]:
    return {
        "type": "object",
        "properties": {key: {"type": "string"}},
        "required": [key],
        "additionalProperties": False,
    }


_SCALAR: list[dict[str, Any]] = [
    {"type": ["boolean", "number", "string"]},
    {**_keyed("value"), "description": "A value of an enum, by its name."},
    {**_keyed("bytes"), "description": "Bytes as base64."},
]
_LITERAL: dict[str, Any] = {
    "description": "There exactly if the field has a default: decimals, times and identifiers are text.",
    "anyOf": [*_SCALAR, {"type": "array", "items": {"anyOf": _SCALAR}}, {"type": "object", "maxProperties": 0}],
}


def _place() -> dict[str, Any]:
    return {
        "description": "Where a name stands: lines and columns from 1, columns and offsets in code points.",
        "type": "object",
        "properties": {name: {"type": "integer", "minimum": 0} for name in PLACE},
        "required": list(PLACE),
        "additionalProperties": False,
    }
