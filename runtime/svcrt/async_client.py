"""`svcrt.connect_async`: the same calls for asyncio. The connection has a thread of its own; no loop waits for it."""

import asyncio
import threading
from collections.abc import Callable, Generator, Mapping, Sequence
from concurrent.futures import Future
from functools import partial
from types import TracebackType
from typing import Any, Generic, Self, TypeVar

from svcrt.amqp.caller import PUBLISH_TIMEOUT, OnDone
from svcrt.amqp.calls import Answer
from svcrt.amqp.streams_client import OpenStream
from svcrt.client import Cluster, connect
from svcrt.contract import ArgumentsT, Event, ItemT, Oneway, PayloadT, ResultT, Rpc, StreamRpc
from svcrt.errors import CallError, OutcomeUnknown

T = TypeVar("T")

_TURN = 32
"""Items that a stream gives in a row before it lets the other tasks of the loop run."""


class AsyncCluster:
    """A `Cluster` for asyncio; give it to the generated `…AsyncClient`s.

    It belongs to no event loop: several may use it, one after the other or at once in their threads. Use it as a
    context manager or call `close`. Cancelling what waits lets go of the call; the method may still run.

    Args:
        cluster: the connection, on native threads. It may be used beside us; closing one closes both.
    """

    def __init__(self, cluster: Cluster) -> None:
        if cluster.caller.concurrency.name != "threads":
            raise ValueError('asyncio and eventlet do not share a thread: connect with `concurrency="threads"`')
        self._cluster = cluster
        self._caller = cluster.caller

    async def call(
        self, method: Rpc[ArgumentsT, ResultT], arguments: ArgumentsT, *, timeout: float | None = None
    ) -> ResultT:
        """Call any method by its contract; what generated clients do. See `svcrt.bases.AsyncCaller`."""
        answered = _Landing[Answer]()
        let_go = self._caller.begin(method, arguments, timeout=timeout, on_answer=answered.land)
        try:
            answer = await answered
        finally:
            let_go()
        return self._caller.result_of(method, answer)

    def stream(
        self, method: StreamRpc[ArgumentsT, ItemT], arguments: ArgumentsT, *, timeout: float | None = None
    ) -> "OpenAsyncStream[ItemT]":
        """Ask for a stream, without waiting. See `svcrt.bases.AsyncCaller`."""
        return OpenAsyncStream(self._caller.stream(method, arguments, timeout=timeout))

    async def send(self, method: Oneway[ArgumentsT], arguments: ArgumentsT) -> None:
        """Hand in a background job. See `svcrt.bases.AsyncCaller`."""
        await _confirmed(f"{method.service}.{method.name}", partial(self._caller.post_job, method, arguments))

    async def emit(self, event: Event[PayloadT], payload: PayloadT) -> None:
        """Announce an event, whichever service owns it: for scripts and tests. See `svcrt.bases.AsyncCaller`."""
        await _confirmed(event.name, partial(self._caller.post_event, event, payload))

    async def close(self) -> None:
        """End open calls and streams with OutcomeUnknown and close the connection. Harmless when called twice."""
        await _in_thread(self._cluster.close)

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.close()


class OpenAsyncStream(Generic[ItemT]):
    """Implements `svcrt.bases.AsyncStream`."""

    def __init__(self, stream: OpenStream[ItemT]) -> None:
        self._stream = stream
        self._bell = _Bell()
        self._in_a_row = 0
        # The stream's engine keeps the bell: it must not lead back to the stream, which ends when nobody holds it.
        stream.on_event(self._bell.ring)

    def __aiter__(self) -> Self:
        """Return itself."""
        return self

    async def __anext__(self) -> ItemT:
        """Wait for the next item."""
        self._in_a_row += 1
        if self._in_a_row > _TURN:
            self._in_a_row = 0
            await asyncio.sleep(0)
        found = self._try()
        while found is None:
            self._in_a_row = 0
            with self._bell.heard() as rung:
                # Once more, now that we would hear it: an item may have come in between.
                found = self._try()
                if found is None:
                    await rung
        return found[0]

    def _try(self) -> tuple[ItemT] | None:
        try:
            return self._stream.try_next()
        except StopIteration:
            raise StopAsyncIteration from None

    async def close(self) -> None:
        """Tell the service to stop. Harmless when it is over."""
        self._stream.close()
        self._bell.ring()

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        await self.close()


class Connecting:
    """A connection to be: `await` it, or enter it with `async with`."""

    def __init__(self, begin: Callable[[], Cluster]) -> None:
        self._begin = begin
        self._cluster: AsyncCluster | None = None

    def __await__(self) -> Generator[Any, None, AsyncCluster]:
        """Connect."""
        return self._connect().__await__()

    async def __aenter__(self) -> AsyncCluster:
        """Connect."""
        self._cluster = await self._connect()
        return self._cluster

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close the connection."""
        if self._cluster is not None:
            await self._cluster.close()

    async def _connect(self) -> AsyncCluster:
        return AsyncCluster(await _in_thread(self._begin, on_late=Cluster.close))


def connect_async(
    url: str | Sequence[str],
    *,
    wait: float | None = 10.0,
    wait_for_service: bool = False,
    baggage: Mapping[str, str] | None = None,
    authorization: str | None = None,
    principal: object = None,
    scheme: str = "bearer",
    heartbeat: float = 10.0,
    encoding: str = "json",
    link: str | None = None,
) -> Connecting:
    """Connect to the services behind a broker, for asyncio.

        async with svcrt.connect_async(url) as cluster:
            orders = OrdersAsyncClient(cluster)

    or `cluster = await svcrt.connect_async(url)` and, in the end, `await cluster.close()`.

    Args:
        url: `amqp://user:password@host:port/vhost`, or several for failover.
        wait: seconds to wait for the broker; None connects in the background.
        wait_for_service: let calls wait, up to their deadline, for a service that is not running.
        baggage: application context that goes along with everything that follows from our calls.
        authorization: credential that goes along with calls, as an `Authorization` header has it.
        principal: on whose behalf all is done, for services that trust the bus; jobs and events carry it too.
        scheme: the `@auth` scheme that `principal` is taken for.
        heartbeat: seconds between heartbeats.
        encoding: `json` or `msgpack`, for what we send; answers come in the same.
        link: `fast`, or `stock` to talk through stock py-amqp; None for what `SVCGEN_LINK` says, else `fast`.

    Raises, when it is awaited or entered:
        BrokerRefused: wrong password, virtual host or permission.
        BrokerUnavailable: no broker within `wait`.
        ConfigError: the URL says nothing that can be connected to, or there is no such link.
        ValueError: there is no such encoding.
    """
    return Connecting(
        partial(
            connect,
            url,
            wait=wait,
            wait_for_service=wait_for_service,
            baggage=baggage,
            authorization=authorization,
            principal=principal,
            scheme=scheme,
            heartbeat=heartbeat,
            encoding=encoding,
            link=link,
        )
    )


# --- from other threads to the loop ------------------------------------------------------------------------------


class _Landing(Generic[T]):
    """Waits in the running loop for a value that another thread gives once.

    Exceptions travel as values: a future that holds one and is let go of would complain that nobody looked.
    """

    def __init__(self) -> None:
        self._loop = asyncio.get_running_loop()
        self._future: asyncio.Future[T] = self._loop.create_future()

    def land(self, value: T) -> None:
        """Give the value, from any thread."""
        try:
            self._loop.call_soon_threadsafe(self._settle, value)
        except RuntimeError:
            # The loop is closed, and whoever waited in it is gone.
            if not self._loop.is_closed():
                raise

    def __await__(self) -> Generator[Any, None, T]:
        return self._future.__await__()

    def _settle(self, value: T) -> None:
        if not self._future.done():
            self._future.set_result(value)


class _Bell:
    """Wakes the tasks that wait when it rings, whatever loops they are in."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._listeners: set[_Landing[None]] = set()

    def ring(self) -> None:
        """Wake all, from any thread."""
        with self._lock:
            listeners = list(self._listeners)
        for listener in listeners:
            listener.land(None)

    def heard(self) -> "_Hearing":
        """Return a context in which the bell is heard; what it gives is awaited."""
        return _Hearing(self._lock, self._listeners)


class _Hearing:
    def __init__(self, lock: threading.Lock, listeners: set[_Landing[None]]) -> None:
        self._lock = lock
        self._listeners = listeners

    def __enter__(self) -> _Landing[None]:
        self._landing = _Landing[None]()
        with self._lock:
            self._listeners.add(self._landing)
        return self._landing

    def __exit__(self, *_: object) -> None:
        with self._lock:
            self._listeners.discard(self._landing)


async def _confirmed(what: str, post: Callable[[OnDone], None]) -> None:
    done = _Landing[CallError | None]()
    post(done.land)
    try:
        async with asyncio.timeout(PUBLISH_TIMEOUT):
            failure = await done
    except TimeoutError:
        seconds = f"{PUBLISH_TIMEOUT:g} s"
        raise OutcomeUnknown(f"the broker did not confirm `{what}` within {seconds}; it may have it") from None
    if failure is not None:
        raise failure


async def _in_thread(function: Callable[[], T], *, on_late: Callable[[T], object] | None = None) -> T:
    """Run what blocks in a thread of its own: those of the loop's executor would hold up the end of `asyncio.run`.

    Args:
        on_late: called with the result, in a thread of its own, when nobody waits for it any more.
    """
    ended: Future[T] = Future()
    landing = _Landing[Future[T]]()
    ended.add_done_callback(landing.land)
    _spawn(_end_with, ended, function)
    try:
        await landing
    except BaseException:
        if on_late is not None:
            ended.add_done_callback(partial(_take_late, on_late))
        raise
    return ended.result()


def _end_with(future: Future[T], function: Callable[[], T]) -> None:
    try:
        result = function()
    except BaseException as error:
        future.set_exception(error)
    else:
        future.set_result(result)


def _take_late(on_late: Callable[[T], object], ended: Future[T]) -> None:
    if ended.exception() is None:
        _spawn(on_late, ended.result())


def _spawn(function: Callable[..., object], *arguments: object) -> None:
    threading.Thread(target=function, args=arguments, name="svcrt-asyncio", daemon=True).start()
