"""Path templates of the IDL (`/orders/{id}`, `/{name}.csv`, `/{id}:cancel`): reading, spelling, comparing them.

Templates and request paths are compared in one spelling: every segment percent-encoded down to unreserved characters,
an empty one as a lone `%`, which no encoding yields. An encoded slash so stays within its segment.
"""

import enum
import re
from dataclasses import dataclass
from urllib.parse import quote, unquote_to_bytes

__all__ = ["EMPTY", "Order", "Segment", "compare", "overlap", "parse", "spelled"]

EMPTY = "%"
_SEGMENT = re.compile(r"(?P<prefix>[^{}]*)(?:\{(?P<parameter>[A-Za-z_][A-Za-z0-9_]*)\}(?P<suffix>[^{}]*))?")


@dataclass(frozen=True, slots=True)
class Segment:
    """What stands between two slashes: literal text around at most one parameter; texts are in the common spelling."""

    prefix: str
    parameter: str | None = None
    suffix: str = ""


class Order(enum.Enum):
    """How the requests that two templates match relate."""

    SAME = "same"
    NARROWER = "narrower"
    WIDER = "wider"
    APART = "apart"
    CROSSING = "crossing"


def spelled(segment: str) -> str:
    """Return one segment of a path, percent-encoded or not, in the common spelling."""
    return quote(unquote_to_bytes(segment), safe="") if segment else EMPTY


def parse(template: str) -> tuple[Segment, ...]:
    """Split a template.

    Raises:
        ValueError: it does not begin with a slash, or a segment is no literal text around one parameter.
    """
    if not template.startswith("/"):
        raise ValueError("a path begins with `/`")
    return tuple(_segment(text) for text in template[1:].split("/"))


def _segment(text: str) -> Segment:
    found = _SEGMENT.fullmatch(text)
    if found is None:
        raise ValueError(f"`{text}` is not literal text around at most one `{{parameter}}`")
    if found["parameter"] is None:
        return Segment(spelled(text))
    prefix, suffix = (quote(unquote_to_bytes(found[part]), safe="") for part in ("prefix", "suffix"))
    return Segment(prefix, found["parameter"], suffix)


def compare(one: tuple[Segment, ...], other: tuple[Segment, ...]) -> Order:
    """Tell which of two templates is the more specific: whose requests are all matched by the other too."""
    if len(one) != len(other):
        return Order.APART
    orders = {_compare(mine, its) for mine, its in zip(one, other, strict=True)}
    if Order.APART in orders:
        return Order.APART
    orders.discard(Order.SAME)
    if not orders:
        return Order.SAME
    return orders.pop() if len(orders) == 1 else Order.CROSSING


def _compare(one: Segment, other: Segment) -> Order:
    if one.parameter is None and other.parameter is None:
        return Order.SAME if one.prefix == other.prefix else Order.APART
    if one.parameter is None:
        return Order.NARROWER if _takes(other, one.prefix) else Order.APART
    if other.parameter is None:
        return Order.WIDER if _takes(one, other.prefix) else Order.APART
    if not overlap(one, other):
        return Order.APART
    narrower = one.prefix.startswith(other.prefix) and one.suffix.endswith(other.suffix)
    wider = other.prefix.startswith(one.prefix) and other.suffix.endswith(one.suffix)
    if narrower and wider:
        return Order.SAME
    return Order.NARROWER if narrower else Order.WIDER if wider else Order.CROSSING


def overlap(one: Segment, other: Segment) -> bool:
    """Whether a text exists that both templated segments match."""
    prefixes = one.prefix.startswith(other.prefix) or other.prefix.startswith(one.prefix)
    suffixes = one.suffix.endswith(other.suffix) or other.suffix.endswith(one.suffix)
    return prefixes and suffixes


def _takes(template: Segment, literal: str) -> bool:
    rest = len(literal) - len(template.prefix) - len(template.suffix)
    return literal != EMPTY and rest > 0 and literal.startswith(template.prefix) and literal.endswith(template.suffix)
