"""The entrypoint that takes what hubs anywhere send to the sockets of this process."""

import logging
from collections.abc import Sequence
from typing import Any

from svcrt import topology, wire
from svcrt.contract import SocketRoute
from svcrt.errors import Fault, InvalidValue
from svcrt.open_sockets import OpenSocket, OpenSockets
from svcrt.types import Consumer, Container, Delivery, Message

__all__ = ["SocketFeed"]

log = logging.getLogger("svcrt.http.sockets")


class SocketFeed:
    """Consumes a queue of this process's own. See `svcrt.types.Entrypoint`.

    Args:
        routes: the `socket` members of the container.
    """

    def __init__(self, routes: Sequence[SocketRoute[Any, Any]]) -> None:
        self._routes = tuple(f"{route.service}.{route.name}" for route in routes)
        self._consumer: Consumer | None = None

    def setup(self, container: Container) -> None:
        """Find the sockets of this process."""
        self._link = container.link
        self._open = container.share(OpenSockets, container.concurrency.name)

    def start(self) -> None:
        """Consume."""
        queue = topology.socket_queue(self._routes, self._open.instance)
        self._consumer = self._link.consume(queue, self._on_delivery, prefetch=0, no_ack=True)

    def stop(self) -> None:
        """Take nothing any more; the sockets are about to be closed."""
        if self._consumer is not None:
            self._consumer.cancel()

    def kill(self) -> None:
        """Nothing is held."""

    def _on_delivery(self, delivery: Delivery) -> None:
        try:
            self._deliver(delivery.message)
        except (InvalidValue, UnicodeDecodeError) as error:
            log.warning("a message to sockets of `%s` cannot be read and is dropped: %s", delivery.message.type, error)

    def _deliver(self, message: Message) -> None:
        wire.check_content(message)
        if wire.is_packed(message):
            raise InvalidValue((Fault("$properties.content_type", "what goes to sockets is JSON"),))
        route = message.type or ""
        frame: bytes | None = None
        for socket in self._addressed(route, message):
            # The same bytes for all: encoded where they were sent, framed once here.
            frame = socket.frame(message.body) if frame is None else frame
            socket.post(frame)

    def _addressed(self, route: str, message: Message) -> tuple[OpenSocket, ...]:
        channel, socket_id = message.headers.get(wire.CHANNEL_HEADER), message.headers.get(wire.SOCKET_HEADER)
        if channel is not None:
            return self._open.hearers(route, channel)
        found = None if socket_id is None else self._open.find(route, socket_id)
        return () if found is None else (found,)
