"""Child processes of the supervisor: started by exec, told what to do through a pipe, gone when the supervisor is."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager


class Child:
    """A Python process that is tied to us by two pipes.

    The first is for orders, one line, and stays open for as long as we live: the end of that stream tells the child of
    our death, even by SIGKILL. What it has to say to us it writes to the second, line by line.

    Attributes:
        role: what the process is, for a person: `worker process`.
        is_silent: whether it has closed its end, so that no report can come any more.
    """

    def __init__(
        self,
        role: str,
        module: str,
        arguments: Callable[[int, int], Sequence[str]],
        *,
        pass_fds: Sequence[int] = (),
        deaf_to: Collection[signal.Signals] = (),
        variables: Mapping[str, str] | None = None,
    ) -> None:
        """Execute `python -m module`.

        Args:
            role: what the process is, for a person.
            module: the module to execute.
            arguments: makes the command line from the child's file descriptors for orders and for reports.
            pass_fds: further file descriptors that it inherits under the same numbers.
            deaf_to: signals that it never gets, beside those of the terminal.
            variables: environment variables beside ours.
        """
        self.role = role
        self.is_silent = False
        orders_in, self._orders = os.pipe()
        self._reports, reports_out = os.pipe()
        try:
            with _blocked({signal.SIGINT, signal.SIGHUP, *deaf_to}):
                self._process = subprocess.Popen(
                    # -P: a module of the application must not stand in for one of ours or of the standard library.
                    [sys.executable, "-P", "-m", module, *arguments(orders_in, reports_out)],
                    pass_fds=(*pass_fds, orders_in, reports_out),
                    env={**os.environ, **(variables or {})},
                )
        finally:
            os.close(orders_in)
            os.close(reports_out)
        os.set_blocking(self._reports, False)
        self._unread = b""

    def order(self, orders: str) -> None:
        """Send its orders: text without line breaks. It may hold secrets, which a command line would show to all."""
        data = memoryview(orders.encode() + b"\n")
        try:
            while data:
                data = data[os.write(self._orders, data) :]
        except BrokenPipeError:
            # It ended before it read: its exit code tells why.
            return

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    def fileno(self) -> int:
        """The pipe that `reports` reads, for a selector."""
        return self._reports

    def reports(self) -> list[str]:
        """Return the whole lines that have come since the last call; never blocks."""
        try:
            while data := os.read(self._reports, 65536):
                self._unread += data
            self.is_silent = True
        except BlockingIOError:
            pass
        *lines, self._unread = self._unread.split(b"\n")
        return [line.decode() for line in lines]

    def poll(self) -> int | None:
        """Return the exit code when it has ended, minus the signal's number when a signal ended it, else None."""
        return self._process.poll()

    def signal(self, number: int) -> None:
        """Send it a signal; harmless when it has ended."""
        self._process.send_signal(number)

    def end(self, *, within: float) -> None:
        """Let it end as if we were gone, wait up to `within` seconds, then kill it."""
        self.close()
        try:
            self._process.wait(within)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()

    def close(self) -> None:
        """Let go of the pipes, once."""
        for fd in {self._orders, self._reports} - {-1}:
            os.close(fd)
        self._orders = self._reports = -1


def how_it_ended(code: int) -> str:
    """Complete 'the process ...' for an exit code as `Child.poll` returns it."""
    if code >= 0:
        return f"ended with exit code {code}"
    try:
        return f"was killed by {signal.Signals(-code).name}"
    except ValueError:
        return f"was killed by signal {-code}"


def is_running(pid: int) -> bool:
    """Whether a process of this id exists."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def wait_until(condition: Callable[[], bool], *, within: float, every: float = 0.02) -> bool:
    """Poll `condition` until it holds, at most `within` seconds; tell whether it does."""
    deadline = time.monotonic() + within
    while not condition():
        if time.monotonic() >= deadline:
            return False
        time.sleep(every)
    return True


@contextmanager
def _blocked(numbers: Collection[signal.Signals]) -> Iterator[None]:
    # Ctrl-C and a closing terminal signal the whole process group, and systemd sends SIGTERM to every process of a
    # unit. Only the supervisor may act on that: it stops the workers first and the broker last. A blocked signal stays
    # blocked over fork and exec; one that comes for us meanwhile is delivered when we unblock it.
    before = signal.pthread_sigmask(signal.SIG_BLOCK, numbers)
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
