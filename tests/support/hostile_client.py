"""A client that publishes whatever frames it is told to, and looks at what the services make of them."""

import struct
from collections.abc import Callable, Sequence
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from pamqp import commands, frame

from amqp_client import ForeignClient, RawClient
from svcrt.types import Concurrency
from waiting import wait_until

FRAME_MAX = 131072
SERVICE = "probe.v1.Probe"
RPC, JOB, EVENT = "rpc", "job", "event"
QUEUES = {
    RPC: "svc.rpc.probe.v1.Probe",
    JOB: "svc.job.probe.v1.Probe",
    EVENT: "svc.event.probe.v1.Happened--probe.v1.Listener.on_pool",
}
# An event goes to one of its three handlers only.
ROUTES = {RPC: ("svc.rpc", SERVICE), JOB: ("svc.job", SERVICE), EVENT: ("", QUEUES[EVENT])}
TYPES = {RPC: "ask", JOB: "remember", EVENT: "probe.v1.Happened"}
DEAD = {JOB: "svc.dead.probe.v1.Probe", EVENT: "svc.dead.probe.v1.Listener"}
FIELDS = {RPC: "question", JOB: "text", EVENT: "what"}

_FLAGS = {
    "content_type": 0x8000,
    "content_encoding": 0x4000,
    "headers": 0x2000,
    "delivery_mode": 0x1000,
    "priority": 0x0800,
    "correlation_id": 0x0400,
    "reply_to": 0x0200,
    "expiration": 0x0100,
    "message_id": 0x0080,
    "timestamp": 0x0040,
    "type": 0x0020,
    "user_id": 0x0010,
    "app_id": 0x0008,
}


def short(text: bytes) -> bytes:
    """Write a short string of any bytes."""
    return bytes((len(text),)) + text


def table(*entries: bytes) -> bytes:
    """Write a field table of entries as they are."""
    joined = b"".join(entries)
    return struct.pack(">I", len(joined)) + joined


def text_entry(key: str, value: bytes) -> bytes:
    """Write an entry of a field table: a long string of any bytes."""
    return short(key.encode()) + b"S" + struct.pack(">I", len(value)) + value


def body_of(kind: str, text: str) -> bytes:
    """Return a body that is in order."""
    return f'{{"{FIELDS[kind]}": "{text}"}}'.encode()


class HostileClient:
    """Two connections: a raw one to publish on, a py-amqp one to look with."""

    def __init__(self, url: str, concurrency: Concurrency) -> None:
        self._concurrency = concurrency
        self._raw = RawClient(url)
        self._watcher = ForeignClient(url)
        # py-amqp would believe what a message says of its encoding.
        self._watcher.channel.auto_decode = False
        self._numbers = 0

    def __enter__(self) -> Self:
        self._raw.open()
        self._raw.send(commands.Confirm.Select())
        self._raw.expect(commands.Confirm.SelectOk)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._raw.socket.close()
        self._watcher.close()

    def publish(self, kind: str, body: bytes, *, sizes: Sequence[int] | None = None, **given: bytes | None) -> str:
        """Publish a message and wait for its confirm; return its correlation id.

        Args:
            sizes: of the body frames, 0 among them if wanted; None cuts as frame_max wants it.
            given: encoded properties beside, or in the place of, those of a message that is in order; None leaves one
                out.
        """
        self._numbers += 1
        correlation = str(self._numbers)
        properties: dict[str, bytes | None] = {
            "content_type": short(b"application/json"),
            "correlation_id": short(correlation.encode()),
            "message_id": short(f"hostile-{correlation}".encode()),
            "type": short(TYPES[kind].encode()),
            "reply_to": short(self._watcher.queue.encode()) if kind == RPC else None,
            **given,
        }
        kept = {name: properties[name] for name in _FLAGS if properties.get(name) is not None}
        flags = sum(_FLAGS[name] for name in kept)
        head = struct.pack(">HHQH", 60, 0, len(body), flags) + b"".join(kept[name] or b"" for name in kept)
        exchange, key = ROUTES[kind]
        pieces = [
            frame.marshal(commands.Basic.Publish(exchange=exchange, routing_key=key), 1),
            struct.pack(">BHI", 2, 1, len(head)) + head + b"\xce",
        ]
        limit = FRAME_MAX - 8
        at = 0
        for size in sizes if sizes is not None else [limit] * -(-len(body) // limit):
            piece = body[at : at + size]
            at += size
            pieces.append(struct.pack(">BHI", 3, 1, len(piece)) + piece + b"\xce")
        self._raw.socket.sendall(b"".join(pieces))
        self._raw.expect(commands.Basic.Ack)
        return correlation

    def answer(self) -> Any:
        """Wait for the next reply."""
        wait_until(self._has_answer, self._concurrency, what="a reply")
        return self._watcher.inbox.messages.pop(0)

    def _has_answer(self) -> bool:
        # Briefly: on green threads the services run in this very thread.
        with suppress(TimeoutError):
            self._watcher.connection.drain_events(timeout=0.005)
        return bool(self._watcher.inbox.messages)

    def wait(self, condition: Callable[[], object]) -> None:
        """Wait until it holds."""
        wait_until(condition, self._concurrency)

    def ready(self, queue: str) -> int:
        """Return how many messages of a queue wait. Never while a message of it is worked on."""
        found = self._watcher.channel.queue_declare(queue, passive=True)
        count: int = found.message_count
        return count

    def parked(self, kind: str) -> Any:
        """Wait for a message of the dead queue and take it."""
        found: list[Any] = []

        def look() -> bool:
            message = self._watcher.channel.basic_get(DEAD[kind], no_ack=True)
            if message is not None:
                found.append(message)
            return bool(found)

        wait_until(look, self._concurrency, what="a parked message")
        return found[0]
