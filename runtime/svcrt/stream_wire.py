"""Wire version 1, streams: the header `svc-stream` and the messages that carry it. Pure; docs/wire.md describes it."""

import re
from dataclasses import dataclass, replace
from enum import StrEnum

from svcrt import wire
from svcrt.errors import Fault, InvalidValue
from svcrt.types import Message

STREAM_HEADER = "svc-stream"
CREDIT = "svc.Credit"
CANCEL = "svc.Cancel"

MAX_CREDIT = 1024
"""Items that a service sends ahead at most, whatever a client grants."""

_MARK = re.compile(r"(begin|item|alive|end|error);n=([0-9]{1,15})")
_CREDIT = re.compile(r"credit=([0-9]{1,15})")


@dataclass(frozen=True, slots=True, kw_only=True)
class Timing:
    """The clocks of streams, in seconds; both sides of one stream should have the same.

    Attributes:
        tick: how often a side looks after its streams.
        alive: a service that has sent nothing for so long says that it lives, and a client answers what it gets at
            least so often.
        probe: a client that has heard nothing for so long asks.
        silence: a side that has heard nothing for so long gives up.
        window: items that a client lets the service send ahead.
    """

    tick: float = 1.0
    alive: float = 2.0
    probe: float = 4.0
    silence: float = 10.0
    window: int = 32


TIMING = Timing()


class Kind(StrEnum):
    """What a message from the service says."""

    BEGIN = "begin"
    ITEM = "item"
    ALIVE = "alive"
    END = "end"
    ERROR = "error"


@dataclass(frozen=True, slots=True)
class Mark:
    """A header `svc-stream` of a message from the service.

    Attributes:
        kind: what the message says.
        count: how many items the client has had once it has dealt with this message.
    """

    kind: Kind
    count: int


def is_stream(message: Message) -> bool:
    """Whether a reply belongs to a stream."""
    return STREAM_HEADER in message.headers


def read_mark(message: Message) -> Mark:
    """Read the header of a message from the service. Raises InvalidValue."""
    found = _MARK.fullmatch(message.headers.get(STREAM_HEADER, ""))
    if found is None:
        raise _malformed("expected begin, item, alive, end or error, then `;n=` and a number")
    return Mark(Kind(found[1]), int(found[2]))


def read_credit(message: Message) -> int:
    """Read how many further items a request or an `svc.Credit` allows, `MAX_CREDIT` at most. Raises InvalidValue."""
    found = _CREDIT.fullmatch(message.headers.get(STREAM_HEADER, ""))
    if found is None:
        raise _malformed("expected `credit=` and a number")
    return min(int(found[1]), MAX_CREDIT)


def _malformed(reason: str) -> InvalidValue:
    return InvalidValue((Fault(f"$headers.{STREAM_HEADER}", f"malformed header: {reason}"),))


# --- from the client ---------------------------------------------------------------------------------------------


def request(plain: Message, *, credit: int) -> Message:
    """Make the request of an rpc that of a stream."""
    return replace(plain, headers={**plain.headers, STREAM_HEADER: f"credit={credit}"})


def credit(stream: str, items: int, *, app_id: str) -> Message:
    """Build the message that allows further `items`; none says only that the client lives."""
    headers = {STREAM_HEADER: f"credit={items}"}
    return Message(body=b"", content_type=None, type=CREDIT, correlation_id=stream, app_id=app_id, headers=headers)


def cancel(stream: str, *, app_id: str) -> Message:
    """Build the message that ends a stream early."""
    return Message(body=b"", content_type=None, type=CANCEL, correlation_id=stream, app_id=app_id)


# --- from the service --------------------------------------------------------------------------------------------


def begin(asked: Message, *, stream: str, control: str, app_id: str) -> Message:
    """Build the message that says that the method runs, what the stream is called and where its control goes."""
    return replace(_empty(asked, Kind.BEGIN, 0, app_id), message_id=stream, reply_to=control)


def item(asked: Message, body: bytes, count: int, *, app_id: str) -> Message:
    """Build the message of item number `count`, from 1 on."""
    return Message(
        body=body,
        content_type=wire.content_type(wire.is_packed(asked)),
        correlation_id=asked.correlation_id,
        app_id=app_id,
        headers={STREAM_HEADER: f"item;n={count}"},
    )


def alive(asked: Message, count: int, *, app_id: str) -> Message:
    """Build the message that says that the service lives."""
    return _empty(asked, Kind.ALIVE, count, app_id)


def end(asked: Message, count: int, *, app_id: str) -> Message:
    """Build the message after the last item."""
    return _empty(asked, Kind.END, count, app_id)


def error(asked: Message, name: str, body: bytes, count: int, *, app_id: str) -> Message:
    """Build the message of the error that ends a stream after `count` items."""
    plain = wire.error_reply(asked, name, body, app_id=app_id)
    return replace(plain, headers={**plain.headers, STREAM_HEADER: f"error;n={count}"})


def _empty(asked: Message, kind: Kind, count: int, app_id: str) -> Message:
    return Message(
        body=b"",
        content_type=None,
        correlation_id=asked.correlation_id,
        app_id=app_id,
        headers={STREAM_HEADER: f"{kind};n={count}"},
    )
