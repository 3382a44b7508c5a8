"""Connecting without blocking, over any back end's poller."""

import errno
import ipaddress
import os
import socket
import time
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from svcrt.concurrency import Connector, Poller

Address = tuple[int, int, int, str, Any]
"""One entry of `socket.getaddrinfo`."""

_UNDER_WAY = (errno.EINPROGRESS, errno.EALREADY, errno.EWOULDBLOCK)


def is_literal(host: str) -> bool:
    """Whether `host` is found without asking a name server."""
    if host == "localhost":
        return True
    try:
        ipaddress.ip_address(host)
    except ValueError:
        return False
    return True


def connect_first(
    addresses: Sequence[Address],
    open_socket: Callable[[int, int, int], socket.socket],
    poller: "Poller",
    *,
    timeout: float,
) -> "Connector":
    """Connect to the first address that answers, `timeout` seconds in all; raises the last OSError."""
    deadline = time.monotonic() + timeout
    failure: OSError = OSError(errno.EADDRNOTAVAIL, "the host name has no address")
    for number, (family, kind, protocol, _, address) in enumerate(addresses):
        # A dead first address must leave time for the others.
        share = (deadline - time.monotonic()) / (len(addresses) - number)
        connection = open_socket(family, kind, protocol)
        try:
            connection.setblocking(False)
            _finish_connecting(connection, address, poller, time.monotonic() + share)
        except OSError as error:
            connection.close()
            failure = error
        except BaseException:
            connection.close()
            raise
        else:
            return connection
    raise failure


def _finish_connecting(connection: socket.socket, address: Any, poller: "Poller", deadline: float) -> None:
    code = connection.connect_ex(address)
    while code in _UNDER_WAY:
        left = deadline - time.monotonic()
        if left <= 0:
            raise TimeoutError(errno.ETIMEDOUT, "no answer to the connection attempt")
        poller.wait(connection.fileno(), write=True, timeout=left)
        code = connection.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
        if code == 0:
            # SO_ERROR is 0 while the attempt is still under way, too: only a second connect tells them apart.
            code = connection.connect_ex(address)
    if code not in (0, errno.EISCONN):
        raise OSError(code, os.strerror(code))
