"""The tables that a generated `contract.py` fills: what a service takes, gives, announces, hears and when it ticks.

Pure data. Generated code builds these once at import; container, client, gateway, shell and `call` read them.
Times are seconds as float. Names are wire names unless called `stub` (the Python attribute).
"""

import enum
from dataclasses import dataclass, field
from typing import Any, Generic, TypeAlias, TypeVar

import msgspec

from svcrt.errors import DeclaredError

ArgumentsT = TypeVar("ArgumentsT", bound=msgspec.Struct)
ResultT = TypeVar("ResultT")
ItemT = TypeVar("ItemT")
PayloadT = TypeVar("PayloadT", bound=msgspec.Struct)
ReceivesT = TypeVar("ReceivesT")
SendsT = TypeVar("SendsT")

DEFAULT_TIMEOUT = 10.0
"""Seconds that a call may take where neither the contract nor the caller says otherwise."""


class Source(enum.Enum):
    """Where HTTP takes a parameter from."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    BODY = "body"
    BODY_FIELD = "body_field"


@dataclass(frozen=True, slots=True)
class HttpParameter:
    """One parameter of a bound member.

    Attributes:
        name: wire name of the parameter, a field of the arguments struct.
        source: where it comes from.
        key: its name there (path parameter, query key, header name, body member; the parameter's own for BODY).
    """

    name: str
    source: Source
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpBinding:
    """How HTTP reaches a member. `path` is the template of the IDL: `/orders/{id}.csv`; `status` that of success."""

    method: str
    path: str
    status: int
    parameters: tuple[HttpParameter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """`@retry`: attempts after the first; back-off in seconds, None for the default steps."""

    attempts: int
    backoff_from: float | None = None
    backoff_to: float | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Rpc(Generic[ArgumentsT, ResultT]):
    """`rpc`: request and reply.

    Attributes:
        service: full name of the service.
        name: method name on the wire.
        stub: name of the Python method.
        arguments: struct whose fields are the parameters (Python names equal the stub's keyword arguments).
        result: type expression of the result (`Order`, `list[Order]`, `str | None`), `None` for no result.
        errors: the exceptions it may raise, by contract.
        timeout: default deadline in seconds.
    """

    service: str
    name: str
    stub: str
    arguments: type[ArgumentsT]
    result: Any
    errors: tuple[type[DeclaredError], ...] = ()
    timeout: float = DEFAULT_TIMEOUT
    idempotent: bool = False
    concurrency: int | None = None
    auth: str | None = None
    http: HttpBinding | None = None
    doc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StreamRpc(Generic[ArgumentsT, ItemT]):
    """`rpc … -> stream T`: one request, any number of items. Attributes as in `Rpc`, except for two.

    Attributes:
        item: type expression of one item.
        timeout: seconds until the stream must have begun; once begun it may last as long as both sides live.
    """

    service: str
    name: str
    stub: str
    arguments: type[ArgumentsT]
    item: Any
    errors: tuple[type[DeclaredError], ...] = ()
    timeout: float = DEFAULT_TIMEOUT
    concurrency: int | None = None
    auth: str | None = None
    http: HttpBinding | None = None
    doc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Oneway(Generic[ArgumentsT]):
    """`oneway`: a durable background job. Attributes as in `Rpc`."""

    service: str
    name: str
    stub: str
    arguments: type[ArgumentsT]
    retry: Retry | None = None
    concurrency: int | None = None
    auth: str | None = None
    http: HttpBinding | None = None
    doc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Event(Generic[PayloadT]):
    """An event: its full name and the struct of its fields."""

    name: str
    payload: type[PayloadT]
    doc: str = ""


class Delivery(enum.Enum):
    """Who handles an event: one instance of the service, every instance, or one among all services."""

    POOL = "pool"
    BROADCAST = "broadcast"
    SINGLETON = "singleton"


@dataclass(frozen=True, slots=True, kw_only=True)
class Subscription:
    """`subscribes E as m`; `name` is the handler's IDL name, `stub` its Python method."""

    event: Event[Any]
    name: str
    stub: str
    delivery: Delivery = Delivery.POOL
    retry: Retry | None = None
    concurrency: int | None = None
    doc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Route(Generic[ArgumentsT]):
    """`route`: raw HTTP. The stub is called with `request` first, then the arguments; `http.status` is unused."""

    name: str
    stub: str
    arguments: type[ArgumentsT]
    http: HttpBinding
    auth: str | None = None
    doc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketRoute(Generic[ReceivesT, SendsT]):
    """`socket`: a web socket. The stub is called with `socket` first, then the arguments; `http.method` is GET.

    Attributes:
        service: full name of the service.
        receives: type expression of the messages that the service gets.
        sends: type expression of those that it sends.
    """

    service: str
    name: str
    stub: str
    arguments: type[Any]
    receives: Any
    sends: Any
    http: HttpBinding
    auth: str | None = None
    doc: str = ""


HttpMember: TypeAlias = Rpc[Any, Any] | StreamRpc[Any, Any] | Oneway[Any] | Route[Any] | SocketRoute[Any, Any]
"""What HTTP may reach."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Timer:
    """`timer`: either `every` (seconds) or `cron` with `tz`."""

    name: str
    stub: str
    every: float | None = None
    cron: str | None = None
    tz: str = "UTC"
    per_instance: bool = False
    doc: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """Everything about one service; `name` is its full name, `package.Name`."""

    name: str
    rpcs: tuple[Rpc[Any, Any], ...] = ()
    streams: tuple[StreamRpc[Any, Any], ...] = ()
    oneways: tuple[Oneway[Any], ...] = ()
    subscriptions: tuple[Subscription, ...] = ()
    publishes: tuple[Event[Any], ...] = ()
    timers: tuple[Timer, ...] = ()
    routes: tuple[Route[Any], ...] = ()
    sockets: tuple[SocketRoute[Any, Any], ...] = ()
    doc: str = ""
    by_name: dict[str, Rpc[Any, Any] | StreamRpc[Any, Any] | Oneway[Any]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        """Index what can be called by its wire name."""
        callables: list[Rpc[Any, Any] | StreamRpc[Any, Any] | Oneway[Any]] = [
            *self.rpcs,
            *self.streams,
            *self.oneways,
        ]
        object.__setattr__(self, "by_name", {member.name: member for member in callables})
