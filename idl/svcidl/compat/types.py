"""What differs between two uses of types, after aliases."""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal

from svcidl import model
from svcidl.compat.spelling import spell


class Change(enum.Enum):
    """How two types differ."""

    OTHER = "another type"
    NULL_REFUSED = "null is refused now"
    NULL_ALLOWED = "null is possible now"
    TIGHTENED = "takes less"
    WIDENED = "takes more"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One difference; `old` and `new` are the parts that differ, as they would be written."""

    change: Change
    old: str
    new: str


Successors = Mapping[model.Declaration, model.Declaration]
"""The new declaration of every old one that has a successor."""


def differences(old: model.Type, new: model.Type, successors: Successors) -> Iterator[Difference]:
    """Yield how `new` differs from `old`; what a successor differs in is not of this use, but of the declaration."""
    if isinstance(old, model.Named) and isinstance(new, model.Named) and successors.get(old.target) is new.target:
        return
    bare_old, bare_new = _unaliased(old), _unaliased(new)
    if isinstance(bare_old, model.OptionalOf) or isinstance(bare_new, model.OptionalOf):
        inner_old = bare_old.item if isinstance(bare_old, model.OptionalOf) else old
        inner_new = bare_new.item if isinstance(bare_new, model.OptionalOf) else new
        if type(bare_old) is not type(bare_new):
            is_refused = isinstance(bare_old, model.OptionalOf)
            change = Change.NULL_REFUSED if is_refused else Change.NULL_ALLOWED
            yield Difference(change=change, old=spell(old), new=spell(new))
        yield from differences(inner_old, inner_new, successors)
        return
    match bare_old, bare_new:
        case model.Scalar(), model.Scalar() if bare_old.primitive is bare_new.primitive:
            yield from _constraints(bare_old, bare_new)
        case (model.ListOf(), model.ListOf()):
            yield from differences(bare_old.item, bare_new.item, successors)
            yield from _lengths(bare_old, bare_new)
        case (model.SetOf(), model.SetOf()):
            yield from differences(bare_old.item, bare_new.item, successors)
            yield from _lengths(bare_old, bare_new)
        case model.MapOf(), model.MapOf():
            yield from differences(bare_old.key, bare_new.key, successors)
            yield from differences(bare_old.value, bare_new.value, successors)
            yield from _lengths(bare_old, bare_new)
        case model.Named(), model.Named() if successors.get(bare_old.target) is bare_new.target:
            return
        case _:
            yield Difference(change=Change.OTHER, **_named(bare_old, bare_new))


def _named(old: model.Type, new: model.Type) -> dict[str, str]:
    """Return how two types are told apart: by their full names where the short ones are equal."""
    if isinstance(old, model.Named) and isinstance(new, model.Named) and old.target.name == new.target.name:
        return {"old": old.target.full_name, "new": new.target.full_name}
    return {"old": spell(old), "new": spell(new)}


def _unaliased(used: model.Type) -> model.Type:
    while isinstance(used, model.Named) and isinstance(used.target, model.Alias):
        used = used.target.type
    return used


def _constraints(old: model.Scalar, new: model.Scalar) -> Iterator[Difference]:
    tightened, widened = _limits(old.bounds, new.bounds)
    shorter, longer = _limits(old.length, new.length)
    fewer, more = _digits(old, new)
    other = (old.pattern, old.format) != (new.pattern, new.format)
    gained = any(now is not None and now != then for then, now in _rules(old, new))
    lost = any(then is not None and now != then for then, now in _rules(old, new))
    if tightened or shorter or fewer or (other and gained):
        yield Difference(change=Change.TIGHTENED, old=spell(old), new=spell(new))
    if widened or longer or more or (other and lost):
        yield Difference(change=Change.WIDENED, old=spell(old), new=spell(new))


def _rules(old: model.Scalar, new: model.Scalar) -> tuple[tuple[str | None, str | None], ...]:
    return ((old.pattern, new.pattern), (old.format, new.format))


def _lengths(
    old: model.ListOf | model.SetOf | model.MapOf, new: model.ListOf | model.SetOf | model.MapOf
) -> Iterator[Difference]:
    for is_so, change in zip(_limits(old.length, new.length), (Change.TIGHTENED, Change.WIDENED), strict=True):
        if is_so:
            yield Difference(change=change, old=spell(old), new=spell(new))


def _limits(old: model.Bounds | None, new: model.Bounds | None) -> tuple[bool, bool]:
    """Tell whether a range was tightened, and whether it was widened: at its two ends it can be both."""
    low_old, high_old = _ends(old)
    low_new, high_new = _ends(new)
    return low_new > low_old or high_new < high_old, low_new < low_old or high_new > high_old


def _ends(bounds: model.Bounds | None) -> tuple[Decimal, Decimal]:
    low, high = (None, None) if bounds is None else (bounds.low, bounds.high)
    # Decimal of a float is exact, and so is that of decimal text.
    return Decimal("-Infinity") if low is None else Decimal(low), Decimal("Infinity") if high is None else Decimal(high)


def _digits(old: model.Scalar, new: model.Scalar) -> tuple[bool, bool]:
    """Tell whether a decimal lost digits on either side of its point, and whether it gained any."""
    if old.precision is None or old.scale is None or new.precision is None or new.scale is None:
        return False, False
    changes = (new.precision - new.scale - (old.precision - old.scale), new.scale - old.scale)
    return any(change < 0 for change in changes), any(change > 0 for change in changes)
