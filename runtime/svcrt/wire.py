"""Wire version 1: how messages are built and read. Pure; docs/wire.md describes it."""

import re
import time
from collections.abc import Mapping
from dataclasses import replace
from types import MappingProxyType
from urllib.parse import quote, unquote

from svcrt.context import CallContext, Identity
from svcrt.errors import Fault, InvalidValue
from svcrt.identities import CALL_IDS, is_traceparent, new_trace
from svcrt.types import Message

VERSION = "1"

CONTEXT_HEADER = "svc"
TRACE_HEADER = "traceparent"
ERROR_HEADER = "svc-error"
ATTEMPT_HEADER = "svc-attempt"
CRASHES_HEADER = "svc-crashes"
CHANNEL_HEADER = "svc-channel"
SOCKET_HEADER = "svc-socket"

CONTENT_TYPE = "application/json"
PACKED_CONTENT_TYPE = "application/vnd.msgpack"
"""MessagePack by the name that is registered with the IANA."""
_PACKED_CONTENT_TYPES = (PACKED_CONTENT_TYPE, "application/msgpack", "application/x-msgpack")

ENCODINGS = ("json", "msgpack")
"""How a process may write what it sends of its own accord; it answers as it was asked."""

MAX_BODY_BYTES = 16 * 1024 * 1024
"""Greatest body that is read or sent."""
MAX_HEADER_BYTES = 16 * 1024
"""Greatest size of all headers, names and values in UTF-8. RabbitMQ closes the connection at 128 KiB of properties."""
MAX_SHORT_BYTES = 255
"""Greatest size of a name, a routing key or a text property: AMQP's short string."""
MAX_PARENTS = 10
_HEADERS_BESIDE = 100
"""Bytes of the other headers of a request, generously."""

_CREDENTIAL = "auth="

_SERVER_NAMED = re.compile(r"amq\.gen-[A-Za-z0-9_\-]{1,247}")
_CALL_ID = re.compile(r"[A-Za-z0-9._~\-]{1,100}")
_USUAL = re.compile(r"v=1;id=([A-Za-z0-9._~\-]{1,100})(?:;up=([^;]+))?;left=([0-9]{1,15});sent=([0-9]{1,15})", re.ASCII)
"""A `svc` header without credential, principal and baggage, which most calls have."""
_BAD_ID = "a call id has characters outside A-Z a-z 0-9 . _ ~ - or more than 100 of them"
_NO_BAGGAGE: Mapping[str, str] = MappingProxyType({})


def is_packing(encoding: str) -> bool:
    """Whether the encoding of this name is MessagePack. Raises ValueError for none of `ENCODINGS`."""
    if encoding not in ENCODINGS:
        raise ValueError(f"there is no encoding `{encoding}`; there are: {', '.join(ENCODINGS)}")
    return encoding == "msgpack"


# --- messages ----------------------------------------------------------------------------------------------------


def context_header(context: CallContext, *, epoch_ms: int) -> str:
    """Write the `svc` header of `context`.

    Args:
        context: what goes along.
        epoch_ms: milliseconds since 1970 on the sender's clock, written only beside a remaining time.
    """
    parts = [f"v={VERSION};id={context.call_id}"]
    if context.parents:
        parts.append(f"up={','.join(context.parents[:MAX_PARENTS])}")
    remaining = context.remaining()
    if remaining is not None:
        parts.append(f"left={int(remaining * 1000)};sent={epoch_ms}")
    if context.authorization is not None:
        parts.append(f"{_CREDENTIAL}{quote(context.authorization, safe='')}")
    if (who := context.identity) is not None:
        parts.append(f"who={','.join(quote(each, safe='') for each in (who.scheme, who.kind, who.claims))}")
    parts += [f".{quote(key, safe='')}={quote(value, safe='')}" for key, value in context.baggage.items()]
    return ";".join(parts)


def read_context(message: Message, *, arrival: float, epoch_ms: int) -> CallContext:
    """Read the context that came with `message`; see `read_call`."""
    headers = message.headers
    return read_call(
        headers.get(CONTEXT_HEADER),
        headers.get(TRACE_HEADER, ""),
        message.message_id,
        arrival=arrival,
        epoch_ms=epoch_ms,
    )


def read_call(header: str | None, trace: str, message_id: str | None, *, arrival: float, epoch_ms: int) -> CallContext:
    """Read the context of what arrived; where there is none (another sender), the one of a new root call.

    Args:
        header: the header `svc`, None for none.
        trace: the header `traceparent`, which may be empty or wrong.
        message_id: of the message.
        arrival: when it came, on the clock of `time.monotonic`.
        epoch_ms: the same moment in milliseconds since 1970.

    Raises:
        InvalidValue: `header` is malformed or of another version.
    """
    usual = None if header is None else _USUAL.fullmatch(header)
    if usual is not None:
        call_id, up, left, sent = usual.groups()
        return CallContext(
            call_id=call_id,
            parents=_parents(up) if up else (),
            traceparent=trace if is_traceparent(trace) else new_trace(),
            deadline=_end(arrival, int(left), epoch_ms - int(sent)),
            baggage=_NO_BAGGAGE,
        )
    fields = {} if header is None else _split_context(header)
    identity = fields.get("id")
    if identity is not None and not _CALL_ID.fullmatch(identity):
        raise _malformed(_BAD_ID)
    authorization = fields.get("auth")
    return CallContext(
        call_id=identity or message_id or CALL_IDS.next(),
        parents=_parents(fields["up"]) if fields.get("up") else (),
        traceparent=trace if is_traceparent(trace) else new_trace(),
        deadline=_deadline(fields, arrival, epoch_ms),
        baggage={unquote(key[1:]): unquote(value) for key, value in fields.items() if key.startswith(".")},
        authorization=None if authorization is None else unquote(authorization),
        identity=_identity(fields.get("who")),
    )


def _parents(text: str) -> tuple[str, ...]:
    parents = tuple(text.split(","))
    if not all(map(_CALL_ID.fullmatch, parents)):
        raise _malformed(_BAD_ID)
    return parents[:MAX_PARENTS]


def _identity(text: str | None) -> Identity | None:
    if text is None:
        return None
    parts = text.split(",")
    if len(parts) != 3:
        raise _malformed("`who` is scheme, kind and claims, separated by commas")
    return Identity(scheme=unquote(parts[0]), kind=unquote(parts[1]), claims=unquote(parts[2]))


def without_credential(header: str) -> str:
    """Return a `svc` header without the caller's credential: nothing that is kept may hold one."""
    return ";".join(part for part in header.split(";") if not part.startswith(_CREDENTIAL))


def _split_context(text: str) -> dict[str, str]:
    fields: dict[str, str] = {}
    for part in text.split(";"):
        key, equals, value = part.partition("=")
        if not equals or not key:
            raise _malformed("expected `key=value` parts separated by semicolons")
        fields[key] = value
    version = fields.get("v")
    if version != VERSION:
        raise _malformed(f"wire version {VERSION} is spoken here, not `{(version or 'none')[:20]}`")
    return fields


def _deadline(fields: Mapping[str, str], arrival: float, epoch_ms: int) -> float | None:
    left = fields.get("left")
    if left is None:
        return None
    sent = fields.get("sent", "")
    if not _is_number(left) or not (sent == "" or _is_number(sent)):
        raise _malformed("`left` and `sent` are whole milliseconds")
    return _end(arrival, int(left), epoch_ms - int(sent) if sent else 0)


def _end(arrival: float, left_ms: int, under_way_ms: int) -> float:
    # The sender's clock is advice: it can only shorten, and never beyond what the broker's expiration allows.
    if 0 < under_way_ms <= left_ms:
        left_ms -= under_way_ms
    return arrival + left_ms / 1000


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 15


def _malformed(reason: str) -> InvalidValue:
    return InvalidValue((Fault("$headers.svc", f"malformed header: {reason}"),))


def request(
    body: bytes,
    *,
    method: str,
    context: CallContext,
    correlation_id: str,
    reply_to: str,
    app_id: str,
    packed: bool = False,
) -> Message:
    """Build the request of an rpc. `context` is that of the call itself; its deadline becomes the expiration.

    Here and below `packed` tells that `body` is MessagePack. A reply's is as the request's.
    """
    remaining = context.remaining()
    return Message(
        body=body,
        content_type=content_type(packed),
        type=method,
        message_id=context.call_id,
        correlation_id=correlation_id,
        reply_to=reply_to,
        app_id=app_id,
        expiration=None if remaining is None else int(remaining * 1000),
        headers=_headers(context, _epoch_ms()),
    )


def reply(asked: Message, body: bytes, *, app_id: str) -> Message:
    """Build the reply to `asked` that carries its result."""
    return Message(
        body=body, content_type=content_type(is_packed(asked)), correlation_id=asked.correlation_id, app_id=app_id
    )


def error_reply(asked: Message, name: str, body: bytes, *, app_id: str) -> Message:
    """Build the reply to `asked` that carries the error `name` (full name, or `svc.…`) with its fields as body."""
    return replace(reply(asked, body, app_id=app_id), headers={ERROR_HEADER: name})


def event(body: bytes, *, name: str, context: CallContext, app_id: str, packed: bool = False) -> Message:
    """Build an event; `name` is its full name, `context` that of this announcement."""
    return _persistent(body, name, context, app_id, packed)


def oneway(body: bytes, *, method: str, context: CallContext, app_id: str, packed: bool = False) -> Message:
    """Build the message of a `oneway`."""
    return _persistent(body, method, context, app_id, packed)


def socket_broadcast(body: bytes, route: str, channel: str, *, app_id: str) -> Message:
    """Build what goes to the sockets of `route` (`<Service>.<socket>`) that hear `channel`, on all instances."""
    return Message(body=body, type=route, app_id=app_id, headers={CHANNEL_HEADER: channel})


def socket_unicast(body: bytes, route: str, socket_id: str, *, app_id: str) -> Message:
    """Build what goes to one socket of `route`."""
    return Message(body=body, type=route, app_id=app_id, headers={SOCKET_HEADER: socket_id})


def _persistent(body: bytes, kind: str, context: CallContext, app_id: str, packed: bool) -> Message:
    context = replace(context, authorization=None)
    epoch_ms = _epoch_ms()
    return Message(
        body=body,
        content_type=content_type(packed),
        type=kind,
        message_id=context.call_id,
        app_id=app_id,
        timestamp=epoch_ms // 1000,
        persistent=True,
        headers=_headers(context, epoch_ms),
    )


def content_type(packed: bool) -> str:
    """Return the content type of a body that is MessagePack (`packed`) or JSON."""
    return PACKED_CONTENT_TYPE if packed else CONTENT_TYPE


def _headers(context: CallContext, epoch_ms: int) -> dict[str, str]:
    return {
        CONTEXT_HEADER: context_header(context, epoch_ms=epoch_ms),
        TRACE_HEADER: context.traceparent,
    }


def _epoch_ms() -> int:
    return time.time_ns() // 1_000_000


def error_name(message: Message) -> str | None:
    """Name of the error that a reply carries; None when it carries a result."""
    return message.headers.get(ERROR_HEADER)


# --- gates -------------------------------------------------------------------------------------------------------


def is_reply_queue(name: str | None) -> bool:
    """Whether a reply may be sent to `name`: only to a queue that the broker named. Any other could be a work queue."""
    return name is not None and _SERVER_NAMED.fullmatch(name) is not None


def is_packed(message: Message) -> bool:
    """Whether a message says that its body is MessagePack."""
    kind = message.content_type
    return kind is not None and kind != CONTENT_TYPE and _media_type(kind) in _PACKED_CONTENT_TYPES


def _media_type(text: str) -> str:
    return text.partition(";")[0].strip().lower()


def check_content(message: Message) -> None:
    """Let only bodies pass that are JSON or MessagePack, as they are, and not too big.

    Raises:
        InvalidValue: with what is wrong, before a byte of the body was looked at.
    """
    if _media_type(message.content_type or "") not in (CONTENT_TYPE, *_PACKED_CONTENT_TYPES):
        text = f"only `{CONTENT_TYPE}` and `{PACKED_CONTENT_TYPE}` are read here"
        raise InvalidValue((Fault("$properties.content_type", text),))
    if (message.content_encoding or "utf-8").lower() not in ("utf-8", "utf8"):
        raise InvalidValue((Fault("$properties.content_encoding", "no compression and no encoding but utf-8 is read"),))
    if len(message.body) > MAX_BODY_BYTES:
        raise InvalidValue((Fault("$", f"the body has more than {MAX_BODY_BYTES} bytes"),))


def check_context(size: int) -> None:
    """Refuse a `svc` header of `size` bytes with which all headers would be too many. Raises InvalidValue."""
    if size + _HEADERS_BESIDE > MAX_HEADER_BYTES:
        text = f"{size} bytes of headers; {MAX_HEADER_BYTES} may be sent (too much baggage, too great a principal?)"
        raise InvalidValue((Fault("$headers", text),))


def check_sending(message: Message, *, exchange: str, routing_key: str) -> None:
    """Refuse what the broker would answer by closing the channel or the connection under others.

    Raises:
        InvalidValue: a header block, a body, a name or a text property is too long.
    """
    faults = [
        Fault(f"$properties.{name}", f"more than {MAX_SHORT_BYTES} bytes of UTF-8")
        for name, value in (
            ("exchange", exchange),
            ("routing_key", routing_key),
            ("content_type", message.content_type),
            ("content_encoding", message.content_encoding),
            ("type", message.type),
            ("message_id", message.message_id),
            ("correlation_id", message.correlation_id),
            ("reply_to", message.reply_to),
            ("app_id", message.app_id),
        )
        # At most four bytes a character: most values need no encoding to be known as short.
        if value is not None and len(value) * 4 > MAX_SHORT_BYTES and len(value.encode()) > MAX_SHORT_BYTES
    ]
    faults += [
        Fault("$headers", f"the name of a header has more than {MAX_SHORT_BYTES} bytes")
        for key in message.headers
        if len(key.encode()) > MAX_SHORT_BYTES
    ]
    size = sum(len(key) + len(value) for key, value in message.headers.items())
    if size * 4 > MAX_HEADER_BYTES:
        size = sum(len(key.encode()) + len(value.encode()) for key, value in message.headers.items())
        if size > MAX_HEADER_BYTES:
            text = f"{size} bytes of headers; {MAX_HEADER_BYTES} may be sent (too much baggage, too great a principal?)"
            faults.append(Fault("$headers", text))
    if len(message.body) > MAX_BODY_BYTES:
        faults.append(Fault("$", f"{len(message.body)} bytes of body; {MAX_BODY_BYTES} may be sent"))
    if faults:
        raise InvalidValue(tuple(faults))
