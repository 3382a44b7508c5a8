"""Services for processes of their own: what they do is appended to a file, which outlives a process that is killed.

A question or a text is `<what to do>:<argument>:<anything>`; `pass` does nothing.
"""

import ctypes
import os
import time

from greenlet import GreenletExit

from probe_v1 import Happened, ListenerBase, Note, ProbeBase

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
    write("begin", order)
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
    write("end", order)


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


class Listener(ListenerBase):
    """Notes what happened."""

    def on_pool(self, event: Happened) -> None:
        do(event.what)

    def on_broadcast(self, event: Happened) -> None:
        return None

    def on_singleton(self, event: Happened) -> None:
        return None
