"""Names of the exchanges and queues of wire version 1, and what a service needs of them. Pure."""

from collections.abc import Sequence
from dataclasses import replace

from svcrt import contract, retries
from svcrt.types import Binding, Exchange, Queue, Topology

RPC_EXCHANGE = "svc.rpc"
JOB_EXCHANGE = "svc.job"
EVENT_EXCHANGE = "svc.event"
SOCKET_EXCHANGE = "svc.socket"
DEAD_EXCHANGE = "svc.dead"
BACK_EXCHANGE = "svc.back"

CLASSIC, QUORUM = "classic", "quorum"
QUEUE_TYPES = (CLASSIC, QUORUM)
_QUORUM_SUFFIX = ".quorum"
DELIVERY_LIMIT = 20
"""Deliveries that end without an ack, on a quorum queue, after which the broker parks a message by itself."""
_NO_LIMIT = 2**31 - 1
"""RabbitMQ 4 has a limit of 20 where none is given, and drops what exceeds it."""

RPC_QUEUE_EXPIRES_MS = 60_000
RPC_QUEUE_LENGTH = 10_000
SOCKET_QUEUE_LENGTH = 10_000

EXCHANGES = (
    Exchange(name=DEAD_EXCHANGE, type="direct"),
    Exchange(name=RPC_EXCHANGE, type="direct"),
    Exchange(name=JOB_EXCHANGE, type="direct"),
    Exchange(name=EVENT_EXCHANGE, type="topic"),
    Exchange(name=SOCKET_EXCHANGE, type="direct"),
    # What comes back to a queue that is gone is parked.
    Exchange(name=BACK_EXCHANGE, type="direct", alternate=DEAD_EXCHANGE),
)
"""What every process declares before anything else."""


def rpc_queue(service: str) -> Queue:
    """Requests to `service` (full name). Gone a minute after its last consumer, refuses what exceeds its length."""
    return Queue(
        name=f"svc.rpc.{service}",
        arguments={
            "x-expires": RPC_QUEUE_EXPIRES_MS,
            "x-max-length": RPC_QUEUE_LENGTH,
            "x-overflow": "reject-publish",
        },
        bindings=(Binding(RPC_EXCHANGE, service),),
    )


def reply_queue() -> Queue:
    """A queue that the broker names: replies to a client, control messages of the streams that a service serves."""
    return Queue(name="", durable=False, exclusive=True)


def job_queue(service: str, queue_type: str = CLASSIC) -> Queue:
    """The `oneway` messages to `service`."""
    return of_type(_work_queue(f"svc.job.{service}", Binding(JOB_EXCHANGE, service)), queue_type)


def event_queue(service: str, subscription: contract.Subscription, queue_type: str = CLASSIC) -> Queue:
    """The queue of a subscription: shared by the service's instances, by all services, or this process's own."""
    event = subscription.event.name
    binding = Binding(EVENT_EXCHANGE, event)
    match subscription.delivery:
        case contract.Delivery.POOL:
            return of_type(_work_queue(f"svc.event.{event}--{service}.{subscription.name}", binding), queue_type)
        case contract.Delivery.SINGLETON:
            # Whatever the services that share it cannot get is parked by each of them: better not by the broker.
            return of_type(_work_queue(f"svc.event.{event}", binding), queue_type, parks=False)
        case contract.Delivery.BROADCAST:
            return Queue(name="", durable=False, exclusive=True, bindings=(binding,))


def _work_queue(name: str, origin: Binding) -> Queue:
    """A durable queue of work: bound to where that comes from, and by its own name to the way back."""
    return Queue(name=name, bindings=(origin, Binding(BACK_EXCHANGE, name)))


def retry_name(delay_ms: int) -> str:
    """Name of the exchange, and of its one queue, that hold a message for `delay_ms`, for all services."""
    return f"svc.retry.{retries.spoken(delay_ms)}"


def retry_exchange(delay_ms: int) -> Exchange:
    """Where a message goes that shall come back after `delay_ms`; its key is the name of its work queue."""
    return Exchange(name=retry_name(delay_ms), type="fanout")


def retry_queue(delay_ms: int) -> Queue:
    """Holds messages for `delay_ms`. Without `x-expires`: nobody consumes from it, so it would go with its messages."""
    return Queue(
        name=retry_name(delay_ms),
        arguments={"x-message-ttl": delay_ms, "x-dead-letter-exchange": BACK_EXCHANGE},
        bindings=(Binding(retry_name(delay_ms), ""),),
    )


def suspect_queue(work_queue: str) -> Queue:
    """What may have killed the process that worked on it; of the type of its work queue."""
    bare = work_queue.removesuffix(_QUORUM_SUFFIX)
    # Each crash counts in the message itself, and so does waiting in line.
    return of_type(Queue(name=f"svc.suspect.{bare}"), CLASSIC if bare == work_queue else QUORUM, parks=False)


def dead_queue(service: str, *work_queues: str, queue_type: str = CLASSIC) -> Queue:
    """Where what `service` could not do is parked. Bound by the service's name and by those of its work queues."""
    bindings = tuple(Binding(DEAD_EXCHANGE, key) for key in (service, *work_queues))
    # Whoever looks into it counts as one more delivery.
    return of_type(Queue(name=f"svc.dead.{service}", bindings=bindings), queue_type, parks=False)


def dead_queue_names(service: str) -> tuple[str, ...]:
    """Names of the queues in which messages of `service` may be parked: a service can have changed its type."""
    return tuple(dead_queue(service, queue_type=each).name for each in QUEUE_TYPES)


def of_type(queue: Queue, queue_type: str, *, parks: bool = True) -> Queue:
    """Return `queue` as a queue of `queue_type`: other arguments want another name.

    Args:
        queue: a classic, durable queue.
        queue_type: one of `QUEUE_TYPES`.
        parks: whether the broker shall hand what exceeds `DELIVERY_LIMIT` to the dead exchange, by the queue's name;
            otherwise there is no limit.
    """
    if queue_type == CLASSIC:
        return queue
    name = f"{queue.name}{_QUORUM_SUFFIX}"
    arguments = {**queue.arguments, "x-queue-type": QUORUM, "x-delivery-limit": DELIVERY_LIMIT if parks else _NO_LIMIT}
    if parks:
        arguments |= {
            "x-dead-letter-exchange": DEAD_EXCHANGE,
            "x-dead-letter-routing-key": name,
            "x-dead-letter-strategy": "at-least-once",
            # That strategy wants it; without a length limit nothing is refused.
            "x-overflow": "reject-publish",
        }
    bindings = tuple(Binding(each.exchange, name) if each.key == queue.name else each for each in queue.bindings)
    return replace(queue, name=name, arguments=arguments, bindings=bindings)


def other_type(name: str) -> str:
    """Return the name that the work queue `name` has as a queue of the other type."""
    bare = name.removesuffix(_QUORUM_SUFFIX)
    return bare if bare != name else f"{name}{_QUORUM_SUFFIX}"


def is_work_queue(name: str) -> bool:
    """Whether it is the name of a durable queue of jobs or events."""
    return name.startswith((f"{JOB_EXCHANGE}.", f"{EVENT_EXCHANGE}."))


def timer_queue(service: str, timer: str) -> Queue:
    """The queue that holds a timer's token; one consumer at a time is active."""
    return Queue(name=f"svc.timer.{service}.{timer}", arguments={"x-single-active-consumer": True})


def socket_key(route: str, instance: str | None = None) -> str:
    """Key of what goes to sockets of `route` (`<Service>.<socket>`): on all instances, or on one."""
    return route if instance is None else f"{route}@{instance}"


def socket_queue(routes: Sequence[str], instance: str) -> Queue:
    """What one process gets for its sockets of `routes`; of what it does not take in time the oldest is dropped."""
    return Queue(
        name="",
        durable=False,
        exclusive=True,
        arguments={"x-max-length": SOCKET_QUEUE_LENGTH},
        bindings=tuple(
            Binding(SOCKET_EXCHANGE, key)
            for route in routes
            for key in (socket_key(route), socket_key(route, instance))
        ),
    )


def service_topology(service: contract.Service, queue_type: str = CLASSIC) -> Topology:
    """Everything durable that `service` needs; queues of one process (broadcast, reply) come with consumers.

    Args:
        queue_type: one of `QUEUE_TYPES`, for jobs, events and what is suspected or parked of them.
    """
    work = [job_queue(service.name, queue_type)] if service.oneways else []
    lasting = [each for each in service.subscriptions if each.delivery is not contract.Delivery.BROADCAST]
    work += [event_queue(service.name, each, queue_type) for each in lasting]
    policies = [each.retry for each in service.oneways] + [each.retry for each in lasting]
    delays = sorted({delay for policy in policies for delay in retries.delays_ms(policy)})
    queues = [rpc_queue(service.name)] if service.rpcs or service.streams else []
    queues += [timer_queue(service.name, timer.name) for timer in service.timers if not timer.per_instance]
    if service.oneways or service.subscriptions:
        queues.append(dead_queue(service.name, *(queue.name for queue in work), queue_type=queue_type))
    return Topology(
        exchanges=(*EXCHANGES, *map(retry_exchange, delays)),
        queues=(
            *queues,
            *map(retry_queue, delays),
            *(suspect_queue(queue.name) for queue in work),
            *work,
        ),
    )
