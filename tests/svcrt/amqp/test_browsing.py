"""Looking into a queue: everything stays where it is, but for what was chosen."""

from collections.abc import Callable, Collection

import pytest

from link_probe import WAIT, Inbox, message, wait_until
from svcrt.amqp import AmqpLink
from svcrt.concurrency import Backend
from svcrt.embedded import EmbeddedBroker
from svcrt.errors import BrokerUnavailable
from svcrt.types import Binding, Exchange, Queue, Topology

MakeLink = Callable[..., AmqpLink]
QUEUE = Queue(name="q", bindings=(Binding("x", "key"),))


def filled(make_link: MakeLink, url: str, count: int) -> AmqpLink:
    link = make_link(url, single=True)
    link.declare(Topology(exchanges=(Exchange(name="x", type="direct"),), queues=(QUEUE,)))
    for number in range(count):
        link.publish(message(str(number)), exchange="x", routing_key="key", timeout=WAIT)
    return link


def bodies(link: AmqpLink, *, dropping: Collection[str] = ()) -> list[str]:
    """What lies in the queue; `dropping` is gone afterwards."""
    with link.holding("q", limit=100, timeout=WAIT) as held:
        assert held is not None
        for each in held.messages:
            if each.message.body.decode() in dropping:
                held.drop(each)
        return [each.message.body.decode() for each in held.messages]


def test_what_was_looked_at_stays_in_order(concurrency: Backend, make_link: MakeLink, broker_url: str) -> None:
    link = filled(make_link, broker_url, 5)
    assert bodies(link) == bodies(link) == list("01234")
    inbox = Inbox(concurrency)
    link.consume(QUEUE, inbox, prefetch=1)
    inbox.wait(5)
    assert inbox.bodies == list("01234")


def test_only_what_was_chosen_is_gone(make_link: MakeLink, broker_url: str) -> None:
    link = filled(make_link, broker_url, 5)
    assert bodies(link, dropping="13") == list("01234")
    assert bodies(link) == list("024")


def test_it_can_publish_while_it_holds(make_link: MakeLink, broker_url: str) -> None:
    link = filled(make_link, broker_url, 2)
    with link.holding("q", limit=100, timeout=WAIT) as held:
        assert held is not None
        link.publish(message("2"), exchange="", routing_key="q", mandatory=True, timeout=WAIT)
        held.drop(held.messages[0])
        held.drop(held.messages[0])
        assert [each.key for each in held.messages] == ["key", "key"]
    assert bodies(link) == list("12")


def test_a_failure_in_between_puts_all_back(make_link: MakeLink, broker_url: str) -> None:
    link = filled(make_link, broker_url, 2)
    with pytest.raises(LookupError), link.holding("q", limit=100, timeout=WAIT):
        raise LookupError
    assert bodies(link) == list("01")


def test_a_lost_connection_is_told_and_nothing_is_gone(
    concurrency: Backend, make_link: MakeLink, embedded_broker: EmbeddedBroker
) -> None:
    link = filled(make_link, embedded_broker.url, 2)

    def drop_after_a_loss() -> None:
        with link.holding("q", limit=100, timeout=WAIT) as held:
            assert held is not None
            embedded_broker.faults.disconnect()
            wait_until(concurrency, lambda: not link.ready, "the loss")
            wait_until(concurrency, lambda: link.ready, "the next connection")
            held.drop(held.messages[0])

    with pytest.raises(BrokerUnavailable, match="took back what was held"):
        drop_after_a_loss()
    assert bodies(link) == list("01")


def test_a_limit_tells_how_many_are_behind(make_link: MakeLink, broker_url: str) -> None:
    link = filled(make_link, broker_url, 5)
    with link.holding("q", limit=2, timeout=WAIT) as held:
        assert held is not None
        assert ([each.message.body for each in held.messages], held.more) == ([b"0", b"1"], 3)
    assert bodies(link) == list("01234")


def test_an_empty_queue_and_none(make_link: MakeLink, broker_url: str) -> None:
    link = filled(make_link, broker_url, 0)
    assert bodies(link) == []
    with link.holding("nowhere", limit=1, timeout=WAIT) as held:
        assert held is None
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
    dropped: list[str] = []

    def work(link: AmqpLink) -> None:
        for _ in range(10):
            dropped.extend(each for each in bodies(link, dropping="2") if each == "2")

    tasks = [concurrency.spawn(lambda link=link: work(link), name="operator") for link in links]
    for task in tasks:
        task.join(WAIT)
    assert dropped == ["2"]
    wait_until(concurrency, lambda: bodies(links[0]) == list("0134"), "what was held")
