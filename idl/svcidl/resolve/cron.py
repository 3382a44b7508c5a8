"""Cron expressions of five fields: minute, hour, day of month, month, day of week (crontab, names and steps)."""

import re

from svcidl.resolve.flaws import Flaw

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
_MACROS = {
    "@yearly": '"0 0 1 1 *"',
    "@annually": '"0 0 1 1 *"',
    "@monthly": '"0 0 1 * *"',
    "@weekly": '"0 0 * * 0"',
    "@daily": '"0 0 * * *"',
    "@midnight": '"0 0 * * *"',
    "@hourly": '"0 * * * *"',
}
"""What crontab(5) calls short for what."""
_PIECE = re.compile(r"(?:(\*)|([A-Za-z]+|[0-9]{1,4})(?:-([A-Za-z]+|[0-9]{1,4}))?)(?:/([0-9]{1,4}))?")


def cron_problem(text: str) -> Flaw | None:
    """Return what is wrong with a cron expression, None if it can fire."""
    fields = list(re.finditer(r"\S+", text))
    if text.strip().startswith("@"):
        macro = text.strip().lower()
        meant = _MACROS.get(macro, '"0 0 * * *" for every day at midnight')
        return Flaw(message="cron macros are not known", help=(f"write the five fields: {meant}",))
    if len(fields) != 5:
        remedy = "write minute, hour, day of the month, month, day of the week: `0 2 * * *` is two o'clock every night"
        return Flaw(message=f"a cron expression has five fields, this one has {len(fields)}", help=(remedy,))
    values: list[set[int]] = []
    for field, (noun, low, high, names) in zip(fields, _FIELDS, strict=True):
        found: set[int] = set()
        start = field.start()
        for piece in field.group().split(","):
            problem = _read(piece, noun, low, high, names, found)
            if problem is not None:
                return Flaw(message=problem[0], help=problem[1:], start=start, end=start + len(piece))
            start += len(piece) + 1
        values.append(found)
    days, months = values[2], values[3]
    # With both day fields restricted, crontab fires when either matches, so that a weekday always comes.
    if fields[4].group().startswith("*") and min(days) > max(_LONGEST_MONTHS[month] for month in months):
        return Flaw(
            message=f"this never fires: no such month has a day {min(days)}",
            help=("name a day that the month has, or more months",),
            start=fields[2].start(),
            end=fields[3].end(),
        )
    return None


def _read(
    piece: str, noun: str, low: int, high: int, names: tuple[str, ...], found: set[int]
) -> tuple[str, ...] | None:
    """Add the values of one piece of a list to `found`, or return what is wrong with it and the remedy."""
    match = _PIECE.fullmatch(piece)
    if match is None:
        example = names[1] if names else str(low)
        return f"`{piece}` is no {noun}", f"write `*`, `{example}`, `{low}-{high}`, `*/5` or a list with commas"
    star, first, last, step = match.groups()
    if star:
        start, end = low, high
    else:
        ends = [_value(text, names, low) for text in (first, last or first)]
        for text, value in zip((first, last or first), ends, strict=True):
            if value is None or not low <= value <= high:
                if text[:3].lower() in names:
                    return f"`{text}` is no {noun}", f"write `{text[:3].lower()}`"
                named = f", or `{names[0]}` to `{names[-1]}`" if names else ""
                return f"`{text}` is no {noun}: it lies between {low} and {high}", f"write `{low}` to `{high}`{named}"
        start, end = (value for value in ends if value is not None)
        if step and not last:
            return f"`{piece}` has a step without a range", f"write `{first}-{high}/{step}`"
    if start > end:
        remedy = f"write `{last}-{first}`, or `{first}-{high},{low}-{last}` to go round"
        return f"the range `{piece}` is reversed", remedy
    if step and not 1 <= int(step) <= high:
        return f"the step of `{piece}` must lie between 1 and {high}", f"write `*/1` to `*/{high}`"
    found.update(range(start, end + 1, int(step or 1)))
    return None


def _value(text: str, names: tuple[str, ...], low: int) -> int | None:
    if text.isdigit():
        return int(text)
    lowered = text.lower()
    return names.index(lowered) + low if lowered in names else None
