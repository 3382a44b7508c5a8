"""What a copy of a message that failed carries, parked or on its way to another attempt: why, how often, when."""

import traceback
from collections.abc import Mapping
from dataclasses import replace
from datetime import UTC, datetime

from svcrt import wire
from svcrt.errors import InvalidValue, SvcError
from svcrt.types import Message

REASON_HEADER = "svc-dead-reason"
FIRST_HEADER = "svc-dead-first"
TIME_HEADER = "svc-dead-at"
QUEUE_HEADER = "svc-dead-queue"
ROUTE_HEADER = "svc-dead-route"
CUT_HEADER = "svc-dead-cut"

UNREADABLE = "svc.InvalidRequest"
"""Error name of a message that broke its contract before any method ran."""
POISON = "svc.Poison"
"""Error name of a message that was parked because of the processes that it took with it."""

_DEATH_PREFIXES = ("svc-dead-", "x-first-death-")
"""Ours, and what the broker adds to a message that leaves a delay queue."""
_MAX_REASON = 1000
_MAX_KEPT_HEADERS = wire.MAX_HEADER_BYTES // 2
_KEPT_OF_OVERSIZED = 64 * 1024
_MAX_TIME = 40
_MAX_ROUTE = 600


class Poison(SvcError):
    """Why a message is parked that several processes did not survive."""


def tried(message: Message) -> int:
    """How often a job or an event has been tried to the end."""
    return _count(message, wire.ATTEMPT_HEADER)


def crashes(message: Message) -> int:
    """How often since then it came back from a process that died, or lost its connection, while it had it."""
    return _count(message, wire.CRASHES_HEADER)


def describe(
    message: Message, error: BaseException, *, queue: str, route: tuple[str, str], has_run: bool = False
) -> Message:
    """Build the copy that is parked.

    The sender's headers stay, unless they are so big that ours would not fit; of a body beyond the limit the first
    64 KiB stay, and `svc-dead-cut` tells its size.

    Args:
        error: what the last attempt ended in.
        queue: the work queue.
        route: exchange and routing key that it first came by, where the message does not say so itself.
        has_run: whether `error` comes from a handler; an InvalidValue otherwise means that it could not be read.
    """
    name = UNREADABLE if isinstance(error, InvalidValue) and not has_run else type(error).__name__
    if isinstance(error, Poison):
        name = POISON
    kept = message
    if _size(_own(message)) > _MAX_KEPT_HEADERS:
        ours = (wire.ATTEMPT_HEADER, FIRST_HEADER, ROUTE_HEADER)
        kept = replace(message, headers={key: message.headers[key] for key in ours if key in message.headers})
    parked = _describe(kept, error, name, queue, route)
    headers = dict(parked.headers)
    if isinstance(error, Poison):
        headers[wire.ATTEMPT_HEADER] = str(tried(message) + crashes(message) + 1)
    body = parked.body
    if len(body) > wire.MAX_BODY_BYTES:
        headers[CUT_HEADER] = str(len(body))
        body = body[:_KEPT_OF_OVERSIZED]
    return replace(parked, body=body, headers=headers)


def describe_retry(message: Message, error: BaseException, *, queue: str, route: tuple[str, str]) -> Message:
    """Build the copy that is tried again later. Arguments as in `describe`."""
    return _describe(message, error, type(error).__name__, queue, route)


def _describe(message: Message, error: BaseException, name: str, queue: str, route: tuple[str, str]) -> Message:
    first, origin = _history(message, route)
    headers = _own(message)
    headers[wire.ERROR_HEADER] = name
    headers[wire.ATTEMPT_HEADER] = str(tried(message) + 1)
    headers[REASON_HEADER] = _one_line(error)
    headers[FIRST_HEADER] = first
    headers[TIME_HEADER] = _now()
    headers[QUEUE_HEADER] = queue
    headers[ROUTE_HEADER] = origin
    return replace(message, headers=headers, persistent=True, expiration=None, reply_to=None)


def describe_suspect(message: Message, *, route: tuple[str, str]) -> Message:
    """Build the copy of a message that came back without an outcome: one crash more."""
    headers = _own(message)
    if tried(message):
        headers[wire.ATTEMPT_HEADER] = str(tried(message))
    headers[wire.CRASHES_HEADER] = str(crashes(message) + 1)
    headers[FIRST_HEADER], headers[ROUTE_HEADER] = _history(message, route)
    return replace(message, headers=headers, persistent=True, expiration=None, reply_to=None)


def _own(message: Message) -> dict[str, str]:
    """The sender's headers. No credential is kept, nor what we or the broker have added."""
    ours = (wire.ERROR_HEADER, wire.ATTEMPT_HEADER, wire.CRASHES_HEADER)
    headers = {
        key: value for key, value in message.headers.items() if key not in ours and not key.startswith(_DEATH_PREFIXES)
    }
    if wire.CONTEXT_HEADER in headers:
        headers[wire.CONTEXT_HEADER] = wire.without_credential(headers[wire.CONTEXT_HEADER])
    return headers


def _history(message: Message, route: tuple[str, str]) -> tuple[str, str]:
    """When it first went wrong and where it came from, as it says itself if it has gone wrong before."""
    first, origin = message.headers.get(FIRST_HEADER, ""), message.headers.get(ROUTE_HEADER, "")
    return (
        first if 0 < len(first) <= _MAX_TIME else _now(),
        origin if 0 < len(origin) <= _MAX_ROUTE else "/".join(route),
    )


def _count(message: Message, header: str) -> int:
    text = message.headers.get(header, "0")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 9 else 0


def _size(headers: Mapping[str, str]) -> int:
    return sum(len(key.encode()) + len(value.encode()) for key, value in headers.items())


def _now() -> str:
    return datetime.now(UTC).isoformat(timespec="milliseconds")


def _one_line(error: BaseException) -> str:
    known = isinstance(error, Poison)
    text = f"{POISON}: {error}" if known else "".join(traceback.format_exception_only(error))
    return " ".join(text.split()).encode("utf-8", "replace").decode()[:_MAX_REASON]
