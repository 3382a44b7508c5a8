"""A custom transport: a method is called with each message of a queue whose messages follow rules of their own."""

import logging
from dataclasses import replace
from functools import partial
from typing import Any, Generic, Protocol, TypeVar

import msgspec

from svcrt import CustomEntrypoint, NotStarted, Outcome
from svcrt.errors import BrokerError
from svcrt.types import Container, Delivery, Queue, Topology

log = logging.getLogger("intake.legacy")

MessageT = TypeVar("MessageT")
TakenT = TypeVar("TakenT", contravariant=True)


class TakesMessage(Protocol[TakenT]):
    """A method that can be called with a message."""

    __name__: str

    def __call__(self, service: Any, /, *, message: TakenT) -> object: ...


class LegacyQueue(CustomEntrypoint, Generic[MessageT]):
    """Calls a method with each JSON message of a queue on the service's own broker.

    A message is acknowledged after its method, so a crash or a lost connection brings it again: the method has to be
    safe to repeat. One that cannot be read, or whose method raises, goes to `<queue>.failed` with the reason in the
    header `error`.

    Args:
        queue: the queue, declared exactly as its owner declares it: the broker refuses anything else.
        kind: what the bodies are.
        calls: the method.
    """

    def __init__(self, queue: Queue, kind: type[MessageT], *, calls: TakesMessage[MessageT]) -> None:
        self._queue = queue
        self._failed = Queue(name=f"{queue.name}.failed")
        self._kind = kind
        self._method = calls

    def setup(self, container: Container) -> None:
        self._decoder = msgspec.json.Decoder(self._kind)
        # Now, and again after every reconnect.
        container.link.declare(Topology(queues=(self._failed,)))

    def start(self) -> None:
        # As many as can run at once. The link subscribes again after every reconnect.
        self._consumer = self.container.link.consume(
            self._queue, self._on_delivery, prefetch=self.container.max_workers
        )

    def stop(self) -> None:
        # Returns when the broker has said that no delivery comes after it.
        self._consumer.cancel()

    def _on_delivery(self, delivery: Delivery) -> None:
        # In the link's own task: it must neither block nor raise.
        try:
            message = self._decoder.decode(delivery.message.body)
        except msgspec.MsgspecError as error:
            self.container.concurrency.spawn(self._park, delivery, error, name=f"parking of {self._queue.name}")
            return
        self.spawn(
            self._method,
            {"message": message},
            partial(self._on_outcome, delivery),
            traceparent=delivery.message.headers.get("traceparent"),
        )

    def _on_outcome(self, delivery: Delivery, outcome: Outcome) -> None:
        if outcome.error is None:
            delivery.ack()
        elif isinstance(outcome.error, NotStarted):
            delivery.reject(requeue=True)
        else:
            self._park(delivery, outcome.error)

    def _park(self, delivery: Delivery, error: BaseException) -> None:
        reason = f"{type(error).__name__}: {error}"[:1000]
        log.warning("a message of %s failed and is in %s: %s", self._queue.name, self._failed.name, reason)
        message = replace(
            delivery.message, headers={**delivery.message.headers, "error": reason}, persistent=True, expiration=None
        )
        try:
            # Confirmed before the original is gone: a crash in between doubles it and never loses it.
            self.container.link.publish(
                message, exchange="", routing_key=self._failed.name, mandatory=True, timeout=10.0
            )
        except BrokerError as failure:
            log.warning("it could not be put there and will come again: %s", failure)
            self.container.concurrency.sleep(1.0)
            delivery.reject(requeue=True)
        else:
            delivery.ack()
