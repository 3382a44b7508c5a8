"""The chat as processes on eventlet: two instances behind one broker, their stop, and who may open a socket."""

import json
import signal
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
from websockets.exceptions import ConnectionClosed, InvalidStatus
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Origin

from cli_process import Running

EXAMPLES = Path(__file__).parents[3] / "generated_examples"
SECONDS = 30.0

Start = Callable[..., tuple[Running, str]]


@pytest.fixture
def start(broker_url: str) -> Iterator[Start]:
    with ExitStack() as stack:

        def start_one(*more: str) -> tuple[Running, str]:
            arguments = ("--config", "chat/svcgen.toml", "--broker", broker_url, "--http", "127.0.0.1:0")
            process = stack.enter_context(Running(EXAMPLES, *arguments, *more))
            return process, process.wait_for(r"http://(127\.0\.0\.1:\d+)")[1]

        yield start_one


def say(connection: ClientConnection, text: str) -> None:
    connection.send(json.dumps({"author": "Ada", "text": text}))


def wait_for(connection: ClientConnection, text: str) -> None:
    while json.loads(connection.recv(timeout=SECONDS))["text"] != text:
        pass


@pytest.mark.slow
def test_two_instances_and_a_stop(start: Start) -> None:
    (one, first), (two, second) = start(), start()
    with ExitStack() as stack:
        ada = stack.enter_context(connect(f"ws://{first}/rooms/lobby"))
        others = [stack.enter_context(connect(f"ws://{second}/rooms/lobby")) for _ in range(50)]
        for each in (ada, *others):
            # Whoever hears himself hears the others, too.
            say(each, f"here is {id(each)}")
            wait_for(each, f"here is {id(each)}")
        say(ada, "hello from one")
        for each in others:
            wait_for(each, "hello from one")
        say(others[0], "hello from two")
        wait_for(ada, "hello from two")

        began = time.monotonic()
        two.signal(signal.SIGTERM)
        assert {close_code(each) for each in others} == {1001}
        assert two.wait() == 0
        assert time.monotonic() - began < 20.0, "it waited for the drain of 30 s"
        say(ada, "alone")
        wait_for(ada, "alone")
    assert "Traceback" not in one.said + two.said


@pytest.mark.slow
def test_the_allow_list_is_a_flag(start: Start) -> None:
    process, address = start("--origin", "https://shop.example")
    with connect(f"ws://{address}/rooms/lobby", origin=Origin("https://shop.example")):
        pass
    with (
        pytest.raises(InvalidStatus) as refused,
        connect(f"ws://{address}/rooms/lobby", origin=Origin("https://evil.example")),
    ):
        pass
    assert refused.value.response.status_code == 403
    process.wait_for(r"to allow it, set origins = \['https://evil\.example'\] in svcgen\.toml")


def close_code(connection: ClientConnection) -> int:
    try:
        while True:
            connection.recv(timeout=SECONDS)
    except ConnectionClosed as closed:
        return closed.rcvd.code if closed.rcvd is not None else 1006
