"""Read the constraints in `str(1..40, pattern: "…")`: findings for the rule, values for the builder."""

from dataclasses import dataclass
from decimal import Decimal

from svcidl import nodes
from svcidl.diagnostics import Diagnostic
from svcidl.model import Bounds
from svcidl.resolve.flaws import place
from svcidl.resolve.patterns import pattern_problem
from svcidl.suggest import did_you_mean

INT64_MIN, INT64_MAX = -(2**63), 2**63 - 1
FORMATS = ("email", "uri", "hostname")
_SIZED = {"str": "length", "bytes": "length", "list": "length", "set": "size", "map": "size"}
_KEYWORDS = {"str": ("pattern", "format")}
_TAKES = {
    "int": "a range: `int(1..100)`",
    "float": "a range: `float(0..1)`",
    "decimal": "precision, scale and a range: `decimal(12, 2, 0..1000)`",
    "str": '`(n)`, `(lo..hi)`, `pattern: "…"` and `format: "…"`',
    "bytes": "`(n)` or `(lo..hi)`",
    "list": "`(n)` or `(lo..hi)`",
    "set": "`(n)` or `(lo..hi)`",
    "map": "`(n)` or `(lo..hi)`",
}
_OTHER_FORMATS = {
    "uuid": "`uuid` is a type of its own",
    "date": "`date` is a type of its own",
    "time": "`time` is a type of its own",
    "date-time": "`timestamp` is a type of its own",
    "datetime": "`timestamp` is a type of its own",
    "duration": "`duration` is a type of its own",
    "byte": "`bytes` is a type of its own",
    "binary": "`bytes` is a type of its own",
    "url": "did you mean `uri`?",
    "mail": "did you mean `email`?",
    "host": "did you mean `hostname`?",
}
"""What JSON Schema and OpenAPI call formats."""

IN_64_BITS = f"64 bits hold {INT64_MIN} to {INT64_MAX}: use `decimal` or `str` for more"
ONE_END = "write `0..`, `..100` or `0..100`, or leave the range out"
MAX_PRECISION = 38
"""Digits of the widest decimal column that common databases share."""


@dataclass(slots=True, kw_only=True)
class Constraints:
    """The constraints of one built-in type, as `svcidl.model` wants them, and what is wrong with them."""

    bounds: Bounds | None = None
    length: Bounds | None = None
    precision: int | None = None
    scale: int | None = None
    pattern: str | None = None
    format: str | None = None
    problems: list[Diagnostic]


def read_constraints(name: str, use: nodes.TypeUse) -> Constraints:
    """Read the constraints of the built-in type `name` as written in `use`."""
    result = Constraints(problems=[])
    arguments = use.constraints or ()
    positional = [argument for argument in arguments if argument.keyword is None]
    if name == "decimal":
        positional = _read_decimal(use, positional, result)
    for number, argument in enumerate(positional):
        if number or name not in _TAKES:
            _refuse(name, argument, result)
        elif name in _SIZED:
            result.length = _length(_SIZED[name], argument, result)
        else:
            result.bounds = _value_range(name, argument, result)
    _read_keywords(name, [argument for argument in arguments if argument.keyword is not None], result)
    return result


def _refuse(name: str, argument: nodes.Argument, result: Constraints) -> None:
    what = f"`{argument.keyword.text}`" if argument.keyword else "this"
    meant = did_you_mean(argument.keyword.text, _KEYWORDS.get(name, ())) if argument.keyword else ()
    remedy = f"`{name}` takes {_TAKES[name]}" if name in _TAKES else f"`{name}` takes no constraints: remove them"
    _problem(result, "E0307", f"`{name}` does not take {what} as a constraint", argument, *meant, remedy)


def _problem(result: Constraints, code: str, message: str, node: nodes.Node, *remedies: str) -> None:
    result.problems.append(Diagnostic(code=code, message=message, span=node.span, help=remedies))


# --- numbers -----------------------------------------------------------------


def integer_value(node: nodes.Integer) -> int | None:
    """Return the value of an integer literal, None if it does not fit 64 bits."""
    # Longer text cannot fit, and Python refuses int() of more than 4,300 digits.
    if len(node.text.lstrip("-0")) > 19:
        return None
    value = int(node.text)
    return value if INT64_MIN <= value <= INT64_MAX else None


def _integer(node: nodes.Node | None, what: str, result: Constraints) -> int | None:
    """Return the value of an integer end of a range, None for an open one and after a problem."""
    if node is None:
        return None
    if not isinstance(node, nodes.Integer):
        _problem(result, "E0307", f"{what} must be an integer", node, "write it in digits: `1..100`")
        return None
    value = integer_value(node)
    if value is None:
        _problem(result, "E0319", f"`{node.text[:24]}` does not fit 64 bits", node, IN_64_BITS)
    return value


def _length(what: str, argument: nodes.Argument, result: Constraints) -> Bounds | None:
    value = argument.value
    if isinstance(value, nodes.Range):
        low, high = _integer(value.low, f"a {what}", result), _integer(value.high, f"a {what}", result)
    elif isinstance(value, nodes.Integer):
        low = high = _integer(value, f"a {what}", result)
    else:
        remedy = "write `(10)` for exactly ten, `(1..10)` or `(..10)`"
        _problem(result, "E0307", f"a {what} is an integer or a range of integers", argument, remedy)
        return None
    if any(end is not None and end < 0 for end in (low, high)):
        _problem(result, "E0308", f"a {what} cannot be negative", argument, "let it start at 0 or above")
    return _ordered(low, high, argument, result)


def _ordered(low: int | None, high: int | None, argument: nodes.Argument, result: Constraints) -> Bounds | None:
    if low is not None and high is not None and low > high:
        _problem(result, "E0308", f"the range is reversed: {low} is above {high}", argument, f"write `{high}..{low}`")
    if low is None and high is None:
        if isinstance(argument.value, nodes.Range) and argument.value.low is None and argument.value.high is None:
            _problem(result, "E0308", "a range needs one end at least", argument, ONE_END)
        return None
    return Bounds(low=low, high=high)


def _value_range(name: str, argument: nodes.Argument, result: Constraints) -> Bounds | None:
    value = argument.value
    if not isinstance(value, nodes.Range):
        _problem(
            result, "E0307", f"`{name}` takes a range", argument, f"write {_TAKES[name].removeprefix('a range: ')}"
        )
        return None
    if name == "int":
        return _ordered(_integer(value.low, "an end", result), _integer(value.high, "an end", result), argument, result)
    low, high = _number(value.low, result), _number(value.high, result)
    if low is not None and high is not None and low > high:
        _problem(result, "E0308", f"the range is reversed: {low} is above {high}", argument, f"write `{high}..{low}`")
    if value.low is None and value.high is None:
        _problem(result, "E0308", "a range needs one end at least", argument, ONE_END)
    if low is None and high is None:
        return None
    if name == "decimal":
        return Bounds(low=None if low is None else f"{low:f}", high=None if high is None else f"{high:f}")
    return Bounds(low=None if low is None else float(low), high=None if high is None else float(high))


def _number(node: nodes.Node | None, result: Constraints) -> Decimal | None:
    if node is None:
        return None
    if not isinstance(node, nodes.Integer | nodes.Float):
        _problem(result, "E0307", "an end of this range must be a number", node, "write it in digits: `0..1`")
        return None
    if len(node.text) > 300:
        remedy = "write 300 digits or fewer, or leave this end open"
        _problem(result, "E0308", "a number this long cannot be an end of a range", node, remedy)
        return None
    return Decimal(node.text)


# --- decimal -----------------------------------------------------------------


def _read_decimal(use: nodes.TypeUse, positional: list[nodes.Argument], result: Constraints) -> list[nodes.Argument]:
    """Read precision and scale; return the arguments that are left, of which one may be a range."""
    figures = [argument.value for argument in positional[:2] if isinstance(argument.value, nodes.Integer)]
    if len(figures) < 2:
        remedy = "write the digits in all and those after the point: `decimal(12, 2)`"
        _problem(result, "E0309", "`decimal` needs its precision and scale", use.ref, remedy)
        return []
    precision, scale = (_integer(figure, "a figure", result) for figure in figures)
    if precision is None or scale is None:
        return []
    if not 1 <= precision <= MAX_PRECISION:
        remedy = f"the precision counts all digits: write 1 to {MAX_PRECISION}"
        _problem(result, "E0309", f"the precision must lie between 1 and {MAX_PRECISION}", positional[0], remedy)
        return []
    if not 0 <= scale <= precision:
        remedy = "the precision counts all digits, the scale those of them that stand after the point"
        message = f"the scale must lie between 0 and the precision, {precision}"
        _problem(result, "E0309", message, positional[1], remedy)
        return []
    result.precision, result.scale = precision, scale
    for end in _ends(positional[2:3]):
        problem = decimal_problem(end.text, precision, scale)
        if problem is not None:
            _problem(result, "E0308", problem, end, "choose a narrower range, or raise the precision or the scale")
    return positional[2:]


def _ends(arguments: list[nodes.Argument]) -> list[nodes.Integer | nodes.Float]:
    ranges = [argument.value for argument in arguments if isinstance(argument.value, nodes.Range)]
    ends = [end for value in ranges for end in (value.low, value.high)]
    return [end for end in ends if isinstance(end, nodes.Integer | nodes.Float)]


def decimal_problem(text: str, precision: int, scale: int) -> str | None:
    """Return why a number does not fit `decimal(precision, scale)`, None if it does."""
    whole, _, fraction = text.lstrip("-").partition(".")
    if len(fraction.rstrip("0")) > scale:
        return f"`{text[:48]}` has more than {scale} digits after the point"
    if len(whole.lstrip("0")) > precision - scale:
        return f"`{text[:48]}` has more than {precision - scale} digits before the point"
    return None


# --- str ---------------------------------------------------------------------


def _read_keywords(name: str, arguments: list[nodes.Argument], result: Constraints) -> None:
    seen: set[str] = set()
    for argument in arguments:
        keyword = argument.keyword.text if argument.keyword else ""
        if keyword not in _KEYWORDS.get(name, ()):
            _refuse(name, argument, result)
        elif keyword in seen:
            _problem(result, "E0307", f"`{keyword}` stands twice", argument, "remove one of the two")
        elif not isinstance(argument.value, nodes.String):
            remedy = "write it in double quotes" if keyword == "pattern" else "write one of " + _listed(FORMATS)
            _problem(result, "E0307", f"`{keyword}` takes a string", argument.value, remedy)
        elif keyword == "pattern":
            result.pattern = _pattern(argument.value, result)
        else:
            result.format = _format(argument.value, result)
        seen.add(keyword)


def _pattern(value: nodes.String, result: Constraints) -> str | None:
    flaw = pattern_problem(value.value)
    if flaw is None:
        return value.value
    span = place(value, flaw.start, flaw.end)
    result.problems.append(Diagnostic(code="E0310", message=flaw.message, span=span, help=flaw.help))
    return None


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names[:-1]) + f" and `{names[-1]}`"


def _format(value: nodes.String, result: Constraints) -> str | None:
    if value.value in FORMATS:
        return value.value
    meant = _OTHER_FORMATS.get(value.value.lower())
    remedies = (meant,) if meant else did_you_mean(value.value, FORMATS)
    remedies = remedies or (f"formats are {_listed(FORMATS)}; for anything else write a `pattern`",)
    _problem(result, "E0311", f"unknown format `{value.value}`", value, *remedies)
    return None
