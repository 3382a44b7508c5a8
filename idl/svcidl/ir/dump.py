"""Model to JSON text: deterministic, the same for the same files in whatever order they were given."""

import base64
import dataclasses
import json
from collections.abc import Callable
from typing import Any

from svcidl import model
from svcidl.ir.form import KIND_OF, PLACE, SCHEMA, UNORDERED, attributes
from svcidl.source import Span


def dump(checked: model.Model, *, path: Callable[[str], str] = lambda path: path) -> str:
    """Return `checked` as JSON text with a final newline: packages by name, everything else as it was written.

    Args:
        checked: the model.
        path: what is written for the path of a file.
    """
    packages = sorted(checked.packages, key=lambda package: package.name)
    document = {"schema": SCHEMA, "packages": [_package(package, path) for package in packages]}
    return json.dumps(document, ensure_ascii=False, indent=1) + "\n"


def _package(package: model.Package, path: Callable[[str], str]) -> dict[str, Any]:
    declarations = [_object(declaration) for declaration in package.declarations]
    return {**_object(package), "path": path(package.path), "declarations": declarations}


def _object(value: Any) -> dict[str, Any]:
    cls: type = type(value)
    written: dict[str, Any] = {"kind": KIND_OF[cls]} if cls in KIND_OF else {}
    for attribute in attributes(cls):
        item = getattr(value, attribute.name)
        if attribute.name == "default":
            if value.has_default:
                written["default"] = _literal(item)
        elif attribute.name == "template":
            if item:
                written["template"] = [{"field": each.name} if isinstance(each, model.Field) else each for each in item]
        elif attribute.default is dataclasses.MISSING or item != attribute.default:
            written[attribute.key] = _value(item)
            if attribute.name in UNORDERED:
                written[attribute.key].sort()
    return written


def _value(value: Any) -> Any:
    if isinstance(value, Span):
        return {name: getattr(value, name) for name in PLACE}
    if isinstance(value, tuple):
        return [_value(item) for item in value]
    if isinstance(value, model.TopLevel):
        return value.full_name
    # Also of the enumerations of the model, which are strings.
    return _object(value) if dataclasses.is_dataclass(value) else value


def _literal(value: model.Literal | None) -> Any:
    if isinstance(value, bytes):
        return {"bytes": base64.b64encode(value).decode("ascii")}
    if isinstance(value, model.EnumValue):
        return {"value": value.name}
    if isinstance(value, tuple):
        return [_literal(item) for item in value]
    return value
