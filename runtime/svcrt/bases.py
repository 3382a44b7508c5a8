"""Base classes of generated services, publishers and clients: thin faces over a `Caller`, without logic."""

from abc import ABC
from collections.abc import Iterator
from concurrent.futures import Future
from types import TracebackType
from typing import ClassVar, Protocol, Self, TypeVar

from svcrt.contract import ArgumentsT, Event, ItemT, Oneway, PayloadT, ResultT, Rpc, Service, StreamRpc

ItemT_co = TypeVar("ItemT_co", covariant=True)
ReceivesT_co = TypeVar("ReceivesT_co", covariant=True)
SendsT_contra = TypeVar("SendsT_contra", contravariant=True)


class Stream(Protocol[ItemT_co]):
    """The items of a `rpc … -> stream T`, as they come: iterate, and close when done early.

    Iteration ends when the service's method ends. What the service raised after n items is raised after n items: a
    declared error or a CallError; `StreamInterrupted` when the serving instance stops, OutcomeUnknown when it dies.
    Closing (also by `with`, or by letting go of it) makes the service run its method's `finally`.
    """

    def __iter__(self) -> Iterator[ItemT_co]:
        """Return itself."""

    def __next__(self) -> ItemT_co:
        """Wait for the next item."""

    def close(self) -> None:
        """Tell the service to stop. Harmless when it is over."""

    def __enter__(self) -> Self:
        """Return itself."""

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""


class AsyncStream(Protocol[ItemT_co]):
    """A `Stream` for asyncio: `async for`, `async with`, `await close()`."""

    def __aiter__(self) -> Self:
        """Return itself."""

    async def __anext__(self) -> ItemT_co:
        """Wait for the next item."""

    async def close(self) -> None:
        """Tell the service to stop. Harmless when it is over."""

    async def __aenter__(self) -> Self:
        """Return itself."""

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""


class Socket(Protocol[ReceivesT_co, SendsT_contra]):
    """A web socket, from the service's side. Iterating gives the messages until the peer has closed.

    Attributes:
        id: its identity among all sockets of all instances.
    """

    @property
    def id(self) -> str:
        """Its identity among all sockets of all instances."""

    def __iter__(self) -> Iterator[ReceivesT_co]:
        """Yield messages as they come; ends when either side has closed."""

    def receive(self, timeout: float | None = None) -> ReceivesT_co:
        """Wait for one message, at most `timeout` seconds.

        Raises:
            TimeoutError: none came.
            SocketClosed: either side has closed, or the connection is lost.
        """

    def send(self, message: SendsT_contra) -> None:
        """Send a message; returns when it is in the send buffer.

        Raises:
            SocketClosed: either side has closed, or the connection is lost.
            InvalidValue: the message breaks the contract.
        """

    def close(self, code: int = 1000, reason: str = "") -> None:
        """Close with a code of RFC 6455 section 7.4 (1000, 1001, 1008, 3000 to 4999 …). Harmless when it is closed."""


class Caller(Protocol):
    """Who calls, sends and announces: a `Cluster` in a program, the worker's own in a service."""

    def call(self, method: Rpc[ArgumentsT, ResultT], arguments: ArgumentsT, *, timeout: float | None = None) -> ResultT:
        """Call and wait for the result.

        Args:
            timeout: seconds; None for the contract's. A worker's calls never get more than its own caller left it.

        Raises:
            DeclaredError: one that the contract names.
            CallError: every other way that a call can end.
            InvalidValue: the arguments break the contract; nothing was sent.
        """

    def submit(
        self, method: Rpc[ArgumentsT, ResultT], arguments: ArgumentsT, *, timeout: float | None = None
    ) -> Future[ResultT]:
        """Call without waiting; the future ends as `call` would. Raises only InvalidValue."""

    def stream(
        self, method: StreamRpc[ArgumentsT, ItemT], arguments: ArgumentsT, *, timeout: float | None = None
    ) -> Stream[ItemT]:
        """Ask for a stream. Returns at once; what goes wrong is raised where the next item is asked for.

        Args:
            timeout: seconds until the service must have begun; None for the contract's.

        Raises:
            InvalidValue: the arguments break the contract; nothing was sent.
        """

    def send(self, method: Oneway[ArgumentsT], arguments: ArgumentsT) -> None:
        """Hand in a background job; returns when the broker keeps it.

        Raises:
            UnknownService: no instance of the service was ever started on this broker.
            NotSent: no connection; nothing was sent.
            Overloaded: the queue is full.
            OutcomeUnknown: the connection died before the broker confirmed.
            InvalidValue: the arguments break the contract; nothing was sent.
        """

    def emit(self, event: Event[PayloadT], payload: PayloadT) -> None:
        """Announce an event; returns when the broker has it. Raises as `send`, but never UnknownService."""


class AsyncCaller(Protocol):
    """A `Caller` for asyncio: an `AsyncCluster`."""

    async def call(
        self, method: Rpc[ArgumentsT, ResultT], arguments: ArgumentsT, *, timeout: float | None = None
    ) -> ResultT:
        """Call and wait for the result; ends as `Caller.call`. Cancelling stops the waiting, not the method."""

    def stream(
        self, method: StreamRpc[ArgumentsT, ItemT], arguments: ArgumentsT, *, timeout: float | None = None
    ) -> AsyncStream[ItemT]:
        """Ask for a stream; as `Caller.stream`."""

    async def send(self, method: Oneway[ArgumentsT], arguments: ArgumentsT) -> None:
        """Hand in a background job; ends as `Caller.send`."""

    async def emit(self, event: Event[PayloadT], payload: PayloadT) -> None:
        """Announce an event; ends as `Caller.emit`."""


class ServiceBase(ABC):
    """Base of generated service bases. An implementation derives from the generated one and fills in its methods."""

    contract: ClassVar[Service]


class Publisher:
    """Base of generated publishers: announces the events that a service is allowed to announce."""

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def _publish(self, event: Event[PayloadT], payload: PayloadT) -> None:
        self._caller.emit(event, payload)


class ServiceClient:
    """Base of generated clients.

    Args:
        caller: a `Cluster`, or what a worker calls through.
    """

    contract: ClassVar[Service]

    def __init__(self, caller: Caller) -> None:
        self._caller = caller

    def _call(self, method: Rpc[ArgumentsT, ResultT], arguments: ArgumentsT, timeout: float | None) -> ResultT:
        return self._caller.call(method, arguments, timeout=timeout)

    def _stream(
        self, method: StreamRpc[ArgumentsT, ItemT], arguments: ArgumentsT, timeout: float | None
    ) -> Stream[ItemT]:
        return self._caller.stream(method, arguments, timeout=timeout)

    def _send(self, method: Oneway[ArgumentsT], arguments: ArgumentsT) -> None:
        self._caller.send(method, arguments)


class ServiceAsyncClient:
    """Base of generated asyncio clients.

    Args:
        caller: an `AsyncCluster`.
    """

    contract: ClassVar[Service]

    def __init__(self, caller: AsyncCaller) -> None:
        self._caller = caller

    async def _call(self, method: Rpc[ArgumentsT, ResultT], arguments: ArgumentsT, timeout: float | None) -> ResultT:
        return await self._caller.call(method, arguments, timeout=timeout)

    def _stream(
        self, method: StreamRpc[ArgumentsT, ItemT], arguments: ArgumentsT, timeout: float | None
    ) -> AsyncStream[ItemT]:
        return self._caller.stream(method, arguments, timeout=timeout)

    async def _send(self, method: Oneway[ArgumentsT], arguments: ArgumentsT) -> None:
        await self._caller.send(method, arguments)


class ServiceFutures:
    """Base of the generated clients whose methods return `concurrent.futures.Future`."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    def _submit(
        self, method: Rpc[ArgumentsT, ResultT], arguments: ArgumentsT, timeout: float | None
    ) -> Future[ResultT]:
        return self._client._caller.submit(method, arguments, timeout=timeout)
