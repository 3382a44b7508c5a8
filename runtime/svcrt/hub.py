"""The hub: messages from anywhere to web sockets on every instance, through the broker."""

from typing import Any, Generic

from svcrt import topology, wire
from svcrt.bases import Socket
from svcrt.codec import codec
from svcrt.context import WorkerContext
from svcrt.contract import SendsT, SocketRoute
from svcrt.open_sockets import OpenSockets, instance_of
from svcrt.providers import DependencyProvider
from svcrt.types import Container, Message

__all__ = ["Hub", "SocketHub"]

_CHANNEL_BYTES = 255


class SocketHub(Generic[SendsT]):
    """Reaches the sockets of one `socket` member, wherever they are connected.

    What is sent here arrives at most once, in the order of one sender and channel. It is lost to a socket that is
    closed, too slow or connected to an instance that has no broker at the moment; nothing is kept for later.
    """

    def __init__(self, container: Container, route: SocketRoute[Any, SendsT]) -> None:
        self._link = container.link
        self._app_id = container.instance
        self._open = container.share(OpenSockets, container.concurrency.name)
        self._route = f"{route.service}.{route.name}"
        self._sends = codec(route.sends)

    def subscribe(self, socket: Socket[Any, SendsT], channel: str) -> None:
        """Let a socket of this instance hear `channel`, until it is closed; all that is broadcast from now on.

        Raises:
            ValueError: the channel's name is empty or has more than 255 bytes, or it is a socket of another member.
        """
        self._open.subscribe(self._route, socket.id, _checked(channel))

    def unsubscribe(self, socket: Socket[Any, SendsT], channel: str) -> None:
        """Let it hear `channel` no more. Harmless when it does not."""
        self._open.unsubscribe(self._route, socket.id, channel)

    def broadcast(self, channel: str, message: SendsT) -> None:
        """Send to every socket of every instance that hears `channel`; returns before it is sent.

        Raises:
            InvalidValue: the message breaks the contract.
            ValueError: as `subscribe`.
        """
        body = self._sends.encode(message)
        built = wire.socket_broadcast(body, self._route, _checked(channel), app_id=self._app_id)
        self._post(built, topology.socket_key(self._route))

    def unicast(self, socket_id: str, message: SendsT) -> None:
        """Send to the one socket of this id, on whatever instance it is. Raises InvalidValue."""
        built = wire.socket_unicast(self._sends.encode(message), self._route, socket_id, app_id=self._app_id)
        self._post(built, topology.socket_key(self._route, instance_of(socket_id)))

    def _post(self, message: Message, key: str) -> None:
        self._link.post(message, exchange=topology.SOCKET_EXCHANGE, routing_key=key)


class Hub(DependencyProvider[SocketHub[SendsT]]):
    """The hub of a `socket` member: `hub = Hub(contract.CHAT_LIVE)`, then `self.hub.broadcast("room:1", message)`.

    In a service that does not host the socket it can broadcast and unicast.

    Args:
        route: the member's constant in the generated contract.
    """

    def __init__(self, route: SocketRoute[Any, SendsT]) -> None:
        self._route = route

    def setup(self) -> None:
        """Get ready to send."""
        self._hub = SocketHub(self.container, self._route)

    def get_dependency(self, context: WorkerContext) -> SocketHub[SendsT]:
        """Return the hub; the same one for every worker."""
        return self._hub


def _checked(channel: str) -> str:
    if not channel or len(channel.encode()) > _CHANNEL_BYTES:
        raise ValueError(f"a channel's name has 1 to {_CHANNEL_BYTES} bytes")
    return channel
