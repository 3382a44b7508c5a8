"""`FaultProxy`: a TCP proxy between a client or a service and its broker that fails on purpose, each way separately."""

import json
import subprocess
import sys
import threading
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

__all__ = ["Direction", "FaultProxy"]

_PORTS = {"amqp": 5672, "amqps": 5671}
_ENGINE = Path(__file__).with_name("proxy_process.py")
_END_SECONDS = 5.0


class Direction:
    """One way through a proxy. Each fault lasts until `FaultProxy.heal`; several may be on at once."""

    def __init__(self, proxy: "FaultProxy", name: str) -> None:
        self._proxy = proxy
        self._name = name

    def drop(self) -> None:
        """Swallow everything from now on, also on new connections: a black hole."""
        self._proxy._order("rule", self._name, "drop", True)

    def delay(self, seconds: float, jitter: float = 0.0) -> None:
        """Hold everything back for `seconds` plus a random part of `jitter` seconds; the order stays."""
        self._proxy._order("rule", self._name, "delay", seconds)
        self._proxy._order("rule", self._name, "jitter", jitter)

    def throttle(self, rate: float) -> None:
        """Let `rate` bytes a second through, on each connection."""
        self._proxy._order("rule", self._name, "rate", rate)

    def half_open(self) -> None:
        """Take nothing more from the present connections, and let the other end not know that this one closes."""
        self._proxy._order("mark", self._name, "stalled", True)

    def cut(self, after: int) -> None:
        """Let `after` more bytes through on each present connection, then close it."""
        self._proxy._order("mark", self._name, "cut_after", after)

    def cut_frame(self, inside: int) -> None:
        """Let the first `inside` bytes of the next AMQP frame that is longer through, then close; no use under TLS."""
        self._proxy._order("mark", self._name, "cut_inside", inside)

    def reset(self) -> None:
        """Reset the end that lies in this direction; the other end is reset when it next sends something."""
        self._proxy._order("reset", self._name)


class FaultProxy:
    """Stands between programs and a broker, on a port of 127.0.0.1, in a process of its own: nothing here stops it.

        with FaultProxy(broker_url) as proxy, svcrt.connect(proxy.url) as cluster:
            proxy.downstream.drop()

    Use it as a context manager, or call `start` and `close`. Methods may be called from any thread; when they return
    the fault is on.

    Args:
        url: of the broker, `amqp://user:password@host:port/vhost`.
        seed: of the random numbers of `Direction.delay`.

    Attributes:
        upstream: the way to the broker.
        downstream: the way from the broker.

    Raises:
        ValueError: the URL has no host.
    """

    def __init__(self, url: str, *, seed: int = 0) -> None:
        parts = urlsplit(url)
        if not parts.hostname:
            raise ValueError(f"a proxy needs the URL of a broker, like amqp://127.0.0.1:5672/, not `{parts.scheme}:…`")
        self._target = (parts.hostname, parts.port or _PORTS.get(parts.scheme, 5672))
        self._parts = parts
        self._seed = seed
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._port = 0
        self.upstream = Direction(self, "upstream")
        self.downstream = Direction(self, "downstream")

    def start(self) -> None:
        """Listen."""
        command = [sys.executable, "-I", str(_ENGINE), self._target[0], str(self._target[1]), str(self._seed)]
        self._process = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self._port = self._order("port")

    def close(self) -> None:
        """Close every connection and end. Harmless when called twice."""
        process, self._process = self._process, None
        if process is not None:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.close()
            try:
                process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            process.stdout.close()

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    @property
    def port(self) -> int:
        """The port of 127.0.0.1 that it listens on; stays the same."""
        return self._port

    @property
    def url(self) -> str:
        """The broker's URL with the proxy in the place of its host."""
        user, at, _ = self._parts.netloc.rpartition("@")
        return self._parts._replace(netloc=f"{user}{at}127.0.0.1:{self._port}").geturl()

    @property
    def accepted(self) -> int:
        """How many connections were made so far."""
        count: int = self._order("counts")[0]
        return count

    @property
    def open(self) -> int:
        """How many there are now."""
        count: int = self._order("counts")[1]
        return count

    def reset(self) -> None:
        """Reset every connection at both ends, at once."""
        self._order("reset", None)

    def refuse(self, on: bool = True) -> None:
        """Have new connections refused; present ones go on."""
        self._order("refuse", on)

    def mute(self, on: bool = True) -> None:
        """Accept new connections and never answer; present ones go on."""
        self._order("mute", on)

    def heal(self) -> None:
        """End every fault.

        What was held back goes on its way. A connection of which something was swallowed, or that was never answered,
        is reset: neither end must take what comes next for what is missing.
        """
        self._order("heal")

    def _order(self, *order: object) -> Any:
        with self._lock:
            process = self._process
            if process is None:
                raise RuntimeError("the proxy is not started")
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write(json.dumps(order).encode() + b"\n")
            process.stdin.flush()
            answer = process.stdout.readline()
            if not answer:
                raise RuntimeError("the proxy's process has ended")
            return json.loads(answer)
