"""`dead retry` on both brokers: what is parked goes back to its queue, leaves only then, and stays where it cannot."""

import json
import re
import time
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import amqp
import pytest

from amqp_client import connect
from cli_process import run_command
from link_probe import Inbox
from operator_shop import shop_service, write_shop
from svcrt import topology
from svcrt.amqp import AmqpLink
from svcrt.amqp.parking import describe
from svcrt.concurrency import backend
from svcrt.testing import running
from svcrt.types import Message, Queue, Topology
from waiting import wait_until

SERVICE = "shop.v1.Shop"
JOBS = topology.job_queue(SERVICE)
EVENTS = Queue(name=f"svc.event.shop.v1.Paid--{SERVICE}.on_paid")
DEAD = topology.dead_queue(SERVICE, JOBS.name, EVENTS.name)
Park = Callable[..., str]
Dead = Callable[..., tuple[int, str, str]]
on_one_broker = pytest.mark.parametrize("broker_url", ["embedded"], indirect=True)
"""For what is the command's affair and no broker's."""


@pytest.fixture
def link(broker_url: str) -> Iterator[AmqpLink]:
    link = AmqpLink(broker_url, backend("threads"), name="test", single=True)
    link.start(wait=20.0)
    link.declare(Topology(exchanges=topology.EXCHANGES, queues=(JOBS, EVENTS, DEAD)))
    yield link
    link.stop()


@pytest.fixture
def park(link: AmqpLink) -> Park:
    """Park a job as a service does, and return its id."""

    def park(error: Exception, queue: str = JOBS.name, *, body: bytes = b'{"room": "x"}', **properties: Any) -> str:
        message = Message(
            body=body,
            type="clean",
            message_id=uuid.uuid4().hex[:8],
            app_id="web-1",
            timestamp=1_700_000_000,
            headers={"svc": "v=1;id=a-1;.tenant=acme", "traceparent": "00-aa", "svc-crashes": "2"},
        )
        parked = describe(replace(message, **properties), error, queue=queue, route=(topology.JOB_EXCHANGE, SERVICE))
        link.publish(parked, exchange=topology.DEAD_EXCHANGE, routing_key=SERVICE, mandatory=True, timeout=30)
        return message.message_id or ""

    return park


@pytest.fixture
def dead(tmp_path: Path, broker_url: str) -> Dead:
    """Run `svcgen dead …`; its exit code, standard output and standard error."""
    write_shop(tmp_path)

    def dead(*arguments: str) -> tuple[int, str, str]:
        ended = run_command(tmp_path, "dead", *arguments, "--broker", broker_url)
        assert "Traceback" not in ended.stderr
        return ended.returncode, ended.stdout, ended.stderr

    return dead


def lying(link: AmqpLink, queue: str = DEAD.name) -> list[Message]:
    with link.holding(queue, limit=100, timeout=30.0) as held:
        return [each.message for each in held.messages] if held else []


def ids(messages: list[Message]) -> list[str | None]:
    return [each.message_id for each in messages]


def test_the_chosen_go_back_as_they_were_sent(dead: Dead, park: Park, link: AmqpLink) -> None:
    first, second = park(KeyError("no stairs")), park(KeyError("again"))
    event = park(ValueError("not today"), EVENTS.name)
    code, table, said = dead("retry", first, event)
    assert (code, said) == (0, "retried 2 messages\n")
    assert [line.split()[0] for line in table.splitlines()] == ["ID", first, event]
    assert ids(lying(link)) == [second]
    assert ids(lying(link, EVENTS.name)) == [event]
    (job,) = lying(link, JOBS.name)
    assert job.headers == {"svc": "v=1;id=a-1;.tenant=acme", "traceparent": "00-aa"}
    assert (job.body, job.type, job.message_id, job.app_id) == (b'{"room": "x"}', "clean", first, "web-1")
    assert (job.persistent, job.timestamp, job.content_type) == (True, 1_700_000_000, "application/json")


@on_one_broker
def test_by_error_by_service_and_all(dead: Dead, park: Park, link: AmqpLink) -> None:
    keys = [park(KeyError(number)) for number in range(2)]
    other = park(ValueError())
    assert dead("retry", "--error", "KeyError", "--dry-run")[2] == "would retry 2 messages\n"
    assert lying(link, JOBS.name) == []
    assert len(lying(link)) == 3
    assert dead("retry", "--error", "KeyError")[0] == 0
    assert ids(lying(link, JOBS.name)) == keys
    assert dead("retry", "--all", "--service", "acme.other.v1.Other")[2] == "nothing to retry for acme.other.v1.Other\n"
    assert ids(lying(link)) == [other]
    assert dead("retry", "--all", "--service", "Shop")[2] == "retried 1 message\n"
    assert lying(link) == []
    code, _, said = dead("retry", "nope")
    assert code == 1
    assert said == f"Error: nothing parked has the id `nope`; looked in {DEAD.name}\n"


def test_what_cannot_be_retried_stays_and_is_told(dead: Dead, park: Park, link: AmqpLink) -> None:
    gone = park(KeyError(), "svc.job.shop.v1.Gone")
    broadcast = park(KeyError(), "the broadcast of shop.v1.Paid")
    cut = park(KeyError(), body=b"x" * (16 * 1024 * 1024 + 1))
    fine = park(KeyError())
    stays = [
        f"{gone} cannot be retried and stays: there is no queue `svc.job.shop.v1.Gone` any more; start the service "
        "that declares it first",
        f"{broadcast} cannot be retried and stays: it came from the broadcast of shop.v1.Paid, which no other process "
        "can reach",
        f"{cut} cannot be retried and stays: only a part of its 16777217 bytes was kept",
    ]
    code, _, said = dead("retry", "--all", "--dry-run")
    assert (code, said.splitlines()) == (1, [*stays, "would retry 1 message"])
    code, _, said = dead("retry", "--all")
    assert (code, said.splitlines()) == (1, [*stays, "retried 1 message"])
    assert ids(lying(link)) == [gone, broadcast, cut]
    assert ids(lying(link, JOBS.name)) == [fine]


def test_a_full_queue_leaves_it_parked(dead: Dead, park: Park, link: AmqpLink) -> None:
    full = Queue(name="svc.job.shop.v1.Full", arguments={"x-max-length": 1, "x-overflow": "reject-publish"})
    link.declare(Topology(queues=(full,)))
    parked = [park(KeyError(), full.name) for _ in range(3)]
    code, _, said = dead("retry", "--all")
    assert code == 1
    assert said.endswith("retried 1 message\n")
    assert f"{parked[1]} cannot be retried and stays: queue `{full.name}` does not take it" in said
    assert ids(lying(link)) == parked[1:]


@pytest.mark.parametrize("has_two", [False, True])
def test_a_queue_of_the_other_type_takes_its_place(dead: Dead, park: Park, link: AmqpLink, has_two: bool) -> None:
    """After a change to quorum queues, parked messages name the queue that was."""
    park(KeyError(), "svc.job.shop.v1.Moved")
    moved = topology.of_type(Queue(name="svc.job.shop.v1.Moved"), topology.QUORUM)
    link.declare(Topology(queues=(moved, *((Queue(name="svc.job.shop.v1.Moved"),) if has_two else ()))))
    inbox = Inbox(backend("threads"))
    link.consume(moved, inbox, prefetch=1)
    assert dead("retry", "--all")[2] == "retried 1 message\n"
    inbox.wait(1)


def test_what_two_dead_queues_got_is_retried_once(dead: Dead, park: Park, link: AmqpLink) -> None:
    other = topology.dead_queue(SERVICE, queue_type=topology.QUORUM)
    link.declare(Topology(queues=(other,)))
    parked = park(KeyError())
    assert [len(lying(link, queue)) for queue in topology.dead_queue_names(SERVICE)] == [1, 1]
    assert dead("retry", parked)[2] == "retried 1 message\n"
    assert [len(lying(link, queue)) for queue in topology.dead_queue_names(SERVICE)] == [0, 0]
    assert ids(lying(link, JOBS.name)) == [parked]


def test_what_the_broker_gave_up_is_shown_and_retried(dead: Dead, link: AmqpLink, broker_url: str) -> None:
    """It has the broker's headers only, and the name of its work queue as its key."""
    source = Queue(
        name="svc.job.shop.v1.Given",
        arguments={"x-dead-letter-exchange": topology.DEAD_EXCHANGE, "x-dead-letter-routing-key": JOBS.name},
    )
    link.declare(Topology(queues=(source,)))
    raw = connect(broker_url)
    channel = raw.channel()
    channel.basic_publish(
        amqp.Message(b'{"room":"x"}', type="clean", message_id="m-1", delivery_mode=2), routing_key=source.name
    )
    wait_until(lambda: (got := channel.basic_get(source.name)) and (channel.basic_reject(got.delivery_tag, False) or 1))
    wait_until(lambda: len(lying(link)) == 1)
    (shown,) = [json.loads(line) for line in dead("list", "--json")[1].splitlines()]
    assert (shown["id"], shown["queue"], shown["error"], shown["at"]) == ("m-1", JOBS.name, "rejected", "")
    assert shown["reason"] == "the broker gave it up (rejected)"
    assert dead("list", "--error", "rejected")[1].splitlines()[1].split()[:2] == ["m-1", "-"]
    assert re.search(rf"^queue +{re.escape(JOBS.name)}$", dead("show", "m-1")[1], re.MULTILINE)
    assert dead("retry", "m-1")[2] == "retried 1 message\n"
    (job,) = lying(link, JOBS.name)
    assert (job.headers, job.body, job.message_id) == ({}, b'{"room":"x"}', "m-1")
    raw.close()


def test_a_service_gets_it_again(tmp_path: Path, dead: Dead, park: Park, link: AmqpLink, broker_url: str) -> None:
    """What still fails is parked anew, and the same retry does not take it a second time."""
    done: list[str] = []
    module = write_shop(tmp_path / "running")

    class Cleaning(shop_service(module)):  # type: ignore[misc] # a class made on the spot
        def clean(self, *, room: str) -> None:
            done.append(room)

    fine, wrong = park(KeyError()), park(KeyError(), body=b'{"room": 5}')
    with running(Cleaning, broker=broker_url):
        code, _, said = dead("retry", "--all")
        assert (code, said) == (0, "retried 2 messages\n")
        wait_until(lambda: ids(lying(link)) == [wrong])
    assert done == ["x"]
    assert fine not in ids(lying(link))


@on_one_broker
def test_a_broker_that_is_lost_in_between_loses_nothing(
    tmp_path: Path, park: Park, link: AmqpLink, embedded_broker: Any
) -> None:
    """The confirm never comes: the copy is in its queue, and the original is still parked."""
    from svcrt.cli.dead_letters import DeadQueues
    from svcrt.cli.giving_back import Retry
    from svcrt.errors import StartError

    parked = park(KeyError())
    queues = DeadQueues(link, [SERVICE])
    letters = queues.find().letters
    embedded_broker.faults.drop_confirms()
    backend("threads").call_later(0.5, embedded_broker.faults.disconnect)
    begun = time.monotonic()
    with pytest.raises(StartError, match=r"stopped after 0 messages: .*; the others are parked as before"):
        Retry(queues).run(letters)
    assert time.monotonic() - begun < 25
    wait_until(lambda: link.ready)
    assert ids(lying(link)) == [parked]
    assert parked in ids(lying(link, JOBS.name))
