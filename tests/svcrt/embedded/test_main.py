import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from amqp_client import connect, wait_until


@pytest.fixture
def credentials(tmp_path: Path) -> Path:
    path = tmp_path / "broker.json"
    path.write_text(json.dumps({"user": "svc", "password": "pw"}))
    return path


def _start(credentials: Path, *arguments: str, **options: Any) -> "subprocess.Popen[str]":
    command = [sys.executable, "-m", "svcrt.embedded", "--credentials-file", str(credentials), *arguments]
    return subprocess.Popen(command, stderr=subprocess.PIPE, text=True, **options)


def _announced(path: Path) -> dict[str, Any]:
    wait_until(path.exists, "the broker is ready")
    where: dict[str, Any] = json.loads(path.read_text())
    return where


def test_it_announces_itself_serves_and_ends_with_0_on_sigterm(credentials: Path, tmp_path: Path) -> None:
    with _start(credentials, "--ready-file", str(tmp_path / "ready")) as process:
        where = _announced(tmp_path / "ready")
        assert where["pid"] == process.pid
        connection = connect(f"amqp://svc:pw@{where['host']}:{where['port']}/")
        assert connection.connected
        process.send_signal(signal.SIGTERM)
        assert process.wait(10) == 0
        connection.collect()


def test_it_ends_with_the_pipe_of_its_owner_and_not_by_ctrl_c(credentials: Path) -> None:
    ready_read, ready_write = os.pipe()
    alive_read, alive_write = os.pipe()
    arguments = ("--ready-fd", str(ready_write), "--exit-with-fd", str(alive_read))
    with _start(credentials, *arguments, pass_fds=(ready_write, alive_read)) as process:
        os.close(ready_write)
        os.close(alive_read)
        with open(ready_read) as announcement:
            port = json.loads(announcement.readline())["port"]
        process.send_signal(signal.SIGINT)
        connection = connect(f"amqp://svc:pw@127.0.0.1:{port}/")
        assert connection.channel().queue_declare("q").queue == "q"
        os.close(alive_write)
        assert process.wait(10) == 0
        connection.collect()


def test_a_port_in_use_is_one_sentence(credentials: Path) -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        with _start(credentials, "--port", str(port)) as process:
            _, error = process.communicate(timeout=10)
    assert process.returncode == 1
    assert error == f"embedded broker: cannot listen on 127.0.0.1:{port}: Address already in use\n"


@pytest.mark.parametrize("content", [None, "not json", "[]", '{"user": "svc"}', '{"user": "svc", "password": ""}'])
def test_wrong_credentials_files_are_one_sentence(tmp_path: Path, content: str | None) -> None:
    path = tmp_path / "credentials"
    if content is not None:
        path.write_text(content)
    with _start(path) as process:
        _, error = process.communicate(timeout=10)
    assert process.returncode == 1
    assert error.startswith("embedded broker: ")
    assert str(path) in error
    assert error.count("\n") == 1
