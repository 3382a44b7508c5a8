"""Peers of web sockets: one of another make (`websockets`), and one that sends any bytes."""

import json
import os
import socket
import struct
from collections.abc import Callable
from types import TracebackType
from typing import Any, Self

from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect

import waiting
from http_host import SECONDS, HttpClient

KEY = "dGhlIHNhbXBsZSBub25jZQ=="
TEXT, BINARY, CLOSE, PING, PONG, CONTINUATION = 1, 2, 8, 9, 10, 0


def handshake(path: str, **changes: str | None) -> bytes:
    """An opening handshake, with headers changed (`_` for `-`) or left out (None)."""
    headers: dict[str, str | None] = {
        "Host": "chat.example",
        "Upgrade": "websocket",
        "Connection": "Upgrade",
        "Sec-WebSocket-Version": "13",
        "Sec-WebSocket-Key": KEY,
    }
    method, version = changes.pop("method", "GET"), changes.pop("version", "HTTP/1.1")
    headers |= {name.replace("_", "-"): value for name, value in changes.items()}
    lines = [f"{name}: {value}" for name, value in headers.items() if value is not None]
    return "\r\n".join([f"{method} {path} {version}", *lines, "", ""]).encode()


def frame(opcode: int, payload: bytes = b"", *, fin: bool = True, reserved: int = 0, masked: bool = True) -> bytes:
    """A frame as a client sends it, or as it must not."""
    mask = 0x80 if masked else 0
    size = len(payload)
    if size < 126:
        length = bytes([mask | size])
    elif size < 65536:
        length = bytes([mask | 126]) + struct.pack("!H", size)
    else:
        length = bytes([mask | 127]) + struct.pack("!Q", size)
    head = bytes([(0x80 if fin else 0) | reserved << 4 | opcode]) + length
    if not masked:
        return head + payload
    key = os.urandom(4)
    return head + key + bytes(byte ^ key[at % 4] for at, byte in enumerate(payload))


def said(text: str) -> bytes:
    """The JSON of a message."""
    return json.dumps({"text": text}).encode()


class RawPeer:
    """A connection whose handshake is done; what comes is read frame by frame.

    Args:
        receive_buffer: bytes that the system takes for it before it reads; None for what the system likes.
    """

    def __init__(self, host: HttpClient, path: str, *, receive_buffer: int | None = None) -> None:
        self.socket = socket.socket()
        if receive_buffer is not None:
            self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, receive_buffer)
        self.socket.settimeout(SECONDS)
        self.socket.connect(host.address)
        self._file = self.socket.makefile("rb")
        self.socket.sendall(handshake(path))
        status = self._file.readline()
        assert status == b"HTTP/1.1 101 Switching Protocols\r\n", status
        while self._file.readline() != b"\r\n":
            pass

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._file.close()
        self.socket.close()

    def send(self, data: bytes) -> None:
        self.socket.sendall(data)

    def receive(self) -> tuple[int, bytes] | None:
        """Opcode and payload of the next frame, None at the end of the connection."""
        head = self._file.read(2)
        if len(head) < 2:
            return None
        size = head[1]
        assert size < 128, "a server does not mask"
        if size == 126:
            (size,) = struct.unpack("!H", self._file.read(2))
        elif size == 127:
            (size,) = struct.unpack("!Q", self._file.read(8))
        return head[0] & 0x0F, self._file.read(size)

    def close_code(self) -> int:
        """Code of the close frame that comes, perhaps after other frames; 1006 when the connection just ends."""
        while (received := self.receive()) is not None:
            if received[0] == CLOSE:
                return int(struct.unpack("!H", received[1][:2])[0]) if received[1] else 1005
        return 1006


def peer(host: HttpClient, path: str, **options: Any) -> ClientConnection:
    """Connect with `websockets`; a context manager."""
    address, port = host.address
    connection: ClientConnection = connect(
        f"ws://{address}:{port}{path}", compression=None, open_timeout=SECONDS, **options
    )
    return connection


def say(connection: ClientConnection, text: str) -> None:
    connection.send(said(text).decode())


def hear(connection: ClientConnection, timeout: float = SECONDS) -> str:
    text: str = json.loads(connection.recv(timeout=timeout))["text"]
    return text


def closing(connection: ClientConnection) -> tuple[int, str]:
    """Read to the end; return code and reason of the close (1006 for a lost connection)."""
    try:
        while True:
            connection.recv(timeout=SECONDS)
    except ConnectionClosed as closed:
        return (closed.rcvd.code, closed.rcvd.reason) if closed.rcvd is not None else (1006, "")


def eventually(condition: Callable[[], bool]) -> None:
    """Wait until a condition holds."""
    waiting.wait_until(condition)
