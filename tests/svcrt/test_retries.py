"""The delays of a `@retry`."""

from svcrt.contract import Retry
from svcrt.retries import JITTER, STEPS_MS, delay_ms, delays_ms, jittered, spoken


def delays(retry: Retry | None, attempts: int) -> list[int | None]:
    return [delay_ms(retry, tried) for tried in range(1, attempts + 1)]


def test_without_a_policy_the_five_steps_hold() -> None:
    assert delays(None, 6) == [1_000, 5_000, 30_000, 300_000, 1_800_000, None]
    assert delays_ms(None) == STEPS_MS


def test_a_number_of_attempts_takes_the_steps_and_stays_at_the_last() -> None:
    assert delays(Retry(attempts=0), 1) == [None]
    assert delays(Retry(attempts=2), 3) == [1_000, 5_000, None]
    assert delays(Retry(attempts=7), 8)[4:] == [1_800_000, 1_800_000, 1_800_000, None]
    assert delays_ms(Retry(attempts=10**9)) == STEPS_MS


def test_a_backoff_doubles_from_its_start_to_its_end() -> None:
    retry = Retry(attempts=6, backoff_from=1.0, backoff_to=10.0)
    assert delays(retry, 7) == [1_000, 2_000, 4_000, 8_000, 10_000, 10_000, None]
    assert delays_ms(retry) == (1_000, 2_000, 4_000, 8_000, 10_000)
    assert delays_ms(Retry(attempts=2, backoff_from=0.05, backoff_to=60.0)) == (50, 100)


def test_a_backoff_of_one_length_or_none() -> None:
    assert delays(Retry(attempts=2, backoff_from=2.0, backoff_to=2.0), 3) == [2_000, 2_000, None]
    # Back at once, but by way of the broker; and no longer than a week.
    assert delays(Retry(attempts=1, backoff_from=0.0, backoff_to=0.0), 1) == [1]
    assert delays(Retry(attempts=1, backoff_from=1e9, backoff_to=1e9), 1) == [604_800_000]


def test_jitter_only_shortens() -> None:
    drawn = {jittered(30_000) for _ in range(1000)}
    assert 30_000 * (1 - JITTER) <= min(drawn) < max(drawn) <= 30_000
    assert len(drawn) > 100
    assert jittered(1) == 1


def test_a_delay_is_spoken_in_its_largest_whole_unit() -> None:
    assert [spoken(each) for each in (1, 1_500, 1_000, 90_000, 60_000, 7_200_000, 86_400_000)] == [
        "1ms",
        "1500ms",
        "1s",
        "90s",
        "1m",
        "2h",
        "1d",
    ]
