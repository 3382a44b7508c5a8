"""What an operator deletes without anybody being told: the link declares again what it has declared."""

from collections.abc import Callable

import pytest
from kombu.connection import Connection

from link_probe import WAIT, Inbox, message, wait_until
from svcrt.amqp import AmqpLink
from svcrt.concurrency import Backend
from svcrt.errors import BrokerError, Unroutable
from svcrt.types import Binding, Exchange, Queue, Topology

MakeLink = Callable[..., AmqpLink]
TOPOLOGY = Topology(exchanges=(Exchange(name="x", type="direct"), Exchange(name="y", type="direct")))
QUEUE = Queue(name="q", bindings=(Binding("x", "key"),))
OWN = Queue(name="", durable=False, exclusive=True, bindings=(Binding("x", "own"),))


def arrives(link: AmqpLink, concurrency: Backend, inbox: Inbox, key: str, body: str) -> None:
    """Publish until it arrives."""

    def published() -> bool:
        try:
            link.publish(message(body), exchange="x", routing_key=key, mandatory=True, timeout=WAIT)
        except Unroutable:
            concurrency.sleep(0.05)
            return False
        return True

    wait_until(concurrency, published, f"`{key}` is routed")
    wait_until(concurrency, lambda: body in inbox.bodies)


@pytest.mark.parametrize("single", [False, True])
def test_a_deleted_exchange_comes_back_with_its_bindings(
    concurrency: Backend, make_link: MakeLink, broker_url: str, single: bool, caplog: pytest.LogCaptureFixture
) -> None:
    link, inbox = make_link(broker_url, heartbeat=1, single=single), Inbox(concurrency)
    link.declare(TOPOLOGY)
    link.declare(Topology(queues=(QUEUE,)))
    link.consume(QUEUE, inbox, prefetch=5)
    link.consume(OWN, inbox, prefetch=0, no_ack=True)
    arrives(link, concurrency, inbox, "key", "before")
    with Connection(broker_url) as connection:
        connection.default_channel.exchange_delete("x")
    with pytest.raises(Unroutable, match="there is no exchange `x`"):
        link.publish(message("lost"), exchange="x", routing_key="key", timeout=WAIT)
    assert [record.getMessage() for record in caplog.records if "exchange `x` is gone" in record.getMessage()]
    arrives(link, concurrency, inbox, "key", "after")
    arrives(link, concurrency, inbox, "own", "own")
    assert inbox.bodies.count("lost") == 0


def test_what_cannot_be_declared_again_is_said_once_and_the_rest_is(
    concurrency: Backend, make_link: MakeLink, broker_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    other = Queue(name="other")
    link = make_link(broker_url, heartbeat=1)
    link.declare(Topology(exchanges=TOPOLOGY.exchanges, queues=(other, QUEUE)))
    link.consume(OWN, Inbox(concurrency), prefetch=0, no_ack=True)
    with Connection(broker_url) as connection:
        channel = connection.default_channel
        channel.queue_delete("other")
        channel.queue_declare("other", durable=True, auto_delete=False, arguments={"x-max-length": 1})
        for _ in range(2):
            channel.queue_delete("q")
            wait_until(concurrency, lambda: link.inspect("q", timeout=WAIT), "`q` is declared again")
        channel.queue_delete("other")
    said = [record.getMessage() for record in caplog.records if "cannot declare" in record.getMessage()]
    assert len(said) == 1
    assert "queue `other`" in said[0]
    wait_until(concurrency, lambda: link.inspect("other", timeout=WAIT), "`other` is declared again")


def test_a_refused_declaration_still_raises(concurrency: Backend, make_link: MakeLink, broker_url: str) -> None:
    link = make_link(broker_url)
    link.declare(Topology(queues=(Queue(name="q"),)))
    with pytest.raises(BrokerError, match="delete it"):
        link.declare(Topology(queues=(Queue(name="q", arguments={"x-max-length": 1}),)))
