"""Defaults: check a literal against its type and bring it into the form that the model promises."""

import base64
import binascii
import re
import uuid
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal

from svcidl import nodes
from svcidl.model import Bounds
from svcidl.resolve.constraints import IN_64_BITS, Constraints, decimal_problem, integer_value, read_constraints
from svcidl.resolve.durations import iso_duration, read_duration
from svcidl.resolve.program import Program, Shape, shape
from svcidl.suggest import did_you_mean

Plain = bool | int | float | str | bytes
Value = Plain | nodes.EnumValue | tuple[Plain | nodes.EnumValue, ...] | dict[str, Plain]
"""As `svcidl.model.Literal`, an enum's value being still the node that declares it."""

_NO_DEFAULT = frozenset(("struct", "union", "any"))
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s.]+")
_URI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\s]+")
_LABEL = r"[A-Za-z0-9](?:[A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_HOSTNAME = re.compile(rf"(?=.{{1,253}}\Z){_LABEL}(?:\.{_LABEL})*")
_FORMATS = {"email": _EMAIL, "uri": _URI, "hostname": _HOSTNAME}
_EXAMPLES = {"email": "name@example.com", "uri": "https://example.com/", "hostname": "www.example.com"}
_TRUTH = {"yes": "true", "on": "true", "no": "false", "off": "false"}
_WITHIN = "change the default or the constraint: every message would be refused"
_MOMENT = "write four figures for the year and two for everything else"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}", re.ASCII)
_CLOCK = r"\d{2}:\d{2}:\d{2}(?:\.\d{1,6})?"
_TIME = re.compile(_CLOCK, re.ASCII)
_TIMESTAMP = re.compile(rf"\d{{4}}-\d{{2}}-\d{{2}}[Tt]{_CLOCK}(?:[Zz]|[+-]\d{{2}}:\d{{2}})", re.ASCII)


class BadLiteral(Exception):
    """A literal does not fit its type: `code`, `message`, `span` of the piece that is wrong, `help`."""

    def __init__(self, message: str, node: nodes.Node, *help_: str, code: str = "E0315") -> None:
        super().__init__(message)
        self.code, self.message, self.node, self.help = code, message, node, help_


def evaluate(program: Program, use: nodes.TypeUse, literal: nodes.Literal) -> Value:
    """Return the value of `literal` as a default of type `use`; raises BadLiteral.

    A type that is itself wrong was reported: any literal passes then.
    """
    target = shape(program, use)
    if target.kind == "unknown":
        return ""
    if target.kind in _NO_DEFAULT:
        noun = "`any`" if target.kind == "any" else f"a {target.kind}"
        can_be_missing = use.optional or target.kind == "any"
        remedy = "remove the default" if can_be_missing else "remove the default, or make it optional with `?`"
        raise BadLiteral(f"{noun} cannot have a default", literal, remedy, code="E0316")
    if isinstance(literal, nodes.Word) and literal.text == "null":
        remedy = "leave the default out: an optional field is null when missing" if use.optional else "make it optional"
        raise BadLiteral("`null` is no default", literal, remedy)
    if target.kind in ("list", "set"):
        return _items(program, target, literal)
    if target.kind == "map":
        return _empty_map(target, literal)
    return _scalar(target, literal)


def _items(program: Program, target: Shape, literal: nodes.Literal) -> Value:
    if not isinstance(literal, nodes.ListLiteral):
        raise BadLiteral(f"the default of a {target.kind} stands in `[…]`", literal, "write `[]` for an empty one")
    arguments = target.use.arguments
    if not arguments:
        return ()
    item = shape(program, arguments[0])
    if item.kind == "unknown":
        return ()
    values: list[Plain | nodes.EnumValue] = []
    for node in literal.items:
        if item.kind in ("struct", "union", "any", "list", "set", "map"):
            raise BadLiteral("a default lists scalars only", node, "the empty list `[]` is possible")
        value = _scalar(item, node)
        if target.kind == "set" and value in values:
            raise BadLiteral("a set holds each item once", node, "remove this item")
        values.append(value)
    _check_length(read_constraints(target.kind, target.use).length, len(values), "items", literal)
    return tuple(values)


def _empty_map(target: Shape, literal: nodes.Literal) -> Value:
    if not isinstance(literal, nodes.MapLiteral):
        raise BadLiteral("the only default of a map is `{}`", literal, "write `{}`, or leave the default out")
    _check_length(read_constraints("map", target.use).length, 0, "entries", literal)
    return {}


def _scalar(target: Shape, literal: nodes.Literal) -> Plain | nodes.EnumValue:
    if target.symbol is not None:
        return _enum_value(target.symbol.node, literal)
    if isinstance(literal, nodes.Duration) and (problem := read_duration(literal)[1]) is not None:
        raise BadLiteral(problem.message, literal, *problem.help, code=problem.code)
    return _READERS[target.kind](literal, read_constraints(target.kind, target.use))


def _enum_value(node: nodes.Declaration, literal: nodes.Literal) -> nodes.EnumValue:
    if not isinstance(node, nodes.Enum):
        raise TypeError(f"{type(node).__name__} has no values")
    if not isinstance(literal, nodes.Word):
        raise BadLiteral(f"the default must be a value of `{node.name.text}`, by its name", literal, _values(node))
    for value in node.values:
        if value.name.text == literal.text:
            return value
    remedies = did_you_mean(literal.text, (value.name.text for value in node.values)) or (_values(node),)
    raise BadLiteral(f"`{node.name.text}` has no value `{literal.text}`", literal, *remedies)


def _values(node: nodes.Enum) -> str:
    names = [f"`{value.name.text}`" for value in node.values[:6]]
    more = " and others" if len(node.values) > 6 else ""
    return f"`{node.name.text}` has {', '.join(names)}{more}" if names else f"`{node.name.text}` has no values"


def _bool(literal: nodes.Literal, limits: Constraints) -> Plain:
    if not isinstance(literal, nodes.Word) or literal.text not in ("true", "false"):
        remedy = "write `true` or `false`, without quotes"
        meant = _TRUTH.get(literal.text.lower()) if isinstance(literal, nodes.Word) else None
        raise BadLiteral("the default must be `true` or `false`", literal, f"write `{meant}`" if meant else remedy)
    return literal.text == "true"


def _int(literal: nodes.Literal, limits: Constraints) -> Plain:
    if not isinstance(literal, nodes.Integer):
        raise BadLiteral("the default must be an integer", literal, "write it in digits, without quotes: `42`")
    value = integer_value(literal)
    if value is None:
        raise BadLiteral(f"`{literal.text[:24]}` does not fit 64 bits", literal, IN_64_BITS, code="E0319")
    _check_bounds(limits.bounds, Decimal(value), literal)
    return value


def _float(literal: nodes.Literal, limits: Constraints) -> Plain:
    number = _number(literal)
    _check_bounds(limits.bounds, number, literal)
    return float(number)


def _decimal(literal: nodes.Literal, limits: Constraints) -> Plain:
    number = _number(literal)
    if limits.precision is None or limits.scale is None:
        return ""
    problem = decimal_problem(f"{number:f}", limits.precision, limits.scale)
    if problem is not None:
        raise BadLiteral(problem, literal, f"widen `decimal({limits.precision}, {limits.scale})`, or change it")
    _check_bounds(limits.bounds, number, literal)
    return f"{number:f}"


def _number(literal: nodes.Literal) -> Decimal:
    if not isinstance(literal, nodes.Integer | nodes.Float):
        raise BadLiteral("the default must be a number", literal, "write it in digits, without quotes: `9.99`")
    if len(literal.text) > 300:
        raise BadLiteral("this number is too long", literal, "write 300 digits or fewer")
    return Decimal(literal.text)


def _text(literal: nodes.Literal, what: str) -> str:
    if not isinstance(literal, nodes.String):
        raise BadLiteral(f"the default must be {what}", literal, "write it in double quotes")
    return literal.value


def _str(literal: nodes.Literal, limits: Constraints) -> Plain:
    value = _text(literal, "a string")
    _check_length(limits.length, len(value), "characters", literal)
    if (
        limits.pattern is not None
        and _is_checkable(value)
        and re.search(_python_pattern(limits.pattern), value, re.ASCII) is None
    ):
        message = f"the default does not match the pattern `{limits.pattern}`"
        raise BadLiteral(message, literal, "change the default or the pattern: every message would be refused")
    if limits.format is not None and _FORMATS[limits.format].fullmatch(value) is None:
        raise BadLiteral(f"the default is no {limits.format}", literal, f'write it as "{_EXAMPLES[limits.format]}"')
    return value


def _is_checkable(value: str) -> bool:
    """Tell whether a pattern may be tried on `value`: `(a+)+$` takes time exponential in the length."""
    return len(value) <= 20


def _python_pattern(pattern: str) -> str:
    """Return the pattern for Python, whose `$` also matches before a last line end; JavaScript's does not."""
    return re.sub(r"\\.|\[(?:\\.|[^\]\\])*\]|\$", lambda m: r"\Z" if m.group() == "$" else m.group(), pattern)


def _bytes(literal: nodes.Literal, limits: Constraints) -> Plain:
    try:
        value = base64.b64decode(_text(literal, "a string of base64"), validate=True)
    except (binascii.Error, ValueError) as error:
        remedy = 'write the bytes as base64: "aGk=" is `hi`'
        raise BadLiteral("the default is not base64", literal, remedy) from error
    _check_length(limits.length, len(value), "bytes", literal)
    return value


def _uuid(literal: nodes.Literal, limits: Constraints) -> Plain:
    text = _text(literal, "a UUID in a string")
    try:
        value = str(uuid.UUID(text))
    except ValueError as error:
        remedy = 'write it as "00000000-0000-0000-0000-000000000000"'
        raise BadLiteral("the default is no UUID", literal, remedy) from error
    if value != text.lower():
        raise BadLiteral("the default is no UUID in its usual form", literal, f'write "{value}"')
    return value


def _date(literal: nodes.Literal, limits: Constraints) -> Plain:
    text = _text(literal, 'a date in a string, "2024-01-31"')
    return _moment(literal, text, _DATE, 'a date like "2024-01-31"', lambda: date.fromisoformat(text).isoformat())


def _time(literal: nodes.Literal, limits: Constraints) -> Plain:
    text = _text(literal, 'a time in a string, "13:30:00"')
    return _moment(literal, text, _TIME, 'a time like "13:30:00"', lambda: time.fromisoformat(text).isoformat())


def _timestamp(literal: nodes.Literal, limits: Constraints) -> Plain:
    text = _text(literal, 'a timestamp in a string, "2024-01-31T13:30:00Z"')
    expected = 'a timestamp with its offset, like "2024-01-31T13:30:00Z"'

    def read() -> str:
        return datetime.fromisoformat(text.upper()).astimezone(UTC).isoformat().replace("+00:00", "Z")

    return _moment(literal, text, _TIMESTAMP, expected, read)


def _moment(literal: nodes.Literal, text: str, form: re.Pattern[str], expected: str, read: Callable[[], str]) -> str:
    try:
        if form.fullmatch(text):
            return read()
    except (ValueError, OverflowError) as error:
        remedy = "look at its figures: a month has 28 to 31 days, a day 24 hours"
        raise BadLiteral(f"`{text}` does not exist", literal, remedy) from error
    raise BadLiteral(f"the default must be {expected}", literal, _MOMENT)


def _duration(literal: nodes.Literal, limits: Constraints) -> Plain:
    if not isinstance(literal, nodes.Duration):
        raise BadLiteral("the default must be a duration", literal, "write a figure with its unit: `30s`")
    return iso_duration(read_duration(literal)[0])


_READERS: dict[str, Callable[[nodes.Literal, Constraints], Plain]] = {
    "bool": _bool,
    "int": _int,
    "float": _float,
    "decimal": _decimal,
    "str": _str,
    "bytes": _bytes,
    "uuid": _uuid,
    "timestamp": _timestamp,
    "date": _date,
    "time": _time,
    "duration": _duration,
}


def _check_bounds(bounds: Bounds | None, value: Decimal, literal: nodes.Literal) -> None:
    if bounds is None:
        return
    low = None if bounds.low is None else Decimal(bounds.low)
    high = None if bounds.high is None else Decimal(bounds.high)
    if (low is not None and value < low) or (high is not None and value > high):
        raise BadLiteral(f"the default lies outside {_shown(bounds)}", literal, _WITHIN)


def _check_length(bounds: Bounds | None, length: int, noun: str, literal: nodes.Literal) -> None:
    if bounds is None:
        return
    low, high = bounds.low, bounds.high
    if (isinstance(low, int) and length < low) or (isinstance(high, int) and length > high):
        raise BadLiteral(f"the default has {length} {noun}, the type takes {_shown(bounds)}", literal, _WITHIN)


def _shown(bounds: Bounds) -> str:
    if bounds.low == bounds.high:
        return f"`{bounds.low}`"
    return f"`{'' if bounds.low is None else bounds.low}..{'' if bounds.high is None else bounds.high}`"
