"""The arguments of a queue: read once, refused when they are wrong or when the broker cannot keep them."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import TypeVar

from .errors import ProtocolError, ReplyCode
from .tables import FieldValue, Table

__all__ = ["COMPARED_ARGUMENTS", "QueueSettings", "read_settings"]

T = TypeVar("T")

_OVERFLOWS = ("drop-head", "reject-publish", "reject-publish-dlx")
_QUORUM_ONLY = ("x-delivery-limit", "x-dead-letter-strategy")
# What RabbitMQ compares when a queue is declared again; other arguments are free.
COMPARED_ARGUMENTS = (
    "x-message-ttl", "x-expires", "x-max-length", "x-max-length-bytes", "x-overflow", "x-dead-letter-exchange",
    "x-dead-letter-routing-key", "x-single-active-consumer", "x-queue-type", "x-delivery-limit",
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueSettings:
    """What the arguments of a declaration mean; times in ms, None for no limit."""

    message_ttl: int | None
    expires: int | None
    max_length: int | None
    max_bytes: int | None
    overflow: str
    dead_letter_exchange: str | None
    dead_letter_key: str | None
    single_active_consumer: bool
    is_quorum: bool
    delivery_limit: int | None


def read_settings(queue: str, arguments: Table) -> QueueSettings:
    """Check a queue's arguments.

    Raises:
        ProtocolError: PRECONDITION_FAILED, naming the argument.
    """

    def refuse(name: str, why: str) -> ProtocolError:
        return ProtocolError(
            ReplyCode.PRECONDITION_FAILED, f"invalid arg '{name}' for queue '{queue}' in vhost '/': {why}"
        )

    def integer(name: str, least: int) -> int | None:
        value = arguments.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            raise refuse(name, f"{value!r} is no integer")
        if value < least:
            raise refuse(name, f"{value} is out of range")
        return value

    def one_of(name: str, allowed: tuple[str, ...], why: str) -> str:
        value = _typed(arguments, name, str, refuse) or allowed[0]
        if value not in allowed:
            raise refuse(name, f"{value!r} is {why}")
        return value

    is_quorum = one_of("x-queue-type", ("classic", "quorum"), "not supported by the embedded broker") == "quorum"
    for name in _QUORUM_ONLY:
        if name in arguments and not is_quorum:
            raise refuse(name, "only quorum queues have it")
    one_of("x-dead-letter-strategy", ("at-most-once", "at-least-once"), "no strategy")
    if "x-max-priority" in arguments:
        raise refuse("x-max-priority", "priorities are not supported by the embedded broker")
    exchange = _typed(arguments, "x-dead-letter-exchange", str, refuse)
    key = _typed(arguments, "x-dead-letter-routing-key", str, refuse)
    if key is not None and exchange is None:
        raise refuse("x-dead-letter-routing-key", "it needs x-dead-letter-exchange")
    return QueueSettings(
        message_ttl=integer("x-message-ttl", 0),
        expires=integer("x-expires", 1),
        max_length=integer("x-max-length", 0),
        max_bytes=integer("x-max-length-bytes", 0),
        overflow=one_of("x-overflow", _OVERFLOWS, "no overflow behaviour"),
        dead_letter_exchange=exchange,
        dead_letter_key=key,
        single_active_consumer=bool(_typed(arguments, "x-single-active-consumer", bool, refuse)),
        is_quorum=is_quorum,
        delivery_limit=integer("x-delivery-limit", 0),
    )


def _typed(arguments: Table, name: str, kind: type[T], refuse: Callable[[str, str], ProtocolError]) -> T | None:
    value: FieldValue = arguments.get(name)
    if value is not None and not isinstance(value, kind):
        raise refuse(name, f"{value!r} is no {kind.__name__}")
    return value
