"""What would be right, in words: the right-hand side of every `must be …`."""

from svcrt.patterns import describe
from svcrt.structs import INT64_MAX, INT64_MIN, Digits

_SHOWN = 20


def between(low: object, high: object) -> str:
    """Say an inclusive range: ` from 1 to 9`, ` of at least 1`, ` of at most 9` or nothing."""
    if low is not None and high is not None:
        return f" from {low} to {high}"
    if low is not None:
        return f" of at least {low}"
    return "" if high is None else f" of at most {high}"


def lengths(shortest: int | None, longest: int | None, one: str, many: str) -> str:
    """Say an inclusive range of a length, ` of 1 to 40 characters`, or nothing; `one` and `many` name the unit."""
    if shortest is not None and longest is not None:
        size = str(shortest) if shortest == longest else f"{shortest} to {longest}"
        return f" of {size} {one if longest == 1 else many}"
    if shortest is not None:
        return f" of at least {shortest} {one if shortest == 1 else many}"
    return "" if longest is None else f" of at most {longest} {one if longest == 1 else many}"


def whole_number(low: float | None, high: float | None) -> str:
    """Say an int; the limits of 64 bits go without figures where the other end is open."""
    if low == INT64_MIN and high == INT64_MAX:
        return "a whole number of at most 64 bits"
    return "a whole number" + between(None if low == INT64_MIN else low, None if high == INT64_MAX else high)


def text(shortest: int | None, longest: int | None, pattern: str | None) -> str:
    """Say a str."""
    size = lengths(shortest, longest, "character", "characters")
    if pattern is None:
        return "text" + size
    words = describe(pattern)
    return words.replace("text", f"text{size}", 1) if words.startswith("text") else words + size


def decimal(digits: Digits) -> str:
    """Say a decimal."""
    shape = f"with at most {digits.precision - digits.scale} digits before and {digits.scale} after the point"
    limits = between(digits.ge, digits.le)
    return f"a decimal number, written as text, {shape}{',' if limits else ''}{limits}"


def one_of(names: list[str]) -> str:
    """List names, the first twenty of many."""
    shown = ", ".join(f"`{name}`" for name in names[:_SHOWN])
    more = "" if len(names) <= _SHOWN else f" or one of {len(names) - _SHOWN} more"
    return f"one of {shown}{more}" if len(names) > 1 else shown
