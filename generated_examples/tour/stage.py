"""Runs `svcgen run` beside the tour, and waits for what the services say."""

import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from collections.abc import Callable, Generator
from contextlib import contextmanager
from pathlib import Path

SECONDS = 30.0
"""What anything but the cron tick may take."""
_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable")
_FLAGS = (
    "--headless",
    "--no-sandbox",
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


class StageError(Exception):
    """The tour cannot go on. The message says what did not happen, and what the services said."""


class Stage:
    """Processes by name, each with a log; all ended in the end.

    Args:
        broker: URL of a RabbitMQ; None for the embedded broker of the first that runs.
    """

    def __init__(self, broker: str | None) -> None:
        self._broker = broker
        self._running: dict[str, subprocess.Popen[bytes]] = {}

    def run(self, name: str, service: str) -> None:
        """`svcgen run service`, until its services run."""
        broker = ["--broker", self._broker] if self._broker else []
        command = [sys.executable, "-m", "svcrt", "run", f"tour.service:{service}", "--http", "127.0.0.1:0"]
        with _log(name).open("wb") as log:
            self._running[name] = subprocess.Popen([*command, "--config", "tour/svcgen.toml", *broker], stderr=log)
        self._wait(lambda: " is running" in _log(name).read_text(), f"{name} runs", name)

    def stop(self, name: str) -> None:
        """SIGTERM, and wait for the end in good order."""
        process = self._running.pop(name)
        process.terminate()
        if process.wait(SECONDS) != 0:
            raise StageError(f"{name} ended with {process.returncode}:\n{_log(name).read_text()}")

    def stop_all(self) -> None:
        """The last first, since the first may have the broker."""
        for process in reversed(self._running.values()):
            process.terminate()
            try:
                process.wait(SECONDS)
            except subprocess.TimeoutExpired:
                process.kill()

    @property
    def broker(self) -> str:
        """URL of the broker; `svcgen run` leaves that of an embedded one in the folder."""
        return self._broker or str(json.loads(Path(".svcgen/broker.json").read_text())["url"])

    def url(self, name: str, path: str, scheme: str = "http") -> str:
        """The address of a path on one instance."""
        found = re.search(r"(?m)^http +http://(\S+)$", _log(name).read_text())
        assert found is not None
        return f"{scheme}://{found[1]}{path}"

    def post(self, url: str, body: object) -> str:
        """POST JSON and return the answer."""
        request = urllib.request.Request(url, json.dumps(body).encode(), {"Content-Type": "application/json"})
        # No proxy of the user's stands between two processes of one machine.
        opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with opener.open(request, timeout=SECONDS) as response:
            return f"{response.status} {response.read().decode()}"

    def heard(self, text: str, *, by: int = 1, within: float = SECONDS) -> list[str]:
        """Wait until `by` processes have said it; return who and what. More would be one too many."""
        self._wait(lambda: len(_said(text)) >= by, f"somebody says `{text}`", *self._running, within=within)
        said = _said(text)
        if len(said) != by:
            raise StageError(f"{by} should say it: {said}")
        return said

    def shell(self, code: str) -> str:
        """Type something into `svcgen shell`."""
        broker = ["--broker", self._broker] if self._broker else []
        command = [sys.executable, "-m", "svcrt", "shell", "--config", "tour/svcgen.toml", *broker]
        done = subprocess.run(command, input=code, capture_output=True, text=True, check=False, timeout=SECONDS)
        if done.returncode != 0:
            raise StageError(f"the shell failed:\n{done.stderr}")
        return done.stdout.strip()

    @contextmanager
    def browser(self, url: str) -> Generator[str | None, None, None]:
        """A headless browser on a page; None where there is none."""
        program = next(filter(None, map(shutil.which, _BROWSERS)), None)
        if program is None:
            yield None
            return
        # In /tmp: the path of a socket that it makes there must be short.
        with tempfile.TemporaryDirectory(dir="/tmp", ignore_cleanup_errors=True) as profile:
            command = [program, *_FLAGS, f"--user-data-dir={profile}", "--remote-debugging-port=0", url]
            environment = {**os.environ, "TMPDIR": profile}
            quiet = subprocess.DEVNULL
            with subprocess.Popen(command, env=environment, stdout=quiet, stderr=quiet) as process:
                try:
                    yield program
                finally:
                    process.terminate()

    @contextmanager
    def meanwhile(self, call: Callable[[], object]) -> Generator[list[object], None, None]:
        """Call again and again beside what follows; the list holds all answers in the end, or it raises."""
        answers: list[object] = []
        failures: list[Exception] = []
        over = threading.Event()

        def work() -> None:
            while not over.is_set() and not failures:
                try:
                    answers.append(call())
                except Exception as error:
                    failures.append(error)

        thread = threading.Thread(target=work)
        thread.start()
        try:
            yield answers
        finally:
            over.set()
            thread.join()
        for failure in failures:
            raise failure

    def _wait(self, is_so: Callable[[], bool], what: str, *names: str, within: float = SECONDS) -> None:
        deadline = time.monotonic() + within
        while not is_so():
            ended = [name for name in names if self._running[name].poll() is not None]
            if ended or time.monotonic() > deadline:
                logs = "\n".join(f"{path.name}:\n{path.read_text()[-2000:]}" for path in sorted(Path().glob("*.log")))
                raise StageError(f"{what}: not within {within:g} s{f', {ended} ended' if ended else ''}\n{logs}")
            time.sleep(0.05)


def _log(name: str) -> Path:
    return Path(f"{name}.log")


def _said(text: str) -> list[str]:
    # A line of the log: time, level, service, what was said, call id in brackets.
    said = re.compile(rf"({re.escape(text)}.*?)( \[\S+\])?$", re.MULTILINE)
    logs = sorted(Path().glob("*.log"))
    return [f"{log.stem}: {found[1]}" for log in logs for found in said.finditer(log.read_text())]
