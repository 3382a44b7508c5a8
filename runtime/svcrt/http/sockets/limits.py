"""How much a peer may send, hold up and keep waiting."""

from dataclasses import dataclass

__all__ = ["SocketLimits"]


@dataclass(frozen=True, slots=True, kw_only=True)
class SocketLimits:
    """Limits of every web socket of a process, in bytes and seconds.

    Attributes:
        sockets: open at a time in one process; more are answered 503, so that HTTP keeps connections for itself.
        message: size of a message that comes in; a bigger one ends the socket with 1009.
        waiting: messages that wait for the method; beyond it nothing more is read from the connection.
        buffer: bytes that wait for a slow reader; one more broadcast ends the socket with 1013.
        send_seconds: how long `send` waits for room in that buffer before the socket ends with 1013, and how long what
            is in it has to leave when the socket is closed.
        ping_seconds: pause between two pings.
        pong_seconds: how long a pong may take before the connection counts as lost.
        close_seconds: how long the peer has to answer our close, or to take another byte before it.
        notice_seconds: what a method has to notice that its peer has gone before it is interrupted where it waits.
    """

    sockets: int = 900
    message: int = 1024 * 1024
    waiting: int = 16
    buffer: int = 1024 * 1024
    send_seconds: float = 20.0
    ping_seconds: float = 20.0
    pong_seconds: float = 20.0
    close_seconds: float = 5.0
    notice_seconds: float = 5.0
