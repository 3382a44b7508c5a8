"""A private RabbitMQ node for tests: own epmd, own ports, own directories; nothing of it outlives the test process."""

import os
import secrets
import shutil
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Self
from urllib.parse import quote

__all__ = ["RABBITMQ_SERVER", "NodeError", "RabbitMQNode", "find_free_port", "server_installed"]

# Debian's /usr/sbin/rabbitmq-server changes to the user `rabbitmq` and to fixed directories; these scripts do not.
_SCRIPTS = Path("/usr/lib/rabbitmq/bin")
RABBITMQ_SERVER = _SCRIPTS / "rabbitmq-server"
_START_SECONDS = 60.0
_VHOST_BATCH = 16
# When the test process ends, however it ends, this shell's stdin closes and it kills what is left.
_GUARD = 'pids=; while read -r pid; do pids="$pids $pid"; done; kill -KILL $pids 2>/dev/null; sleep 1; rm -rf "$1"'


class NodeError(RuntimeError):
    """The node did not start, or a control command failed; the text carries its output."""


def server_installed() -> bool:
    """Tell whether this machine can start a node."""
    return (
        RABBITMQ_SERVER.exists()
        and (_SCRIPTS / "rabbitmqctl").exists()
        and shutil.which("erl") is not None
        and shutil.which("epmd") is not None
    )


def find_free_port() -> int:
    """Return a TCP port of 127.0.0.1 that was free a moment ago."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


class RabbitMQNode:
    """One node on 127.0.0.1: start, stop, kill, restart on the same port and data, control.

    Args:
        config: Extra lines of rabbitmq.conf, e.g. ``{"heartbeat": "2"}``.
        plugins: Plugins to enable, of those that Debian's package has.
    """

    user = "svcgen"
    password = "secret"

    def __init__(self, config: Mapping[str, str] | None = None, *, plugins: Sequence[str] = ()) -> None:
        self.host = "127.0.0.1"
        self.port = 0
        self.directory = Path()
        self._config = dict(config or {})
        self._plugins = tuple(plugins)
        self._name = f"svcgen-{secrets.token_hex(4)}@localhost"
        self._epmd_port = 0
        self._node: subprocess.Popen[bytes] | None = None
        self._epmd: subprocess.Popen[bytes] | None = None
        self._guard: subprocess.Popen[str] | None = None
        self._spare_vhosts: list[str] = []
        self._vhosts_made = 0

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    @property
    def running(self) -> bool:
        """Whether the node's process lives."""
        return self._node is not None and self._node.poll() is None

    @property
    def pid(self) -> int:
        """Process id of the Erlang VM."""
        if self._node is None:
            raise NodeError("the node is not started")
        return self._node.pid

    @contextmanager
    def frozen(self) -> Iterator[None]:
        """Have the node stand still: its connections stay open, and nothing answers."""
        os.kill(self.pid, signal.SIGSTOP)
        try:
            # Its threads stop one after the other, each when the kernel next sees it.
            while not all(
                task.read_text().rpartition(")")[2].split()[0] == "T"
                for task in Path(f"/proc/{self.pid}/task").glob("*/stat")
                for task in Path(f"/proc/{self.pid}/task").glob("*/stat")
            ):
                time.sleep(0.001)
            yield
        finally:
            os.kill(self.pid, signal.SIGCONT)

    @property
    def url(self) -> str:
        """URL of vhost ``/``."""
        return self.vhost_url("/")

    def vhost_url(self, vhost: str) -> str:
        """Return the URL of a vhost with the default user."""
        path = "" if vhost == "/" else quote(vhost, safe="")
        return f"amqp://{self.user}:{self.password}@{self.host}:{self.port}/{path}"

    def start(self) -> None:
        """Start the node and wait until it accepts connections.

        Raises:
            NodeError: It ended or was not ready within a minute; the message ends with its output.
        """
        if not self.directory.parts:
            self._prepare()
        output = (self.directory / "output").open("ab")
        with output:
            self._node = subprocess.Popen(
                [str(RABBITMQ_SERVER)],
                env=self._environment(),
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                cwd=self.directory,
            )
        self._guard_pid(self._node.pid)
        self._wait_ready()

    def stop(self) -> None:
        """End the node and its epmd and remove its directory. Nothing is worth an orderly shutdown here."""
        self.kill()
        if self._epmd is not None:
            self._epmd.kill()
            self._epmd.wait()
            self._epmd = None
        if self._guard is not None:
            self._guard.kill()
            self._guard.wait()
            assert self._guard.stdin is not None
            self._guard.stdin.close()
            self._guard = None
        if self.directory.parts:
            shutil.rmtree(self.directory, ignore_errors=True)
            self.directory = Path()

    def kill(self) -> None:
        """End the node with SIGKILL, as a power failure would. Its data stay for `restart`."""
        if self._node is not None:
            self._node.kill()
            self._node.wait()
            self._node = None

    def shut_down(self) -> None:
        """End the node in good order, as an operator does: it closes its connections and writes what it has."""
        if self._node is not None:
            self._node.terminate()
            self._node.wait(_START_SECONDS)
            self._node = None

    def restart(self) -> None:
        """Kill the node if it lives, and start it on the same port and data."""
        self.kill()
        self.start()

    def rabbitmqctl(self, *arguments: str, check: bool = True) -> str:
        """Run ``rabbitmqctl`` against this node (half a second each) and return its output.

        Raises:
            NodeError: The command failed and `check` is true.
        """
        done = subprocess.run(
            [str(_SCRIPTS / "rabbitmqctl"), "--quiet", "--node", self._name, *arguments],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            timeout=_START_SECONDS,
            cwd=self.directory,
            check=False,
        )
        if check and done.returncode != 0:
            raise NodeError(f"rabbitmqctl {' '.join(arguments)} ended with {done.returncode}:\n{done.stdout}")
        return done.stdout

    def fresh_vhost(self) -> str:
        """Return the URL of a vhost that nobody used before."""
        # Made in batches: a call of rabbitmqctl takes half a second, a vhost 15 ms.
        if not self._spare_vhosts:
            names = [f"t{self._vhosts_made + number}" for number in range(_VHOST_BATCH)]
            self._vhosts_made += _VHOST_BATCH
            listed = ",".join(f'<<"{name}">>' for name in names)
            user = f'<<"{self.user}">>'
            self.rabbitmqctl(
                "eval",
                f"[begin rabbit_vhost:add(V, {user}), rabbit_auth_backend_internal:set_permissions("
                f'{user}, V, <<".*">>, <<".*">>, <<".*">>, {user}) end || V <- [{listed}]], ok.',
            )
            self._spare_vhosts = names[::-1]
        return self.vhost_url(self._spare_vhosts.pop())

    def _prepare(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="svcgen-rabbitmq-"))
        self.port, self._epmd_port, distribution = find_free_port(), find_free_port(), find_free_port()
        settings = {
            "listeners.tcp.default": f"{self.host}:{self.port}",
            "distribution.listener.port_range.min": str(distribution),
            "distribution.listener.port_range.max": str(distribution),
            "default_user": self.user,
            "default_pass": self.password,
            "num_acceptors.tcp": "2",
            "log.file": "false",
            "log.console": "true",
            "log.console.level": "warning",
            # A developer's full disk must not block every publish of the test run.
            "disk_free_limit.absolute": "1MB",
            **self._config,
        }
        text = "".join(f"{key} = {value}\n" for key, value in settings.items())
        (self.directory / "rabbitmq.conf").write_text(text)
        (self.directory / "enabled_plugins").write_text(f"[{','.join(self._plugins)}].\n")
        self._epmd = subprocess.Popen(
            ["epmd", "-port", str(self._epmd_port), "-address", self.host],
            env=self._environment(),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
        )
        self._guard = subprocess.Popen(
            ["/bin/sh", "-c", _GUARD, "guard", str(self.directory)],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
            start_new_session=True,
            text=True,
        )
        self._guard_pid(self._epmd.pid)

    def _guard_pid(self, pid: int) -> None:
        assert self._guard is not None
        assert self._guard.stdin is not None
        self._guard.stdin.write(f"{pid}\n")
        self._guard.stdin.flush()

    def _environment(self) -> dict[str, str]:
        directory = self.directory
        return {
            "PATH": os.environ.get("PATH", "/usr/bin:/bin"),
            "LANG": "C.UTF-8",
            "HOME": str(directory),  # the Erlang cookie is made there
            "ERL_EPMD_PORT": str(self._epmd_port),
            "ERL_EPMD_ADDRESS": self.host,
            "RABBITMQ_NODENAME": self._name,
            "RABBITMQ_CONF_ENV_FILE": "/dev/null",
            "RABBITMQ_CONFIG_FILE": str(directory / "rabbitmq.conf"),
            "RABBITMQ_MNESIA_BASE": str(directory / "mnesia"),
            "RABBITMQ_LOG_BASE": str(directory / "log"),
            "RABBITMQ_ENABLED_PLUGINS_FILE": str(directory / "enabled_plugins"),
            "RABBITMQ_PID_FILE": str(directory / "pid"),
            "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS": "+S 2:2 -start_epmd false",
            # The start script then becomes the Erlang VM (exec) instead of waiting for it: our pid is the VM's.
            "detached": "1",
        }

    def _wait_ready(self) -> None:
        assert self._node is not None
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline:
            if self._node.poll() is not None:
                raise NodeError(f"rabbitmq-server ended with {self._node.returncode}:\n{self._output()}")
            with socket.socket() as probe:
                # The listener is the last step of the boot, after users and vhosts.
                if probe.connect_ex((self.host, self.port)) == 0:
                    return
            time.sleep(0.05)
        raise NodeError(f"rabbitmq-server is not ready after {_START_SECONDS:.0f} s:\n{self._output()}")

    def _output(self) -> str:
        return (self.directory / "output").read_text(errors="replace")[-4000:]
