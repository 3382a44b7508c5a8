"""Who is whose successor: by name, by `@renamed`, and where one thing went and one of equal shape came, by that."""

from collections import Counter
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Matched(Generic[T]):
    """What became of the things of one list.

    Attributes:
        kept: old and new, the renamed ones included.
        declared: those that were renamed with `@renamed`.
        guessed: those that were renamed without a word.
        removed: without a successor.
        added: without a predecessor.
    """

    kept: tuple[tuple[T, T], ...]
    declared: tuple[tuple[T, T], ...] = ()
    guessed: tuple[tuple[T, T], ...] = ()
    removed: tuple[T, ...] = ()
    added: tuple[T, ...] = ()


def match(
    old: Sequence[T],
    new: Sequence[T],
    *,
    key: Callable[[T], Hashable],
    former: Callable[[T], Hashable | None] = lambda _: None,
    shape: Callable[[T], Hashable | None] = lambda _: None,
) -> Matched[T]:
    """Find the successors of `old` in `new`.

    Args:
        old: things as they were.
        new: things as they are.
        key: the name by which a thing stays itself.
        former: the key of the thing's predecessor, where the contract says so.
        shape: what makes two things alike under other names; None for a thing that could be anything.
    """
    by_key = {key(each): each for each in new}
    kept = [(each, by_key[key(each)]) for each in old if key(each) in by_key]
    known = {key(each) for each, _ in kept}
    gone = {key(each): each for each in old if key(each) not in known}
    come = [each for each in new if key(each) not in known]
    declared = [(gone.pop(former(each)), each) for each in come if former(each) in gone]
    taken = {key(each) for _, each in declared}
    come = [each for each in come if key(each) not in taken]
    # A renaming that was taken back: the predecessor has the name as its former one.
    names = {key(each): each for each in come}
    back = [(each, names.pop(former(each))) for each in gone.values() if former(each) in names]
    for each, _ in back:
        gone.pop(key(each))
    come = list(names.values())
    guessed = [*back, *_alike(list(gone.values()), come, shape)]
    before, after = {key(each) for each, _ in guessed}, {key(each) for _, each in guessed}
    return Matched(
        kept=(*kept, *declared, *guessed),
        declared=tuple(declared),
        guessed=tuple(guessed),
        removed=tuple(each for each in gone.values() if key(each) not in before),
        added=tuple(each for each in come if key(each) not in after),
    )


def _alike(gone: list[T], come: list[T], shape: Callable[[T], Hashable | None]) -> list[tuple[T, T]]:
    """Return the pairs of one shape that nothing else has on either side."""
    before, after = Counter(map(shape, gone)), Counter(map(shape, come))
    once = {form for form, number in before.items() if form is not None and number == after[form] == 1}
    by_shape = {shape(each): each for each in come}
    return [(each, by_shape[shape(each)]) for each in gone if shape(each) in once]
