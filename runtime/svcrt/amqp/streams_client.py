"""The streams that a process has opened: what comes for them, what their readers have taken, who has gone silent."""

import logging
import queue
import time
from collections.abc import Callable
from types import TracebackType
from typing import Any, Generic, Self

from svcrt import stream_wire, wire
from svcrt.codec import codec
from svcrt.contract import ItemT, StreamRpc
from svcrt.errors import BrokerError, InvalidValue, OutcomeUnknown, RemoteError, RpcTimeout, Unroutable
from svcrt.faults import read_error
from svcrt.stream_wire import Kind, Mark, Timing
from svcrt.types import Channel, Concurrency, Link, Message

log = logging.getLogger("svcrt.client")


class _End(Exception):
    """In the place of an item: the stream is over."""


class Feed:
    """One open stream, between the link's task and its reader."""

    def __init__(self, streams: "Streams", method: StreamRpc[Any, Any], number: int) -> None:
        self.method = method
        self.number = number
        self.target = f"{method.service}.{method.name}"
        self.inbox: Channel[Message | Exception] = streams.concurrency.channel()
        self.on_event: Callable[[], None] | None = None
        self.stream: str | None = None
        """What the service calls it; None until it has begun."""
        self.control = ""
        self.heard = self.said = time.monotonic()
        self._streams = streams
        self._lock = streams.concurrency.lock()
        self._received = 0
        self._taken = 0
        self._granted = streams.timing.window
        self._is_over = False

    # From the link's task and the clock's.

    def begin(self, answer: Message | Exception) -> None:
        """Take what the request was answered with."""
        if isinstance(answer, Exception):
            self.finish(answer)
            return
        name = wire.error_name(answer)
        if name is not None:
            self.finish(read_error(name, answer, self.method))
        elif not stream_wire.is_stream(answer) or answer.message_id is None:
            self.finish(RemoteError("svc.InvalidReply", {"message": f"`{self.target}` did not answer with a stream"}))
        elif not wire.is_reply_queue(answer.reply_to):
            # A forged one could make us write into a work queue.
            self.finish(RemoteError("svc.InvalidReply", {"message": f"`{self.target}` names no control queue"}))
        else:
            self.heard = self.said = time.monotonic()
            self.control, self.stream = answer.reply_to or "", answer.message_id
            self._streams.check_open(self)

    def take(self, message: Message, mark: Mark) -> None:
        """Take what came for a stream that has begun."""
        self.heard = time.monotonic()
        expected = self._received + (mark.kind is Kind.ITEM)
        if mark.count != expected or mark.count > self._granted:
            self.finish(OutcomeUnknown(f"items of the stream `{self.target}` were lost on their way"))
            return
        match mark.kind:
            case Kind.ITEM:
                self._received += 1
                self._put(message)
            case Kind.END:
                self.finish(_End())
            case Kind.ERROR:
                self.finish(read_error(wire.error_name(message) or "", message, self.method))
            case _:
                pass
        if self.heard - self.said >= self._streams.timing.alive:
            self.say()

    def look(self, now: float) -> None:
        """Ask a silent service, give up one that stays silent."""
        timing = self._streams.timing
        if self.stream is None:
            return
        if now - self.heard > timing.silence:
            self.finish(OutcomeUnknown(f"the stream `{self.target}` has been silent for {timing.silence:g} s"))
        elif now - self.heard > timing.probe and now - self.said >= timing.tick:
            self.say()

    def finish(self, last: Exception) -> None:
        """End it after the items that have come."""
        if self._streams.forget(self):
            self._is_over = True
            self._put(last)

    def _put(self, entry: Message | Exception) -> None:
        self.inbox.put(entry)
        on_event = self.on_event
        if on_event is not None:
            on_event()

    # From the reader's.

    def taken(self) -> None:
        """The reader has taken an item: allow further ones when half of the window is read."""
        with self._lock:
            self._taken += 1
            due = self._taken + self._streams.timing.window - self._granted
            if due * 2 < self._streams.timing.window or self._is_over:
                return
            self._granted += due
        self.say(due)

    def say(self, credit: int = 0) -> None:
        """Send the service a credit; none says only that we live."""
        if self.stream is not None and not self._is_over:
            self.said = time.monotonic()
            self._streams.control(self, stream_wire.credit(self.stream, credit, app_id=self._streams.app_id))

    def on_said(self, error: BrokerError | None) -> None:
        """What became of a control message."""
        if isinstance(error, Unroutable):
            self.finish(OutcomeUnknown(f"the instance that served the stream `{self.target}` is gone"))
        elif error is not None:
            log.debug("a control message of the stream `%s` was not sent: %s", self.target, error)


class OpenStream(Generic[ItemT]):
    """Implements `svcrt.bases.Stream`: `__next__` waits; any thread may close it.

    For an event loop there is a way without waiting: `try_next` gives what there is, and `on_event` is called when it
    is worth to ask again. The engine holds the callback but not this object, and closes the stream when the object is
    let go of: a callback must not hold the object either (a weak reference will do).
    """

    def __init__(self, feed: Feed, streams: "Streams", lasts: float | None) -> None:
        self._feed = feed
        self._streams = streams
        self._lasts = lasts
        self._until = None if lasts is None else time.monotonic() + lasts
        self._closed = False

    def on_event(self, callback: Callable[[], None]) -> None:
        """Have `callback` called, in a task of the link or a clock, when something has come. It must not block."""
        self._feed.on_event = callback
        # For what came before.
        callback()

    def try_next(self) -> tuple[ItemT] | None:
        """Return the next item in a tuple, None when none is there yet; raises as `__next__` does.

        Raises:
            StopIteration: the stream is over.
        """
        try:
            return (self._read(0.0),)
        except queue.Empty:
            return None

    def __iter__(self) -> Self:
        """Return itself."""
        return self

    def __next__(self) -> ItemT:
        """Wait for the next item."""
        if self._until is None:
            return self._read(None)
        try:
            return self._read(max(0.0, self._until - time.monotonic()))
        except queue.Empty:
            self.close()
            raise RpcTimeout(self._feed.target, self._lasts or 0.0) from None

    def _read(self, timeout: float | None) -> ItemT:
        if self._closed:
            raise StopIteration
        entry = self._feed.inbox.get(timeout=timeout)
        if isinstance(entry, Exception):
            # For those who wait in other threads.
            self._closed = True
            self._feed.inbox.put(_End())
            if isinstance(entry, _End):
                raise StopIteration
            raise entry
        if self._closed:
            raise StopIteration
        try:
            wire.check_content(entry)
            item: ItemT = codec(self._feed.method.item).decode(entry.body, packed=wire.is_packed(entry))
        except InvalidValue as error:
            self.close()
            raise RemoteError("svc.InvalidReply", {"faults": [str(fault) for fault in error.faults]}) from error
        self._feed.taken()
        return item

    def close(self) -> None:
        """Tell the service to stop. Harmless when it is over."""
        if not self._closed:
            self._closed = True
            self._streams.close(self._feed)
            self._feed.inbox.put(_End())

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self.close()

    def __del__(self) -> None:
        """Close it: nobody can read it any more."""
        self.close()


class Streams:
    """The open streams of a process. Their requests and replies go by `Requests`, which owns this.

    Args:
        abandon: forgets the request of a stream that has not begun.
    """

    def __init__(self, concurrency: Concurrency, link: Link, *, app_id: str, abandon: Callable[[int], object]) -> None:
        self.concurrency = concurrency
        self.app_id = app_id
        self.timing: Timing = stream_wire.TIMING
        self._link = link
        self._abandon = abandon
        self._open: dict[int, Feed] = {}
        self._lock = concurrency.lock()
        self._ticks = False

    def new(self, method: StreamRpc[Any, ItemT], number: int, lasts: float | None) -> tuple[Feed, OpenStream[ItemT]]:
        """Return a stream whose request has `number` and is not sent yet: what answers go to, and its reader's face.

        Args:
            lasts: seconds after which reading ends in RpcTimeout; None for as long as it goes.
        """
        feed = Feed(self, method, number)
        self._open[number] = feed
        self._keep_ticking()
        return feed, OpenStream(feed, self, lasts)

    def on_message(self, number: int, message: Message) -> bool:
        """Take a stream's message; tell whether it answers the request and is to be taken as that."""
        try:
            mark = stream_wire.read_mark(message)
        except InvalidValue as error:
            log.warning("a message of stream %d was ignored: %s", number, error)
            return False
        feed = self._open.get(number)
        if feed is not None and feed.stream is not None:
            if mark.kind is not Kind.BEGIN:
                feed.take(message, mark)
            return False
        if feed is not None:
            return True
        # Closed or given up before it began.
        if mark.kind is Kind.BEGIN and message.message_id is not None and wire.is_reply_queue(message.reply_to):
            self._cancel(message.message_id, message.reply_to or "")
        return False

    def forget(self, feed: Feed) -> bool:
        """Expect nothing for it any more; tell whether it was open. No lock: this may run in a garbage collection."""
        return self._open.pop(feed.number, None) is not None

    def close(self, feed: Feed) -> None:
        """End it early."""
        if self.forget(feed):
            self._abandon(feed.number)
            if feed.stream is not None:
                self._cancel(feed.stream, feed.control)

    def check_open(self, feed: Feed) -> None:
        """It has just begun: end it if it was closed at the same moment, when it had no name yet."""
        if feed.number not in self._open and feed.stream is not None:
            self._cancel(feed.stream, feed.control)

    def lost(self) -> None:
        """The reply queue is gone: end all that have begun."""
        for feed in list(self._open.values()):
            if feed.stream is not None:
                feed.finish(OutcomeUnknown(f"the connection was lost under the stream `{feed.target}`"))

    def stop(self) -> None:
        """End all."""
        for feed in list(self._open.values()):
            if feed.stream is not None:
                self._cancel(feed.stream, feed.control)
            feed.finish(OutcomeUnknown(f"this process stopped while it read the stream `{feed.target}`"))

    def control(self, feed: Feed, message: Message) -> None:
        """Send a control message; one that finds no queue ends the stream."""
        self._link.post(message, exchange="", routing_key=feed.control, mandatory=True, on_done=feed.on_said)

    def _cancel(self, stream: str, control: str) -> None:
        # With a confirm like the credits, so as not to overtake them.
        message = stream_wire.cancel(stream, app_id=self.app_id)
        self._link.post(message, exchange="", routing_key=control, on_done=_ignore)

    def _keep_ticking(self) -> None:
        with self._lock:
            if self._ticks or not self._open:
                return
            self._ticks = True
        self.concurrency.call_later(self.timing.tick, self._tick)

    def _tick(self) -> None:
        now = time.monotonic()
        for feed in list(self._open.values()):
            feed.look(now)
        with self._lock:
            self._ticks = False
        self._keep_ticking()


def _ignore(error: BrokerError | None) -> None:
    """A service that cannot be told notices by itself."""
    if error is not None:
        log.debug("a stream's end could not be told: %s", error)
