"""A service in a process of its own, a client here, and the ledger of both: what the tests of faults break."""

import itertools
import json
import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

import svcrt
import waiting
from fault_ledger import DONE, Ledger
from fault_service import ADD, DO, NOTED, READ, Order
from rabbitmq_node import RabbitMQNode
from svcrt.testing import FaultProxy

__all__ = ["GRACE", "HEARTBEAT", "Load", "WITHIN", "ServiceProcess", "Site", "Sites"]

HEARTBEAT = 1.0
WITHIN = 3.0
"""Seconds that a call of a test may take."""
PUBLISH_WITHIN = 10.0
"""Seconds that a job or an event may take: `svcrt.amqp.caller.PUBLISH_TIMEOUT`."""
GRACE = 3.0
"""Seconds by which anything may end too late on a loaded machine."""
_START_SECONDS = 40.0
_LOAD_SECONDS = 40.0
_PROGRAM = """\
import sys
if sys.argv[1] == "green":
    # As `svcgen run` does, before anything that a service uses is imported.
    from svcrt.concurrency.green import patch
    patch()
import importlib
importlib.import_module(sys.argv[2]).main(sys.argv[1], *sys.argv[3:])
"""


class ServiceProcess:
    """One instance of `acme.faults.v1.Target`; `said` is its log, `module` has its `main`."""

    def __init__(
        self,
        urls: Sequence[str],
        ledger: Path,
        *,
        name: str,
        concurrency: str,
        link: str,
        module: str = "fault_service",
    ) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-c", _PROGRAM, concurrency, module, str(ledger), name, str(HEARTBEAT), *urls],
            env={**os.environ, "SVCGEN_LINK": link, "PYTHONPATH": str(Path(__file__).parent)},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
        )
        self.said = ""
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Its process id."""
        return self._process.pid

    @property
    def running(self) -> bool:
        """Whether it has not ended yet."""
        return self._process.poll() is None

    @property
    def code(self) -> int | None:
        """What it ended with; negative for a signal."""
        return self._process.poll()

    def figures(self) -> dict[str, int]:
        """Ask it for what `process_figures` tells."""
        before = len(self.said)
        self._process.send_signal(signal.SIGUSR1)
        line = self.wait_for(r"service: figures .*\n", since=before)
        found: dict[str, int] = json.loads(line.split("figures ", 1)[1])
        return found

    def wait_for(self, pattern: str, *, since: int = 0, within: float = _START_SECONDS) -> str:
        """Wait until it has logged a line that matches, after the first `since` characters; return the line."""
        search = re.compile(pattern)
        waiting.wait_until(
            lambda: search.search(self.said, since) or self._process.poll() is not None,
            what=f"`{pattern}` in the log of the service\n{self.said[since:]}\n",
            within=within,
        )
        match = search.search(self.said, since)
        assert match, f"the service ended without saying `{pattern}`:\n{self.said}"
        start = self.said.rfind("\n", 0, match.start()) + 1
        return self.said[start : self.said.find("\n", match.end())]

    def stop(self) -> None:
        """End it by SIGTERM, or by SIGKILL if it does not hear."""
        if self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(20.0)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        self._reader.join()
        assert self._process.stderr is not None
        self._process.stderr.close()

    def _read(self) -> None:
        assert self._process.stderr is not None
        for line in self._process.stderr:
            self.said += line


class Load:
    """Threads that call and send one thing after the other, until told to stop."""

    def __init__(self, site: "Site", kinds: Sequence[str], seconds: float, ballast: str) -> None:
        self.outcomes: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._site = site
        self._stopping = threading.Event()
        self._seconds, self._ballast = seconds, ballast
        self._threads = [threading.Thread(target=self._run, args=[kind]) for kind in kinds]
        for thread in self._threads:
            thread.start()

    def _run(self, kind: str) -> None:
        while not self._stopping.is_set():
            outcome = self._site.order(kind, seconds=self._seconds, ballast=self._ballast)
            with self._lock:
                self.outcomes[outcome] += 1
            self._stopping.wait(0.01)

    def wait(self, count: int, outcome: str = DONE) -> None:
        """Wait until so many more of its orders have ended so."""
        wanted = self.outcomes[outcome] + count
        deadline = time.monotonic() + _LOAD_SECONDS
        while self.outcomes[outcome] < wanted:
            assert time.monotonic() < deadline, f"no {count} more orders ended in {outcome}: {dict(self.outcomes)}"
            time.sleep(0.02)

    def wait_for_failure(self) -> None:
        """Wait until one of its orders has ended in something else than what it asked for."""
        waiting.wait_until(lambda: set(self.outcomes) - {DONE}, what="an order that fails")

    def stop(self) -> None:
        """End it; what is under way ends in its own time, which has a bound."""
        self._stopping.set()
        for thread in self._threads:
            thread.join(PUBLISH_WITHIN + 2 * GRACE)
        hanging = [thread for thread in self._threads if thread.is_alive()]
        assert not hanging, f"{len(hanging)} orders hang: {self._site.hanging()}"


class Site:
    """A service and a client of one virtual host, each behind a proxy of its own.

    Args:
        urls: of the broker, the first of which goes through the proxies.
        folder: where the ledger is.
        concurrency: the back end of the service's process; the client uses native threads.
        link: the implementation of the link of both, one of `LINKS`.
    """

    def __init__(self, urls: Sequence[str], folder: Path, *, concurrency: str, link: str) -> None:
        self._numbers = itertools.count(1)
        self.link = link
        self.vhost = urlsplit(urls[0]).path[1:]
        with ExitStack() as stack:
            self.ledger = stack.enter_context(closing(Ledger(folder / "ledger", by="client")))
            self.service_proxy = stack.enter_context(FaultProxy(urls[0]))
            self.client_proxy = stack.enter_context(FaultProxy(urls[0]))
            self.service = ServiceProcess(
                [self.service_proxy.url, *urls[1:]],
                self.ledger.path,
                name="service",
                concurrency=concurrency,
                link=link,
            )
            stack.callback(self.service.stop)
            options: dict[str, Any] = {"link": link}
            client_urls = [self.client_proxy.url, *urls[1:]]
            self.cluster = svcrt.connect(client_urls, heartbeat=HEARTBEAT, wait=30.0, **options)
            stack.callback(self.cluster.close)
            self.service.wait_for("service: ready")
            self._stack = stack.pop_all()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.close()

    def close(self) -> None:
        """End all of it."""
        self._stack.close()

    def order(self, kind: str, *, within: float = WITHIN, seconds: float = 0.0, ballast: str = "") -> str:
        """Do one thing of a kind that `fault_ledger.ALLOWED` knows, in the ledger; return its outcome there."""
        key = f"{kind}{next(self._numbers)}"
        order = Order(key=key, seconds=seconds, ballast=ballast)
        is_call = kind in ("rpc", "idempotent")
        self.ledger.begin(kind, key, within=within if is_call else PUBLISH_WITHIN)
        outcome: BaseException | str = DONE
        try:
            if is_call:
                answer = self.cluster.call(ADD if kind == "rpc" else READ, order, timeout=within)
                outcome = DONE if answer == ballast else f"an answer of {len(answer)} characters"
            elif kind == "oneway":
                self.cluster.send(DO, order)
            else:
                self.cluster.emit(NOTED, order)
        except Exception as error:
            outcome = error
        self.ledger.end(key, outcome)
        return outcome if isinstance(outcome, str) else type(outcome).__name__

    @contextmanager
    def load(
        self,
        kinds: Sequence[str] = ("rpc", "rpc", "idempotent", "oneway", "event"),
        *,
        seconds: float = 0.0,
        ballast: str = "",
    ) -> Iterator[Load]:
        """Keep both busy for the time of the block: one thread for each of `kinds`."""
        load = Load(self, kinds, seconds, ballast)
        try:
            yield load
        finally:
            load.stop()

    def hanging(self) -> list[str]:
        """Return what has begun and not ended."""
        return [key for key, entry in self.ledger.read().items() if entry.kind and not entry.outcomes]

    def works(self, within: float = 45.0) -> bool:
        """Whether the same client object and the same service process do all kinds of work again, `within` seconds."""
        deadline = time.monotonic() + within
        for kind in ("rpc", "idempotent", "oneway", "event"):
            while (outcome := self.order(kind)) != DONE:
                assert time.monotonic() < deadline, f"{kind} still ends in {outcome} after {within:g} s"
                time.sleep(0.05)
        return True

    def balance(self, *, within: float = 45.0) -> None:
        """Wait until what was confirmed has run; then every promise must have been kept."""
        deadline = time.monotonic() + within
        while self.ledger.unheard() and time.monotonic() < deadline:
            time.sleep(0.05)
        faults = self.ledger.faults(grace=GRACE)
        assert not faults, "\n".join(faults[:20])


class Sites:
    """Keeps one site of a node; another is made when the link or the back end changes, or after `drop`."""

    def __init__(self, node: RabbitMQNode, folder: Path) -> None:
        self._node = node
        self._folder = folder
        self._numbers = itertools.count(1)
        self._wanted: tuple[str, str] | None = None
        self._site: Site | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.drop()

    def get(self, link: str, concurrency: str) -> Site:
        """Return the site of this link and back end."""
        if self._site is None or self._wanted != (link, concurrency):
            self.drop()
            folder = self._folder / str(next(self._numbers))
            folder.mkdir()
            self._site = Site([self._node.fresh_vhost()], folder, concurrency=concurrency, link=link)
            self._wanted = (link, concurrency)
        return self._site

    def drop(self) -> None:
        """End the site."""
        site, self._site = self._site, None
        if site is not None:
            site.close()
