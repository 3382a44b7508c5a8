"""Watching a link from a test: what was delivered, how posts ended, waiting for a condition."""

from collections.abc import Callable

import waiting
from svcrt.errors import BrokerError
from svcrt.types import Concurrency, Delivery, Message

WAIT = 30.0
"""Seconds after which a test gives up."""


def message(body: str = "{}", **properties: object) -> Message:
    """Return a message with this body."""
    return Message(body=body.encode(), **properties)  # type: ignore[arg-type] # the caller's business


def wait_until(concurrency: Concurrency, condition: Callable[[], object], what: str = "the condition") -> None:
    """Wait until `condition()` is true; fails the test after `WAIT` seconds."""
    waiting.wait_until(condition, concurrency, what=what, within=WAIT)


class Inbox:
    """Takes deliveries; acks them at once if `ack`."""

    def __init__(self, concurrency: Concurrency, *, ack: bool = True) -> None:
        self._concurrency = concurrency
        self._ack = ack
        self.deliveries: list[Delivery] = []

    def __call__(self, delivery: Delivery) -> None:
        """Be the `on_delivery` of a consumer."""
        self.deliveries.append(delivery)
        if self._ack:
            delivery.ack()

    @property
    def bodies(self) -> list[str]:
        """What was delivered, in order."""
        return [delivery.message.body.decode() for delivery in self.deliveries]

    def wait(self, count: int) -> list[Delivery]:
        """Wait for `count` deliveries in all."""
        wait_until(self._concurrency, lambda: len(self.deliveries) >= count, f"delivery number {count}")
        return self.deliveries


class Outcomes:
    """Takes the outcomes of posts: `outcomes.note(key)` is an `on_done`."""

    def __init__(self, concurrency: Concurrency) -> None:
        self._concurrency = concurrency
        self.calls: list[tuple[object, BrokerError | None]] = []

    def note(self, key: object) -> Callable[[BrokerError | None], None]:
        """Return the `on_done` of the post called `key`."""
        return lambda error: self.calls.append((key, error))

    def wait(self, count: int) -> dict[object, BrokerError | None]:
        """Wait for `count` outcomes in all, and check that no post had two."""
        wait_until(self._concurrency, lambda: len(self.calls) >= count, f"outcome number {count}")
        ended = dict(self.calls)
        assert len(ended) == len(self.calls), "a post ended twice"
        return ended
