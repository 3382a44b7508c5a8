"""Schedules: due times over changes of the clock, leap days and year ends; and the expressions that the IDL takes."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import assume, example, given, settings
from hypothesis import strategies as st

from svcidl.resolve.cron import cron_problem
from svcrt.schedules import Cron, Every, time_zone

PERIODS = st.one_of(
    st.integers(1, 10**12).map(lambda micros: micros / 1e6), st.sampled_from([0.1, 0.3, 0.5, 0.7, 1.1, 3.3, 86400.0])
)
BRISK = settings(max_examples=100, deadline=None)
THOROUGH = settings(max_examples=500, deadline=None)
MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"]
DAYS = ["sun", "mon", "tue", "wed", "thu", "fri", "sat"]
MOMENTS = st.floats(1.6e9, 2.5e9)


def due_times(expression: str, zone: str, start: str, count: int) -> list[str]:
    """The first due times from `start` on, both on the zone's clock and with their offset."""
    at = datetime.fromisoformat(start).replace(tzinfo=ZoneInfo(zone)).timestamp()
    cron, found = Cron(expression, zone), []
    for _ in range(count):
        at = cron.next(at)
        found.append(datetime.fromtimestamp(at, ZoneInfo(zone)).isoformat(" ", "minutes"))
    return found


# --- every


@pytest.mark.parametrize(("after", "due"), [(12.0, 20.0), (20.0, 30.0), (19.9, 20.0), (0.0, 10.0)])
def test_a_period_is_due_at_its_multiples(after: float, due: float) -> None:
    assert Every(10.0).next(after) == due


@BRISK
@given(PERIODS, MOMENTS)
def test_no_due_time_comes_twice_and_none_is_left_out(period: float, start: float) -> None:
    every = Every(period)
    at = every.next(start)
    assert at > start - 1e-6
    for number in range(1, 20):
        following = every.next(at)
        assert following > at
        # The tenth is where ten periods are: nothing adds up.
        assert round(following * 1e6) == round(every.next(start) * 1e6) + number * round(period * 1e6)
        at = following


@BRISK
@given(PERIODS, MOMENTS, st.floats(0.0, 100.0))
def test_the_latest_is_the_last_that_next_counts(period: float, after: float, length: float) -> None:
    every = Every(period)
    until = after + length
    latest = every.latest(after, until)
    if latest is None:
        assert every.next(after) > until - 1e-6
    else:
        assert latest <= until + 1e-6 < every.next(latest) + 1e-5
        assert every.next(after) <= latest


# --- cron over changes of the clock, as Debian's cron has it


def test_a_time_that_the_spring_skips_comes_right_after_the_gap() -> None:
    assert due_times("30 2 * * *", "Europe/Paris", "2026-03-28 12:00", 2) == [
        "2026-03-29 03:00+02:00",
        "2026-03-30 02:30+02:00",
    ]
    assert due_times("30 2 * * *", "America/New_York", "2026-03-07 12:00", 2) == [
        "2026-03-08 03:00-04:00",
        "2026-03-09 02:30-04:00",
    ]


def test_times_that_meet_after_the_gap_come_once() -> None:
    assert due_times("0,15,30 2,3 * * *", "Europe/Paris", "2026-03-29 00:00", 4) == [
        "2026-03-29 03:00+02:00",
        "2026-03-29 03:15+02:00",
        "2026-03-29 03:30+02:00",
        "2026-03-30 02:00+02:00",
    ]


def test_a_time_that_the_autumn_repeats_comes_the_first_time() -> None:
    assert due_times("30 2 * * *", "Europe/Paris", "2026-10-24 12:00", 2) == [
        "2026-10-25 02:30+02:00",
        "2026-10-26 02:30+01:00",
    ]
    assert due_times("30 1 * * *", "America/New_York", "2026-10-31 12:00", 2) == [
        "2026-11-01 01:30-04:00",
        "2026-11-02 01:30-05:00",
    ]


def test_what_begins_with_a_star_goes_by_elapsed_time() -> None:
    assert due_times("*/30 * * * *", "Europe/Paris", "2026-10-25 02:00", 4) == [
        "2026-10-25 02:30+02:00",
        "2026-10-25 02:00+01:00",
        "2026-10-25 02:30+01:00",
        "2026-10-25 03:00+01:00",
    ]
    assert due_times("0 * * * *", "America/New_York", "2026-03-08 00:30", 3) == [
        "2026-03-08 01:00-05:00",
        "2026-03-08 03:00-04:00",
        "2026-03-08 04:00-04:00",
    ]


def test_within_the_repeated_hour_nothing_lies_behind() -> None:
    second = datetime(2026, 10, 25, 2, 10, fold=1, tzinfo=ZoneInfo("Europe/Paris"))
    found = Cron("30 2 * * *", "Europe/Paris").next(second.timestamp())
    assert datetime.fromtimestamp(found, ZoneInfo("Europe/Paris")).isoformat() == "2026-10-26T02:30:00+01:00"


EXPRESSIONS = ["30 2 * * *", "0,30 1-3 * * *", "*/20 * * * *", "15 */2 * * *", "59 23 28-31 * *", "0 0 29 2 *"]


@pytest.mark.parametrize("zone", ["Europe/Paris", "America/New_York", "Australia/Lord_Howe", "UTC"])
@pytest.mark.parametrize("expression", EXPRESSIONS)
def test_due_times_follow_each_other_from_wherever_one_asks(expression: str, zone: str) -> None:
    cron = Cron(expression, zone)
    for change in (datetime(2026, 3, 29, 0, 55), datetime(2026, 10, 25, 0, 55), datetime(2026, 11, 1, 5, 55)):
        now = (change - timedelta(hours=3)).replace(tzinfo=UTC).timestamp()
        due = cron.next(now)
        for _ in range(6 * 12):
            now += 300.0
            following = cron.next(now)
            assert following > now
            # Nothing between is left out, whatever moment one asks at: the answer changes only when it has come.
            assert following == due or due <= now
            due = following


# --- cron over the calendar


def test_leap_days_and_year_ends() -> None:
    assert due_times("0 12 29 2 *", "UTC", "2026-01-01", 2) == ["2028-02-29 12:00+00:00", "2032-02-29 12:00+00:00"]
    assert due_times("59 23 31 12 *", "UTC", "2026-12-31 23:58", 2) == [
        "2026-12-31 23:59+00:00",
        "2027-12-31 23:59+00:00",
    ]
    # A Sunday that is a leap day: the rarest that the IDL lets through.
    assert due_times("0 0 29 2 */7", "UTC", "2032-03-01", 1) == ["2060-02-29 00:00+00:00"]


def test_two_days_match_either_and_with_a_star_both() -> None:
    assert due_times("0 0 13 * fri", "UTC", "2026-03-08", 3) == [
        "2026-03-13 00:00+00:00",
        "2026-03-20 00:00+00:00",
        "2026-03-27 00:00+00:00",
    ]
    assert due_times("0 0 */12 * mon", "UTC", "2026-01-02", 1) == ["2026-04-13 00:00+00:00"]


def test_the_latest_of_a_minute_or_none() -> None:
    cron = Cron("*/2 * * * *")
    at = datetime(2026, 5, 1, 10, 0, tzinfo=UTC).timestamp()
    assert cron.latest(at - 60, at) == at
    assert cron.latest(at, at + 119) is None
    assert cron.latest(at, at + 300) == at + 240


# --- the IDL and the run time take the same expressions, and mean the same


def values(field: str, low: int, high: int, names: list[str]) -> set[int]:
    """What a field says, read in the plainest way."""

    def number(text: str) -> int:
        return names.index(text.lower()) + low if text.lower() in names else int(text)

    found: set[int] = set()
    for piece in field.split(","):
        span, _, step = piece.partition("/")
        first, _, last = span.partition("-")
        start, end = (low, high) if span == "*" else (number(first), number(last or first))
        found.update(range(start, end + 1, int(step or 1)))
    return found


def first_minute(expression: str, after: datetime) -> datetime:
    """Find the first due time in UTC by trying every day, then every minute of it."""
    fields = expression.split()
    minutes, hours, days = values(fields[0], 0, 59, []), values(fields[1], 0, 23, []), values(fields[2], 1, 31, [])
    months = values(fields[3], 1, 12, MONTHS)
    weekdays = {day % 7 for day in values(fields[4], 0, 7, DAYS)}
    both = fields[2].startswith("*") or fields[4].startswith("*")
    day = after.replace(hour=0, minute=0)
    while True:
        hits = (day.day in days, day.isoweekday() % 7 in weekdays)
        if day.month in months and (all(hits) if both else any(hits)):
            for hour in sorted(hours):
                for minute in sorted(minutes):
                    if (moment := day.replace(hour=hour, minute=minute)) > after:
                        return moment
        day += timedelta(days=1)


def field(low: int, high: int, names: str = "") -> st.SearchStrategy[str]:
    """One field that the language takes."""
    listed = names.split()

    def written(number: int) -> st.SearchStrategy[str]:
        named = [listed[number - low]] if 0 <= number - low < len(listed) else []
        return st.sampled_from([str(number), f"{number:02}", *named])

    ends = st.tuples(st.integers(low, high), st.integers(low, high)).map(sorted)
    span = ends.flatmap(lambda pair: st.tuples(*map(written, pair)).map("-".join))
    step = st.integers(1, high).map(lambda number: f"/{number}")
    stepped = st.tuples(st.one_of(st.just("*"), span), st.one_of(st.just(""), step)).map("".join)
    pieces = st.one_of(stepped, st.integers(low, high).flatmap(written))
    return st.one_of(st.just("*"), st.lists(pieces, min_size=1, max_size=3).map(",".join))


GOOD = st.tuples(
    field(0, 59), field(0, 23), field(1, 31), field(1, 12, " ".join(MONTHS)), field(0, 7, " ".join(DAYS).upper())
).map(" ".join)
WILD = st.one_of(
    st.text("0123456789*,-/ LW#@?jansuJ\t", max_size=16),
    st.lists(st.sampled_from(["*", "0", "L", "LW", "fri#2", "5L", "1/2", "5-5/2", "*/2", "mon-1/3", "@daily"])).map(
        " ".join
    ),
)


@THOROUGH
@given(st.one_of(GOOD, WILD), st.datetimes(datetime(2020, 1, 1), datetime(2030, 1, 1)))
@example("5-5/10 * * * *", datetime(2026, 1, 1))
@example("0 0 1 jan-1/3 mon-1/2", datetime(2026, 1, 1))
@example("0 0 * * 7", datetime(2026, 1, 1))
@example("0 0 30 2 *", datetime(2026, 1, 1))
@example("0 0 L * *", datetime(2026, 1, 1))
@example("0 0 * * fri#2", datetime(2026, 1, 1))
@example("*/5 * * * * *", datetime(2026, 1, 1))
@example("5/10 * * * *", datetime(2026, 1, 1))
def test_the_language_and_the_runtime_agree(expression: str, moment: datetime) -> None:
    if cron_problem(expression) is not None:
        with pytest.raises(ValueError, match="cron expression"):
            Cron(expression)
        return
    after = moment.replace(second=0, microsecond=0, tzinfo=UTC)
    assert Cron(expression).next(after.timestamp()) == first_minute(expression, after).timestamp()


@BRISK
@given(GOOD, MOMENTS)
def test_what_is_written_for_one_zone_fires_in_every_zone(expression: str, after: float) -> None:
    assume(cron_problem(expression) is None)
    for zone in ("Europe/Paris", "America/New_York", "Asia/Kathmandu"):
        assert Cron(expression, zone).next(after) > after


@pytest.mark.parametrize("name", ["Europe/Pariss", "Europe", "../passwd", ""])
def test_an_unknown_time_zone_is_one_sentence(name: str) -> None:
    with pytest.raises(ValueError, match=f"unknown time zone `{name}`"):
        time_zone(name)
