"""A process that serves `feed.v1` or reads a stream of it, to be killed and frozen."""

import signal
import subprocess
import sys
import threading
import time
from pathlib import Path
from types import TracebackType
from typing import Self

import svcrt
from feed_services import FeedClient, Seen, feed
from probe_services import wait_until
from svcrt.concurrency import Backend
from svcrt.testing import running

__all__ = ["Program"]


class Program:
    """Such a process. Entered, it has begun to serve, or to read.

    Args:
        role: `serve`, or the topic to watch.
    """

    def __init__(self, role: str, url: str, concurrency: Backend) -> None:
        self._command = [sys.executable, "-m", "feed_program", role, url]
        self._concurrency = concurrency
        self._said = ""

    def __enter__(self) -> Self:
        self._process = subprocess.Popen(
            self._command, cwd=Path(__file__).parent, stdout=subprocess.PIPE, stdin=subprocess.DEVNULL, text=True
        )
        # In a thread, since what it talks to may be a green one of ours.
        self._reader = threading.Thread(target=self._read)
        self._reader.start()
        wait_until(lambda: self._said or not self._reader.is_alive(), self._concurrency)
        assert self._said == "begun\n"
        return self

    def _read(self) -> None:
        assert self._process.stdout is not None
        self._said = self._process.stdout.readline()

    def kill(self) -> None:
        """End it as the kernel ends what has no memory left."""
        self._process.kill()

    def freeze(self) -> None:
        """Stop it without its connections."""
        self._process.send_signal(signal.SIGSTOP)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        assert self._process.stdout is not None
        self._process.stdout.close()


def _serve(url: str) -> None:
    with running(feed(Seen()), broker=url):
        print("begun", flush=True)
        time.sleep(600)


def _read(url: str, topic: str) -> None:
    with svcrt.connect(url) as cluster, FeedClient(cluster).watch(topic=topic) as items:
        for number, _ in enumerate(items):
            if number == 0:
                print("begun", flush=True)


if __name__ == "__main__":
    if sys.argv[1] == "serve":
        _serve(sys.argv[2])
    else:
        _read(sys.argv[2], sys.argv[1])
