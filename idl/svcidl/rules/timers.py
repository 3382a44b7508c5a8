"""Timers: a duration above zero, or a cron expression that fires in a time zone that exists."""

import re
import zoneinfo
from collections.abc import Iterator

from svcidl import nodes
from svcidl.diagnostics import Diagnostic
from svcidl.resolve import walk
from svcidl.resolve.cron import cron_problem
from svcidl.resolve.durations import read_duration
from svcidl.resolve.flaws import place
from svcidl.resolve.program import Program
from svcidl.suggest import did_you_mean

_CITIES = {"Africa": "Africa/Nairobi", "America": "America/New_York", "Asia": "Asia/Tokyo", "Europe": "Europe/Paris"}
_OFFSET = re.compile(r"(?:UTC|GMT)?\s*[+-]\d", re.IGNORECASE)


def timers(program: Program) -> Iterator[Diagnostic]:
    """Report timers that can never fire as written."""
    for unit in program.units:
        for service in walk.services(unit.tree):
            for member in service.members:
                if isinstance(member, nodes.Timer):
                    yield from _check(member)


def _check(timer: nodes.Timer) -> Iterator[Diagnostic]:
    if isinstance(timer.every, nodes.Integer):
        text = timer.every.text
        remedy = f"write `{text}s` for seconds, `{text}m` for minutes"
        yield Diagnostic(code="E0501", message=f"`{text[:24]}` lacks its unit", span=timer.every.span, help=(remedy,))
    elif timer.every is not None:
        problem = read_duration(timer.every)[1]
        if problem is not None:
            yield problem
    if timer.cron is not None:
        flaw = cron_problem(timer.cron.value)
        if flaw is not None:
            span = place(timer.cron, flaw.start, flaw.end)
            yield Diagnostic(code="E0502", message=flaw.message, span=span, help=flaw.help)
    if timer.tz is not None and not _exists(timer.tz.value):
        help_ = _zones_like(timer.tz.value)
        yield Diagnostic(code="E0503", message=f"unknown time zone `{timer.tz.value}`", span=timer.tz.span, help=help_)


def _zones_like(name: str) -> tuple[str, ...]:
    zones = zoneinfo.available_timezones()
    if any(zone.startswith(f"{name}/") for zone in zones):
        return (f"name a city in it, as in `{_CITIES.get(name) or min(z for z in zones if z.startswith(f'{name}/'))}`",)
    # `UTC+2` and `GMT-5` are offsets: they have no summer time and, in the database, the opposite sign.
    if _OFFSET.match(name):
        return ("a zone has a name, which knows its summer time: `Europe/Berlin`, or `UTC`",)
    of_city = [zone for zone in zones if zone.rpartition("/")[2].lower() == name.replace(" ", "_").lower()]
    if of_city:
        return (f"did you mean `{min(of_city, key=lambda zone: (len(zone), zone))}`?",)
    return did_you_mean(name, zones) or ("write it as in the time zone database: `Europe/Paris`, `UTC`",)


def _exists(name: str) -> bool:
    try:
        zoneinfo.ZoneInfo(name)
    except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
        # A folder of the zone database ("Europe") raises OSError, a path out of it ("../x") ValueError.
        return False
    return True
