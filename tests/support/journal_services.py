"""Services for processes of their own: what they do is appended to a file, which outlives a process that is killed.

A question or a text is `<what to do>:<argument>:<anything>`; `pass` does nothing.
"""

import ctypes
import os
import signal
import time
from typing import NoReturn

from greenlet import GreenletExit

from probe_v1 import Happened, ListenerBase, Note, ProbeBase, RelayBase

JOURNAL = "JOURNAL_FILE"
"""Environment variable with the path of the file."""

EXITS: dict[str, type[BaseException]] = {
    each.__name__: each for each in (SystemExit, KeyboardInterrupt, GeneratorExit, GreenletExit, MemoryError)
}
"""What a handler may be told to raise, beside what it should."""


def write(verb: str, subject: str) -> None:
    """Append one line; lines of several processes do not mix."""
    descriptor = os.open(os.environ[JOURNAL], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    os.write(descriptor, f"{verb} {os.getpid()} {subject}\n".encode())
    os.close(descriptor)


def do(order: str) -> None:
    """Do what is asked for, and note when that begins and ends."""
    write("begin", order[:200])
    what, _, rest = order.partition(":")
    argument = rest.partition(":")[0]
    if what == "sleep":
        time.sleep(float(argument))
    elif what == "compute":
        until = time.monotonic() + float(argument)
        while time.monotonic() < until:
            sum(range(1000))
    elif what == "block":
        # As a library does that waits in C: not eventlet's sleep.
        ctypes.CDLL(None).usleep(int(float(argument) * 1e6))
    elif what in EXITS:
        raise EXITS[what](argument)
    write("end", order[:200])


class Probe(ProbeBase):
    """Does what the question says."""

    def ask(self, *, question: str) -> str:
        do(question)
        return question

    def again(self, *, question: str) -> Note:
        do(question)
        return Note(question=question, answer=question)

    def one_at_a_time(self, *, question: str) -> None:
        do(question)

    def remember(self, *, text: str) -> None:
        do(text)


class Relay(RelayBase):
    """Asks the probe: itself, or in a process that it forks, which sleeps first as a green thread would."""

    def pass_on(self, *, question: str) -> str:
        if not question.startswith("fork:"):
            return self.probe.ask(question=question)
        reader, writer = os.pipe()
        os.set_blocking(reader, False)
        child = os.fork()
        if child == 0:
            self._ask(question, writer)
        os.close(writer)
        try:
            # On green threads it lets the others run.
            said = os.read(reader, 4096).decode()
        finally:
            os.close(reader)
        ended, status = 0, -1
        while not ended:
            time.sleep(0.01)
            ended, status = os.waitpid(child, os.WNOHANG)
        return f"{said}, {os.waitstatus_to_exitcode(status)}"

    def _ask(self, question: str, writer: int) -> NoReturn:
        """Be the forked process: sleep as a green thread, ask, and wait to be ended by a signal."""
        try:
            time.sleep(float(question.split(":")[1]))
            said = self.probe.ask(question=question)
        except Exception as error:
            said = f"{type(error).__name__}: {error}"
        os.write(writer, said.encode())
        os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(20)
        os._exit(1)


class Listener(ListenerBase):
    """Notes what happened."""

    def on_pool(self, event: Happened) -> None:
        do(event.what)

    def on_broadcast(self, event: Happened) -> None:
        return None

    def on_singleton(self, event: Happened) -> None:
        return None
