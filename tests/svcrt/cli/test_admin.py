"""The admin port: what it says of a run, and what it does not take."""

import os
import signal
import socket
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace
from typing import Any, cast

import pytest

from cli_process import SECONDS, Running, run_command
from cli_project import write_project
from cli_waiting import children, page, serving, wait_for
from svcrt.cli import admin, health
from svcrt.cli.admin import AdminPort
from svcrt.cli.health import Answer, Health
from svcrt.cli.processes import Child
from svcrt.cli.workers import Worker
from svcrt.embedded import EmbeddedBroker

READY = (200, {"ready": True})
LIVE = (200, {"live": True})
ADMIN = ("--no-http", "--admin", "127.0.0.1:0")


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return write_project(tmp_path)


def ready(run: Running) -> tuple[int, object]:
    return page(run, "/ready")


# --- of a run ----------------------------------------------------------------------------------------------------


def test_ready_follows_the_broker(project: Path) -> None:
    broker = EmbeddedBroker()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        broker.port = taken.getsockname()[1]
    with Running(project, "greeter:Greeter", *ADMIN, "--broker", broker.url) as run:
        for _ in range(2):
            wait_for(lambda: "no connection to the broker" in str(ready(run)))
            status, body = page(run, "/ready")
            assert (status, body["ready"]) == (503, False)
            assert all(each.startswith("the worker process ") for each in body["missing"])
            assert page(run, "/live") == LIVE
            with broker:
                wait_for(lambda: ready(run) == READY)
        assert run.stop() == 0


def test_a_run_that_stops_is_alive_but_not_ready(project: Path) -> None:
    with Running(project, "greeter:Greeter", *ADMIN) as run:
        serving(run)
        wait_for(lambda: ready(run) == READY)
        with Running.call(project, "Greeter.slow", "marker=began", "until=go") as call:
            wait_for((project / "began").exists)
            run.signal(signal.SIGTERM)
            run.wait_for("SIGTERM: stopping")
            assert ready(run) == (503, {"ready": False, "missing": ["the run is stopping"]})
            assert page(run, "/live") == LIVE
            (project / "go").touch()
            assert call.wait() == 0
        assert run.wait() == 0


def test_one_ready_worker_is_enough(project: Path) -> None:
    with Running(project, "greeter:Greeter", *ADMIN, "--workers", "2") as run:
        serving(run, 2)
        (project / "greeter.py").write_text("this is no Python", encoding="utf-8")
        os.kill(min(children(run.pid)), signal.SIGKILL)
        run.wait_for("Error: cannot run")
        wait_for(lambda: ready(run) == READY)
        assert run.stop() == 0


@pytest.mark.slow
def test_a_worker_whose_hub_is_held_up_is_not_alive(project: Path) -> None:
    module = project / "greeter.py"
    # Not the patched sleep: nothing else runs in the process meanwhile, as with a long computation.
    held_up = 'eventlet.patcher.original("time").sleep(600)'
    module.write_text(module.read_text().replace("Path(marker).touch()", held_up) + "\nimport eventlet\n")
    impatient = "import svcrt.cli.health; svcrt.cli.health.HUNG_SECONDS = 6.0"
    with Running(project, "greeter:Greeter", *ADMIN, "--workers", "2", before=impatient) as run:
        serving(run, 2)
        wait_for(lambda: ready(run) == READY)
        wait_for(lambda: page(run, "/live") == LIVE)
        with Running.call(project, "Greeter.slow", "marker=began", "until=go"):
            wait_for(lambda: page(run, "/live") != LIVE)
            status, body = page(run, "/live")
            assert (status, body["live"]) == (503, False)
            assert "has not moved for" in body["missing"][0]
            wait_for(lambda: ready(run) == READY)
            run.signal(signal.SIGTERM)
            run.wait_for("SIGTERM: stopping")
            run.signal(signal.SIGTERM)
            assert run.wait() == 1
            assert "has not ended in time and is killed" in run.said


def test_an_admin_port_that_is_taken(project: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        address = f"127.0.0.1:{taken.getsockname()[1]}"
        ended = run_command(project, "run", "greeter:Greeter", "--no-http", "--admin", address)
    assert ended.returncode == 1
    assert ended.stderr == (
        f"Error: the admin port cannot listen on {address}: the port is in use; "
        "stop what uses it, or choose another with --admin\n"
    )


# --- of workers --------------------------------------------------------------------------------------------------


def health_of(**worker: object) -> Health:
    shown = Health()
    child = cast("Child", SimpleNamespace(role="worker process", pid=7))
    shown.show([Worker(child, **cast("dict[str, Any]", worker))], is_stopping=False)
    return shown


def test_a_worker_that_starts_is_alive_for_a_while_and_not_ready() -> None:
    starting = health_of()
    assert starting.live() == Answer(200, {"live": True})
    assert starting.ready() == Answer(503, {"ready": False, "missing": ["the worker process 7: it is starting"]})
    stuck = health_of(since=time.monotonic() - health.START_SECONDS - 1)
    assert stuck.live().status == 503
    assert "has not started for" in str(stuck.live().body)


def test_a_silent_worker_is_not_ready_whatever_it_said_last() -> None:
    silent = health_of(beat_at=time.monotonic() - health.HUNG_SECONDS - 1, missing=())
    assert silent.live().status == silent.ready().status == 503
    assert health_of(beat_at=time.monotonic(), missing=()).ready().status == 200


def test_without_workers_nothing_is_ready_but_a_restart_of_all_is_no_remedy() -> None:
    assert Health().live().status == 200
    assert Health().ready() == Answer(503, {"ready": False, "missing": ["no worker process runs"]})


# --- on the wire -------------------------------------------------------------------------------------------------


@pytest.fixture
def port() -> Iterator[tuple[str, int]]:
    with socket.create_server(("127.0.0.1", 0)) as listener, AdminPort(listener, {"/page": lambda: Answer(200, {})}):
        yield listener.getsockname()


def exchange(port: tuple[str, int], data: bytes) -> bytes:
    """Send bytes and return all that comes until the port closes the connection."""
    with socket.create_connection(port, timeout=SECONDS) as connection:
        connection.sendall(data)
        return b"".join(iter(lambda: connection.recv(65536), b""))


@pytest.mark.parametrize(
    ("request_line", "status", "body"),
    [
        (b"GET /page HTTP/1.1", b"200", b"{}\n"),
        (b"GET /page?verbose=1 HTTP/1.0", b"200", b"{}\n"),
        (b"HEAD /page HTTP/1.1", b"200", b""),
        (b"GET /other HTTP/1.1", b"404", b'{"error": "there is no such page; there are: /page"}\n'),
        (b"POST /page HTTP/1.1", b"405", b'{"error": "only GET and HEAD are answered here"}\n'),
        (b"GET /page HTTP/x", b"400", b'{"error": "the request cannot be read"}\n'),
    ],
)
def test_one_small_request_per_connection(
    port: tuple[str, int], request_line: bytes, status: bytes, body: bytes
) -> None:
    head, _, data = exchange(port, request_line + b"\r\nHost: x\r\n\r\n").partition(b"\r\n\r\n")
    assert head.split(b" ")[1] == status
    assert b"\r\nContent-Type: application/json" in head
    assert (b"\r\nAllow: GET, HEAD" in head) == (status == b"405")
    assert data == body


def test_a_client_that_drips_is_cut_off(port: tuple[str, int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(admin, "CLIENT_SECONDS", 0.5)
    with socket.create_connection(port, timeout=SECONDS) as dripping:
        ended = threading.Event()

        def drip() -> None:
            while not ended.wait(0.05):
                try:
                    dripping.send(b"x")
                except OSError:
                    return

        feeder = threading.Thread(target=drip)
        feeder.start()
        try:
            assert dripping.recv(1) == b""
        except ConnectionResetError:
            pass
        finally:
            ended.set()
            feeder.join()


def test_more_clients_than_there_are_places_are_closed_and_the_places_come_back(port: tuple[str, int]) -> None:
    idle = [socket.create_connection(port, timeout=SECONDS) for _ in range(admin.CLIENTS)]
    try:
        wait_for(lambda: refused(port))
    finally:
        for connection in idle:
            connection.close()
    wait_for(lambda: not refused(port))


def refused(port: tuple[str, int]) -> bool:
    try:
        return exchange(port, b"GET /page HTTP/1.1\r\n\r\n") == b""
    except ConnectionError:
        return True
