"""When timers are due: at multiples of a period since 1970, or as a cron expression says in a time zone. Pure."""

import math
import re
from datetime import UTC, datetime, tzinfo
from typing import Protocol
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from cronsim import CronSim, CronSimError

_MICRO = 1_000_000
_VALUE = "[0-9]{1,4}|[A-Za-z]{3}"
_PIECE = re.compile(rf"(?:\*|({_VALUE})(?:-({_VALUE}))?)(?:/([0-9]{{1,4}}))?")
_LARGEST = (59, 23, 31, 12, 7)
_NAMES = {
    name: number
    for names, first in (("jan feb mar apr may jun jul aug sep oct nov dec", 1), ("sun mon tue wed thu fri sat", 0))
    for number, name in enumerate(names.split(), first)
}


class Schedule(Protocol):
    """Due times, in seconds since 1970. Every instance computes the same ones, and they do not drift."""

    def next(self, after: float) -> float:
        """Return the first due time after `after`."""

    def latest(self, after: float, until: float) -> float | None:
        """Return the last due time after `after` and not after `until`, which lie close together; None without one."""


class Every:
    """Multiples of `period` seconds since 1970. Times are told apart to the microsecond."""

    def __init__(self, period: float) -> None:
        # Whole numbers: (k * 0.1) / 0.1 may lie below k, and that due time would come twice.
        self._period = max(1, round(period * _MICRO))

    def next(self, after: float) -> float:
        """See `Schedule`."""
        return (round(after * _MICRO) // self._period + 1) * self._period / _MICRO

    def latest(self, after: float, until: float) -> float | None:
        """See `Schedule`."""
        due = round(until * _MICRO) // self._period * self._period
        return due / _MICRO if due > round(after * _MICRO) else None


class Cron:
    """Five fields as the IDL takes them, on the clocks of a time zone, with Debian's rules for their changes.

    What names hours and minutes fires once a day: a time that the change skips comes right after the gap, one that
    happens twice comes the first time. What begins with `*` in either field goes by elapsed time.

    Args:
        expression: minute, hour, day of the month, month, day of the week.
        zone: a name of the IANA time zone database.

    Raises:
        ValueError: the expression or the zone is not known; one sentence.
    """

    def __init__(self, expression: str, zone: str = "UTC") -> None:
        self._expression = _plain(expression)
        self.zone = time_zone(zone)
        try:
            CronSim(self._expression, datetime.now(UTC))
        except CronSimError as error:
            raise ValueError(f"`{expression}` is no cron expression: {str(error).lower()}") from error

    def next(self, after: float) -> float:
        """See `Schedule`."""
        # In the hour that happens twice cronsim starts from the first one: what lies behind us is passed over.
        found = CronSim(self._expression, datetime.fromtimestamp(math.floor(after), self.zone))
        return next(due for due in (moment.timestamp() for moment in found) if due > after)

    def latest(self, after: float, until: float) -> float | None:
        """See `Schedule`."""
        latest, due = None, self.next(after)
        while due <= until:
            latest, due = due, self.next(due)
        return latest


def time_zone(name: str) -> tzinfo:
    """Return a time zone of the IANA database. Raises ValueError, with one sentence."""
    if name == "UTC":
        return UTC
    try:
        return ZoneInfo(name)
    except (ZoneInfoNotFoundError, ValueError, OSError) as error:
        raise ValueError(f"unknown time zone `{name}`") from error


def _plain(expression: str) -> str:
    """Check that an expression uses what the IDL takes, and write it so that cronsim reads it the same way."""
    fields = expression.split()
    if len(fields) != len(_LARGEST):
        raise ValueError(f"`{expression}` is no cron expression: it has {len(fields)} fields and not five")
    return " ".join(
        ",".join(_plain_piece(piece, largest) for piece in field.split(","))
        for field, largest in zip(fields, _LARGEST, strict=True)
    )


def _plain_piece(piece: str, largest: int) -> str:
    found = _PIECE.fullmatch(piece)
    first, last, step = found.groups() if found else (None, None, None)
    # cronsim has `L`, `#` and `5/10`, too, which mean something else or nothing in other crons.
    if found is None or (step and (not 1 <= int(step) <= largest or (first and not last))):
        raise ValueError(f"`{piece}` means nothing in a cron expression")
    # cronsim reads `5-5/10` as `5/10`, which goes on to the end of the range.
    return first if first and last and step and _number(first) == _number(last) else piece


def _number(value: str) -> int:
    return int(value) if value.isdigit() else _NAMES.get(value.lower(), -1)
