"""Services, their members, and how HTTP reaches them."""

import enum
from dataclasses import dataclass, field

from svcidl.model.data import Declared, Error, Event, Field, TopLevel, Type
from svcidl.source import Span


class ParameterSource(enum.StrEnum):
    """Where HTTP takes a parameter from."""

    PATH = "path"
    QUERY = "query"
    HEADER = "header"
    BODY = "body"
    """The whole body is this parameter (`body p`)."""
    BODY_FIELD = "body_field"
    """A member of the JSON object that is the body."""


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Parameter(Field):
    """A parameter of a member. `source` and `source_name` are set where HTTP reaches the member, else None.

    `source_name` is the name in the path template, the query key, the header name or the body member.
    """

    source: ParameterSource | None = None
    source_name: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PathPart:
    """One segment of a path template: literal text around at most one parameter: `{name}.csv`, `orders`."""

    prefix: str
    parameter: str | None = None
    suffix: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpBinding:
    """How HTTP reaches a member. `status` is of success, written or inferred (204 without result).

    `path` is the template as written, `parts` its segments. `body` names the parameter that is the whole body.
    """

    method: str
    path: str
    parts: tuple[PathPart, ...]
    status: int
    body: str | None = None
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True)
class Retry:
    """`@retry(5, backoff: 1s..5m)`: `attempts` after the first try; back-off in milliseconds, None if not written."""

    attempts: int
    backoff_from_ms: int | None = None
    backoff_to_ms: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Member(Declared):
    """A member of a service that has a stub method. `name` is the method.

    Attributes:
        auth: scheme of `@auth` on the member or inherited from the service; "none" where opened; None if neither.
        concurrency: of `@concurrency`, per instance; None if not written.
    """

    auth: str | None = None
    concurrency: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rpc(Member):
    """`rpc m(…) -> T throws E`. `result` is None without one; `stream` tells `-> stream T`."""

    parameters: tuple[Parameter, ...] = ()
    result: Type | None = None
    stream: bool = False
    throws: tuple[Error, ...] = ()
    http: HttpBinding | None = None
    timeout_ms: int | None = None
    idempotent: bool = False


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Oneway(Member):
    """`oneway m(…)`: a durable background job."""

    parameters: tuple[Parameter, ...] = ()
    http: HttpBinding | None = None
    retry: Retry | None = None


class Delivery(enum.StrEnum):
    """Who handles an event: one instance of the service, every instance, one among all services."""

    POOL = "pool"
    BROADCAST = "broadcast"
    SINGLETON = "singleton"


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Subscription(Member):
    """`subscribes E as m`."""

    event: Event
    delivery: Delivery = Delivery.POOL
    retry: Retry | None = None


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Route(Member):
    """`route m METHOD "path" (…)`: raw HTTP."""

    http: HttpBinding
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Socket(Member):
    """`socket m "path" receives A sends B`, from the service's side."""

    http: HttpBinding
    receives: Type
    sends: Type
    parameters: tuple[Parameter, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Timer(Member):
    """`timer m every 30s` (`every_ms`) or `timer m cron "…" tz "…"` (`cron`, `tz`)."""

    every_ms: int | None = None
    cron: str | None = None
    tz: str = "UTC"
    per_instance: bool = False


@dataclass(slots=True, eq=False, kw_only=True)
class Use:
    """`uses S as name`. `service` is set exactly once, after all services exist (services may use each other)."""

    name: str
    service: "Service" = field(init=False)
    doc: str = ""
    span: Span


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Publication:
    """`publishes E`."""

    event: Event
    doc: str = ""
    span: Span


AnyMember = Rpc | Oneway | Subscription | Route | Socket | Timer


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Service(TopLevel):
    """A service. `members` keeps the written order of everything that has a stub method."""

    members: tuple[AnyMember, ...]
    uses: tuple[Use, ...] = ()
    publishes: tuple[Publication, ...] = ()
    owner: str | None = None
    auth: str | None = None
    reserved: tuple[str, ...] = ()
