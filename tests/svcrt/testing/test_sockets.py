"""A socket method called directly, with a socket that is none."""

from dataclasses import dataclass, field
from typing import cast

import pytest

from socket_rooms import Rooms, Said, Say
from svcrt.bases import Socket
from svcrt.errors import SocketClosed
from svcrt.hub import SocketHub
from svcrt.testing import FakeSocket, build


@dataclass
class RecordingHub:
    calls: list[tuple[object, ...]] = field(default_factory=list)

    def subscribe(self, socket: Socket[Say, Said], channel: str) -> None:
        self.calls.append(("subscribe", socket.id, channel))

    def broadcast(self, channel: str, message: Said) -> None:
        self.calls.append(("broadcast", channel, message))


def test_a_method_runs_through_the_messages() -> None:
    socket = FakeSocket[Say, Said]([Say(text="one"), Say(text="two")])
    build(Rooms).echo(socket)
    assert socket.sent == [Said(text="one"), Said(text="two")]
    assert socket.closed == (1000, "")


def test_a_hub_can_be_any_recorder() -> None:
    hub = RecordingHub()
    socket = FakeSocket[Say, Said]([Say(text="hello")])
    build(Rooms, hub=cast("SocketHub[Said]", hub)).room(socket, room="lobby", times=1)
    assert hub.calls == [("subscribe", socket.id, "lobby"), ("broadcast", "lobby", Said(text="hello"))]


def test_a_closed_one_behaves_as_a_real_one() -> None:
    socket = FakeSocket[Say, Said]([Say(text="never read")])
    socket.close(4000, "enough")
    socket.close(1000)
    assert list(socket) == []
    with pytest.raises(SocketClosed) as told:
        socket.send(Said(text="too late"))
    assert (told.value.code, told.value.reason) == (4000, "enough")
    assert socket.sent == []


def test_each_has_its_own_id() -> None:
    assert FakeSocket[Say, Said]().id != FakeSocket[Say, Said]().id
