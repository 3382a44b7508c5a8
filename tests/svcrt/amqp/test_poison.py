"""A message that kills its process is parked after three of them, and none of its neighbours with it."""

from pathlib import Path

import amqp
import pytest

from cli_process import Running
from poison_project import DEAD, EVENT, JOBS, POOL, SERVICE, read_notes, write_lab
from retrying_services import looking
from waiting import wait_until

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]

_WITHIN = 90.0


@pytest.mark.parametrize("how", ["exit", "signal"])
def test_a_poison_is_parked_alone(tmp_path: Path, broker_url: str, how: str) -> None:
    write_lab(tmp_path)
    arguments = ("lab:Lab", "--broker", broker_url, "--no-http", "--log-level", "warning")
    innocent = [f"job{number}" for number in range(5)] + [f"event{number}" for number in range(4)]
    with Running(tmp_path, *arguments), looking(broker_url) as look:
        # Both queues are there before anything is sent to them.
        queues = (JOBS, POOL, f"svc.suspect.{JOBS}", f"svc.suspect.{POOL}")
        wait_until(lambda: all(look.consumers(queue) for queue in queues), within=_WITHIN)

        def send(text: str, exchange: str, key: str, kind: str) -> None:
            message = amqp.Message(
                f'{{"text":"{text}"}}'.encode(),
                content_type="application/json",
                type=kind,
                message_id=text,
                delivery_mode=2,
            )
            look.channel.basic_publish(message, exchange=exchange, routing_key=key)

        send(f"poison-{how}", "svc.job", SERVICE, "mix")
        for text in innocent:
            if text.startswith("job"):
                send(text, "svc.job", SERVICE, "mix")
            else:
                send(text, "svc.event", EVENT, EVENT)
        parked = look.take(DEAD, within=_WITHIN)
        wait_until(lambda: set(read_notes(tmp_path, "end")) == set(innocent), within=_WITHIN)
        wait_until(lambda: not any(look.count(queue) for queue in queues), within=_WITHIN)
        # The service goes on.
        send("later", "svc.job", SERVICE, "mix")
        wait_until(lambda: "later" in read_notes(tmp_path, "end"), within=_WITHIN)
        assert look.count(DEAD) == 0, "a neighbour was parked with it"
    headers = parked.application_headers
    assert parked.body == f'{{"text":"poison-{how}"}}'.encode()
    assert parked.properties["message_id"] == f"poison-{how}"
    assert {name: headers[name] for name in ("svc-error", "svc-attempt", "svc-dead-queue", "svc-dead-route")} == {
        "svc-error": "svc.Poison",
        "svc-attempt": "3",
        "svc-dead-queue": JOBS,
        "svc-dead-route": f"svc.job/{SERVICE}",
    }
    assert "3 processes" in headers["svc-dead-reason"]
    begun = read_notes(tmp_path, "begin")
    assert [line for line in begun if line.startswith("poison")] == [f"poison-{how} {number}" for number in (1, 2, 3)]
    # A neighbour dies with it once, where all run together, and never again: suspects run alone.
    assert {line.split()[1] for line in begun if not line.startswith("poison")} == {"1", "2"}


def test_nothing_is_lost_with_a_process_that_is_killed(tmp_path: Path, broker_url: str) -> None:
    """Whoever is killed from outside takes nobody's message with it, and nobody is parked for it."""
    write_lab(tmp_path)
    arguments = ("lab:Lab", "--broker", broker_url, "--no-http", "--log-level", "warning")
    innocent = [f"job{number}" for number in range(12)]
    with Running(tmp_path, *arguments) as run, looking(broker_url) as look:
        wait_until(lambda: look.consumers(f"svc.suspect.{JOBS}"), within=_WITHIN)
        for text in innocent:
            message = amqp.Message(
                f'{{"text":"{text}"}}'.encode(),
                content_type="application/json",
                type="mix",
                message_id=text,
                delivery_mode=2,
            )
            look.channel.basic_publish(message, exchange="svc.job", routing_key=SERVICE)
        wait_until(lambda: len(read_notes(tmp_path, "begin")) >= 10, within=_WITHIN)
        run.kill_workers()
        (tmp_path / "killed").touch()
        wait_until(lambda: set(read_notes(tmp_path, "end")) == set(innocent), within=_WITHIN)
        queues = (JOBS, f"svc.suspect.{JOBS}")
        wait_until(lambda: not any(look.count(queue) for queue in queues), within=_WITHIN)
        assert look.count(DEAD) == 0
    attempts = dict(line.split() for line in read_notes(tmp_path, "begin"))
    assert sorted(attempts.values()).count("2") == 10, "the ten that ran are suspects, the other two are not"
