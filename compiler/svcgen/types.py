"""How a type of the model is written in Python: with its constraints in structs, plainly in signatures; defaults."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Protocol

from svcgen import source_text
from svcgen.imports import Imports
from svcgen.layout import Doc, Either, Group, Row, call, flat, subscript
from svcidl.model import (
    Alias,
    Bounds,
    Enum,
    EnumValue,
    Field,
    ListOf,
    Literal,
    MapOf,
    Named,
    OptionalOf,
    Primitive,
    Scalar,
    ScalarLiteral,
    SetOf,
    TopLevel,
    Type,
)

_BUILTIN = {
    Primitive.BOOL: "bool",
    Primitive.INT: "int",
    Primitive.FLOAT: "float",
    Primitive.STR: "str",
    Primitive.BYTES: "bytes",
    Primitive.ANY: "object",
}
_IMPORTED = {
    Primitive.DECIMAL: ("decimal", "Decimal"),
    Primitive.UUID: ("uuid", "UUID"),
    Primitive.TIMESTAMP: ("datetime", "datetime"),
    Primitive.DATE: ("datetime", "date"),
    Primitive.TIME: ("datetime", "time"),
    Primitive.DURATION: ("datetime", "timedelta"),
}
_CHECKED = {
    Primitive.INT: "Int64",
    Primitive.TIMESTAMP: "Timestamp",
    Primitive.TIME: "LocalTime",
    Primitive.ANY: "AnyValue",
}
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+)(?:\.(\d{1,6}))?S)?)?")


class References(Protocol):
    """How the module that is being written names declarations."""

    def declaration(self, target: TopLevel) -> str:
        """Return the name of a declared type in this module, importing it if need be."""

    def value(self, value: EnumValue) -> str:
        """Return the Python name of an enum's member, without the enum."""


class TypeWriter:
    """Writes types for one module, importing what they need.

    Args:
        imports: of the module.
        references: how the module names declarations.
    """

    def __init__(self, imports: Imports, references: References) -> None:
        self._imports = imports
        self._references = references

    def plain(self, type_: Type) -> Doc:
        """Return the type as a signature shows it, without constraints."""
        match type_:
            case Scalar(primitive=primitive):
                return self._plain_scalar(primitive)
            case Named(target=target):
                return self._references.declaration(target)
            case _:
                return self._container(type_, self.plain)

    def checked(self, type_: Type) -> Doc:
        """Return the type with everything that the contract says of its values, as the codec reads it."""
        match type_:
            case Scalar():
                return self._checked_scalar(type_)
            case ListOf() | SetOf() | MapOf():
                return self._annotated(self._container(type_, self.checked), self._meta(*_lengths(type_.length)))
            case Named(target=target):
                return self._references.declaration(target)
            case _:
                return self._container(type_, self.checked)

    def field(self, field: Field) -> Doc:
        """Return a field's annotation: its type, and what is said of the field itself."""
        extras: list[Doc] = []
        if field.sensitive:
            extras.append(call(self._imports.runtime("Sensitive")))
        if field.renamed is not None:
            extras.append(call(self._imports.runtime("Renamed"), source_text.string(field.renamed)))
        annotation = self.checked(field.type)
        if not extras:
            return annotation
        # Metadata of a constrained type and of the field stand side by side, never one Annotated in another.
        if isinstance(annotation, Group) and annotation.open == f"{self._typing('Annotated')}[":
            return Group(annotation.open, (*annotation.items, *extras), "]")
        return self._annotated(annotation, extras)

    def struct_default(self, field: Field) -> Doc | None:
        """Return what stands after the `=` of a struct's field, None for a required one."""
        if not field.has_default:
            return "None" if isinstance(field.type, OptionalOf) else None
        if not isinstance(field.default, tuple | dict):
            return self.default(field.type, field.default)
        # A bare `list` as factory would leave pyright with a partially unknown type.
        if field.default:
            factory: Doc = f"lambda: {flat(self.default(field.type, field.default))}"
        else:
            factory = self._container(resolved(field.type), self.plain)
            # A struct may list itself: its name exists only when its class is complete.
            factory = f"lambda: {flat(factory)}()" if _is_declared_later(resolved(field.type)) else factory
        return call(self._imports.runtime("field"), Row(("default_factory=", factory)))

    def parameter_default(self, field: Field) -> Doc | None:
        """Return what stands after the `=` of a keyword argument, None for a required one."""
        if not field.has_default:
            return "None" if isinstance(field.type, OptionalOf) else None
        return self.default(field.type, field.default)

    def default(self, type_: Type, value: Literal | None) -> Doc:
        """Return the expression of a default; `value` is normalised as the model promises."""
        target = resolved(type_)
        match target, value:
            case _, EnumValue():
                return f"{flat(self.plain(target))}.{self._references.value(value)}"
            case ListOf(item=item), tuple():
                return Group("[", tuple(self.default(item, each) for each in value), "]")
            case SetOf(), ():
                return "set()"
            case SetOf(item=item), tuple():
                return Group("{", tuple(self.default(item, each) for each in value), "}")
            case MapOf(), dict():
                return "{}"
            case Scalar(primitive=primitive), bool() | int() | float() | str() | bytes():
                return self._scalar_default(primitive, value)
            case _:
                raise TypeError(f"{value!r} cannot be a default")

    def _container(self, type_: Type, write: Callable[[Type], Doc]) -> Doc:
        match type_:
            case ListOf(item=item):
                return subscript("list", write(item))
            case SetOf(item=item):
                return subscript("set", write(item))
            case MapOf(key=key, value=value):
                return subscript("dict", write(key), write(value))
            case OptionalOf(item=item):
                inner = write(item)
                # `any` holds null already, and the codec knows it only bare.
                is_any = isinstance(item, Scalar) and item.primitive is Primitive.ANY
                return inner if is_any else Either((inner, "None"))
            case _:
                raise TypeError(f"{type_!r} is no container")

    def _plain_scalar(self, primitive: Primitive) -> str:
        return _BUILTIN.get(primitive) or self._imports.name(*_IMPORTED[primitive])

    def _checked_scalar(self, scalar: Scalar) -> Doc:
        if scalar.primitive is Primitive.DECIMAL:
            return self._annotated(self._plain_scalar(scalar.primitive), [self._digits(scalar)])
        is_int = scalar.primitive is Primitive.INT
        bounds = _int_bounds(scalar.bounds, self._imports) if is_int else _bounds(scalar.bounds)
        if scalar.primitive in _CHECKED and not bounds:
            return self._imports.runtime(_CHECKED[scalar.primitive])
        marks = [*self._meta(*bounds, *_lengths(scalar.length)), *self._text_marks(scalar)]
        return self._annotated(self._plain_scalar(scalar.primitive), marks)

    def _digits(self, scalar: Scalar) -> Doc:
        limits = [
            f"{name}={source_text.string(str(limit))}"
            for name, limit in (("ge", _low(scalar.bounds)), ("le", _high(scalar.bounds)))
            if limit is not None
        ]
        return call(self._imports.runtime("Digits"), str(scalar.precision), str(scalar.scale), *limits)

    def _text_marks(self, scalar: Scalar) -> list[Doc]:
        if scalar.pattern is None and scalar.format is None:
            return []
        if scalar.pattern is None:
            return [call(self._imports.runtime("Format"), source_text.string(scalar.format or ""))]
        format_ = [] if scalar.format is None else [f"format={source_text.string(scalar.format)}"]
        return [call(self._imports.runtime("Pattern"), source_text.string(scalar.pattern), *format_)]

    def _meta(self, *limits: str) -> list[Doc]:
        return [call(self._imports.runtime("Meta"), *limits)] if limits else []

    def _annotated(self, type_: Doc, marks: list[Doc]) -> Doc:
        return subscript(self._typing("Annotated"), type_, *marks) if marks else type_

    def _typing(self, name: str) -> str:
        return self._imports.name("typing", name)

    def _scalar_default(self, primitive: Primitive, value: ScalarLiteral) -> Doc:
        match primitive, value:
            case Primitive.DECIMAL | Primitive.UUID, str():
                return call(self._plain_scalar(primitive), source_text.string(value))
            case ((Primitive.DATE | Primitive.TIME | Primitive.TIMESTAMP | Primitive.DURATION), str()):
                return call(self._plain_scalar(primitive), *self._moment(primitive, value))
            case _, str():
                return source_text.string(value)
            case _, bytes():
                return source_text.bytes_literal(value)
            case _, bool() | int() | float():
                return source_text.number(value)
            case _:
                raise TypeError(f"{value!r} is no default of a {primitive}")

    def _moment(self, primitive: Primitive, text: str) -> list[str]:
        if primitive is Primitive.DATE:
            day = date.fromisoformat(text)
            return [str(day.year), str(day.month), str(day.day)]
        if primitive is Primitive.TIME:
            return _clock(time.fromisoformat(text))
        if primitive is Primitive.DURATION:
            return _duration(text)
        moment = datetime.fromisoformat(text).astimezone(UTC)
        zone = f"tzinfo={self._imports.name('datetime', 'UTC')}"
        return [str(moment.year), str(moment.month), str(moment.day), *_clock(moment.time()), zone]


def resolved(type_: Type) -> Type:
    """Return what a type is behind `?` and aliases."""
    while True:
        match type_:
            case OptionalOf(item=item):
                type_ = item
            case Named(target=Alias(type=aliased)):
                type_ = aliased
            case _:
                return type_


def _is_declared_later(type_: Type) -> bool:
    match type_:
        case Named(target=target):
            return not isinstance(target, Enum)
        case ListOf(item=item) | SetOf(item=item) | OptionalOf(item=item):
            return _is_declared_later(item)
        case MapOf(key=key, value=value):
            return _is_declared_later(key) or _is_declared_later(value)
        case _:
            return False


def _low(bounds: Bounds | None) -> int | float | str | None:
    return None if bounds is None else bounds.low


def _high(bounds: Bounds | None) -> int | float | str | None:
    return None if bounds is None else bounds.high


def _limit(value: int | float | str) -> str:
    return value if isinstance(value, str) else source_text.number(value)


def _bounds(bounds: Bounds | None) -> list[str]:
    limits = (("ge", _low(bounds)), ("le", _high(bounds)))
    return [f"{name}={_limit(float(limit))}" for name, limit in limits if limit is not None]


def _int_bounds(bounds: Bounds | None, imports: Imports) -> list[str]:
    if bounds is None or (bounds.low is None and bounds.high is None):
        return []
    low = imports.runtime("INT64_MIN") if bounds.low is None else _limit(bounds.low)
    high = imports.runtime("INT64_MAX") if bounds.high is None else _limit(bounds.high)
    return [f"ge={low}", f"le={high}"]


def _lengths(length: Bounds | None) -> list[str]:
    limits = (("min_length", _low(length)), ("max_length", _high(length)))
    return [f"{name}={_limit(limit)}" for name, limit in limits if limit is not None]


def _clock(moment: time) -> list[str]:
    figures = [moment.hour, moment.minute, moment.second, moment.microsecond]
    while len(figures) > 2 and figures[-1] == 0:
        del figures[-1]
    return [str(figure) for figure in figures]


def _duration(text: str) -> list[str]:
    found = _DURATION.fullmatch(text)
    if found is None:
        raise ValueError(f"{text!r} is no duration of the model")
    days, hours, minutes, seconds, fraction = found.groups()
    named = {"days": days, "hours": hours, "minutes": minutes, "seconds": seconds}
    figures = [f"{unit}={int(figure)}" for unit, figure in named.items() if figure and int(figure)]
    microseconds = int((fraction or "").ljust(6, "0"))
    return [*figures, *([f"microseconds={microseconds}"] if microseconds else [])]
