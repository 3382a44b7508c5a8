"""Durations: `30s`, `1500ms`. Milliseconds inside, ISO 8601 in the model's defaults."""

import re

from svcidl import nodes
from svcidl.diagnostics import Diagnostic

_UNITS = {"ms": 1, "s": 1_000, "m": 60_000, "h": 3_600_000, "d": 86_400_000}
_OTHER_UNITS = {
    "msec": "ms",
    "milli": "ms",
    "millisecond": "ms",
    "sec": "s",
    "second": "s",
    "min": "m",
    "minute": "m",
    "hr": "h",
    "hour": "h",
    "day": "d",
}
"""What people call the units, in lower case and without the `s` of the plural."""
_FORM = re.compile(r"(-?)([0-9]+)([A-Za-z_][A-Za-z0-9_]*)")
_LONGEST_MS = 999_999_999 * _UNITS["d"]
"""Python's timedelta ends at 999,999,999 days."""


def read_duration(node: nodes.Duration) -> tuple[int, Diagnostic | None]:
    """Return the milliseconds of a duration and what is wrong with it, if anything."""
    found = _FORM.fullmatch(node.text)
    sign, figure, unit = found.groups() if found else ("", "0", "")
    if _looks_exponential(node.text):
        remedy = "write the digits out: the language has no exponents"
        return 0, Diagnostic(code="E0110", message=f"`{node.text}` is no number here", span=node.span, help=(remedy,))
    if unit not in _UNITS:
        message = f"`{unit}` is no unit of time"
        meant = _OTHER_UNITS.get(unit.lower().removesuffix("s"))
        units = "units are `ms`, `s`, `m`, `h` and `d`: `500ms`, `30s`, `5m`"
        remedy = f"write `{sign}{figure}{meant}`" if meant else units
        return 0, Diagnostic(code="E0501", message=message, span=node.span, help=(remedy,))
    if sign:
        return 0, Diagnostic(
            code="E0501", message="a duration cannot be negative", span=node.span, help=(f"write `{node.text[1:]}`",)
        )
    # A figure of many thousand digits is refused by its length: int() of it would be slow or refused by Python.
    milliseconds = int(figure) * _UNITS[unit] if len(figure) <= 20 else _LONGEST_MS + 1
    if milliseconds == 0:
        return 0, Diagnostic(
            code="E0501", message="a duration must be above zero", span=node.span, help=("write `1ms` or more",)
        )
    if milliseconds > _LONGEST_MS:
        message, remedy = "a duration cannot exceed 999999999 days", "write `999999999d` or less"
        return 0, Diagnostic(code="E0501", message=message, span=node.span, help=(remedy,))
    return milliseconds, None


def _looks_exponential(text: str) -> bool:
    return re.fullmatch(r"-?[0-9]+[eE][0-9]*", text) is not None


def iso_duration(milliseconds: int) -> str:
    """Return ISO 8601 text: `PT30S`, `P1DT2H`, `PT0.5S`."""
    days, rest = divmod(milliseconds, _UNITS["d"])
    hours, rest = divmod(rest, _UNITS["h"])
    minutes, rest = divmod(rest, _UNITS["m"])
    seconds, fraction = divmod(rest, 1_000)
    clock = (f"{hours}H" if hours else "") + (f"{minutes}M" if minutes else "")
    if seconds or fraction:
        clock += f"{seconds}" + (f".{fraction:03d}".rstrip("0") if fraction else "") + "S"
    return "P" + (f"{days}D" if days else "") + (f"T{clock}" if clock else "")
