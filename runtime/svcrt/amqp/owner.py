"""The owner of a connection: one task that alone touches it, keeps it up and serves what others hand to it."""

import logging
import random
import time
from collections import deque
from collections.abc import Callable, Sequence
from typing import Any, Protocol

from amqp.exceptions import AMQPError

from svcrt.amqp.connection import Connection
from svcrt.amqp.refusals import refusal, text_of
from svcrt.amqp.servers import Server
from svcrt.concurrency import Backend
from svcrt.errors import BrokerError, BrokerRefused, BrokerUnavailable
from svcrt.types import Task

log = logging.getLogger("svcrt.amqp")

FIRST_BACKOFF = 0.2
CLOSE_SECONDS = 2.0
ANSWER_SECONDS = 30.0
"""How long the broker may take to answer a declaration: it answers none while an alarm holds a connection."""
_IDLE_WAIT = 60.0
_STEADY_SECONDS = 5.0
"""A connection that lasts shorter counts as a failed attempt: a broker that boots takes and drops them."""


class Part(Protocol):
    """What an owner does with its connection. All is called in the owner's task, and may raise what AMQP raises."""

    def connected(self, connection: Connection) -> None:
        """A connection has come up."""

    def turn(self, connection: Connection) -> None:
        """Frames were read or somebody called `wake`: do what there is to do."""

    def quick_turn(self, connection: Connection) -> None:
        """Hot frames were read, or somebody called `Connection.turn_soon`: do what needs no waiting.

        Also called outside of the owner's task, though never at the same time as another method.
        """

    def tick(self, now: float) -> float:
        """Look at the clock (monotonic); return the seconds until the next look. Also called without a connection."""

    def lost(self, reason: BrokerError) -> None:
        """The connection is gone."""

    def drained(self) -> bool:
        """Whether all that was handed over has been done."""

    def stopped(self) -> None:
        """The owner ends: nothing handed over from now on will be done."""


class _Job:
    """A function for the owner to call with its connection, and how that ended."""

    def __init__(self, function: Callable[[Connection], Any], backend: Backend) -> None:
        self.function = function
        self.done = backend.flag()
        self.abandoned = False
        self.result: Any = None
        self.error: Exception | None = None


class Owner:
    """Connects to the first server that wants us, serves its parts, and does it again when the connection is lost.

    Args:
        role: what the log calls this connection.
        name: what the broker's management pages call it.
        kind: what talks to the broker.
    """

    def __init__(
        self,
        role: str,
        servers: Sequence[Server],
        backend: Backend,
        parts: Sequence[Part],
        *,
        name: str,
        heartbeat: int,
        connect_timeout: float,
        max_backoff: float,
        kind: type[Connection] = Connection,
    ) -> None:
        self.role = role
        self.settled = backend.flag()
        """On once the first connection came up, or every server has refused us."""
        self.connected = False
        self.refusal: BrokerRefused | None = None
        self.reason: BrokerError = BrokerUnavailable("not connected to the broker yet")
        """Why there is no connection."""
        self._servers = servers
        self._backend = backend
        self._parts = parts
        self._name = name
        self._heartbeat = heartbeat
        self._connect_timeout = connect_timeout
        self._max_backoff = max_backoff
        self._kind = kind
        self._poller = backend.poller()
        self._jobs: deque[_Job] = deque()
        self._stop_by: float | None = None
        self._ended = False
        self._state = ""
        self._at = ""
        self._task: Task | None = None

    def start(self) -> None:
        """Begin."""
        self._task = self._backend.spawn(self._run, name=f"svcrt-{self.role}")

    def stop(self, seconds: float) -> None:
        """Let the parts finish for at most `seconds`, close and wait for the end."""
        if self._stop_by is None:
            self._stop_by = time.monotonic() + seconds
        if self._task is None:
            self._end()
            return
        self.wake()
        self._task.join(seconds + CLOSE_SECONDS + self._connect_timeout)

    def wake(self) -> None:
        """Make the parts' `turn` run soon."""
        self._woken = True
        self._poller.wake()

    def call_soon(self, function: Callable[[Connection], Any]) -> None:
        """Have `function(connection)` called in the owner's task, now or with the next connection."""
        self._jobs.append(_Job(function, self._backend))
        self.wake()

    def call(self, function: Callable[[Connection], Any], *, timeout: float) -> Any:
        """Have `function(connection)` called in the owner's task and return its result.

        Raises:
            BrokerUnavailable: there was no connection within `timeout` seconds, or it was lost during the call.
        """
        job = _Job(function, self._backend)
        self._jobs.append(job)
        self.wake()
        if self._ended:
            self._drop_jobs()
        if not job.done.wait(timeout):
            job.abandoned = True
            why = "" if self.connected else f" ({self.reason})"
            raise BrokerUnavailable(f"no answer from the broker within {timeout:g} s{why}")
        if job.error is not None:
            raise job.error
        return job.result

    # The owner's task.

    def _run(self) -> None:
        attempt = 0
        while self._stop_by is None:
            connection = self._connect()
            if connection is not None:
                begun = time.monotonic()
                self._hold(connection)
                if time.monotonic() - begun > _STEADY_SECONDS:
                    attempt = 0
            if self._stop_by is None:
                self._pause(attempt)
                attempt += 1
        self._end()

    def _end(self) -> None:
        self._ended = True
        self._drop_jobs()
        for part in self._parts:
            part.stopped()
        self._poller.close()

    def _connect(self) -> Connection | None:
        """Try every server once; None when none of them takes us."""
        refusals = []
        for server in self._servers:
            connection = self._kind(
                server,
                self._backend,
                self._poller,
                self._tick,
                name=f"{self._name} ({self.role})",
                heartbeat=self._heartbeat,
            )
            try:
                connection.establish(self._connect_timeout)
            except Exception as error:
                # Also what a resolver or a peer that does not speak AMQP makes py-amqp raise: this task must go on.
                self.reason = BrokerUnavailable(f"cannot connect to {server}: {text_of(error)}")
                if (refused := refusal(error, server)) is not None:
                    refusals.append(BrokerRefused(refused))
                    self.reason = refusals[-1]
            else:
                self._at = str(server)
                return connection
            connection.abandon()
            if self._stop_by is not None:
                return None
        if len(refusals) == len(self._servers):
            self.refusal = refusals[0]
            self.settled.set()
            self._announce("refused", logging.ERROR, f"{refusals[0]}; trying again")
        else:
            self._announce("down", logging.WARNING, f"{self.reason}; trying again")
        return None

    def _hold(self, connection: Connection) -> None:
        """Serve one connection until it ends."""
        try:
            for part in self._parts:
                with connection.within(ANSWER_SECONDS):
                    part.connected(connection)
            self.connected = True
            self.refusal = None
            # Only now: a broker that lets us in, but not work, is no change at each attempt.
            self._announce("up", logging.INFO, f"connected to {self._at}")
            self.settled.set()
            self._serve(connection)
            self.reason = BrokerUnavailable("the link is stopped")
        except (AMQPError, OSError) as error:
            self.reason = BrokerUnavailable(f"the connection to the broker is lost: {text_of(error)}")
            if self.connected:
                self._announce("down", logging.WARNING, f"{self.reason}; connecting again")
            else:
                self.reason = BrokerUnavailable(f"{self._at} lets us connect, but not work: {text_of(error)}")
                self._announce("unusable", logging.WARNING, f"{self.reason}; trying again")
        except Exception as error:
            # A fault of ours or of the broker's must not end the task that everything hangs on.
            self.reason = BrokerUnavailable(f"the connection to the broker failed: {type(error).__name__}")
            self._state = "down"
            log.exception("%s: unexpected failure; connecting again", self.role)
        finally:
            self.connected = False
            # A thread that takes a turn must not go on with a connection that its part has forgotten.
            with connection.turning:
                connection.abandon()
            for part in self._parts:
                part.lost(self.reason)

    def _serve(self, connection: Connection) -> None:
        while True:
            self._woken = False
            connection.dispatch()
            self._do_jobs(connection)
            for part in self._parts:
                with connection.turning, connection.within(ANSWER_SECONDS):
                    part.turn(connection)
            if self._stop_by is not None and self._may_close(connection):
                self._close(connection)
                return
            # A part that waited for an answer may have read, and used up a wake-up that was meant for this loop.
            if not connection.holds_frame() and not self._woken:
                connection.serve(lambda: self._turn(connection))

    def _turn(self, connection: Connection) -> None:
        """Between two looks of this task, where frames are read: what does not wait."""
        for part in self._parts:
            part.quick_turn(connection)

    def _may_close(self, connection: Connection) -> bool:
        assert self._stop_by is not None
        return time.monotonic() >= self._stop_by or (
            not connection.holds_unsent and not self._jobs and all(part.drained() for part in self._parts)
        )

    def _close(self, connection: Connection) -> None:
        try:
            with connection.within(CLOSE_SECONDS):
                connection.close()
        except (AMQPError, OSError) as error:
            log.debug("%s: the broker did not say good-bye: %s", self.role, text_of(error))

    def _tick(self, now: float) -> float:
        wait = min((part.tick(now) for part in self._parts), default=_IDLE_WAIT)
        # Not 0.0 when that is over: what is waited for then has a bound of its own.
        return min(wait, max(0.01, self._stop_by - now)) if self._stop_by is not None else wait

    def _pause(self, attempt: int) -> None:
        """Wait before the next attempt, a random part of a doubling time, so that a fleet does not come all at once."""
        longest = min(self._max_backoff, FIRST_BACKOFF * 2 ** min(attempt, 16))
        until = time.monotonic() + longest * random.uniform(0.5, 1.0)
        while self._stop_by is None and (now := time.monotonic()) < until:
            self._poller.wait(None, write=False, timeout=min(until - now, self._tick(now)))

    def _do_jobs(self, connection: Connection) -> None:
        while self._jobs:
            job = self._jobs.popleft()
            if job.abandoned:
                continue
            try:
                with connection.within(ANSWER_SECONDS):
                    job.result = job.function(connection)
            except BrokerError as error:
                job.error = error
            except (AMQPError, OSError) as error:
                job.error = BrokerUnavailable(f"the connection to the broker is lost: {text_of(error)}")
                raise
            finally:
                job.done.set()

    def _drop_jobs(self) -> None:
        while True:
            try:
                job = self._jobs.popleft()
            except IndexError:
                return
            job.error = BrokerUnavailable("the link is stopped")
            job.done.set()

    def _announce(self, state: str, level: int, text: str) -> None:
        """Log `text` if `state` is new."""
        if state != self._state:
            self._state = state
            log.log(level, "%s: %s", self.role, text)
