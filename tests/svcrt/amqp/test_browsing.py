"""Looking into a queue: everything stays where it is, but for what was chosen."""

from collections.abc import Callable

from link_probe import WAIT, Inbox, message, wait_until
from svcrt.amqp import AmqpLink
from svcrt.concurrency import Backend
from svcrt.types import Queue, Topology

MakeLink = Callable[..., AmqpLink]
QUEUE = Queue(name="q")


def filled(make_link: MakeLink, url: str, count: int) -> AmqpLink:
    link = make_link(url, single=True)
    link.declare(Topology(queues=(QUEUE,)))
    for number in range(count):
        link.publish(message(str(number)), exchange="", routing_key="q", timeout=WAIT)
    return link


def bodies(link: AmqpLink, **options: object) -> list[str]:
    found = link.browse("q", **{"limit": 100, "timeout": WAIT, **options})  # type: ignore[arg-type] # the caller's business
    assert found is not None
    return [each.body.decode() for each in found.messages]


def test_what_was_looked_at_stays_in_order(concurrency: Backend, make_link: MakeLink, broker_url: str) -> None:
    link = filled(make_link, broker_url, 5)
    assert bodies(link) == bodies(link) == list("01234")
    inbox = Inbox(concurrency)
    link.consume(QUEUE, inbox, prefetch=1)
    inbox.wait(5)
    assert inbox.bodies == list("01234")


def test_only_what_was_chosen_is_gone(make_link: MakeLink, broker_url: str) -> None:
    link = filled(make_link, broker_url, 5)
    found = link.browse("q", limit=100, is_dropped=lambda each: each.body in (b"1", b"3"), timeout=WAIT)
    assert found is not None
    assert [each.body for each in found.dropped] == [b"1", b"3"]
    assert bodies(link) == list("024")


def test_a_limit_tells_how_many_are_behind(make_link: MakeLink, broker_url: str) -> None:
    link = filled(make_link, broker_url, 5)
    found = link.browse("q", limit=2, timeout=WAIT)
    assert found is not None
    assert ([each.body for each in found.messages], found.more) == ([b"0", b"1"], 3)
    assert bodies(link) == list("01234")


def test_an_empty_queue_and_none(make_link: MakeLink, broker_url: str) -> None:
    link = filled(make_link, broker_url, 0)
    assert bodies(link) == []
    assert link.browse("nowhere", limit=1, timeout=WAIT) is None
    assert link.inspect("nowhere", timeout=WAIT) is None


def test_what_is_big_is_read_whole(make_link: MakeLink, broker_url: str) -> None:
    link = filled(make_link, broker_url, 0)
    for letter in "abc":
        link.publish(message(letter * 300_000), exchange="", routing_key="q", timeout=WAIT)
    assert [len(body) for body in bodies(link)] == [300_000] * 3


def test_two_operators_at_once_lose_nothing_and_drop_once(
    concurrency: Backend, make_link: MakeLink, broker_url: str
) -> None:
    links = [filled(make_link, broker_url, 5), make_link(broker_url, single=True)]
    dropped: list[bytes] = []

    def work(link: AmqpLink) -> None:
        for _ in range(10):
            found = link.browse("q", limit=100, is_dropped=lambda each: each.body == b"2", timeout=WAIT)
            assert found is not None
            dropped.extend(each.body for each in found.dropped)

    tasks = [concurrency.spawn(lambda link=link: work(link), name="operator") for link in links]
    for task in tasks:
        task.join(WAIT)
    assert dropped == [b"2"]
    wait_until(concurrency, lambda: bodies(links[0]) == list("0134"), "what was held")
