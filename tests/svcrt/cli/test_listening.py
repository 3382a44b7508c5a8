"""The HTTP socket: bound once, next free port when nobody chose one, one sentence when somebody did."""

import socket
from collections.abc import Iterator

import pytest

from svcrt.cli.listening import address_of, listen
from svcrt.config import Address
from svcrt.errors import StartError


@pytest.fixture
def taken() -> Iterator[Address]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield address_of(server)


def test_a_free_port_is_bound_and_listens() -> None:
    with listen(Address("127.0.0.1", 0), is_chosen=True) as listener:
        with socket.create_connection(listener.getsockname(), timeout=5):
            pass
        assert listener.getsockopt(socket.SOL_SOCKET, socket.SO_REUSEPORT) == 0


def test_a_taken_port_that_nobody_chose_is_passed_over(taken: Address) -> None:
    with listen(taken, is_chosen=False) as listener:
        assert address_of(listener).port > taken.port


def test_a_taken_port_that_was_chosen_is_told(taken: Address) -> None:
    with pytest.raises(StartError, match=rf"cannot listen on {taken}: the port is in use; stop what uses it"):
        listen(taken, is_chosen=True)


def test_a_host_that_is_not_ours() -> None:
    with pytest.raises(StartError, match=r"cannot listen on 192\.0\.2\.1:0: "):
        listen(Address("192.0.2.1", 0), is_chosen=True)


def test_a_host_that_does_not_exist() -> None:
    with pytest.raises(StartError, match=r"cannot listen on no\.such\.invalid:80: no such host"):
        listen(Address("no.such.invalid", 80), is_chosen=True)


def test_ipv6() -> None:
    with listen(Address("::1", 0), is_chosen=True) as listener:
        assert address_of(listener).host == "::1"
