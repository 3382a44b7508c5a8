"""JSON Schema (2020-12) of the model's types: what docs/data.md says travels, as far as JSON Schema can say it."""

import base64
import json
from collections import Counter
from collections.abc import Callable, Iterable
from typing import Any, TypeAlias

from svcidl.model import (
    Alias,
    Bounds,
    Declared,
    Enum,
    EnumValue,
    Field,
    ListOf,
    MapOf,
    Model,
    Named,
    OptionalOf,
    Primitive,
    Scalar,
    SetOf,
    Struct,
    TopLevel,
    Type,
    Union,
)

Schema: TypeAlias = dict[str, Any]
Reference: TypeAlias = Callable[["Alias | Enum | Struct | Union"], str]
"""Where the schema of a declared type is: the value of `$ref`."""

_PLAIN: dict[Primitive, Schema] = {
    Primitive.BOOL: {"type": "boolean"},
    Primitive.INT: {"type": "integer", "format": "int64"},
    Primitive.FLOAT: {"type": "number", "format": "double"},
    Primitive.DECIMAL: {"type": "string", "format": "decimal"},
    Primitive.STR: {"type": "string"},
    Primitive.BYTES: {"type": "string", "contentEncoding": "base64"},
    Primitive.UUID: {"type": "string", "format": "uuid"},
    Primitive.TIMESTAMP: {"type": "string", "format": "date-time"},
    Primitive.DATE: {"type": "string", "format": "date"},
    # RFC 3339 has no time of day without an offset.
    Primitive.TIME: {"type": "string", "pattern": r"^\d{2}:\d{2}(:\d{2}(\.\d+)?)?$"},
    Primitive.DURATION: {"type": "string", "format": "duration"},
    Primitive.ANY: {},
}
_KEYS = {Primitive.INT: {"pattern": "^-?[0-9]+$"}}
"""Keys of maps are text."""


class Schemas:
    """Writes schemas whose references are made by `reference`."""

    def __init__(self, reference: Reference) -> None:
        self._reference = reference

    def type(self, kind: Type) -> Schema:
        """Return the schema of a use of a type."""
        match kind:
            case Scalar():
                return scalar(kind)
            case ListOf():
                return {"type": "array", "items": self.type(kind.item), **_size("Items", kind.length)}
            case SetOf():
                sized = _size("Items", kind.length)
                return {"type": "array", "items": self.type(kind.item), "uniqueItems": True, **sized}
            case MapOf():
                return self._map(kind)
            case OptionalOf():
                return nullable(self.type(kind.item))
            case Named():
                return {"$ref": self._reference(kind.target)}

    def _map(self, kind: MapOf) -> Schema:
        schema: Schema = {"type": "object", "additionalProperties": self.type(kind.value)}
        key = kind.key
        while isinstance(key, Named) and isinstance(key.target, Alias):
            key = key.target.type
        if isinstance(key, Scalar):
            names = _KEYS.get(key.primitive) or scalar(key)
            if names != {"type": "string"}:
                schema["propertyNames"] = names
        else:
            schema["propertyNames"] = self.type(key)
        return schema | _size("Properties", kind.length)

    def declared(self, declaration: Alias | Enum | Struct | Union) -> Schema:
        """Return the schema of a declaration, without its name."""
        match declaration:
            case Alias():
                return self.type(declaration.type) | about(declaration)
            case Enum():
                return _enum(declaration) | about(declaration)
            case Struct():
                return self.object(declaration.fields, tag=declaration.tag) | about(declaration)
            case Union():
                return self._union(declaration) | about(declaration)

    def object(self, fields: Iterable[Field], *, tag: str | None = None) -> Schema:
        """Return the schema of an object of these fields; `tag` is the value of its field `type`."""
        fields = tuple(fields)
        properties: Schema = {} if tag is None else {"type": {"const": tag}}
        properties |= {each.name: self.field(each) for each in fields}
        schema: Schema = {"type": "object", "properties": properties}
        required = [each.name for each in fields if each.required]
        if required:
            schema["required"] = required
        return schema

    def field(self, field: Field) -> Schema:
        """Return the schema of a field with what is said of it."""
        schema = self.type(field.type) | about(field)
        if field.has_default:
            schema["default"] = plain(field.default)
        elif isinstance(field.type, OptionalOf):
            schema["default"] = None
        if field.sensitive:
            schema["x-sensitive"] = True
        if field.renamed is not None:
            schema["x-former-name"] = field.renamed
        return schema

    def _union(self, union: Union) -> Schema:
        # Beside a `$ref` older readers would skip it.
        known = [{"allOf": [{"$ref": self._reference(each)}], "required": ["type"]} for each in union.variants]
        if union.closed:
            return {"oneOf": known}
        tags = [each.tag for each in union.variants]
        unknown = {"type": {"type": "string", "not": {"enum": tags}}}
        return {"oneOf": [*known, {"type": "object", "properties": unknown, "required": ["type"]}]}


def named(model: Model) -> Callable[[TopLevel], str]:
    """Return what names declarations in one document: the short name where only one has it, else the full name."""
    counts = Counter(each.name for package in model.packages for each in package.declarations)
    return lambda declaration: declaration.full_name if counts[declaration.name] > 1 else declaration.name


def scalar(kind: Scalar) -> Schema:
    """Return the schema of a built-in type with its constraints."""
    schema = dict(_PLAIN[kind.primitive])
    if kind.primitive is Primitive.DECIMAL:
        schema |= _decimal(kind)
    elif kind.bounds is not None:
        schema |= _given(minimum=kind.bounds.low, maximum=kind.bounds.high)
    if kind.length is not None:
        measure = _encoded if kind.primitive is Primitive.BYTES else _same
        schema |= _given(minLength=measure(kind.length.low), maxLength=measure(kind.length.high))
    if kind.pattern is not None:
        schema["pattern"] = kind.pattern
    if kind.format is not None:
        schema["format"] = kind.format
    return schema


def _same(length: int | float | str | None) -> int | float | str | None:
    return length


def _encoded(length: int | float | str | None) -> int | None:
    # Four characters of base64 for each three bytes or part of them.
    return None if length is None else -(-int(length) // 3) * 4


def _decimal(kind: Scalar) -> Schema:
    assert kind.precision is not None
    assert kind.scale is not None
    whole = kind.precision - kind.scale
    digits = f"[0-9]{{1,{whole}}}" if whole else "0"
    fraction = f"(\\.[0-9]{{1,{kind.scale}}}0*)?" if kind.scale else "(\\.0+)?"
    schema: Schema = {"pattern": f"^-?{digits}{fraction}$"}
    if kind.bounds is not None:
        # What is text has no limits in JSON Schema.
        schema |= _given(**{"x-minimum": kind.bounds.low, "x-maximum": kind.bounds.high})
    return schema


def _enum(enum: Enum) -> Schema:
    values = [each.wire for each in enum.values]
    known: Schema = {"type": "string", "enum": values}
    gone = [each.wire for each in enum.values if each.deprecated is not None]
    if gone:
        known["x-deprecated-values"] = gone
    # Open: what nobody knows yet is kept.
    return known if enum.closed else {"anyOf": [known, {"type": "string"}]}


def nullable(schema: Schema) -> Schema:
    """Return the schema that takes null, too."""
    if isinstance(schema.get("type"), str) and "enum" not in schema:
        return schema | {"type": [schema["type"], "null"]}
    return {"anyOf": [schema, {"type": "null"}]} if schema else {}


def about(declared: Declared) -> Schema:
    """Return what documentation says of a thing."""
    parts = [declared.doc.strip(), f"Deprecated: {declared.deprecated}" if declared.deprecated is not None else ""]
    text = "\n\n".join(filter(None, parts))
    schema: Schema = {"description": text} if text else {}
    if declared.deprecated is not None:
        schema["deprecated"] = True
    return schema


def plain(value: Any) -> Any:
    """Return a default as JSON has it."""
    match value:
        case EnumValue():
            return value.wire
        case bytes():
            return base64.b64encode(value).decode()
        case tuple():
            return [plain(each) for each in value]
        case _:
            return value


def dumps(document: Schema) -> str:
    """Return a document as text."""
    return json.dumps(document, indent=2, ensure_ascii=False) + "\n"


def _size(what: str, length: Bounds | None) -> Schema:
    return {} if length is None else _given(**{f"min{what}": length.low, f"max{what}": length.high})


def _given(**values: object) -> Schema:
    return {key: value for key, value in values.items() if value is not None}
