"""`AmqpLink`: a process's way to a RabbitMQ, or to anything that speaks AMQP 0-9-1 as it does."""

import logging
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager

from amqp.exceptions import ChannelError, NotFound

from svcrt.amqp.browsing import Held, hold
from svcrt.amqp.connection import Channel, Connection
from svcrt.amqp.consuming import Consuming, OnRaw
from svcrt.amqp.declaring import declare_exchange, declare_queue, translate
from svcrt.amqp.kinds import connection_class
from svcrt.amqp.owner import ANSWER_SECONDS, Owner
from svcrt.amqp.posts import MessagePost, OnDone, Post
from svcrt.amqp.publishing import Publisher
from svcrt.amqp.servers import parse_servers
from svcrt.concurrency import backend
from svcrt.errors import BrokerError, BrokerUnavailable, Fault, InvalidValue, Unconfirmed
from svcrt.types import Concurrency, Consumer, Delivery, Message, Queue, QueueState, Topology
from svcrt.wire import MAX_BODY_BYTES, check_sending

log = logging.getLogger("svcrt.amqp")

_GRACE_SECONDS = 1.0


class AmqpLink:
    """See `svcrt.types.Link`.

    Two connections, each with an owner task of its own: the broker's flow control holds up the publisher only.

    Args:
        urls: one or more broker URLs (see `svcrt.amqp.servers.parse_servers`), tried in turn.
        concurrency: the back end to run on.
        name: what the broker's management pages call the connections.
        heartbeat: seconds; a silent broker is given up after two of them.
        connect_timeout: seconds for one attempt at one server, handshake included.
        post_timeout: seconds that a post may wait to be written before it ends in BrokerUnavailable.
        max_backoff: seconds; the longest pause between two attempts to connect.
        stop_timeout: seconds that `stop` gives to what is waiting.
        single: use one connection for both directions, so that what is known of one is known of the other (clients).
        kind: `fast` or `stock`; None for what the environment variable `SVCGEN_LINK` says, else `fast`.

    Raises:
        ConfigError: a URL says nothing that can be connected to, or there is no such kind.
    """

    def __init__(
        self,
        urls: Sequence[str] | str,
        concurrency: Concurrency,
        *,
        name: str,
        heartbeat: int = 10,
        connect_timeout: float = 5.0,
        post_timeout: float = 10.0,
        max_backoff: float = 10.0,
        stop_timeout: float = 5.0,
        single: bool = False,
        kind: str | None = None,
    ) -> None:
        servers = parse_servers(urls)
        connection = connection_class(kind)
        self._backend = backend(concurrency.name)
        self._stop_timeout = stop_timeout
        self._topologies: list[Topology] = []
        self._refusals: dict[int, set[str]] = {}
        self._publisher = Publisher(
            self._backend, post_timeout, lambda connection: self._declare_all(connection, own=False)
        )
        self._consuming = Consuming(self._backend, lambda connection: self._declare_all(connection, own=True))
        self._control: tuple[Connection, Channel] | None = None
        parts = (self._publisher, self._consuming)

        def own(role: str, *served: Publisher | Consuming) -> Owner:
            return Owner(
                role,
                servers,
                self._backend,
                served,
                name=name,
                heartbeat=heartbeat,
                connect_timeout=connect_timeout,
                max_backoff=max_backoff,
                kind=connection,
            )

        if single:
            self._sender = self._receiver = own("connection", *parts)
        else:
            self._sender, self._receiver = own("publisher", self._publisher), own("consumer", self._consuming)
        self._publisher.wake = self._sender.wake
        self._consuming.wake = self._receiver.wake
        self._consuming.is_blocked = self._is_blocked
        self._started = False
        self._stopped = False

    @property
    def _owners(self) -> tuple[Owner, ...]:
        return (self._sender,) if self._sender is self._receiver else (self._sender, self._receiver)

    def start(self, *, wait: float | None = None) -> None:
        """See `svcrt.types.Link`; a link whose start raised is stopped."""
        if not self._started:
            self._started = True
            for owner in self._owners:
                owner.start()
        if wait is None:
            return
        deadline = time.monotonic() + wait
        for owner in self._owners:
            if owner.settled.wait(max(0.0, deadline - time.monotonic())) and owner.refusal is None:
                continue
            failure = owner.refusal or owner.reason
            self.stop()
            raise failure

    def declare(self, topology: Topology) -> None:
        """See `svcrt.types.Link`; without a connection it is kept for the next one, and a refusal is logged then."""
        is_new = topology not in self._topologies
        if is_new:
            self._topologies.append(topology)
        if not self._receiver.connected:
            # For the connection that comes up at this moment, and may have declared what there was before.
            self._receiver.call_soon(lambda connection: self._declare_logged(connection, topology))
            return
        self._check_blocked()
        try:
            self._receiver.call(lambda connection: self._declare(connection, topology), timeout=ANSWER_SECONDS)
        except BrokerError:
            if is_new:
                self._topologies.remove(topology)
            raise

    def post(
        self,
        message: Message,
        *,
        exchange: str,
        routing_key: str,
        mandatory: bool = False,
        on_done: OnDone | None = None,
    ) -> None:
        """See `svcrt.types.Link`. Raises InvalidValue for a message that must not be sent (`wire.check_sending`)."""
        check_sending(message, exchange=exchange, routing_key=routing_key)
        self._publisher.post(MessagePost(message, exchange, routing_key, mandatory, on_done))

    def post_packed(self, properties: bytes, body: bytes, *, exchange: str, routing_key: str) -> None:
        """See `svcrt.types.Link`."""
        if len(body) > MAX_BODY_BYTES:
            raise InvalidValue((Fault("$", f"{len(body)} bytes of body; {MAX_BODY_BYTES} may be sent"),))
        self._publisher.post_packed(properties, body, exchange, routing_key)

    def put(self, post: Post) -> None:
        """Hand over a post that is known to be within the limits. Raises InvalidValue if its body is not."""
        if len(post.body) > MAX_BODY_BYTES:
            raise InvalidValue((Fault("$", f"{len(post.body)} bytes of body; {MAX_BODY_BYTES} may be sent"),))
        self._publisher.post(post, timeout=None)

    def publish(
        self, message: Message, *, exchange: str, routing_key: str, mandatory: bool = False, timeout: float
    ) -> None:
        """See `svcrt.types.Link`."""
        done = self._backend.flag()
        outcome: list[BrokerError | None] = []

        def note(error: BrokerError | None) -> None:
            outcome.append(error)
            done.set()

        check_sending(message, exchange=exchange, routing_key=routing_key)
        self._publisher.post(MessagePost(message, exchange, routing_key, mandatory, note), timeout=timeout)
        # The owner reports a time-out itself, since it knows whether the message was written.
        if not done.wait(timeout + _GRACE_SECONDS):
            raise Unconfirmed(f"the broker did not confirm the message within {timeout:g} s")
        if outcome[0] is not None:
            raise outcome[0]

    def consume(
        self,
        queue: Queue,
        on_delivery: Callable[[Delivery], None] | None,
        *,
        prefetch: int,
        no_ack: bool = False,
        on_raw: OnRaw | None = None,
        ack_later: bool = False,
        on_lost: Callable[[], None] | None = None,
        on_ready: Callable[[], None] | None = None,
    ) -> Consumer:
        """See `svcrt.types.Link`. With a connection it returns once it consumes, else at once.

        Args:
            on_raw: takes what is delivered as it is, instead of `on_delivery`, where nothing is acknowledged.

        Raises:
            BrokerError: the broker refuses the queue.
        """
        subscription = self._consuming.subscribe(
            queue,
            on_delivery,
            prefetch=prefetch,
            no_ack=no_ack,
            on_raw=on_raw,
            ack_later=ack_later,
            on_lost=on_lost,
            on_ready=on_ready,
        )
        if self._receiver.connected and subscription.settled.wait(ANSWER_SECONDS) and subscription.failure is not None:
            failure = subscription.failure
            subscription.cancel()
            raise failure
        return subscription

    def inspect(self, queue: str, *, timeout: float) -> QueueState | None:
        """See `svcrt.types.Link`."""
        self._check_blocked()
        state: QueueState | None = self._receiver.call(
            lambda connection: self._inspect(connection, queue), timeout=timeout
        )
        return state

    @contextmanager
    def holding(self, queue: str, *, limit: int, timeout: float) -> Iterator[Held | None]:
        """Hold the first messages of a queue for the time of a block, then put back what was not dropped.

        Gives None when there is no such queue. Raises BrokerError; see `svcrt.amqp.browsing.hold`.
        """
        self._check_blocked()
        held: Held | None = self._receiver.call(lambda connection: hold(connection, queue, limit), timeout=timeout)
        if held is None:
            yield None
            return
        held.call_soon = self._receiver.call_soon
        try:
            yield held
        finally:
            self._receiver.call(held.end, timeout=timeout)

    @property
    def ready(self) -> bool:
        """See `svcrt.types.Link`."""
        return not self.missing

    @property
    def missing(self) -> tuple[str, ...]:
        """What stands between the broker and us, each as a clause without secrets; empty when `ready`."""
        reasons = [f"no connection to the broker: {owner.reason}" for owner in self._owners if not owner.connected]
        if not reasons:
            if self._publisher.blocked:
                reasons.append("the broker takes nothing at present (memory or disk alarm)")
            reasons += [f"not consuming from {name}" for name in self._consuming.missing]
        return tuple(dict.fromkeys(reasons))

    def stop(self) -> None:
        """See `svcrt.types.Link`."""
        if self._stopped:
            return
        self._stopped = True
        for owner in self._owners:
            owner.stop(self._stop_timeout)

    def _is_blocked(self) -> bool:
        return self._publisher.blocked and self._sender is self._receiver

    def _check_blocked(self) -> None:
        # The broker reads nothing from a blocked connection, so it would not answer either.
        if self._is_blocked():
            raise BrokerUnavailable("the broker takes nothing at present (memory or disk alarm)")

    # In the owners' tasks.

    def _declare_all(self, connection: Connection, *, own: bool) -> None:
        for topology in list(self._topologies):
            self._declare_logged(connection, topology, own=own)

    def _declare_logged(self, connection: Connection, topology: Topology, *, own: bool = True) -> None:
        try:
            self._declare(connection, topology, own=own)
        except BrokerError:
            # Somebody has made a part of it otherwise in the meantime. The rest can still work.
            said = self._refusals.setdefault(id(topology), set())
            for part in _parts(topology):
                try:
                    self._declare(connection, part, own=own)
                except BrokerError as error:
                    if str(error) not in said:
                        log.error("cannot declare: %s", error)
                    said.add(str(error))
        else:
            self._refusals.pop(id(topology), None)

    def _declare(self, connection: Connection, topology: Topology, *, own: bool = True) -> None:
        channel = self._control_of(connection) if own else connection.channel()
        subject = "topology"
        try:
            for exchange in topology.exchanges:
                subject = f"exchange `{exchange.name}`"
                declare_exchange(channel, exchange)
            for queue in topology.queues:
                subject = f"queue `{queue.name}`"
                # An exclusive queue belongs to the connection that consumes from it.
                if own or not (queue.exclusive or not queue.name):
                    declare_queue(channel, queue)
        except ChannelError as error:
            raise translate(error, subject) from None
        if not own:
            channel.ask("close")

    def _control_of(self, connection: Connection) -> Channel:
        # Kept: where channels are limited, one that comes and goes would be one too many some day.
        if self._control is None or self._control[0] is not connection or self._control[1].failure is not None:
            self._control = (connection, connection.channel())
        return self._control[1]

    def _inspect(self, connection: Connection, queue: str) -> QueueState | None:
        try:
            answer = self._control_of(connection).ask("queue_declare", queue, passive=True)
        except NotFound:
            return None
        except ChannelError as error:
            raise translate(error, f"queue `{queue}`") from None
        return QueueState(messages=answer.message_count, consumers=answer.consumer_count)


def _parts(topology: Topology) -> list[Topology]:
    """Return each exchange and queue as a topology of its own."""
    exchanges = [Topology(exchanges=(each,)) for each in topology.exchanges]
    return exchanges + [Topology(queues=(each,)) for each in topology.queues]
