"""The eventlet back end, on eventlet's own API throughout: it works in a patched and in an unpatched process."""

import importlib
import logging
import os
import signal
import socket
import warnings
from collections.abc import Callable, Iterable
from contextlib import AbstractContextManager
from typing import Any, cast

# eventlet reads this at import; its resolver does not know search domains (Kubernetes).
os.environ["EVENTLET_NO_GREENDNS"] = "yes"
with warnings.catch_warnings():
    # A plain Warning, which every user would see: that eventlet is only maintained is our concern, not theirs.
    warnings.filterwarnings("ignore", message=r"\s*Eventlet is deprecated", category=Warning)
    import eventlet
    import eventlet.event
    import eventlet.hubs
    import eventlet.patcher
    import eventlet.queue
    import eventlet.semaphore
    import eventlet.tpool

from svcrt.concurrency import Connector, Poller
from svcrt.concurrency.green_io import GreenBaton, GreenPoller
from svcrt.concurrency.sockets import connect_first, is_literal
from svcrt.types import Alarm, Baton, Channel, Flag, Server, Task

__all__ = ["BACKEND", "patch"]

log = logging.getLogger("svcrt.concurrency")

_heard: set[int] = set()
"""Signals that reach the hub through a pipe."""
_inherited: list[Any] = []

_native_socket: Any = eventlet.patcher.original("socket")
_native_os: Any = eventlet.patcher.original("os")
_native_thread: Any = eventlet.patcher.original("_thread")
_native_threading: Any = eventlet.patcher.original("threading")


def patch() -> None:
    """Make the standard library of this process green. To be called before anything else is imported."""
    eventlet.monkey_patch()


class _GreenTask:
    """A green thread; what its function raises is logged."""

    def __init__(self, function: Callable[..., object], arguments: tuple[object, ...], name: str) -> None:
        self._ended = _GreenFlag()
        self._name = name
        self._thread: Any = eventlet.spawn(self._run, function, arguments)
        # A link also fires when the thread is killed before its first step.
        self._thread.link(self._note_end)

    def _run(self, function: Callable[..., object], arguments: tuple[object, ...]) -> None:
        try:
            function(*arguments)
        except (Exception, SystemExit, KeyboardInterrupt):
            # Let through, the last two would end the process, or this thread without a word.
            log.exception("task `%s` failed", self._name)

    def _note_end(self, _thread: object) -> None:
        self._ended.set()

    def join(self, timeout: float | None = None) -> bool:
        return self._ended.wait(timeout)

    def kill(self) -> None:
        self._thread.kill()

    def interrupt(self, error: BaseException) -> bool:
        self._thread.kill(error)
        return True


class _GreenFlag:
    """A one-way switch on an eventlet event."""

    __slots__ = ("_event",)

    def __init__(self) -> None:
        self._event: Any = eventlet.event.Event()

    def set(self) -> None:
        if not self._event.ready():
            self._event.send(True)

    def is_set(self) -> bool:
        return bool(self._event.ready())

    def wait(self, timeout: float | None = None) -> bool:
        if not self._event.ready():
            self._event.wait(timeout)
        return bool(self._event.ready())


class _GreenChannel:
    """An unbounded queue; `put` may be called from the hub."""

    __slots__ = ("_queue",)

    def __init__(self) -> None:
        self._queue: Any = eventlet.queue.LightQueue()

    def put(self, item: Any) -> None:
        self._queue.put(item)

    def get(self, timeout: float | None = None) -> Any:
        return self._queue.get(timeout=timeout)


class _Green:
    """See `svcrt.concurrency.Backend`."""

    name = "green"

    def spawn(self, function: Callable[..., object], *arguments: object, name: str) -> Task:
        return _GreenTask(function, arguments, name)

    def sleep(self, seconds: float) -> None:
        eventlet.sleep(seconds)

    def flag(self) -> Flag:
        return _GreenFlag()

    def lock(self) -> AbstractContextManager[object]:
        return cast("AbstractContextManager[object]", eventlet.semaphore.Semaphore(1))

    def channel(self) -> Channel[Any]:
        return _GreenChannel()

    def call_later(self, seconds: float, function: Callable[..., object], *arguments: object) -> Alarm:
        return cast("Alarm", eventlet.hubs.get_hub().schedule_call_global(seconds, _call_logged, function, arguments))

    def serve(
        self, listener: socket.socket, application: Callable[..., Any], *, max_clients: int, head_seconds: float
    ) -> Server:
        # Dear to import, and a service without HTTP does not need it.
        from svcrt.concurrency.green_wsgi import GreenServer

        return GreenServer(listener, application, max_clients, head_seconds)

    def adopt_driver(self, name: str) -> None:
        # Without the patch SQLAlchemy's own locks stop the whole thread: there a query that blocks it is the safe way.
        if name == "psycopg" and eventlet.patcher.is_monkey_patched("select"):
            _adopt_psycopg()

    def guard(self) -> AbstractContextManager[object]:
        # Nobody else runs before we wait: it is never contended, and a semaphore costs twenty times as much.
        return cast("AbstractContextManager[object]", _native_thread.allocate_lock())

    def baton(self) -> Baton[Any]:
        return GreenBaton()

    def poller(self) -> Poller:
        return GreenPoller()

    def connect(self, host: str, port: int, *, timeout: float) -> Connector:
        if is_literal(host):
            addresses = _native_socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        else:
            # The resolver of the C library blocks; a native thread keeps the hub turning.
            addresses = eventlet.tpool.execute(_native_socket.getaddrinfo, host, port, type=socket.SOCK_STREAM)
        return connect_first(addresses, _open_native, GreenPoller(), timeout=timeout)

    def beside(self, function: Callable[[], float]) -> Callable[[], None]:
        ended = _native_threading.Event()

        def run() -> None:
            seconds = function()
            while not ended.wait(seconds):
                seconds = function()

        _native_threading.Thread(target=run, name="svcrt-beside", daemon=True).start()
        return cast("Callable[[], None]", ended.set)

    def on_signal(self, numbers: Iterable[int], callback: Callable[[int], None]) -> Callable[[], None]:
        return _listen_for_signals(tuple(numbers), callback)


def _call_logged(function: Callable[..., object], arguments: tuple[object, ...]) -> None:
    try:
        function(*arguments)
    except Exception:
        log.exception("a delayed call failed")


def _adopt_psycopg() -> None:
    waiting: Any = importlib.import_module("psycopg.waiting")
    # psycopg's C module polls the socket itself and stops the hub; it looks for gevent to avoid that, not for eventlet.
    # This is its own implementation on `select.select`, which is patched; the one for connecting is already.
    waiting.wait = waiting.wait_select


def _open_native(family: int, kind: int, protocol: int) -> socket.socket:
    connection = cast("socket.socket", _native_socket.socket(family, kind, protocol))
    # The hub may still know the descriptor's number from a socket that was closed behind its back.
    eventlet.hubs.notify_opened(connection.fileno())
    return connection


def _listen_for_signals(numbers: tuple[int, ...], callback: Callable[[int], None]) -> Callable[[], None]:
    # A handler alone is not enough: the hub sleeps in epoll up to a minute, and Python resumes that after a signal.
    reader, writer = _native_os.pipe()
    _native_os.set_blocking(reader, False)
    _native_os.set_blocking(writer, False)
    eventlet.hubs.notify_opened(reader)
    hub = eventlet.hubs.get_hub()

    def on_readable(_descriptor: int) -> None:
        # The patched os.read would switch to the hub from within the hub.
        for number in _native_os.read(reader, 4096):
            if number in numbers:
                eventlet.spawn(_call_logged, callback, (number,))

    listener = hub.add(hub.READ, reader, on_readable, lambda _reason: None, None)
    former_descriptor = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    former_handlers = {number: signal.signal(number, lambda _number, _frame: None) for number in numbers}
    _heard.update(numbers)

    def restore() -> None:
        _heard.difference_update(numbers)
        for number, handler in former_handlers.items():
            signal.signal(number, handler)
        signal.set_wakeup_fd(former_descriptor)
        hub.remove(listener)
        _native_os.close(reader)
        _native_os.close(writer)

    return restore


BACKEND = _Green()


def _leave_to_parent() -> None:
    """Begin with a hub of its own in a forked process: two that wait by one epoll object take each other's events.

    A signal to the fork must not be heard by the parent, and does what it does to any process.
    """
    # Collected, its green threads would end, and take their sockets out of the epoll object that is the parent's, too.
    _inherited.append(eventlet.hubs.get_hub())
    eventlet.hubs.use_hub()
    if _heard:
        signal.set_wakeup_fd(-1)
        for number in _heard:
            signal.signal(number, signal.SIG_DFL)


os.register_at_fork(after_in_child=_leave_to_parent)
