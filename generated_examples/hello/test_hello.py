"""hello, tested: the class alone, and the running service as its users reach it."""

import socket
import urllib.request
from collections.abc import Iterator

import pytest

import svcrt
from hello.service import HelloWorld
from hello.v1 import HelloWorldClient
from svcrt.embedded import EmbeddedBroker
from svcrt.testing import build, running


@pytest.fixture
def broker() -> Iterator[str]:
    with EmbeddedBroker() as embedded:
        yield embedded.url


def test_the_class_is_plain_python() -> None:
    assert build(HelloWorld).hello(name="John") == "Hello, John!"


def test_it_answers_calls(broker: str) -> None:
    with running(HelloWorld, broker=broker), svcrt.connect(broker) as cluster:
        hello = HelloWorldClient(cluster)
        assert hello.hello(name="John") == "Hello, John!"
        assert hello.futures.hello(name="Ada").result(timeout=5) == "Hello, Ada!"


def test_it_answers_http(broker: str) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
        with (
            running(HelloWorld, broker=broker, http=listener),
            urllib.request.urlopen(f"http://127.0.0.1:{port}/hello/J%C3%BCrgen", timeout=5) as response,
        ):
            assert response.read().decode() == '"Hello, Jürgen!"'
