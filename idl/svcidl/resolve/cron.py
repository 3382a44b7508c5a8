"""Cron expressions of five fields: minute, hour, day of month, month, day of week (crontab, names and steps)."""

import re

_MONTHS = ("jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec")
_DAYS = ("sun", "mon", "tue", "wed", "thu", "fri", "sat")
_FIELDS: tuple[tuple[str, int, int, tuple[str, ...]], ...] = (
    ("minute", 0, 59, ()),
    ("hour", 0, 23, ()),
    ("day of the month", 1, 31, ()),
    ("month", 1, 12, _MONTHS),
    ("day of the week", 0, 7, _DAYS),
)
_LONGEST_MONTHS = {1: 31, 2: 29, 3: 31, 4: 30, 5: 31, 6: 30, 7: 31, 8: 31, 9: 30, 10: 31, 11: 30, 12: 31}
_PIECE = re.compile(r"(?:(\*)|([A-Za-z]+|[0-9]{1,4})(?:-([A-Za-z]+|[0-9]{1,4}))?)(?:/([0-9]{1,4}))?")


def cron_problem(text: str) -> tuple[str, ...] | None:
    """Return what is wrong with a cron expression and the remedies, None if it can fire."""
    fields = text.split()
    if text.strip().startswith("@"):
        return ("cron macros are not known", 'write the five fields: "0 0 * * *" for every day at midnight')
    if len(fields) != 5:
        return (
            f"a cron expression has five fields, this one has {len(fields)}",
            "minute, hour, day of the month, month, day of the week",
        )
    values: list[set[int]] = []
    for field, (noun, low, high, names) in zip(fields, _FIELDS, strict=True):
        found: set[int] = set()
        for piece in field.split(","):
            problem = _read(piece, noun, low, high, names, found)
            if problem is not None:
                return (problem,)
        values.append(found)
    days, months = values[2], values[3]
    # With both day fields restricted, crontab fires when either matches, so that a weekday always comes.
    if fields[4].startswith("*") and min(days) > max(_LONGEST_MONTHS[month] for month in months):
        return (f"this never fires: no such month has a day {min(days)}",)
    return None


def _read(piece: str, noun: str, low: int, high: int, names: tuple[str, ...], found: set[int]) -> str | None:
    """Add the values of one piece of a list to `found`, or return what is wrong with it."""
    match = _PIECE.fullmatch(piece)
    if match is None:
        return f"`{piece}` is no {noun}"
    star, first, last, step = match.groups()
    if star:
        start, end = low, high
    else:
        ends = [_value(text, names, low) for text in (first, last or first)]
        for text, value in zip((first, last or first), ends, strict=True):
            if value is None or not low <= value <= high:
                return f"`{text}` is no {noun}: it lies between {low} and {high}"
        start, end = (value for value in ends if value is not None)
        if step and not last:
            return f"`{piece}` has a step without a range: write `{first}-{high}/{step}`"
    if start > end:
        return f"the range `{piece}` is reversed"
    if step and not 1 <= int(step) <= high:
        return f"the step of `{piece}` must lie between 1 and {high}"
    found.update(range(start, end + 1, int(step or 1)))
    return None


def _value(text: str, names: tuple[str, ...], low: int) -> int | None:
    if text.isdigit():
        return int(text)
    lowered = text.lower()
    return names.index(lowered) + low if lowered in names else None
