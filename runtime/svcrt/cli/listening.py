"""The sockets that the supervisor binds: that of HTTP, inherited by every worker process, and the admin port."""

import errno
import os
import socket

from svcrt.config import Address
from svcrt.errors import StartError

_BACKLOG = 1024
_PORTS_TRIED = 100


def listen(address: Address, *, is_chosen: bool = True, what: str = "HTTP", flag: str = "--http") -> socket.socket:
    """Bind and listen.

    SO_REUSEPORT stays off: with it a second program takes the same port silently and the two answer at random.

    Args:
        address: where.
        is_chosen: whether a person chose it; otherwise the next free port does as well.
        what: what listens, for a person.
        flag: how a person chooses the address.

    Raises:
        StartError: the port is taken, not permitted, or the host is not ours.
    """
    last = address.port if is_chosen or not address.port else min(address.port + _PORTS_TRIED, 65536) - 1
    for port in range(address.port, last + 1):
        try:
            return bound(Address(address.host, port))
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                message = f"{what} cannot listen on {address}: {_reason(error)}; choose another address with {flag}"
                raise StartError(message) from error
    if is_chosen:
        raise StartError(
            f"{what} cannot listen on {address}: the port is in use; stop what uses it, or choose another with {flag}"
        )
    raise StartError(f"HTTP finds no free port from {address.port} to {last}; choose one with --http, or --no-http")


def bound(address: Address) -> socket.socket:
    """Return a listening TCP socket; the connections of a predecessor do not stand in its way. Raises OSError."""
    family, kind, protocol, _, target = socket.getaddrinfo(
        address.host, address.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
    )[0]
    listener = socket.socket(family, kind, protocol)
    try:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind(target)
        listener.listen(_BACKLOG)
    except BaseException:
        listener.close()
        raise
    return listener


def address_of(listener: socket.socket) -> Address:
    """Where `listener` listens."""
    host, port = listener.getsockname()[:2]
    return Address(host, port)


def _reason(error: OSError) -> str:
    if isinstance(error, socket.gaierror):
        return "no such host"
    return os.strerror(error.errno) if error.errno is not None else str(error)
