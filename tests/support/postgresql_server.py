"""A PostgreSQL server for tests: a private one, or the one that SVCGEN_TEST_POSTGRESQL names."""

import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Self

import psycopg
from psycopg import sql
from sqlalchemy.engine import URL, make_url

from rabbitmq_node import find_free_port

__all__ = ["DSN_VARIABLE", "PostgresqlServer", "ServerError", "postgresql_available"]

DSN_VARIABLE = "SVCGEN_TEST_POSTGRESQL"
"""Names a server to use instead, as a URL of a database whose user may create others."""
_START_SECONDS = 60.0
_PASSWORD = "secret"
# When the test process ends, however it ends, this shell's stdin closes and it stops what is left.
_GUARD = 'read -r pid; cat; kill -QUIT "$pid" 2>/dev/null; sleep 1; kill -KILL "$pid" 2>/dev/null; rm -rf "$1"'


class ServerError(RuntimeError):
    """The server did not start; the text carries its output."""


def postgresql_available() -> bool:
    """Tell whether there is a server to use or to start."""
    if os.environ.get(DSN_VARIABLE):
        return True
    return _binaries() is not None and (os.getuid() != 0 or _unprivileged() is not None)


def _binaries() -> Path | None:
    """Return the folder of the newest PostgreSQL: Debian keeps `initdb` out of the PATH."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"), key=lambda path: float(path.parts[-3]))
    on_path = shutil.which("initdb")
    if found:
        return found[-1].parent
    return Path(on_path).resolve().parent if on_path else None


def _unprivileged() -> str | None:
    """Return whom a test session of root's lets run the server, which refuses to run as root."""
    names = {entry.pw_name for entry in pwd.getpwall()}
    return next((name for name in ("postgres", "nobody") if name in names), None)


def _group(user: str | None) -> int | None:
    return None if user is None else pwd.getpwnam(user).pw_gid


class PostgresqlServer:
    """One server on 127.0.0.1, with an empty database for whoever asks."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[str] | None = None
        self._directory = Path()
        self._made = 0
        named = os.environ.get(DSN_VARIABLE)
        self.url = make_url(named).set(drivername="postgresql+psycopg") if named else URL.create("postgresql+psycopg")
        self._is_ours = not named

    def __enter__(self) -> Self:
        if self._is_ours:
            self._start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        if self._is_ours:
            self._stop()
        else:
            with self._connect() as connection:
                for number in range(self._made):
                    name = sql.Identifier(self._name(number))
                    connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(name))

    def fresh_database(self) -> str:
        """Return the URL of an empty database that nobody used before."""
        name = self._name(self._made)
        self._made += 1
        with self._connect() as connection:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
        return self.url.set(database=name).render_as_string(hide_password=False)

    def _name(self, number: int) -> str:
        return f"svcgen_test_{os.getpid()}_{number}"

    def _connect(self) -> psycopg.Connection:
        text = self.url.set(drivername="postgresql").render_as_string(hide_password=False)
        return psycopg.connect(text, autocommit=True)

    def _start(self) -> None:
        binaries = _binaries()
        assert binaries is not None
        user = _unprivileged() if os.getuid() == 0 else None
        self._directory = Path(tempfile.mkdtemp(prefix="svcgen-postgresql-"))
        port = find_free_port()
        password = self._directory / "password"
        password.write_text(_PASSWORD)
        if user is not None:
            shutil.chown(self._directory, user)
            shutil.chown(password, user)
        data = str(self._directory / "data")
        self._run(
            [
                *(str(binaries / "initdb"), "--no-sync", "--auth=scram-sha-256", "--encoding=UTF8", "--locale=C"),
                *("--username=svcgen", f"--pwfile={password}", f"--pgdata={data}"),
            ],
            user,
        )
        settings = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": "", "fsync": "off"}
        options = [part for key, value in settings.items() for part in ("-c", f"{key}={value}")]
        with (self._directory / "output").open("wb") as output:
            self._process = subprocess.Popen(
                [str(binaries / "postgres"), "-D", data, *options],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=self._directory,
                user=user,
                group=_group(user),
            )
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "guard", str(self._directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
        assert self._guard.stdin is not None
        self._guard.stdin.write(f"{self._process.pid}\n")
        self._guard.stdin.flush()
        self.url = URL.create("postgresql+psycopg", "svcgen", _PASSWORD, "127.0.0.1", port, "postgres")
        self._wait_ready()

    def _run(self, command: list[str], user: str | None) -> None:
        done = subprocess.run(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_START_SECONDS,
            cwd=self._directory,
            check=False,
            user=user,
            group=_group(user),
        )
        if done.returncode != 0:
            raise ServerError(f"{command[0]} ended with {done.returncode}:\n{done.stdout}")

    def _wait_ready(self) -> None:
        assert self._process is not None
        deadline = time.monotonic() + _START_SECONDS
        while True:
            try:
                self._connect().close()
            except psycopg.OperationalError as error:
                output = (self._directory / "output").read_text(errors="replace")[-4000:]
                if self._process.poll() is not None:
                    raise ServerError(f"postgres ended with {self._process.returncode}:\n{output}") from error
                if time.monotonic() > deadline:
                    raise ServerError(f"postgres is not ready after {_START_SECONDS:.0f} s:\n{output}") from error
                time.sleep(0.05)
            else:
                return

    def _stop(self) -> None:
        if self._process is not None:
            # "Immediate shutdown": it frees its shared memory, and nothing is worth a checkpoint here.
            self._process.send_signal(signal.SIGQUIT)
            try:
                self._process.wait(timeout=10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._guard is not None:
            self._guard.kill()
            self._guard.wait()
            assert self._guard.stdin is not None
            self._guard.stdin.close()
        shutil.rmtree(self._directory, ignore_errors=True)
