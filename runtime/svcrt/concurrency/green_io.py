"""What knows eventlet's hub: waiting for a descriptor, working in the hub's own turn, handing over without a queue."""

import logging
from collections.abc import Callable
from typing import Any

import eventlet
import eventlet.hubs

__all__ = ["GreenBaton", "GreenPoller"]

log = logging.getLogger("svcrt.concurrency")

_current = eventlet.getcurrent
_hub = eventlet.hubs.get_hub

_ALONE_SECONDS = 0.0002
_TURN_SECONDS = 0.002
"""How long what is deferred waits for company: outside, and inside of a turn that reads."""

_batch: list[Callable[[], None]] | None = None
"""What was deferred in the present turn of the hub; None while no `on_readable` runs."""


class GreenPoller:
    """See `svcrt.concurrency.Poller`. A wake-up is a timer of the hub: all of one turn costs one wake-up."""

    def __init__(self) -> None:
        self._waiter: Any = None
        self._on_readable: Callable[[], bool] | None = None
        self._woken = False
        self._scheduled = False

    def wait(self, descriptor: int | None, *, read: bool = True, write: bool, timeout: float) -> None:
        """Wait in the hub."""
        self._wait(descriptor, None, read=read, write=write, timeout=timeout)

    def serve(self, descriptor: int, on_readable: Callable[[], bool], *, write: bool, timeout: float) -> None:
        """Wait in the hub, and have it call `on_readable` in its own turn."""
        self._wait(descriptor, on_readable, read=True, write=write, timeout=timeout)

    def _wait(
        self,
        descriptor: int | None,
        on_readable: Callable[[], bool] | None,
        *,
        read: bool,
        write: bool,
        timeout: float,
    ) -> None:
        hub = _hub()
        waiter = _current()
        # Even when there is work already the others get their turn.
        timer = hub.schedule_call_global(0.0 if self._woken else max(timeout, 0.0), self._resume)
        listeners = []
        self._waiter = waiter
        self._on_readable = on_readable
        try:
            if descriptor is not None:
                if read:
                    on_event = self._resume if on_readable is None else self._read
                    listeners.append(hub.add(hub.READ, descriptor, on_event, self._descriptor_lost, None))
                if write:
                    listeners.append(hub.add(hub.WRITE, descriptor, self._resume, self._descriptor_lost, None))
            hub.switch()
        finally:
            self._waiter = self._on_readable = None
            self._woken = False
            timer.cancel()
            for listener in listeners:
                hub.remove(listener)

    def _read(self, _descriptor: int) -> None:
        """Let `on_readable` work in the hub. It may switch into green threads, which come back here when they wait."""
        global _batch
        on_readable = self._on_readable
        if on_readable is None:
            return
        _batch = []
        try:
            needs_owner = on_readable()
        finally:
            batch, _batch = _batch, None
            for callback in batch:
                _guarded(callback)
        if needs_owner:
            self._resume()

    def _resume(self, _descriptor: int | None = None) -> None:
        # Several causes may fire in one turn of the hub: only the first may switch, since the waiter is elsewhere then.
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            waiter.switch()

    def _descriptor_lost(self, _reason: object) -> None:
        self._resume()

    def defer(self, callback: Callable[[], None], at_once: Callable[[float], bool]) -> None:
        """Have `callback` called at the end of this turn of the hub, at once, or at the beginning of the next one."""
        if at_once(_ALONE_SECONDS if _batch is None else _TURN_SECONDS):
            _guarded(callback)
        elif _batch is not None:
            _batch.append(callback)
        else:
            _hub().schedule_call_global(0, _guarded, callback)

    def wake(self) -> None:
        """End the present wait, or the next one."""
        if self._woken:
            return
        self._woken = True
        if self._waiter is not None and not self._scheduled:
            self._scheduled = True
            _hub().schedule_call_global(0, self._resume_scheduled)

    def _resume_scheduled(self) -> None:
        self._scheduled = False
        self._resume()

    def close(self) -> None:
        """Wake nobody any more."""
        self._woken = True


def _guarded(callback: Callable[[], None]) -> None:
    try:
        callback()
    except Exception:
        # What is raised into the hub is printed there, past all logs, and others of this turn would be lost.
        log.exception("a deferred call failed")


class GreenBaton:
    """See `svcrt.concurrency.Baton`."""

    __slots__ = ("_is_full", "_value", "_waiter")

    def __init__(self) -> None:
        self._value: Any = None
        self._is_full = False
        self._waiter: Any = None

    def give(self, value: Any) -> None:
        """Hand over: from within the hub's turn by switching there at once, else in the next turn."""
        self._value = value
        self._is_full = True
        waiter = self._waiter
        if waiter is not None:
            hub = _hub()
            if _current() is not hub.greenlet:
                hub.schedule_call_global(0, self._resume)
                return
            self._waiter = None
            try:
                waiter.switch()
            except Exception:
                # It ended with an exception that nobody caught, and that comes up where it was switched to.
                log.exception("a green thread failed")

    def take(self, timeout: float | None = None) -> Any:
        """Wait for what is given."""
        if not self._is_full:
            hub = _hub()
            timer = None if timeout is None else hub.schedule_call_global(timeout, self._resume)
            self._waiter = _current()
            try:
                hub.switch()
            finally:
                self._waiter = None
                if timer is not None:
                    timer.cancel()
            if not self._is_full:
                raise TimeoutError
        value, self._value, self._is_full = self._value, None, False
        return value

    def _resume(self) -> None:
        waiter, self._waiter = self._waiter, None
        if waiter is not None:
            try:
                waiter.switch()
            except Exception:
                # It ended with an exception that nobody caught, and that comes up where it was switched to.
                log.exception("a green thread failed")
