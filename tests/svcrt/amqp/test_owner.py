"""The owner keeps its word to the parts it serves."""

import threading
import time

import waiting
from svcrt.amqp.connection import Connection
from svcrt.amqp.owner import Owner
from svcrt.amqp.servers import parse_servers
from svcrt.concurrency import backend
from svcrt.embedded import EmbeddedBroker
from svcrt.errors import BrokerError


class Slow:
    """A part whose quick turn takes a while in the thread of whoever asked for it."""

    def __init__(self) -> None:
        self.entered, self.leave = threading.Event(), threading.Event()
        self.calls: list[str] = []
        self.connection: Connection | None = None
        self.asking: threading.Thread | None = None

    def connected(self, connection: Connection) -> None:
        self.connection = connection

    def turn(self, connection: Connection) -> None:
        pass

    def quick_turn(self, connection: Connection) -> None:
        if threading.current_thread() is self.asking:
            self.entered.set()
            self.leave.wait(waiting.WITHIN)
            self.calls.append("quick turn")

    def tick(self, now: float) -> float:
        return 60.0

    def lost(self, reason: BrokerError) -> None:
        self.calls.append("lost")

    def drained(self) -> bool:
        return True

    def stopped(self) -> None:
        pass


def test_a_lost_connection_is_told_when_the_turn_of_another_thread_is_over() -> None:
    """Else that turn would go on with a connection that its part was told to forget."""
    part = Slow()
    with EmbeddedBroker() as broker:
        owner = Owner(
            "test",
            parse_servers(broker.url),
            backend("threads"),
            [part],
            name="test",
            heartbeat=0,
            connect_timeout=5.0,
            max_backoff=0.2,
        )
        owner.start()
        waiting.wait_until(lambda: owner.connected)
        assert part.connection is not None
        part.asking = threading.Thread(target=part.connection.turn_soon)
        part.asking.start()
        assert part.entered.wait(waiting.WITHIN)
    waiting.wait_until(lambda: not owner.connected, what="the loss noticed")
    # Time for what must not happen.
    time.sleep(0.2)
    part.leave.set()
    part.asking.join()
    waiting.wait_until(lambda: "lost" in part.calls)
    owner.stop(1.0)
    assert set(part.calls[:-1]) == {"quick turn"}
    assert part.calls[-1] == "lost"
