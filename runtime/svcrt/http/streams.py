"""Streams over HTTP: server-sent events or lines of JSON, as fast as the client reads them."""

import queue
import time
from collections.abc import Callable, Mapping
from typing import Any, Protocol, Self

from werkzeug.wrappers import Request, Response

from svcrt.codec import codec
from svcrt.concurrency.http_input import CONNECTION, UNBUFFERED, ClientConnection
from svcrt.context import WorkerContext
from svcrt.contract import StreamRpc
from svcrt.errors import Interrupted, Overloaded, StreamInterrupted
from svcrt.http import replies
from svcrt.http.problems import Problem, Refusal, phrase
from svcrt.producing import Ending, Producer
from svcrt.types import Channel, Concurrency, Container, Outcome

__all__ = ["EventStream", "Form", "head", "negotiate"]

AHEAD = 4
"""Items that the method may be ahead of what was handed to the server."""
HOLD_SECONDS = 1.0
"""How long the head waits for the first item: an error before it gets a status of its own."""
ALIVE_SECONDS = 15.0
"""After so long without an item something is sent that means nothing, for those between us and the client."""
_UNTAKEN_SECONDS = 60.0
"""How long a client's machine may take nothing of what was sent; the kernel's own bound is a quarter of an hour."""
_LOOK_SECONDS = 1.0
"""How often a stream without items looks whether its client is still there."""


class Form(Protocol):
    """How items become bytes."""

    media_type: str
    alive: bytes

    def item(self, number: int, body: bytes) -> bytes:
        """Return item `number`, from 1 on."""

    def end(self, count: int) -> bytes:
        """Return what follows the last of `count` items."""

    def problem(self, problem: Problem) -> bytes:
        """Return the error that ends the stream after it has begun."""


class _Events:
    """Server-sent events, as the HTML standard has them."""

    media_type = "text/event-stream"
    alive = b": alive\n\n"

    def item(self, number: int, body: bytes) -> bytes:
        return b"id: %d\ndata: %s\n\n" % (number, body)

    def end(self, count: int) -> bytes:
        return b'event: end\ndata: {"items":%d}\n\n' % count

    def problem(self, problem: Problem) -> bytes:
        # Not `error`: browsers dispatch that for a lost connection, too.
        return b"event: problem\ndata: %s\n\n" % problem.body()


class _Lines:
    """A JSON value on each line; readers skip empty lines."""

    alive = b"\n"

    def __init__(self, media_type: str) -> None:
        self.media_type = media_type

    def item(self, number: int, body: bytes) -> bytes:
        return body + b"\n"

    def end(self, count: int) -> bytes:
        return b""

    def problem(self, problem: Problem) -> bytes:
        # No field of the language has a hyphen in its name.
        return b'{"svc-problem":%s}\n' % problem.body()


_FORMS: dict[str, Form] = {
    form.media_type: form
    for form in (_Events(), _Lines("application/x-ndjson"), _Lines("application/jsonl"), _Lines("application/ndjson"))
}


def negotiate(request: Request) -> Form:
    """Return the form that the client likes best; events where it does not care. Raises Refusal (406)."""
    if not request.headers.get("Accept"):
        return _FORMS[_Events.media_type]
    media_type = request.accept_mimetypes.best_match(_FORMS)
    if media_type is None:
        listed = ", ".join(_FORMS)
        raise Refusal(Problem(status=406, detail=f"A stream comes as one of: {listed}.", headers=(("Vary", "Accept"),)))
    return _FORMS[media_type]


def head(member: StreamRpc[Any, Any], form: Form, parts: "EventStream | None" = None) -> Response:
    """Return the response with `parts`; with its head only where there are none."""
    assert member.http is not None
    status = member.http.status
    response = Response(iter(()) if parts is None else parts, status=f"{status} {phrase(status)}")
    response.headers["Content-Type"] = form.media_type
    response.headers["Cache-Control"] = "no-store"
    response.headers["Vary"] = "Accept"
    # nginx would collect them.
    response.headers["X-Accel-Buffering"] = "no"
    return response


class EventStream:
    """The parts of one response, for the server to iterate over; its method runs in a long worker.

    Args:
        on_over: called once, when nothing more will be sent.
    """

    def __init__(
        self,
        concurrency: Concurrency,
        member: StreamRpc[Any, Any],
        context: WorkerContext,
        form: Form,
        request: Request,
        on_over: Callable[["EventStream"], None],
    ) -> None:
        self._member = member
        self._context = context
        self._form = form
        self._connection: ClientConnection | None = request.environ.get(CONNECTION)
        self._on_over = on_over
        self._entries: Channel[bytes | Outcome] = concurrency.channel()
        self._producer = Producer(concurrency, self._send, credit=AHEAD, limit=AHEAD, on_stuck=self._on_stuck)
        self._held: bytes | Outcome | None = None
        self._count = 0
        self._begun = False
        self._is_over = False
        if self._connection is not None:
            self._connection.give_up_after(_UNTAKEN_SECONDS)
        key, value = UNBUFFERED
        request.environ[key] = value

    def open(self, container: Container, arguments: Mapping[str, object]) -> Response:
        """Begin, and wait a little for the first item. Raises Refusal for an error that came before it."""
        begun = False
        try:
            self._producer.worker = container.spawn_long_worker(
                self._member.stub,
                arguments,
                self._context,
                self._entries.put,
                on_stopping=self.stop,
                drive=self._producer.drive,
            )
            self._held = self._next_entry(HOLD_SECONDS)
            if isinstance(self._held, Outcome) and self._held.error is not None:
                raise Refusal(self._problem(self._held.error))
            begun = True
        except Overloaded as error:
            raise Refusal(self._problem(error)) from error
        finally:
            if not begun:
                self.close()
        return head(self._member, self._form, self)

    def stop(self) -> None:
        """End it: this instance stops."""
        self._producer.end(Ending.STOPPING)

    def close(self) -> None:
        """End it: nobody reads on. Harmless when it is over."""
        if not self._is_over:
            self._is_over = True
            self._producer.end(Ending.GONE)
            self._on_over(self)

    def __iter__(self) -> Self:
        """Return itself."""
        return self

    def __next__(self) -> bytes:
        """Wait for the next part; now and then one comes that means nothing."""
        if self._is_over:
            raise StopIteration
        # At first what was waited for before the head; where that is nothing, the head goes out with a sign of life.
        entry = self._next_entry(ALIVE_SECONDS) if self._begun else self._held
        self._begun, self._held = True, None
        if entry is None:
            if self._is_gone():
                self.close()
                raise StopIteration
            return self._form.alive
        if isinstance(entry, bytes):
            self._count += 1
            self._producer.grant(1)
            return self._form.item(self._count, entry)
        self.close()
        error = entry.error
        return self._form.end(self._count) if error is None else self._form.problem(self._problem(error))

    def _next_entry(self, seconds: float) -> bytes | Outcome | None:
        """Wait for what the worker gives; None when nothing came, or the client has gone."""
        until = time.monotonic() + seconds
        while (left := until - time.monotonic()) > 0:
            try:
                return self._entries.get(timeout=min(left, _LOOK_SECONDS))
            except queue.Empty:
                if self._is_gone():
                    break
        return None

    def _is_gone(self) -> bool:
        return self._connection is not None and self._connection.is_gone()

    # In the worker.

    def _send(self, value: object) -> None:
        self._entries.put(codec(self._member.item).encode(value))

    def _on_stuck(self) -> None:
        if self._producer.ending is Ending.STOPPING:
            self._entries.put(Outcome(error=Interrupted(Ending.STOPPING.value)))

    def _problem(self, error: BaseException) -> Problem:
        if isinstance(error, Interrupted):
            error = StreamInterrupted(f"{Ending.STOPPING.value}; open the stream again")
        return replies.failed(error, self._member, self._context)
