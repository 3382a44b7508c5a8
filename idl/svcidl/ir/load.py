"""JSON text to model: every key and reference is checked, and the first that is wrong is named with its place."""

import dataclasses
import enum
import json
import typing
from collections.abc import Callable
from typing import Any

from svcidl import model
from svcidl.ir.checks import as_bytes, as_list, as_member, as_object, class_of, plain, shown
from svcidl.ir.form import (
    KIND_OF,
    KINDS,
    PLACE,
    SCHEMA,
    Attribute,
    ModelFormatError,
    attributes,
    is_reference,
    options,
)
from svcidl.source import Span

_ORDER = ("enum", "alias", "struct", "union", "error", "event", "service")
"""In which declarations are built: defaults need enums, unions need structs, services need errors and events."""


def load(text: str, *, path: Callable[[str], str] = lambda path: path) -> model.Model:
    """Return the model that `text` holds.

    Args:
        text: what `dump` wrote.
        path: the path of a file, as the spans of the model shall have it, from the one that is written.

    Raises:
        ModelFormatError: it is none, it is damaged, or of another version.
    """
    try:
        document = json.loads(text)
    except json.JSONDecodeError as error:
        raise ModelFormatError(f"it is no JSON: {error.msg} at line {error.lineno}, column {error.colno}") from error
    except RecursionError as error:
        raise ModelFormatError("it nests too deeply") from error
    if not isinstance(document, dict) or not {"schema", "packages"} <= document.keys():
        raise ModelFormatError("it is no model: `svcgen ir` writes an object with `schema` and `packages`")
    if document["schema"] != SCHEMA:
        raise ModelFormatError(f"its `schema` is {shown(document['schema'])}; this svcgen reads {SCHEMA}")
    packages = as_list(document["packages"], "$.packages")
    return _Reader(path).run([as_object(each, f"$.packages[{number}]") for number, each in enumerate(packages)])


class _Reader:
    def __init__(self, path: Callable[[str], str]) -> None:
        self._path = path
        self._file = self._package = ""
        self._built: dict[str, Any] = {}
        self._open: list[tuple[Any, str, str, str]] = []
        """References that are filled in later: the object, its attribute, the full name, the place in the text."""

    def run(self, packages: list[dict[str, Any]]) -> model.Model:
        found: list[tuple[str, dict[str, Any], str, str]] = []
        """Full name, declaration, place in the text, file."""
        for number, package in enumerate(packages):
            at = f"$.packages[{number}]"
            file, name = (plain(package.get(key), str, f"{at}.{key}") for key in ("path", "name"))
            for index, each in enumerate(as_list(package.get("declarations"), f"{at}.declarations")):
                here = f"{at}.declarations[{index}]"
                own = plain(as_object(each, here).get("name"), str, f"{here}.name")
                found.append((f"{name}.{own}", each, here, self._path(file)))
        for kind in _ORDER:
            for full_name, each, here, file in found:
                if each.get("kind") == kind:
                    self._declare(full_name, each, here, file)
            self._open = [entry for entry in self._open if not self._tied(entry, is_last=kind == _ORDER[-1])]
        for _, each, here, _ in found:
            if each.get("kind") not in _ORDER:
                raise ModelFormatError(f"{here}.kind is {shown(each.get('kind'))}, which is no kind of declaration")
        return model.Model(packages=tuple(self._whole(each, f"$.packages[{n}]") for n, each in enumerate(packages)))

    def _declare(self, full_name: str, written: dict[str, Any], here: str, file: str) -> None:
        if full_name in self._built:
            raise ModelFormatError(f"{here}: `{full_name}` stands there twice")
        self._file, self._package = file, full_name.rpartition(".")[0]
        self._built[full_name] = self._object(KINDS[written["kind"]], written, here)

    def _whole(self, written: dict[str, Any], here: str) -> model.Package:
        self._file = self._path(written["path"])
        bare = {key: value for key, value in written.items() if key != "declarations"}
        package = self._object(model.Package, {**bare, "declarations": []}, here)
        built = tuple(self._built[f"{written['name']}.{each['name']}"] for each in written["declarations"])
        return typing.cast("model.Package", dataclasses.replace(package, path=self._file, declarations=built))

    # --- objects --------------------------------------------------------------------

    def _object(self, cls: type, written: Any, here: str) -> Any:
        """Return the object of `cls` that is written at `here`."""
        given = dict(as_object(written, here))
        given.pop("kind", None)
        values: dict[str, Any] = {"package": self._package} if issubclass(cls, model.TopLevel) else {}
        later: list[tuple[str, str, str]] = []
        for attribute in attributes(cls):
            at = f"{here}.{attribute.key}"
            if attribute.key not in given:
                if attribute.default is dataclasses.MISSING:
                    raise ModelFormatError(f"{here} lacks `{attribute.key}`")
                continue
            item = given.pop(attribute.key)
            if (cls, attribute.name) in _TIED:
                later.append((attribute.name, plain(item, str, at), at))
            else:
                values.update(self._attribute(attribute, item, at, values))
        if given:
            raise ModelFormatError(f"{here} has the unknown key `{min(given)}`")
        made = cls(**values)
        # Tied at once where possible: a default that follows is of this type.
        self._open += [entry for each in later if not self._tied(entry := (made, *each))]
        return made

    def _attribute(self, attribute: Attribute, item: Any, at: str, before: dict[str, Any]) -> dict[str, Any]:
        if attribute.name == "default":
            return {"default": self._literal(item, before["type"], at), "has_default": True}
        if attribute.name == "template":
            return {"template": _template(item, before.get("fields", ()), at)}
        return {attribute.name: self._value(attribute.hint, item, at)}

    def _value(self, hint: Any, item: Any, at: str) -> Any:
        if is_reference(hint):
            return self._reference(plain(item, str, at), options(hint), at)
        choices = options(hint)
        if item is None and type(None) in choices:
            return None
        choices = tuple(each for each in choices if each is not type(None))
        if typing.get_origin(choices[0]) is tuple:
            (inner, _) = typing.get_args(choices[0])
            return tuple(self._value(inner, each, f"{at}[{n}]") for n, each in enumerate(as_list(item, at)))
        if choices[0] is Span:
            return self._span(item, at)
        if issubclass(choices[0], enum.Enum):
            return as_member(choices[0], item, at)
        if dataclasses.is_dataclass(choices[0]):
            return self._object(class_of(choices, item, at), item, at)
        return plain(item, choices, at)

    def _span(self, item: Any, at: str) -> Span:
        given = as_object(item, at)
        return Span(file=self._file, **{name: plain(given.get(name), int, f"{at}.{name}") for name in PLACE})

    # --- references -----------------------------------------------------------------

    def _reference(self, name: str, classes: tuple[type, ...], at: str) -> Any:
        target = self._built.get(name)
        if not isinstance(target, classes):
            kinds = " or ".join(KIND_OF[cls] for cls in classes)
            raise ModelFormatError(f"{at} names `{name}`, which is no {kinds} of this model")
        return target

    def _tied(self, entry: tuple[Any, str, str, str], *, is_last: bool = False) -> bool:
        """Fill in a reference if what it names is built by now; tell whether it was."""
        made, attribute, name, at = entry
        if name not in self._built and not is_last:
            return False
        setattr(made, attribute, self._reference(name, _TIED[type(made), attribute], at))
        return True

    def _literal(self, item: Any, declared: model.Type, at: str) -> Any:
        if isinstance(item, list):
            inner = _bare(declared)
            of = inner.item if isinstance(inner, model.ListOf | model.SetOf) else declared
            return tuple(self._literal(each, of, f"{at}[{number}]") for number, each in enumerate(item))
        if not isinstance(item, dict) or not item:
            return plain(item, (bool, int, float, str, dict), at)
        if item.keys() == {"bytes"}:
            return as_bytes(item["bytes"], at)
        target = _bare(declared)
        for value in target.values if isinstance(target, model.Enum) else ():
            if item == {"value": value.name}:
                return value
        raise ModelFormatError(f"{at} is no default of its type")


def _bare(declared: model.Type) -> model.Type | model.Enum | model.Struct | model.Union | None:
    """Return what a type is behind `?` and aliases; None where a struct or union is not built yet, or there is none."""
    while True:
        if isinstance(declared, model.OptionalOf):
            declared = declared.item
        elif not isinstance(declared, model.Named):
            return declared
        else:
            target = getattr(declared, "target", None)
            if not isinstance(target, model.Alias):
                return target
            declared = target.type


def _template(item: Any, fields: tuple[model.Field, ...], at: str) -> tuple[str | model.Field, ...]:
    by_name = {field.name: field for field in fields}
    pieces: list[str | model.Field] = []
    for number, piece in enumerate(as_list(item, at)):
        if isinstance(piece, dict) and piece.keys() == {"field"} and piece["field"] in by_name:
            pieces.append(by_name[piece["field"]])
        else:
            pieces.append(plain(piece, str, f"{at}[{number}]"))
    return tuple(pieces)


_TIED: dict[tuple[type, str], tuple[type, ...]] = {
    (model.Named, "target"): (model.Alias, model.Enum, model.Struct, model.Union),
    (model.Use, "service"): (model.Service,),
}
"""References that may go in circles, and what they may name."""
