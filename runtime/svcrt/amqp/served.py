"""What an rpc queue needs of a service's methods and of a request, looked up or read once."""

from collections.abc import Mapping
from typing import Any, TypeAlias

import msgspec

from svcrt import wire
from svcrt.amqp.heads import RequestHead
from svcrt.codec import codec
from svcrt.contract import Rpc, StreamRpc
from svcrt.types import Message

Method: TypeAlias = Rpc[Any, Any] | StreamRpc[Any, Any]


class ServedMethod:
    """One method: its codecs and names."""

    def __init__(self, method: Method) -> None:
        self.method = method
        self.name = method.name
        self.stub = method.stub
        self.target = f"{method.service}.{method.name}"
        self.idempotent = isinstance(method, Rpc) and method.idempotent
        self._decode = codec(method.arguments).decode
        self._fields = method.arguments.__struct_fields__
        self.encode = codec(method.result).encode if isinstance(method, Rpc) else None

    def read(self, body: bytes, packed: bool) -> Mapping[str, object]:
        """Read the arguments, by Python name. Raises InvalidValue."""
        arguments: msgspec.Struct = self._decode(body, packed=packed)
        return {name: getattr(arguments, name) for name in self._fields}


def head_of(message: Message) -> RequestHead:
    """Return the head of a request of any shape."""
    headers = message.headers
    return RequestHead(
        wire.is_packed(message),
        headers.get(wire.CONTEXT_HEADER),
        headers.get(wire.TRACE_HEADER, ""),
        _bytes(message.correlation_id),
        _bytes(message.reply_to),
        _bytes(message.message_id),
        _bytes(message.type),
    )


def _bytes(text: str | None) -> bytes:
    return (text or "").encode("utf-8", "replace")[:255]
