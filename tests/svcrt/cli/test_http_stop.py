"""A run that stops: nobody new gets in, whoever was there gets an answer."""

import signal
import socket
import time
from pathlib import Path

from cli_process import SECONDS, Running
from cli_project import write_project
from http_host import HttpClient
from raw_http import check_problem, read_answers


def test_a_stopping_run_refuses_connections_and_answers_who_had_begun(tmp_path: Path) -> None:
    with Running(write_project(tmp_path), "greeter:Greeter", "--http", "127.0.0.1:0") as run:
        port = int(run.wait_for(r"(?m)^http     http://127\.0\.0\.1:(\d+)$").group(1))
        client = HttpClient(("127.0.0.1", port))
        with socket.create_connection(client.address, timeout=SECONDS) as early:
            early.sendall(b"GET /nope HTTP/1.1\r\n")
            assert client.request("GET", "/nope").status == 404  # so `early`, which came before, is accepted
            run.signal(signal.SIGTERM)
            deadline = time.monotonic() + SECONDS
            while _accepts(client.address):
                assert time.monotonic() < deadline, "a stopping run still takes connections"
            early.sendall(b"Host: x\r\n\r\n")
            [answer] = read_answers(b"".join(iter(lambda: early.recv(65536), b"")))
        assert (answer.status, answer.headers["connection"]) == (404, "close")
        check_problem(answer)
        assert run.wait() == 0


def _accepts(address: tuple[str, int]) -> bool:
    try:
        socket.create_connection(address, timeout=SECONDS).close()
    except OSError:
        return False
    return True
