"""Frames of AMQP 0-9-1: splitting a byte stream into them, and building them."""

from collections.abc import Iterator
from struct import Struct
from typing import NamedTuple

from .errors import ProtocolError, ReplyCode

__all__ = [
    "BODY", "FRAME_MIN_SIZE", "HEADER", "HEARTBEAT", "HEARTBEAT_FRAME", "METHOD", "OVERHEAD", "PROTOCOL_HEADER",
    "Frame", "FrameSplitter", "content_frames", "method_frame",
]  # fmt: skip

METHOD, HEADER, BODY, HEARTBEAT = 1, 2, 3, 8
PROTOCOL_HEADER = b"AMQP\x00\x00\x09\x01"
FRAME_MIN_SIZE = 4096
OVERHEAD = 8
_END = b"\xce"
_END_OCTET = _END[0]
_PREFIX = Struct(">BHI")
_PREFIX_SIZE = _PREFIX.size
HEARTBEAT_FRAME = _PREFIX.pack(HEARTBEAT, 0, 0) + _END
_KINDS = frozenset({METHOD, HEADER, BODY, HEARTBEAT})


class Frame(NamedTuple):
    """One frame without its envelope."""

    kind: int
    channel: int
    payload: bytes


class FrameSplitter:
    """Cuts what arrives into frames; holds at most one incomplete frame plus what one read brought."""

    def __init__(self, frame_max: int = FRAME_MIN_SIZE) -> None:
        self.frame_max = frame_max
        self._buffer = bytearray()
        self._at = 0

    def feed(self, data: bytes) -> None:
        """Append bytes as they came."""
        if self._at:
            del self._buffer[: self._at]
            self._at = 0
        self._buffer += data

    def take(self, size: int) -> bytes | None:
        """Return the next `size` raw bytes, or None while they are not there (the protocol header is no frame)."""
        if len(self._buffer) - self._at < size:
            return None
        self._at += size
        return bytes(self._buffer[self._at - size : self._at])

    def frames(self) -> Iterator[Frame]:
        """Yield the complete frames.

        Raises:
            ProtocolError: Unknown frame type, a frame over `frame_max`, or a wrong end octet.
        """
        buffer = self._buffer
        while len(buffer) - self._at >= _PREFIX_SIZE:
            kind, channel, size = _PREFIX.unpack_from(buffer, self._at)
            if kind not in _KINDS:
                raise ProtocolError(ReplyCode.FRAME_ERROR, f"unknown frame type {kind}")
            # Refused before it is collected: a size is only a claim.
            if size > self.frame_max - OVERHEAD:
                text = f"frame of {size} bytes is larger than the negotiated {self.frame_max - OVERHEAD}"
                raise ProtocolError(ReplyCode.FRAME_ERROR, text)
            start = self._at + _PREFIX_SIZE
            end = start + size
            if len(buffer) <= end:
                return
            if buffer[end] != _END_OCTET:
                raise ProtocolError(ReplyCode.FRAME_ERROR, f"frame ends with octet {buffer[end]}, not {_END_OCTET}")
            self._at = end + 1
            yield Frame(kind, channel, bytes(buffer[start:end]))


def method_frame(channel: int, payload: bytes) -> bytes:
    """Build a method frame."""
    return _PREFIX.pack(METHOD, channel, len(payload)) + payload + _END


def content_frames(channel: int, method: bytes, header: bytes, body: bytes, frame_max: int) -> bytes:
    """Build the frames of a method with content; the body is cut to the receiver's `frame_max`."""
    pack = _PREFIX.pack
    parts = [pack(METHOD, channel, len(method)), method, _END, pack(HEADER, channel, len(header)), header, _END]
    room = frame_max - OVERHEAD
    if len(body) <= room:
        if body:
            parts += (pack(BODY, channel, len(body)), body, _END)
        return b"".join(parts)
    for start in range(0, len(body), room):
        piece = body[start : start + room]
        parts += (pack(BODY, channel, len(piece)), piece, _END)
    return b"".join(parts)
