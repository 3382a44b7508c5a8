"""The child's end of the pipes to its supervisor (see `processes.Child`). Import it before the process turns green."""

import json
import os
import signal

# Before the process turns green, for native ones: the thread below blocks.
from _thread import start_new_thread
from os import read, write
from typing import Any


class Supervised:
    """What a child hears from its supervisor and says to it."""

    def __init__(self, orders_fd: int, reports_fd: int) -> None:
        """Args: orders_fd, reports_fd: as `processes.Child` passes them."""
        self._orders_fd = orders_fd
        self._reports_fd = reports_fd
        for fd in (orders_fd, reports_fd):
            # What the application executes must not hold the pipes open after our end.
            os.set_inheritable(fd, False)
        # A supervisor that does not read must not stop us.
        os.set_blocking(reports_fd, False)

    def orders(self) -> dict[str, Any]:
        """Wait for the orders and, from then on, end this process (SIGTERM) when the supervisor is gone.

        Blocks the process. Raises SystemExit when the supervisor is gone before it gave orders.
        """
        line = b""
        while not line.endswith(b"\n"):
            data = read(self._orders_fd, 65536)
            if not data:
                raise SystemExit(0)
            line += data
        start_new_thread(_end_with_supervisor, (self._orders_fd,))
        orders: dict[str, Any] = json.loads(line)
        return orders

    def report(self, **content: object) -> None:
        """Tell the supervisor, in a line below the size of a pipe; lost if the supervisor has not read for long."""
        try:
            write(self._reports_fd, json.dumps(content).encode() + b"\n")
        except BrokenPipeError:
            # The supervisor is gone: the watching thread ends us.
            return
        except BlockingIOError:
            return


def _end_with_supervisor(orders_fd: int) -> None:
    while read(orders_fd, 1):
        pass
    os.kill(os.getpid(), signal.SIGTERM)
