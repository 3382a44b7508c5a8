"""The supervisor of `svcgen run`: opens the sockets, executes broker and workers, forwards signals, reports ends."""

import dataclasses
import json
import logging
import selectors
import signal
import socket
import time
from contextlib import ExitStack
from pathlib import Path

import click

from svcrt.cli import banner
from svcrt.cli.listening import address_of, listen
from svcrt.cli.processes import Child, how_it_ended
from svcrt.cli.shared_broker import SharedBroker
from svcrt.cli.signals import SignalPipe
from svcrt.config import Configuration

START_FAILED = 78
"""Exit code (EX_CONFIG of sysexits.h) of a worker that has told a person why it cannot start."""
WORK_CUT = 75
"""Exit code (EX_TEMPFAIL) of a worker that has told that it left work unfinished."""
CUT_SIGNAL = signal.SIGQUIT
"""Tells a worker not to wait for running work. Not a second SIGTERM: systemd sends one beside ours."""
_GRACE_SECONDS = 10.0
_CUT_SECONDS = 2.0

log = logging.getLogger("svcrt.run")


class Supervisor:
    """Runs services in worker processes until a signal, or the end of one of them, ends the run."""

    def __init__(self, configuration: Configuration, folder: Path, *, processes: int = 1) -> None:
        """Args: configuration: what to run; folder: whose broker is shared; processes: workers, each hosting it all."""
        self._configuration = configuration
        self._settings = configuration.settings
        self._folder = folder
        self._processes = processes
        self._selector = selectors.DefaultSelector()
        self._broker: SharedBroker | None = None
        self._listener: socket.socket | None = None
        self._workers: list[Child] = []
        self._is_announced = False
        self._is_stopping = False
        self._signals = 0
        self._cut_at: float | None = None
        self._exit_code = 0

    def run(self) -> int:
        """Run until the end; return the exit code. Main thread only. Raises StartError."""
        with ExitStack() as stack:
            stack.callback(self._selector.close)
            signals = stack.enter_context(SignalPipe(signal.SIGTERM, signal.SIGINT, signal.SIGHUP, signal.SIGCHLD))
            self._selector.register(signals, selectors.EVENT_READ)
            self._open_http(stack)
            self._open_broker(stack)
            stack.callback(self._end_workers)
            for _ in range(self._processes):
                self._start_worker()
            # The workers import what they need while the broker starts.
            if self._broker is not None:
                self._broker.await_ready()
            for worker in self._workers:
                worker.order(self._orders())
            while self._workers:
                self._turn()
        return self._exit_code

    def _open_http(self, stack: ExitStack) -> None:
        if self._settings.http is not None:
            is_chosen = self._configuration.is_chosen("http")
            self._listener = stack.enter_context(listen(self._settings.http, is_chosen=is_chosen))

    def _open_broker(self, stack: ExitStack) -> None:
        if not self._settings.broker:
            self._broker = SharedBroker(self._folder)
            stack.callback(self._broker.close)
            self._broker.open()
            self._selector.register(self._broker, selectors.EVENT_READ)

    def _urls(self) -> tuple[str, ...]:
        return self._settings.broker if self._broker is None else (self._broker.url,)

    def _start_worker(self) -> None:
        worker = Child(
            "worker process",
            "svcrt.cli.worker_process",
            lambda orders, reports: (str(orders), str(reports)),
            pass_fds=self._http_fds(),
        )
        self._workers.append(worker)
        self._selector.register(worker, selectors.EVENT_READ)

    def _http_fds(self) -> list[int]:
        return [] if self._listener is None else [self._listener.fileno()]

    def _orders(self) -> str:
        settings = dataclasses.asdict(dataclasses.replace(self._settings, broker=self._urls(), http=None))
        # TOML knows dates and times, JSON does not: the worker gets those of `[config]` as text.
        return json.dumps({"settings": settings, "http_fds": self._http_fds()}, default=str)

    def _turn(self) -> None:
        timeout = None if self._cut_at is None else max(0.0, self._cut_at - time.monotonic())
        for key, _ in self._selector.select(timeout):
            match key.fileobj:
                case SignalPipe() as signals:
                    self._on_signals(signals.read())
                case SharedBroker() as broker:
                    broker.take_over()
                    log.warning("the run that had the embedded broker has ended; this one has it now, empty")
                case Child() as worker:
                    self._on_reports(worker)
        for worker in list(self._workers):
            if (code := worker.poll()) is not None:
                self._on_end(worker, code)
        self._check_broker()
        if self._cut_at is not None and time.monotonic() >= self._cut_at:
            self._cut()

    def _on_signals(self, numbers: list[int]) -> None:
        for number in numbers:
            if number == signal.SIGCHLD:
                continue
            self._signals += 1
            name = signal.Signals(number).name
            if self._signals == 1:
                log.info("%s: stopping; running work has %g s, a second signal cuts it", name, self._settings.drain)
                self._stop(within=self._settings.drain + _GRACE_SECONDS)
            else:
                log.warning("%s again: stopping now", name)
                self._stop(within=_CUT_SECONDS, how=CUT_SIGNAL)

    def _stop(self, *, within: float, how: signal.Signals = signal.SIGTERM) -> None:
        self._is_stopping = True
        if self._listener is not None:
            # As long as one process holds it, connections are made that nobody will serve.
            self._listener.close()
            self._listener = None
        deadline = time.monotonic() + within
        self._cut_at = deadline if self._cut_at is None else min(self._cut_at, deadline)
        for worker in self._workers:
            worker.signal(how)

    def _cut(self) -> None:
        self._cut_at = None
        for worker in self._workers:
            self._fail(f"the {worker.role} {worker.pid} has not ended in time and is killed")
            worker.signal(signal.SIGKILL)

    def _fail(self, sentence: str) -> None:
        self._exit_code = 1
        log.error(sentence)

    def _fall(self, sentence: str) -> None:
        self._fail(f"{sentence}; the run ends")
        self._stop(within=self._settings.drain + _GRACE_SECONDS)

    def _on_reports(self, worker: Child) -> None:
        for line in worker.reports():
            if not self._is_announced:
                self._is_announced = True
                self._announce(json.loads(line)["services"])
        if worker.is_silent:
            self._selector.unregister(worker)

    def _on_end(self, worker: Child, code: int) -> None:
        self._workers.remove(worker)
        if not worker.is_silent:
            self._selector.unregister(worker)
        worker.close()
        was_killed_by_us = code == -signal.SIGKILL and self._is_stopping and self._cut_at is None
        if code in (START_FAILED, WORK_CUT):
            self._exit_code = 1
            self._stop(within=self._settings.drain + _GRACE_SECONDS)
        elif not self._is_stopping:
            self._fall(f"the {worker.role} {worker.pid} {how_it_ended(code)}")
        # The signal itself ends a worker that has not come to handle it.
        elif code not in (0, -signal.SIGTERM, -CUT_SIGNAL) and not was_killed_by_us:
            self._fail(f"the {worker.role} {worker.pid} {how_it_ended(code)}")

    def _check_broker(self) -> None:
        broker = self._broker.child if self._broker is not None else None
        if broker is not None and not self._is_stopping and (code := broker.poll()) is not None:
            self._fall(f"the {broker.role} {how_it_ended(code)}")

    def _end_workers(self) -> None:
        for worker in self._workers:
            worker.end(within=_CUT_SECONDS)

    def _announce(self, services: list[str]) -> None:
        embedded = None
        if self._broker is not None:
            embedded = "embedded, in memory" if self._broker.child else "embedded, of another run in this folder"
        http = None if self._listener is None else address_of(self._listener)
        for line in banner.lines(
            services=services, brokers=self._urls(), embedded=embedded, http=http, wanted=self._settings.http
        ):
            if self._settings.log_format == "json":
                log.info(" ".join(line.split()))
            else:
                click.echo(line, err=True)
