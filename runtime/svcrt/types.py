"""What the rooms of the runtime know of each other: plain data and Protocols, no behaviour.

The link (amqp/), the concurrency back ends, the container, entrypoints and providers meet only here, so that each can
be replaced without touching the others.
"""

from collections.abc import Callable, Hashable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, TypeVar

from svcrt.task_types import Alarm as Alarm
from svcrt.task_types import Baton as Baton
from svcrt.task_types import Channel as Channel
from svcrt.task_types import Concurrency as Concurrency
from svcrt.task_types import Flag as Flag
from svcrt.task_types import Server as Server
from svcrt.task_types import Task as Task

if TYPE_CHECKING:
    from svcrt.bases import Caller
    from svcrt.context import WorkerContext
    from svcrt.contract import Service
    from svcrt.errors import BrokerError
    from svcrt.extensions import SharedExtension

T = TypeVar("T")
SharedT = TypeVar("SharedT", bound="SharedExtension")
T_co = TypeVar("T_co", covariant=True)


# --- messages and topology ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """A message as AMQP carries it. `expiration` is in milliseconds; headers are text to text."""

    body: bytes
    content_type: str | None = "application/json"
    content_encoding: str | None = None
    type: str | None = None
    message_id: str | None = None
    correlation_id: str | None = None
    reply_to: str | None = None
    app_id: str | None = None
    expiration: int | None = None
    timestamp: int | None = None
    persistent: bool = False
    headers: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchange:
    """A durable exchange. `alternate` names the exchange that takes what no queue takes."""

    name: str
    type: str
    alternate: str | None = None


@dataclass(frozen=True, slots=True)
class Binding:
    """`exchange` puts messages with `key` into the queue that has this binding."""

    exchange: str
    key: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A queue and its bindings. An empty `name` means server-named: then it is exclusive and gone with its connection.

    `arguments` are the `x-…` arguments as RabbitMQ takes them.
    """

    name: str
    durable: bool = True
    exclusive: bool = False
    arguments: Mapping[str, object] = field(default_factory=dict)
    bindings: tuple[Binding, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Topology:
    """What has to exist before a service works: exchanges first, then queues with their bindings."""

    exchanges: tuple[Exchange, ...] = ()
    queues: tuple[Queue, ...] = ()


@dataclass(frozen=True, slots=True)
class QueueState:
    """What a passive declare tells: messages ready and consumers."""

    messages: int
    consumers: int


# --- the link ----------------------------------------------------------------------------------------------------


class Delivery(Protocol):
    """A message that the broker handed to a consumer. Exactly one of `ack` and `reject` is called, once, by anybody."""

    properties: bytes
    """As AMQP has them: flags, then values."""
    body: bytes
    redelivered: bool
    exchange: str
    routing_key: str

    @property
    def message(self) -> Message:
        """The message, read when it is first asked for."""

    def ack(self) -> None:
        """Say that it is done. Dropped silently when the channel it came on is gone (the broker redelivers)."""

    def reject(self, *, requeue: bool) -> None:
        """Give it back (`requeue`) or drop it."""


class Consumer(Protocol):
    """A subscription to one queue, kept up over reconnects until `cancel`."""

    @property
    def queue(self) -> str | None:
        """The queue's name; for a server-named one that of the present connection, None while there is none."""

    def cancel(self) -> None:
        """Stop consuming and wait for the broker's cancel-ok (or the connection's end): no delivery comes after it."""


class Link(Protocol):
    """A process's way to the broker: it connects, reconnects, declares again, subscribes again.

    Callbacks run in the link's own tasks: they must neither block nor raise; they may `post`.
    """

    def start(self, *, wait: float | None = None) -> None:
        """Begin to connect and keep connected.

        Args:
            wait: seconds to wait for the first connection; None returns at once and goes on in the background.

        Raises:
            BrokerRefused: the broker is there and does not want us.
            BrokerUnavailable: not connected within `wait`.
        """

    def declare(self, topology: Topology) -> None:
        """Declare now, and again after every reconnect. Raises BrokerError."""

    def post(
        self,
        message: Message,
        *,
        exchange: str,
        routing_key: str,
        mandatory: bool = False,
        on_done: "Callable[[BrokerError | None], None] | None" = None,
    ) -> None:
        """Hand a message over for sending; never blocks.

        With `on_done` it is published with a confirm, and `on_done` is called exactly once: with None when the broker
        has taken it, else with BrokerUnavailable (never sent), Unroutable, Refused or Unconfirmed. Without `on_done`
        nothing is reported; a failure to send is logged at debug level.
        """

    def post_packed(self, properties: bytes, body: bytes, *, exchange: str, routing_key: str) -> None:
        """Like `post`, without a confirm, of a message whose properties are bytes (AMQP's flags and values) already.

        Raises InvalidValue when the body is too big.
        """

    def publish(
        self, message: Message, *, exchange: str, routing_key: str, mandatory: bool = False, timeout: float
    ) -> None:
        """Send and wait until the broker has confirmed, at most `timeout` seconds; raises what `post` reports."""

    def consume(
        self,
        queue: Queue,
        on_delivery: Callable[[Delivery], None],
        *,
        prefetch: int,
        no_ack: bool = False,
        ack_later: bool = False,
        on_lost: Callable[[], None] | None = None,
        on_ready: Callable[[], None] | None = None,
    ) -> Consumer:
        """Declare `queue` with its bindings and consume from it, again after every reconnect.

        Args:
            prefetch: unacknowledged messages at a time, per consumer; 0 is unlimited.
            ack_later: let acks wait up to 10 ms for company, where a redelivery after a crash does no harm.
            on_lost: called when this consumer's channel or connection is lost.
            on_ready: called when it consumes (again).
        """

    def inspect(self, queue: str, *, timeout: float) -> QueueState | None:
        """Ask for a queue's state by passive declare; None when there is no such queue. Raises BrokerError."""

    @property
    def ready(self) -> bool:
        """Connected both ways, all consumers subscribed, not blocked by a broker alarm."""

    def stop(self) -> None:
        """Send what is waiting, close, end the tasks. No callback comes after it. Harmless when called twice."""


# --- container, entrypoints, providers ---------------------------------------------------------------------------


# Not frozen, as three more on the way of every request: that costs a microsecond for each object. Nobody changes them.
@dataclass(slots=True, kw_only=True)
class Outcome:
    """How a worker ended: a result, or the exception that the method (or a provider) raised."""

    result: object = None
    error: BaseException | None = None


class LongWorker(Protocol):
    """A worker that lasts as long as its peer wants."""

    def interrupt(self) -> bool:
        """Raise `Interrupted` in the method where it waits; tell whether the back end can (green threads only)."""


class Container(Protocol):
    """One hosted service class, as its entrypoints and providers see it."""

    @property
    def contract(self) -> "Service":
        """The service's tables."""

    @property
    def service_class(self) -> type[Any]:
        """The implementation."""

    @property
    def concurrency(self) -> Concurrency:
        """The back end that everything here runs on."""

    @property
    def link(self) -> Link:
        """The way to the broker."""

    @property
    def instance(self) -> str:
        """Identity of this running instance, unique per process and start: `Orders@host:pid:random`."""

    @property
    def config(self) -> Mapping[str, Any]:
        """The application's own settings (`[config]` of svcgen.toml)."""

    @property
    def max_workers(self) -> int:
        """How many requests this service works on at a time."""

    def caller(self, context: "WorkerContext") -> "Caller":
        """What a worker calls, sends and announces through: its deadline, call id, trace and baggage go along."""

    def share(self, kind: "type[SharedT]", *arguments: Hashable) -> "SharedT":
        """Return the process's one `kind(*arguments)`; the first who asks makes it and sets it up."""

    def spawn_worker(
        self,
        stub: str,
        arguments: Mapping[str, object],
        context: "WorkerContext",
        on_outcome: Callable[[Outcome], None],
        *,
        positional: tuple[object, ...] = (),
        only_here: bool = False,
    ) -> None:
        """Run `service.<stub>(*positional, **arguments)` in a worker of its own and report how it ended.

        Never blocks: the request waits in line when all workers are busy. `on_outcome` is called at most once, after
        the providers' teardown, in a task where it may block and publish; with `NotStarted` as its error when the
        container stops before the request's turn; not at all when the container is killed. `only_here`: nobody else
        can be given the request, so that it keeps its place as long as the stop allows.
        """

    def spawn_long_worker(
        self,
        stub: str,
        arguments: Mapping[str, object],
        context: "WorkerContext",
        on_outcome: Callable[[Outcome], None],
        *,
        on_stopping: Callable[[], None],
        positional: tuple[object, ...] = (),
        drive: Callable[[object], object] | None = None,
    ) -> "LongWorker":
        """Run what lasts as long as its peer wants (a stream, a socket) in a task of its own, beside the workers.

        Args:
            on_outcome: as in `spawn_worker`.
            on_stopping: called once, in a task where it may block, when the container begins to drain: end it soon. A
                worker that has not ended when the drain is over is interrupted.
            drive: called in the worker with what the method returned, before the providers see the outcome; what it
                returns is the outcome's result. It iterates a generator, so that dependencies live as long as that.

        Raises:
            Overloaded: as many of them run as this service takes, or it is stopping.
        """


class Entrypoint(Protocol):
    """What makes a method run: a queue, a route, a clock, a folder."""

    def setup(self, container: Container) -> None:
        """Prepare; nothing may run yet."""

    def start(self) -> None:
        """From here on workers may be spawned."""

    def stop(self) -> None:
        """Take nothing new; returns when nothing new can come. Running workers go on."""

    def kill(self) -> None:
        """Let go of everything now."""
