"""Messages both ways, every way to end, and what a method and its providers see of it."""

import logging
import time
from contextlib import ExitStack
from typing import Any

import pytest

from http_host import SECONDS, Host, hosted
from socket_peers import RawPeer, closing, hear, peer, say
from socket_rooms import Rooms, check_caller
from svcrt.errors import Interrupted, SocketClosed
from svcrt.http.sockets.limits import SocketLimits

pytestmark = pytest.mark.usefixtures("fresh_notes")


def ended() -> tuple[str, BaseException | None]:
    return Rooms.ended.get(timeout=SECONDS)


def noted() -> Any:
    return Rooms.noted.get(timeout=SECONDS)


def test_messages_are_typed_both_ways(rooms: Host) -> None:
    with peer(rooms, "/echo") as socket:
        for text in ("one", "two ünï ✓", "x" * 1000):
            say(socket, text)
            assert hear(socket) == text
    assert ended() == ("echo", None)


def test_arguments_come_beside_the_socket(rooms: Host) -> None:
    with peer(rooms, "/rooms/caf%C3%A9?times=2") as socket:
        assert "-" in hear(socket)


def test_a_message_in_fragments_with_pings_between(rooms: Host) -> None:
    with peer(rooms, "/echo") as socket:
        socket.send(iter(['{"te', 'xt": "pie', 'ces"}']))
        assert hear(socket) == "pieces"
        assert socket.ping("are you there?").wait(SECONDS)


@pytest.mark.parametrize(
    ("message", "reason"),
    [
        ("not json", "$ must be well-formed JSON"),
        ('{"text": 5}', "$.text "),
        ('{"text": "x", "more": 1}', "$.more "),
        ('{"text": "' + "x" * 1001 + '"}', "$.text "),
        ("[]", "$ must be an object"),
        ("", "$ must be well-formed JSON"),
    ],
)
def test_a_message_that_breaks_the_contract(rooms: Host, message: str, reason: str) -> None:
    with peer(rooms, "/echo") as socket:
        socket.send(message)
        code, said = closing(socket)
    assert (code, said[: len(reason)]) == (1007, reason)
    assert ended() == ("echo", None)


def test_binary_messages_are_refused(rooms: Host) -> None:
    with peer(rooms, "/echo") as socket:
        socket.send(b'{"text": "bytes"}')
        assert closing(socket)[0] == 1003
    assert ended() == ("echo", None)


@pytest.mark.parametrize(
    ("script", "code", "reason"),
    [
        ("return", 1000, ""),
        ("close 1000", 1000, ""),
        ("close 4001 try the other door", 4001, "try the other door"),
        ("close 3000 ünï", 3000, "ünï"),
        ("deny not you", 1008, "not you"),
    ],
)
def test_the_method_ends_it(rooms: Host, script: str, code: int, reason: str) -> None:
    with peer(rooms, "/script") as socket:
        say(socket, script)
        assert closing(socket) == (code, reason)


def test_a_closed_socket_takes_nothing(rooms: Host) -> None:
    with peer(rooms, "/script") as socket:
        say(socket, "close 4000 enough")
        closing(socket)
    told = noted()
    assert isinstance(told, SocketClosed)
    assert (told.code, told.reason) == (4000, "enough")
    assert ended() == ("script", None)


@pytest.mark.parametrize("script", ["fail", "break", "declare", "close 1005", "close 1006", "close 999", "close 5000"])
def test_a_failure_tells_the_call_only(rooms: Host, script: str, caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING), peer(rooms, "/script") as socket:
        say(socket, script)
        code, reason = closing(socket)
    assert code == 1011
    call_id = reason.rpartition(" ")[2]
    assert reason == f"the service failed; its log says more under call {call_id}"
    assert call_id in caplog.text
    name, error = ended()
    assert (name, error is None) == ("script", False)


def test_the_peer_closes(rooms: Host) -> None:
    with peer(rooms, "/script") as socket:
        say(socket, "expect 30")
        socket.close(4321, "goodbye")
    told = noted()
    assert isinstance(told, SocketClosed)
    assert (told.code, told.reason) == (4321, "goodbye")
    assert ended() == ("script", None)


def test_a_wait_for_a_message_can_be_bounded(rooms: Host) -> None:
    with peer(rooms, "/script") as socket:
        say(socket, "expect 0.01")
        assert isinstance(noted(), TimeoutError)


def test_messages_before_the_close_are_still_handled(rooms: Host) -> None:
    with peer(rooms, "/script") as socket:
        say(socket, "sleep 0.1")
        say(socket, "sleep 0")
        socket.close()
    assert [noted() for _ in range(4)] == ["sleeping", "awake", "sleeping", "awake"]


def test_a_peer_that_vanishes_ends_the_method(rooms: Host) -> None:
    with RawPeer(rooms, "/echo"):
        pass
    assert ended() == ("echo", None)


def test_a_method_that_waits_elsewhere_is_interrupted() -> None:
    limits = SocketLimits(notice_seconds=0.05)
    with hosted("green", Rooms, authenticate=check_caller, socket_limits=limits) as host:
        with peer(host, "/script") as socket:
            say(socket, "sleep 3600")
            assert noted() == "sleeping"
        name, error = ended()
        assert (name, type(error)) == ("script", Interrupted)


def test_a_method_that_has_noticed_ends_in_peace() -> None:
    limits = SocketLimits(notice_seconds=0.05)
    with hosted("green", Rooms, authenticate=check_caller, socket_limits=limits) as host:
        with peer(host, "/script") as socket:
            # It is told of the close, then goes on for longer than it would take to be interrupted.
            say(socket, "linger 0.5")
            assert closing(socket)[0] == 4000
        assert isinstance(noted(), SocketClosed)
        assert noted() == "awake"
        assert ended() == ("script", None)


@pytest.mark.parametrize("concurrency", ["green", "threads"])
def test_a_drain_closes_all_with_1001_at_once(concurrency: str) -> None:
    limits = SocketLimits(close_seconds=30.0)
    options = {"authenticate": check_caller, "max_workers": 2, "socket_limits": limits}
    with hosted(concurrency, Rooms, **options) as host, ExitStack() as stack:
        sockets = [stack.enter_context(peer(host, "/echo")) for _ in range(50)]
        began = time.monotonic()
        host.stop(drain=30.0)
        took = time.monotonic() - began
        assert {closing(each) for each in sockets} == {(1001, "this instance is stopping")}
    assert host.stopped_in_time
    assert took < 9.0, "it waited for something that it need not wait for"
    assert [ended() for _ in range(50)] == [("echo", None)] * 50


@pytest.mark.parametrize("concurrency", ["green", "threads"])
def test_a_drain_does_not_wait_for_a_peer_that_is_silent(concurrency: str) -> None:
    limits = SocketLimits(close_seconds=0.2)
    with hosted(concurrency, Rooms, authenticate=check_caller, socket_limits=limits) as host:
        with RawPeer(host, "/echo") as silent:
            host.stop(drain=30.0)
            assert silent.close_code() == 1001
        assert host.stopped_in_time


def test_a_stubborn_method_is_interrupted_at_the_end_of_the_drain() -> None:
    with hosted("green", Rooms, authenticate=check_caller) as host:
        with peer(host, "/script") as socket:
            say(socket, "sleep 3600")
            assert noted() == "sleeping"
            host.stop(drain=1.2)
            assert closing(socket)[0] == 1001
        assert isinstance(ended()[1], Interrupted)
