"""Plain AMQP clients for tests: py-amqp with short names, and one that sends and sees single frames."""

import socket
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self, TypeVar
from urllib.parse import SplitResult, unquote, urlsplit

import amqp
from pamqp import base, commands, frame, header
from pamqp.body import ContentBody

import waiting

__all__ = ["DEADLINE", "ForeignClient", "Inbox", "RawClient", "connect", "wait_until"]

DEADLINE = 10.0
F = TypeVar("F", bound=base.Frame)


def _address(url: str) -> tuple[SplitResult, str, str, str]:
    parts = urlsplit(url)
    vhost = unquote(parts.path[1:]) or "/"
    return parts, unquote(parts.username or ""), unquote(parts.password or ""), vhost


def connect(url: str, **options: Any) -> Any:
    """Return an open `amqp.Connection`."""
    parts, user, password, vhost = _address(url)
    settings = {"userid": user, "password": password, "virtual_host": vhost, "connect_timeout": DEADLINE, **options}
    connection = amqp.Connection(f"{parts.hostname}:{parts.port}", **settings)
    connection.connect()
    return connection


def wait_until(condition: Callable[[], object], what: str) -> None:
    """Wait until a condition holds."""
    waiting.wait_until(condition, what=what)


class Inbox:
    """A consumer that keeps what it gets; `wait` reads the connection until enough is there."""

    def __init__(self, channel: Any, queue: str, *, ack: bool = False, **options: Any) -> None:
        self.messages: list[Any] = []
        self.cancelled: list[str] = []
        self._channel = channel
        self._ack = ack
        self.tag: str = channel.basic_consume(queue, callback=self._receive, on_cancel=self.cancelled.append, **options)

    def _receive(self, message: Any) -> None:
        self.messages.append(message)
        if self._ack:
            self._channel.basic_ack(message.delivery_tag)

    @property
    def bodies(self) -> list[Any]:
        """Bodies in the order of arrival."""
        return [message.body for message in self.messages]

    def wait(self, count: int) -> list[Any]:
        """Return the bodies once there are `count`."""
        drain(self._channel.connection, lambda: len(self.messages) >= count, f"{count} messages, got {self.bodies}")
        return self.bodies

    def settle(self) -> list[Any]:
        """Return the bodies after a round trip: what the broker had for this consumer before it is here."""
        self._channel.basic_qos(0, 0, False)
        drain(self._channel.connection, lambda: True, "")
        return self.bodies


def drain(connection: Any, condition: Callable[[], object], what: str) -> None:
    """Read a connection until a condition holds."""
    deadline = time.monotonic() + DEADLINE
    while not condition():
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {DEADLINE:.0f} s: {what}")
        try:
            connection.drain_events(timeout=0.2)
        except TimeoutError:
            continue


class ForeignClient:
    """A client of another make with a queue that the broker named: sends any message, reads what comes."""

    def __init__(self, url: str) -> None:
        self.connection = connect(url)
        self.channel = self.connection.channel()
        self.queue: str = self.channel.queue_declare("", exclusive=True).queue
        self.inbox = Inbox(self.channel, self.queue, no_ack=True)

    def next(self) -> Any:
        """Wait for the next message."""
        drain(self.connection, lambda: self.inbox.messages, "a message")
        return self.inbox.messages.pop(0)

    def close(self) -> None:
        """Close the connection."""
        self.connection.close()


class RawClient:
    """An AMQP client that sends what it is told and returns the frames that come, one by one."""

    def __init__(self, url: str) -> None:
        self._url = url
        parts, self._user, self._password, self._vhost = _address(url)
        self.socket = socket.create_connection((parts.hostname or "", parts.port or 0), timeout=DEADLINE)
        self._buffer = b""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.socket.close()

    def open(self, *, heartbeat: int = 0, frame_max: int = 131072, capabilities: dict[str, Any] | None = None) -> Self:
        """Do the handshake and open channel 1."""
        self.greet()
        self.log_in(capabilities=capabilities)
        self.expect(commands.Connection.Tune)
        self.send(commands.Connection.TuneOk(2047, frame_max, heartbeat), channel=0)
        self.send(commands.Connection.Open(self._vhost), channel=0)
        self.expect(commands.Connection.OpenOk)
        self.open_channel(1)
        return self

    def greet(self) -> None:
        """Send the protocol header and take connection.start."""
        self.socket.sendall(header.ProtocolHeader(0, 9, 1).marshal())
        self.expect(commands.Connection.Start)

    def log_in(self, *, capabilities: dict[str, Any] | None = None, password: str | None = None) -> None:
        """Send connection.start-ok."""
        properties: Any = {"capabilities": {"authentication_failure_close": True, **(capabilities or {})}}
        secret = f"\0{self._user}\0{self._password if password is None else password}"
        self.send(commands.Connection.StartOk(properties, "PLAIN", secret), channel=0)

    def open_channel(self, number: int) -> None:
        """Open a channel."""
        self.send(commands.Channel.Open(), channel=number)
        self.expect(commands.Channel.OpenOk)

    def send(self, method: base.Frame, channel: int = 1) -> None:
        """Send a method."""
        self.socket.sendall(frame.marshal(method, channel))

    def publish(self, key: str, body: bytes, *, exchange: str = "", mandatory: bool = False, **properties: Any) -> None:
        """Publish a message on channel 1."""
        content = header.ContentHeader(0, len(body), commands.Basic.Properties(**properties))
        parts = [
            frame.marshal(commands.Basic.Publish(exchange=exchange, routing_key=key, mandatory=mandatory), 1),
            frame.marshal(content, 1),
        ]
        if body:
            parts.append(frame.marshal(ContentBody(body), 1))
        self.socket.sendall(b"".join(parts))

    def read(self) -> Any:
        """Return the next frame's value.

        Raises:
            EOFError: The broker closed the connection.
        """
        while True:
            size = int.from_bytes(self._buffer[3:7], "big") + 8
            if len(self._buffer) >= 7 and len(self._buffer) >= size:
                taken, self._buffer = self._buffer[:size], self._buffer[size:]
                return frame.unmarshal(taken)[2]
            received = self.socket.recv(65536)
            if not received:
                raise EOFError
            self._buffer += received

    def expect(self, kind: type[F]) -> F:
        """Return the next frame, which must be this method (heartbeats are skipped)."""
        value = self.read()
        while value.name == "Heartbeat":
            value = self.read()
        assert isinstance(value, kind), f"{kind.name} expected, got {value.name}: {dict(value)}"
        return value

    def content(self, kind: type[F]) -> tuple[F, Any, bytes]:
        """Return the next method, which must be this one, with its properties and body."""
        method = self.expect(kind)
        head = self.read()
        body = b""
        while len(body) < head.body_size:
            body += self.read().value
        return method, head.properties, body

    def read_to_end(self) -> list[Any]:
        """Return the frames until the broker closes the connection."""
        values = []
        try:
            while True:
                values.append(self.read())
        except (EOFError, ConnectionResetError):
            return values

    def read_to_end_after_close(self) -> list[Any]:
        """Return the frames until the broker closes the connection, answering its connection.close."""
        values = []
        try:
            while True:
                values.append(self.read())
                if isinstance(values[-1], commands.Connection.Close):
                    self.send(commands.Connection.CloseOk(), channel=0)
        except (EOFError, OSError):
            return values
