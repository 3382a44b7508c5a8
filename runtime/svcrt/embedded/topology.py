"""The exchanges, queues and bindings of the one virtual host, and the rules for making and deleting them."""

from .deliveries import Consumer
from .errors import ProtocolError, ReplyCode
from .exchanges import EXCHANGE_KINDS, Destination, Exchange
from .queue_settings import COMPARED_ARGUMENTS, read_settings
from .queues import Queue, QueueHost
from .tables import FieldValue, Table

__all__ = ["Topology"]

_PREDECLARED = {"": "direct", "amq.direct": "direct", "amq.fanout": "fanout", "amq.topic": "topic"}
_RESERVED = "amq."


def _named(what: str, name: str) -> str:
    return f"{what} '{name}' in vhost '/'"


class Topology:
    """Everything that has a name.

    Args:
        host: What queues need of the broker.
    """

    def __init__(self, host: QueueHost) -> None:
        self.exchanges: dict[str, Exchange] = {}
        self.queues: dict[str, Queue] = {}
        self._host = host
        for name, kind in _PREDECLARED.items():
            self.exchanges[name] = Exchange(
                name=name, kind=kind, durable=True, auto_delete=False, internal=False, arguments={}
            )

    # -- exchanges

    def exchange(self, name: str) -> Exchange:
        """Return an exchange.

        Raises:
            ProtocolError: NOT_FOUND.
        """
        found = self.exchanges.get(name)
        if found is None:
            raise ProtocolError(ReplyCode.NOT_FOUND, f"no {_named('exchange', name)}")
        return found

    def declare_exchange(
        self, *, name: str, kind: str, durable: bool, auto_delete: bool, internal: bool, arguments: Table
    ) -> None:
        """Make an exchange, or check that the one there is the same."""
        _refuse_default(name)
        if kind == "headers":
            raise ProtocolError(ReplyCode.NOT_IMPLEMENTED, "the embedded broker has no headers exchanges")
        # RabbitMQ closes the connection here, not only the channel.
        if kind not in EXCHANGE_KINDS:
            raise ProtocolError(ReplyCode.COMMAND_INVALID, f"unknown exchange type '{kind}'")
        found = self.exchanges.get(name)
        if found is None:
            _refuse_reserved("exchange", name)
            self.exchanges[name] = Exchange(
                name=name, kind=kind, durable=durable, auto_delete=auto_delete, internal=internal, arguments=arguments
            )
            return
        alternate = arguments.get("alternate-exchange")
        pairs: tuple[tuple[str, FieldValue, FieldValue], ...] = (
            ("type", kind, found.kind),
            ("durable", durable, found.durable),
            ("auto_delete", auto_delete, found.auto_delete),
            ("internal", internal, found.internal),
            ("alternate-exchange", alternate, found.alternate),
        )
        for argument, received, current in pairs:
            if received != current:
                raise _inequivalent(argument, _named("exchange", name), received, current)

    def delete_exchange(self, name: str, *, if_unused: bool) -> None:
        """Delete an exchange and its bindings; one that is not there is fine."""
        _refuse_default(name)
        _refuse_reserved("exchange", name)
        found = self.exchanges.get(name)
        if found is None:
            return
        if if_unused and found.bound:
            raise ProtocolError(ReplyCode.PRECONDITION_FAILED, f"{_named('exchange', name)} in use")
        del self.exchanges[name]
        self._forget(found)

    # -- queues

    def queue(self, name: str, user: object) -> Queue:
        """Return a queue that a connection may use.

        Raises:
            ProtocolError: NOT_FOUND, or RESOURCE_LOCKED when it is another connection's.
        """
        found = self.queues.get(name)
        if found is None:
            raise ProtocolError(ReplyCode.NOT_FOUND, f"no {_named('queue', name)}")
        if found.owner is not None and found.owner is not user:
            raise _locked(name)
        return found

    def declare_queue(
        self, *, name: str, durable: bool, auto_delete: bool, owner: object | None, arguments: Table,
        generated: bool,
    ) -> Queue:  # fmt: skip
        """Make a queue, or return the one there if it is the same.

        Args:
            name: Its name.
            durable: Kept for comparison; the broker is in memory only.
            auto_delete: Whether it goes with its last consumer.
            owner: The declaring connection for an exclusive queue, else None.
            arguments: As declared.
            generated: Whether the broker made the name, which then may start with ``amq.``.
        """
        found = self.queues.get(name)
        if found is None:
            if not generated:
                _refuse_reserved("queue", name)
            settings = read_settings(name, arguments)
            if settings.is_quorum:
                for what, fits in (
                    ("durable", durable), ("auto-delete", not auto_delete), ("exclusive", owner is None),
                ):  # fmt: skip
                    if not fits:
                        why = f"invalid property '{what}' for {_named('queue', name)}"
                        raise ProtocolError(ReplyCode.PRECONDITION_FAILED, why)
            queue = Queue(
                self._host, name=name, durable=durable, auto_delete=auto_delete, owner=owner,
                arguments=arguments, settings=settings,
            )  # fmt: skip
            self.queues[name] = queue
            self.exchanges[""].bind(name, queue)
            return queue
        if found.owner is not owner:
            raise _locked(name)
        pairs: list[tuple[str, FieldValue, FieldValue]] = [
            ("durable", durable, found.durable),
            ("auto_delete", auto_delete, found.auto_delete),
        ]
        pairs += [(key, arguments.get(key), found.arguments.get(key)) for key in COMPARED_ARGUMENTS]
        for argument, received, current in pairs:
            if received != current:
                raise _inequivalent(argument, _named("queue", name), received, current)
        found.touch()
        return found

    def delete_queue(self, queue: Queue, *, if_unused: bool = False, if_empty: bool = False) -> int:
        """Delete a queue, tell its consumers, and return how many messages it held."""
        if if_unused and queue.consumer_count:
            raise ProtocolError(ReplyCode.PRECONDITION_FAILED, f"{_named('queue', queue.name)} in use")
        if if_empty and queue.message_count:
            raise ProtocolError(ReplyCode.PRECONDITION_FAILED, f"{_named('queue', queue.name)} is not empty")
        if queue.deleted:
            return 0
        count = queue.message_count
        del self.queues[queue.name]
        self._forget(queue)
        for consumer in queue.delete():
            if isinstance(consumer, Consumer):
                consumer.end()
        return count

    def remove_consumer(self, consumer: Consumer) -> None:
        """Take a consumer from its queue; an auto-delete queue goes with its last one."""
        queue = consumer.queue
        if queue.deleted:
            return
        queue.remove_consumer(consumer)
        if queue.auto_delete and not queue.consumer_count:
            self.delete_queue(queue)

    def delete_owned(self, owner: object) -> None:
        """Delete the exclusive queues of a connection that ends."""
        for queue in [queue for queue in self.queues.values() if queue.owner is owner]:
            self.delete_queue(queue)

    # -- bindings

    def bind(self, source: str, key: str, destination: Destination) -> None:
        """Bind a destination to an exchange."""
        _refuse_default(source)
        self.exchange(source).bind(key, destination)

    def unbind(self, source: str, key: str, destination: Destination) -> None:
        """Remove a binding; one that is not there is fine."""
        _refuse_default(source)
        exchange = self.exchange(source)
        if exchange.unbind(key, destination):
            self._delete_if_done(exchange)

    def _forget(self, destination: Destination) -> None:
        for exchange in list(self.exchanges.values()):
            if exchange.forget(destination):
                self._delete_if_done(exchange)

    def _delete_if_done(self, exchange: Exchange) -> None:
        if exchange.auto_delete and not exchange.bound and self.exchanges.pop(exchange.name, None) is not None:
            self._forget(exchange)

    def route(self, start: Exchange, key: str) -> list[Queue]:
        """Return the queues that a message reaches, each once, by bindings between exchanges and alternates too."""
        queues: dict[Queue, None] = {}
        seen = {start}
        waiting = [start]
        while waiting:
            exchange = waiting.pop()
            targets: list[Exchange] = []
            matched = False
            for destination in exchange.match(key):
                matched = True
                if isinstance(destination, Queue):
                    queues[destination] = None
                else:
                    targets.append(destination)
            if not matched and exchange.alternate is not None:
                alternate = self.exchanges.get(exchange.alternate)
                targets = [alternate] if alternate is not None else []
            for target in targets:
                if target not in seen:
                    seen.add(target)
                    waiting.append(target)
        return list(queues)


def _inequivalent(argument: str, where: str, received: object, current: object) -> ProtocolError:
    text = f"inequivalent arg '{argument}' for {where}: received {_shown(received)} but current is {_shown(current)}"
    return ProtocolError(ReplyCode.PRECONDITION_FAILED, text)


def _shown(value: object) -> str:
    if value is None:
        return "none"
    return f"'{str(value).lower() if isinstance(value, bool) else value}'"


def _locked(name: str) -> ProtocolError:
    text = (
        f"cannot obtain exclusive access to locked {_named('queue', name)}. It could be originally declared on another "
        "connection or the exclusive property value does not match that of the original declaration."
    )
    return ProtocolError(ReplyCode.RESOURCE_LOCKED, text)


def _refuse_default(exchange: str) -> None:
    if not exchange:
        raise ProtocolError(ReplyCode.ACCESS_REFUSED, "operation not permitted on the default exchange")


def _refuse_reserved(what: str, name: str) -> None:
    if name.startswith(_RESERVED):
        text = f"{what} name '{name}' contains reserved prefix 'amq.*'"
        raise ProtocolError(ReplyCode.ACCESS_REFUSED, text)
