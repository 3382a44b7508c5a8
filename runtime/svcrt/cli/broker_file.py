"""`.svcgen/broker.json`: where the embedded broker of a folder is, for whoever works in the same folder."""

import fcntl
import json
import os
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

from svcrt.cli.processes import is_running, wait_until
from svcrt.errors import StartError

FOLDER_NAME = ".svcgen"
FILE_NAME = "broker.json"
LOCK_NAME = "broker.lock"
_HAND_OVER_SECONDS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class RunningBroker:
    """An embedded broker: its URL, password included, and its process id."""

    url: str
    pid: int


def prepare(folder: Path) -> Path:
    """Make `.svcgen` in `folder`, private and out of version control, and return it."""
    path = folder / FOLDER_NAME
    path.mkdir(mode=0o700, exist_ok=True)
    ignore = path / ".gitignore"
    if not ignore.exists():
        ignore.write_text("*\n", encoding="utf-8")
    return path


def write(folder: Path, broker: RunningBroker) -> None:
    """Tell of `broker`, readable by this user only."""
    target = folder / FOLDER_NAME / FILE_NAME
    draft = target.with_suffix(f".{os.getpid()}")
    with os.fdopen(os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "w", encoding="utf-8") as file:
        json.dump({"url": broker.url, "pid": broker.pid}, file)
    draft.replace(target)


def remove(folder: Path) -> None:
    """Tell of no broker any more."""
    (folder / FOLDER_NAME / FILE_NAME).unlink(missing_ok=True)


def read(folder: Path) -> RunningBroker | None:
    """Return the broker that `folder` tells of if its process runs, else None: a crashed run leaves its file behind."""
    path = folder / FOLDER_NAME / FILE_NAME
    try:
        if not path.is_file():
            return None
        content = json.loads(path.read_text(encoding="utf-8"))
        broker = RunningBroker(url=str(content["url"]), pid=int(content["pid"]))
        parts = urlsplit(broker.url)
        if parts.scheme != "amqp" or not parts.hostname or not parts.port:
            return None
    except (FileNotFoundError, ArithmeticError, RecursionError, ValueError, KeyError, TypeError):
        return None
    except OSError as error:
        raise StartError(f"{path} cannot be read: {error.strerror}; or name a broker with --broker") from error
    # Ids from 0 down mean groups of processes, and the greatest is below 2**31 everywhere.
    return broker if 0 < broker.pid < 2**31 and is_running(broker.pid) else None


def find(folder: Path) -> RunningBroker | None:
    """Return the running broker of `folder` or None, waiting while one run hands it over to another."""
    wait_until(lambda: read(folder) is not None or not _is_owned(folder), within=_HAND_OVER_SECONDS)
    return read(folder)


def _is_owned(folder: Path) -> bool:
    try:
        fd = os.open(folder / FOLDER_NAME / LOCK_NAME, os.O_RDONLY)
    except OSError:
        return False
    try:
        fcntl.flock(fd, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(fd)
    return False
