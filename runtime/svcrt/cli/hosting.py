"""What a worker process does: load the services it is ordered to, host them, stop when told."""

import logging
import signal
import socket
import sys
import time
from pathlib import Path
from typing import Any

from svcrt.cli import logs
from svcrt.cli.exit_codes import CRASHED, CUT_SIGNAL, START_FAILED, WORK_CUT
from svcrt.cli.loading import add_to_path, load_middleware, load_services
from svcrt.cli.orders import Supervised
from svcrt.concurrency import Backend, backend
from svcrt.config import Settings
from svcrt.errors import StartError
from svcrt.runner import Runner
from svcrt.types import Channel

BEAT_SECONDS = 2.0
"""How often a worker that is the same tells so: whoever reads it knows that the hub turns."""
_LOOK_SECONDS = 0.25
_STARTED, _STOPPED = object(), object()

log = logging.getLogger("svcrt.run")


def host(supervised: Supervised) -> int:
    """Host what the supervisor orders until SIGTERM; return the exit code."""
    orders = supervised.orders()
    settings = Settings(**orders["settings"])
    logs.configure(level=settings.log_level, style=settings.log_format, names_process=settings.workers > 1)
    try:
        add_to_path(Path.cwd())
        classes = load_services(settings.services)
        supervised.report(
            services=[f"{cls.contract.name} ({name})" for cls, name in zip(classes, settings.services, strict=True)]
        )
        runner = _runner(classes, settings, orders["http_fds"])
        return _Host(runner, backend("green"), settings.drain, supervised).run()
    except StartError as error:
        print(f"Error: {error}", file=sys.stderr)
        return START_FAILED


def _runner(classes: list[type[Any]], settings: Settings, http_fds: list[int]) -> Runner:
    http = socket.socket(fileno=http_fds[0]) if http_fds else None
    if http is not None:
        http.set_inheritable(False)
    return Runner(
        classes,
        broker=settings.broker,
        config=settings.config,
        max_workers=settings.max_workers,
        http=http,
        origins=settings.origins,
        heartbeat=settings.heartbeat,
        link=settings.link,
        encoding=settings.encoding,
        queues=settings.queues,
        wait_for_service=settings.wait_for_service,
        middleware=load_middleware(settings.middleware),
    )


class _Host:
    """Starts and stops a runner in tasks of their own, so that a signal is heard at any time."""

    def __init__(self, runner: Runner, concurrency: Backend, drain: float, supervised: Supervised) -> None:
        self._runner = runner
        self._concurrency = concurrency
        self._drain = drain
        self._supervised = supervised
        self._events: Channel[object] = concurrency.channel()

    def run(self) -> int:
        restore = self._concurrency.on_signal([signal.SIGTERM, CUT_SIGNAL], self._events.put)
        try:
            self._concurrency.spawn(self._beat, name="beat")
            self._concurrency.spawn(self._start, name="start")
            event = self._events.get()
            if event in (signal.SIGTERM, CUT_SIGNAL):
                self._runner.kill()
                return 0
            if event is _STARTED:
                event = self._events.get()
            if event == signal.SIGTERM:
                self._concurrency.spawn(self._stop, name="stop")
                # One more SIGTERM changes nothing.
                while event == signal.SIGTERM:
                    event = self._events.get()
            return self._end(event)
        finally:
            restore()

    def _end(self, event: object) -> int:
        if isinstance(event, StartError):
            raise event
        if isinstance(event, BaseException):
            log.critical("the run ends on a fault of its own", exc_info=event)
            return CRASHED
        if event is _STOPPED:
            return 0
        if event == CUT_SIGNAL:
            self._runner.kill()
        return WORK_CUT

    def _beat(self) -> None:
        """Report what is missing for requests to reach us: each change, and the same from time to time."""
        said, said_at = None, 0.0
        while True:
            missing, now = self._runner.missing, time.monotonic()
            if missing != said or now - said_at >= BEAT_SECONDS:
                self._supervised.report(missing=missing)
                said, said_at = missing, now
            self._concurrency.sleep(_LOOK_SECONDS)

    def _start(self) -> None:
        try:
            self._runner.start()
        except (Exception, SystemExit, KeyboardInterrupt) as error:  # whatever a provider raises
            self._events.put(error)
        else:
            self._events.put(_STARTED)

    def _stop(self) -> None:
        try:
            ended = self._runner.stop(self._drain)
        except (Exception, SystemExit, KeyboardInterrupt) as error:  # whatever a provider raises
            self._events.put(error)
        else:
            self._events.put(_STOPPED if ended else WORK_CUT)
