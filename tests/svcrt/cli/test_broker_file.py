"""`.svcgen/broker.json`: whatever lies there, a command finds the broker or says in a sentence what is wrong."""

import json
import os
from pathlib import Path

import pytest

from cli_process import run_command
from cli_project import write_project
from svcrt.cli import broker_file
from svcrt.cli.broker_file import RunningBroker

URL = "amqp://svcgen:secret@127.0.0.1:5672/"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return broker_file.prepare(tmp_path) / broker_file.FILE_NAME


def test_what_is_written_is_read(tmp_path: Path, path: Path) -> None:
    broker_file.write(tmp_path, RunningBroker(url=URL, pid=os.getpid()))
    assert broker_file.read(tmp_path) == RunningBroker(url=URL, pid=os.getpid())
    assert path.stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize(
    "content",
    [
        b"",
        b"\xff",
        b"null",
        b"[" * 100_000,
        b'{"url": "amqp://h:1/"}',
        json.dumps({"url": URL, "pid": 10**30}).encode(),
        json.dumps({"url": URL, "pid": 0}).encode(),
        json.dumps({"url": URL, "pid": -1}).encode(),
        b'{"url": "%s", "pid": 1e400}' % URL.encode(),
        b'{"url": "%s", "pid": %s}' % (URL.encode(), b"9" * 5_000),
        json.dumps({"url": "http://127.0.0.1:1/", "pid": 1}).encode(),
        json.dumps({"url": "amqp://h:port/", "pid": 1}).encode(),
        json.dumps({"url": "", "pid": 1}).encode(),
    ],
)
def test_rubbish_tells_of_no_broker(tmp_path: Path, path: Path, content: bytes) -> None:
    path.write_bytes(content)
    assert broker_file.read(tmp_path) is None


def test_what_is_no_file_tells_of_no_broker(tmp_path: Path, path: Path) -> None:
    path.symlink_to(path.name)
    assert broker_file.read(tmp_path) is None
    path.unlink()
    os.mkfifo(path)
    assert broker_file.read(tmp_path) is None


def test_a_run_that_cannot_write_it_says_so(tmp_path: Path, path: Path) -> None:
    write_project(tmp_path)
    path.mkdir()
    ended = run_command(tmp_path, "run", "greeter:Greeter", "--no-http")
    assert ended.returncode == 1
    assert ended.stderr == (
        f"Error: the embedded broker needs to write to {path}: Is a directory; or name a broker with --broker\n"
    )
