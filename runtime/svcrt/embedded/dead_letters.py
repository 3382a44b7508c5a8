"""What a dead-lettered message carries: the x-death history, and where that shows it running in a circle."""

from collections.abc import Iterable
from datetime import UTC, datetime

from pamqp import encode

from .message import Message, QueuedMessage
from .properties import header_entries, parse_header, rewrite_header
from .queues import Queue
from .tables import Table, read_value

__all__ = ["circles", "dead_letter_copy"]

_HISTORY = "x-death"
_MAX_COUNT = 2**62
_FIELDS: dict[str, type] = {
    "count": int,
    "reason": str,
    "queue": str,
    "time": datetime,
    "exchange": str,
    "original-expiration": str,
}


def dead_letter_copy(queue: Queue, queued: QueuedMessage, reason: str, now: float) -> Message:
    """Return what a queue's dead-letter exchange gets.

    Args:
        queue: Who gives the message up.
        queued: The message.
        reason: ``rejected``, ``expired`` or ``maxlen``.
        now: Seconds since the epoch.
    """
    message, settings = queued.message, queue.settings
    entries = header_entries(message.header)
    history = _history(entries)
    known = next((old for old in history if old.get("queue") == queue.name and old.get("reason") == reason), None)
    if known is None:
        death = _death(queue, message, reason, now)
    else:
        history.remove(known)
        count = known.get("count")
        death = {**known, "count": min(count, _MAX_COUNT) + 1 if isinstance(count, int) else 1}
    entries[_HISTORY] = encode.encode_table_value([death, *history])
    for field in ("reason", "queue", "exchange"):
        entries.setdefault(f"x-first-death-{field}", encode.encode_table_value(death.get(field, "")))
    return message.republished(
        exchange=settings.dead_letter_exchange or "",
        routing_key=message.routing_key if settings.dead_letter_key is None else settings.dead_letter_key,
        header=rewrite_header(message.header, entries),
    )


def circles(message: Message, targets: Iterable[Queue]) -> set[Queue]:
    """Return the queues that a dead letter would come back to without anyone having rejected it on the way."""
    history = _history(header_entries(message.header))
    names = [death.get("queue") for death in history]
    found = set()
    for queue in targets:
        if queue.name in names:
            way = history[: names.index(queue.name) + 1]
            if all(death.get("reason") != "rejected" for death in way):
                found.add(queue)
    return found


def _history(entries: dict[str, bytes]) -> list[Table]:
    # A publisher may have written anything here; only what a broker writes is carried on.
    raw = entries.get(_HISTORY)
    value = read_value(raw) if raw is not None else None
    if not isinstance(value, list):
        return []
    return [_known_fields(death) for death in value if isinstance(death, dict)]


def _known_fields(death: Table) -> Table:
    known = {name: death[name] for name, kind in _FIELDS.items() if isinstance(death.get(name), kind)}
    keys = death.get("routing-keys")
    if isinstance(keys, list):
        known["routing-keys"] = [key for key in keys if isinstance(key, str)]
    return known


def _death(queue: Queue, message: Message, reason: str, now: float) -> Table:
    death: Table = {
        "count": 1,
        "reason": reason,
        "queue": queue.name,
        "time": datetime.fromtimestamp(int(now), UTC),
        "exchange": message.exchange,
        "routing-keys": [message.routing_key],
    }
    expiration = parse_header(message.header).expiration
    if expiration is not None:
        death["original-expiration"] = expiration
    return death
