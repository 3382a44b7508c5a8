"""Three services on one port, served by two worker processes, one of which stops in the middle of it."""

import http.client
import json
import os
import random
import select
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from cli_process import SECONDS, Running
from cli_waiting import children, is_running, wait_for

SERVICES = ("Alpha", "Beta", "Gamma")
CLIENTS = 16

CONTRACT = """\
package port.{lower}.v1

service {name} {{
  @idempotent
  rpc get(number: int) -> str
    http GET "/{lower}/things/{{number}}"
  rpc put(number: int, text: str) -> str
    http POST "/{lower}/things"
  route raw GET "/{lower}/raw/{{number}}" (number: int)
}}
"""

IMPLEMENTATION = """\
import time

from port.{lower}.v1 import {name}Base
from werkzeug.wrappers import Response


class {name}({name}Base):
    def get(self, *, number):
        return f"{name}.get {{number}}"

    def put(self, *, number, text):
        # Long enough for a stop to come in the middle of it.
        time.sleep(0.01)
        return f"{name}.put {{number}} {{text}}"

    def raw(self, request, *, number):
        return Response(f"{name}.raw {{number}}")
"""


@pytest.fixture(scope="module")
def project(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("port")
    for name in SERVICES:
        lower = name.lower()
        (folder / f"{lower}.idl").write_text(CONTRACT.format(name=name, lower=lower), encoding="utf-8")
        (folder / f"{lower}_service.py").write_text(IMPLEMENTATION.format(name=name, lower=lower), encoding="utf-8")
    compiled = subprocess.run(
        [sys.executable, "-m", "svcgen", "compile", *(f"{name.lower()}.idl" for name in SERVICES)],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert compiled.returncode == 0, compiled.stderr
    return folder


@dataclass
class Client:
    """Sends its share of the requests, one after the other, and notes everything that is not as it should be."""

    address: tuple[str, int]
    numbers: range
    is_kept: bool
    answered: Callable[[], None]
    wrong: list[str] = field(default_factory=list)
    routes: Counter[str] = field(default_factory=Counter)
    connection: http.client.HTTPConnection | None = None

    def run(self) -> None:
        for number in self.numbers:
            service = SERVICES[number % 3]
            member = ("get", "put", "raw")[number // 3 % 3]
            try:
                self.check(service, member, number)
            except (OSError, http.client.HTTPException) as error:
                self.wrong.append(f"{service}.{member} {number}: {error!r}")
                self.connection = None
            self.answered()
        if self.connection is not None:
            self.connection.close()

    def check(self, service: str, member: str, number: int) -> None:
        connection = self.open()
        lower = service.lower()
        expected = f"{service}.{member} {number}"
        if member == "put":
            body = json.dumps({"number": number, "text": "x" * 100})
            connection.request("POST", f"/{lower}/things", body, {"Content-Type": "application/json"})
            expected += " " + "x" * 100
        else:
            connection.request("GET", f"/{lower}/{'things' if member == 'get' else 'raw'}/{number}")
        response = connection.getresponse()
        data = response.read().decode()
        said = data if member == "raw" else json.loads(data)
        if not 200 <= response.status < 300 or said != expected:
            self.wrong.append(f"{expected}: {response.status} {data}")
        self.routes[f"{service}.{member}"] += 1
        if response.will_close or not self.is_kept:
            connection.close()
            self.connection = None

    def open(self) -> http.client.HTTPConnection:
        # As every client that keeps connections does: one that the server has ended while it was idle is not used.
        if self.connection is not None and select.select([self.connection.sock], [], [], 0)[0]:
            self.connection.close()
            self.connection = None
        if self.connection is None:
            self.connection = http.client.HTTPConnection(*self.address, timeout=SECONDS)
        return self.connection


def send_all(address: tuple[str, int], requests: int, meanwhile: Callable[[Callable[[], bool]], None]) -> list[Client]:
    """Send all requests from several threads; once a third is answered, do `meanwhile(are_sent)`."""
    count = 0
    lock, third = threading.Lock(), threading.Event()

    def answered() -> None:
        nonlocal count
        with lock:
            count += 1
            if count > requests / 3:
                third.set()

    clients = [
        Client(address, range(each, requests, CLIENTS), is_kept=each % 2 == 0, answered=answered)
        for each in range(CLIENTS)
    ]
    threads = [threading.Thread(target=client.run) for client in clients]
    for thread in threads:
        thread.start()
    assert third.wait(4 * SECONDS)
    meanwhile(lambda: not any(thread.is_alive() for thread in threads))
    for thread in threads:
        thread.join()
    return clients


@pytest.mark.slow
@pytest.mark.timeout(300)
@pytest.mark.parametrize(
    ("requests", "how"), [(10_000, "a worker is stopped"), (3_000, "all are replaced, again and again")]
)
def test_no_request_is_lost_or_answered_by_another(project: Path, requests: int, how: str) -> None:
    services = [f"{name.lower()}_service:{name}" for name in SERVICES]
    with Running(project, *services, "--workers", "2", "--http", "127.0.0.1:0", own_session=True) as run:
        port = int(run.wait_for(r"(?m)^http +http://127\.0\.0\.1:(\d+)").group(1))
        run.wait_for("(?s)" + "HTTP is served.*?" * 2)
        former = children(run.pid)

        def stop(are_sent: Callable[[], bool]) -> None:
            if how == "a worker is stopped":
                stopped = random.choice(sorted(former))
                os.kill(stopped, signal.SIGTERM)
                wait_for(lambda: not is_running(stopped))
            times = 0
            while how != "a worker is stopped" and not are_sent():
                times += 1
                run.signal(signal.SIGHUP)
                run.wait_for("(?s)" + "every worker process has been replaced.*?" * times)

        clients = send_all(("127.0.0.1", port), requests, stop)
        run.wait_for("(?s)" + "HTTP is served.*?" * 3)
        assert [wrong for client in clients for wrong in client.wrong] == []
        routes = sum((client.routes for client in clients), Counter[str]())
        assert routes.total() == requests
        assert len(routes) == 9
        assert run.stop() == 0
