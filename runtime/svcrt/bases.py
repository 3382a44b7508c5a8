"""Base classes of generated services, publishers and clients: thin faces over a `Caller`, without logic."""

from abc import ABC
from concurrent.futures import Future
from typing import ClassVar, Protocol

from svcrt.contract import ArgumentsT, Event, Oneway, PayloadT, ResultT, Rpc, Service


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

    def _send(self, method: Oneway[ArgumentsT], arguments: ArgumentsT) -> None:
        self._caller.send(method, arguments)


class ServiceFutures:
    """Base of the generated clients whose methods return `concurrent.futures.Future`."""

    def __init__(self, client: ServiceClient) -> None:
        self._client = client

    def _submit(
        self, method: Rpc[ArgumentsT, ResultT], arguments: ArgumentsT, timeout: float | None
    ) -> Future[ResultT]:
        return self._client._caller.submit(method, arguments, timeout=timeout)
