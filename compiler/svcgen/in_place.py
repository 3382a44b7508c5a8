"""Replaces a file of the user's by another text of it, in one step."""

import os
import tempfile
from pathlib import Path


def replace(path: Path, data: bytes) -> None:
    """Write `data` to `path`: whoever reads it sees the old content or the new, never a part.

    Mode bits are kept, and a symbolic link goes on to point at the file, which is the one that is replaced.

    Raises:
        OSError: the file or its folder cannot be written; the file is then as it was.
    """
    target = path.resolve()
    # The file itself is never opened for writing, so its protection has to be asked for.
    with target.open("rb+"):
        mode = target.stat().st_mode
    handle, name = tempfile.mkstemp(prefix=".svcgen-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            os.fchmod(file.fileno(), mode & 0o7777)
        os.replace(name, target)
    except BaseException:
        os.unlink(name)
        raise
