"""The embedded broker of a folder: one run owns its process, the others share it, one of them takes it over."""

import fcntl
import json
import os
import select
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

from svcrt.cli import broker_file
from svcrt.cli.broker_file import RunningBroker
from svcrt.cli.listening import bound
from svcrt.cli.processes import Child, wait_until
from svcrt.config import Address
from svcrt.errors import StartError

_USER = "svcgen"
_HOST = "127.0.0.1"
_START_SECONDS = 10.0
_PORT_SECONDS = 5.0
_STOP_SECONDS = 3.0


class SharedBroker:
    """This run's part in the embedded broker of `folder`.

    Whoever holds the lock on `.svcgen/broker.lock` owns the broker's process. The kernel gives the lock to a waiting
    run when the owner ends, however it ends; that run starts a broker on the same port with the same password, and
    everybody reconnects.

    Attributes:
        url: where the broker is, from `await_ready` on.
        child: its process while this run owns it, else None.
    """

    def __init__(self, folder: Path) -> None:
        """Args: folder: the folder that the runs share."""
        self._folder = folder
        self._lock = -1
        self._is_owned = False
        self._password = ""
        self._inherited, self._inherit = os.pipe()
        self.url = ""
        self.child: Child | None = None

    def open(self) -> None:
        """Find the broker of the folder, or begin to start one; `await_ready` completes it. Raises StartError."""
        with self._writing():
            path = broker_file.prepare(self._folder) / broker_file.LOCK_NAME
            self._lock = os.open(path, os.O_RDWR | os.O_CREAT, 0o600)
        if not wait_until(self._is_settled, within=_START_SECONDS):
            raise StartError(
                f"another `svcgen run` holds {path} but has not started its broker within {_START_SECONDS:g} s; "
                "stop it, or name a broker with --broker"
            )
        if self._is_owned:
            with self._writing():
                broker_file.remove(self._folder)
            self._start(0, os.urandom(24).hex())
        else:
            threading.Thread(target=self._await_lock, name="broker lock", daemon=True).start()

    def await_ready(self) -> None:
        """Wait until our broker, if it is ours, listens; then `url` is set. Raises StartError."""
        if self.child is None:
            return
        select.select([self.child], [], [], _START_SECONDS)
        reports = self.child.reports()
        if not reports:
            raise StartError("the embedded broker has not started; name another broker with --broker")
        address = Address(_HOST, int(json.loads(reports[0])["port"]))
        self.url = f"amqp://{_USER}:{self._password}@{address}/"
        with self._writing():
            broker_file.write(self._folder, RunningBroker(url=self.url, pid=self.child.pid))

    def fileno(self) -> int:
        """Readable when the owner has ended and it is on us to `take_over`."""
        return self._inherited

    def take_over(self) -> None:
        """Start a broker where the former owner had it. Raises StartError."""
        os.read(self._inherited, 1)
        former = urlsplit(self.url)
        port = former.port or 0
        # A killed run's broker ends a moment after its owner.
        wait_until(lambda: _is_free(port), within=_PORT_SECONDS)
        self._start(port, former.password or "")
        self.await_ready()

    def close(self) -> None:
        """End the broker if it is ours and let the next run have it."""
        if self.child is not None:
            self.child.end(within=_STOP_SECONDS)
            self.child = None
            broker_file.remove(self._folder)
        if self._is_owned:
            os.close(self._lock)

    @contextmanager
    def _writing(self) -> Iterator[None]:
        try:
            yield
        except OSError as error:
            place = error.filename2 or error.filename or self._folder / broker_file.FOLDER_NAME
            raise StartError(
                f"the embedded broker needs to write to {place}: {error.strerror}; or name a broker with --broker"
            ) from error

    def _is_settled(self) -> bool:
        """Whether the lock is ours, or a broker of its owner runs."""
        try:
            fcntl.flock(self._lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            running = broker_file.read(self._folder)
            if running is not None:
                self.url = running.url
            return running is not None
        self._is_owned = True
        return True

    def _await_lock(self) -> None:
        fcntl.flock(self._lock, fcntl.LOCK_EX)
        self._is_owned = True
        os.write(self._inherit, b"!")

    def _start(self, port: int, password: str) -> None:
        self._password = password
        credentials_in, credentials_out = os.pipe()
        os.write(credentials_out, json.dumps({"user": _USER, "password": password}).encode())
        os.close(credentials_out)
        try:
            self.child = Child(
                "embedded broker",
                "svcrt.embedded",
                lambda orders, reports: (
                    *("--host", _HOST, "--port", str(port)),
                    *("--credentials-file", f"/dev/fd/{credentials_in}"),
                    *("--exit-with-fd", str(orders), "--ready-fd", str(reports)),
                ),
                pass_fds=(credentials_in,),
                # It is to end last, when its pipe closes.
                deaf_to=(signal.SIGTERM,),
            )
        finally:
            os.close(credentials_in)


def _is_free(port: int) -> bool:
    try:
        bound(Address(_HOST, port)).close()
    except OSError:
        return False
    return True
