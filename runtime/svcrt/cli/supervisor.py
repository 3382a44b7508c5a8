"""The supervisor of `svcgen run`: opens the sockets, executes broker and workers, forwards signals, reports ends."""

import dataclasses
import json
import logging
import os
import selectors
import signal
import socket
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

import click

from svcrt.cli import banner
from svcrt.cli.exit_codes import CUT_SIGNAL
from svcrt.cli.health import Health
from svcrt.cli.listening import address_of, listen
from svcrt.cli.processes import Child, how_it_ended
from svcrt.cli.reloading import Watch
from svcrt.cli.shared_broker import SharedBroker
from svcrt.cli.signals import SignalPipe
from svcrt.cli.workers import GRACE_SECONDS, Workers
from svcrt.config import Address, Configuration
from svcrt.errors import ConfigError

_CUT_SECONDS = 2.0
_BIG_BYTES = 1024 * 1024
_OF_THE_RUN = ("broker", "http", "admin", "workers", "drain", "log_level", "log_format")
"""Settings that a reload does not change."""

log = logging.getLogger("svcrt.run")


class Supervisor:
    """Runs services in worker processes until a signal, or what no restart can mend, ends the run."""

    def __init__(
        self, configuration: Configuration, folder: Path, *, reread: Callable[[], Configuration] | None = None
    ) -> None:
        """Args: configuration: what to run; folder: whose broker is shared; reread: reload on changes, settings too."""
        self._configuration = configuration
        self._settings = configuration.settings
        self._folder = folder
        self._reread = reread
        self._selector = selectors.DefaultSelector()
        self._broker: SharedBroker | None = None
        self._listener: socket.socket | None = None
        self._admin: socket.socket | None = None
        self._health = Health()
        self._has_terminal = _has_terminal()
        self._is_announced = False
        self._is_stopping = False
        self._stops = 0
        self._exit_code = 0
        self._workers = Workers(
            self._selector,
            count=self._settings.workers,
            drain=self._settings.drain,
            execute=self._execute,
            orders=self._orders,
            announce=self._announce,
            fail=self._fail,
            end=self._fall,
            is_reloading=reread is not None,
        )

    def run(self) -> int:
        """Run until the end; return the exit code. Main thread only. Raises StartError."""
        with ExitStack() as stack:
            stack.callback(self._selector.close)
            taken = [signal.SIGTERM, signal.SIGINT, signal.SIGCHLD]
            # nohup has it ignored.
            if signal.getsignal(signal.SIGHUP) is not signal.SIG_IGN:
                taken.append(signal.SIGHUP)
            signals = stack.enter_context(SignalPipe(*taken))
            self._selector.register(signals, selectors.EVENT_READ)
            if self._reread is not None:
                self._selector.register(stack.enter_context(Watch(self._folder)), selectors.EVENT_READ)
            self._open_ports(stack)
            self._open_broker(stack)
            stack.callback(self._workers.kill)
            self._workers.start()
            # The workers import what they need while the broker starts.
            if self._broker is not None:
                self._broker.await_ready()
            self._workers.give_orders()
            while self._workers.running or not self._is_stopping:
                self._turn()
        return self._exit_code

    def _open_ports(self, stack: ExitStack) -> None:
        if self._settings.http is not None:
            is_chosen = self._configuration.is_chosen("http")
            self._listener = stack.enter_context(listen(self._settings.http, is_chosen=is_chosen))
        if self._settings.admin is not None:
            # Its server is not free to import.
            from svcrt.cli.admin import AdminPort

            self._admin = stack.enter_context(listen(self._settings.admin, what="the admin port", flag="--admin"))
            pages = {"/live": self._health.live, "/ready": self._health.ready}
            stack.enter_context(AdminPort(self._admin, pages))

    def _open_broker(self, stack: ExitStack) -> None:
        if not self._settings.broker:
            self._broker = SharedBroker(self._folder)
            stack.callback(self._broker.close)
            self._broker.open()
            self._selector.register(self._broker, selectors.EVENT_READ)

    def _urls(self) -> tuple[str, ...]:
        return self._settings.broker if self._broker is None else (self._broker.url,)

    def _execute(self) -> Child:
        return Child(
            "worker process",
            "svcrt.cli.worker_process",
            lambda orders, reports: (str(orders), str(reports)),
            pass_fds=self._http_fds(),
            variables=self._variables(),
        )

    def _variables(self) -> dict[str, str]:
        # Left to itself glibc keeps what big messages took: after the first it allots them where little is given back.
        variables = {"MALLOC_MMAP_THRESHOLD_": os.environ.get("MALLOC_MMAP_THRESHOLD_", str(_BIG_BYTES))}
        if self._reread is not None:
            # Bytecode is told from older one by whole seconds: too coarse for who saves twice in one.
            variables["PYTHONDONTWRITEBYTECODE"] = "1"
        return variables

    def _http_fds(self) -> list[int]:
        return [] if self._listener is None else [self._listener.fileno()]

    def _orders(self) -> str:
        settings = dataclasses.replace(self._settings, broker=self._urls(), http=None, admin=None)
        # TOML knows dates and times, JSON does not: the worker gets those of `[config]` as text.
        return json.dumps({"settings": dataclasses.asdict(settings), "http_fds": self._http_fds()}, default=str)

    def _turn(self) -> None:
        self._health.show(self._workers.running, is_stopping=self._is_stopping)
        at = self._workers.next_at()
        for key, _ in self._selector.select(None if at is None else max(0.0, at - time.monotonic())):
            match key.fileobj:
                case SignalPipe() as signals:
                    self._on_signals(signals.read())
                case SharedBroker() as broker:
                    broker.take_over()
                    log.warning("the run that had the embedded broker has ended; this one has it now, empty")
                case Watch() as watch:
                    self._on_changes(watch.changes())
                case Child() as worker:
                    self._workers.on_report(worker)
        self._workers.turn()
        self._check_broker()

    def _on_signals(self, numbers: list[int]) -> None:
        for number in numbers:
            name = signal.Signals(number).name
            if number == signal.SIGHUP and not self._has_terminal and not self._is_stopping:
                log.info("%s: replacing the worker processes one by one", name)
                self._workers.replace_all()
            elif number != signal.SIGCHLD:
                self._on_stop(name)

    def _on_stop(self, name: str) -> None:
        self._stops += 1
        if self._stops == 1:
            log.info("%s: stopping; running work has %g s, a second signal cuts it", name, self._settings.drain)
            self._stop()
        else:
            log.warning("%s again: stopping now", name)
            self._workers.stop(CUT_SIGNAL, within=_CUT_SECONDS)

    def _stop(self) -> None:
        self._is_stopping = True
        if self._listener is not None:
            # As long as one process holds it, connections are made that nobody will serve.
            self._listener.close()
            self._listener = None
        self._health.show(self._workers.running, is_stopping=True)
        self._workers.stop(signal.SIGTERM, within=self._settings.drain + GRACE_SECONDS)

    def _fail(self, sentence: str) -> None:
        """Note that the run has failed; without a sentence somebody else has told why."""
        self._exit_code = 1
        if sentence:
            log.error(sentence)

    def _fall(self, sentence: str) -> None:
        self._fail(sentence and f"{sentence}; the run ends")
        self._stop()

    def _check_broker(self) -> None:
        broker = self._broker.child if self._broker is not None else None
        if broker is not None and not self._is_stopping and (code := broker.poll()) is not None:
            self._fall(f"the {broker.role} {how_it_ended(code)}")

    def _on_changes(self, paths: list[Path]) -> None:
        if self._is_stopping:
            return
        for path in paths:
            if path.suffix == ".idl":
                log.warning("%s has changed; `svcgen compile` makes the new contract take effect", path)
        code = [path for path in paths if path.suffix != ".idl"]
        if code:
            more = f" and {len(code) - 1} more" if len(code) > 1 else ""
            log.info("%s%s changed: restarting", code[0], more)
            if any(path.suffix == ".toml" for path in code):
                self._reread_settings()
            self._workers.restart_all()

    def _reread_settings(self) -> None:
        assert self._reread is not None
        try:
            new = self._reread().settings
        except ConfigError as error:
            log.error("%s; the former settings still hold", error)
            return
        kept = {key: getattr(self._settings, key) for key in _OF_THE_RUN}
        if waiting := [key for key, value in kept.items() if getattr(new, key) != value]:
            log.warning("the new %s takes effect with the next run", ", ".join(f"`{key}`" for key in waiting))
        self._settings = dataclasses.replace(new, **kept)

    def _announce(self, services: list[str]) -> None:
        if self._is_announced:
            return
        self._is_announced = True
        embedded = None
        if self._broker is not None:
            embedded = "embedded, in memory" if self._broker.child else "embedded, of another run in this folder"
        for line in banner.lines(
            services=services,
            brokers=self._urls(),
            embedded=embedded,
            http=_bound_to(self._listener),
            wanted=self._settings.http,
            admin=_bound_to(self._admin),
        ):
            if self._settings.log_format == "json":
                log.info(" ".join(line.split()))
            else:
                click.echo(line, err=True)


def _bound_to(listener: socket.socket | None) -> Address | None:
    return None if listener is None else address_of(listener)


def _has_terminal() -> bool:
    """Whether SIGHUP can mean that the terminal was closed."""
    try:
        os.close(os.open("/dev/tty", os.O_RDONLY | os.O_NOCTTY))
    except OSError:
        return False
    return True
