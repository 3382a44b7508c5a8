"""chat, tested: the class alone, and a running service with real web sockets."""

import json
import socket
import time
import urllib.request
from collections.abc import Generator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from uuid import UUID, uuid4

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import ClientConnection, connect

import svcrt
from chat.history import Memory
from chat.service import Chat
from chat.v1 import ChatClient, Message, MessagePosted, Say
from svcrt.embedded import EmbeddedBroker
from svcrt.testing import FakeSocket, build, running

SECONDS = 10.0
ENTERED = "the test"


def message(text: str) -> Message:
    return Message(id=uuid4(), room="lobby", author="Ada", text=text, at=datetime.now(UTC))


@dataclass
class Recorder:
    """In the place of the hub and of the publisher."""

    told: list[object] = field(default_factory=list[object])

    def subscribe(self, socket: object, channel: str) -> None:
        self.told.append(channel)

    def broadcast(self, channel: str, message: Message) -> None:
        self.told.append((channel, message))

    def message_posted(self, event: MessagePosted) -> None:
        self.told.append(event.message.text)


def test_a_socket_hears_what_was_said_and_what_it_says_is_announced() -> None:
    memory, recorder, before = Memory(), Recorder(), message("before")
    memory.add(before)
    socket = FakeSocket[Say, Message]([Say(author="Bob", text="hello")])
    build(Chat, hub=recorder, publish=recorder, history=memory).live(socket, room="lobby")
    assert recorder.told == ["lobby", "hello"]
    assert socket.sent == [before]


def test_an_event_is_forwarded_in_one_line() -> None:
    recorder, posted = Recorder(), message("hello")
    build(Chat, hub=recorder).on_message_posted(MessagePosted(message=posted))
    assert recorder.told == [("lobby", posted)]


@dataclass(frozen=True)
class Place:
    broker: str
    address: str

    @contextmanager
    def enter(self, room: str) -> Generator[ClientConnection, None, None]:
        with connect(f"ws://{self.address}/rooms/{room}") as connection:
            # Whoever hears himself hears the others, too.
            name = str(uuid4())
            say(connection, ENTERED, name)
            while next_message(connection)["text"] != name:
                pass
            yield connection


@pytest.fixture
def chat() -> Iterator[Place]:
    with (
        EmbeddedBroker() as broker,
        socket.create_server(("127.0.0.1", 0)) as listener,
        running(Chat, broker=broker.url, http=listener),
    ):
        yield Place(broker.url, f"127.0.0.1:{listener.getsockname()[1]}")


def say(connection: ClientConnection, author: str, text: str) -> None:
    connection.send(json.dumps({"author": author, "text": text}))


def next_message(connection: ClientConnection, timeout: float = SECONDS) -> dict[str, str]:
    found: dict[str, str] = json.loads(connection.recv(timeout=timeout))
    return found


def heard(connection: ClientConnection, timeout: float = SECONDS) -> dict[str, str]:
    """The next message of somebody, leaving out who entered."""
    while (found := next_message(connection, timeout))["author"] == ENTERED:
        pass
    return found


def test_what_is_said_reaches_the_room_and_only_that(chat: Place) -> None:
    with chat.enter("lobby") as ada, chat.enter("lobby") as bob, chat.enter("attic") as eve:
        say(eve, "Eve", "alone")
        assert heard(eve)["text"] == "alone"
        say(ada, "Ada", "hello")
        assert heard(ada) == heard(bob)
        say(eve, "Eve", "still alone")
        assert heard(eve)["text"] == "still alone"


def test_whoever_comes_later_is_told(chat: Place) -> None:
    with chat.enter("lobby") as ada, svcrt.connect(chat.broker) as cluster:
        posted = ChatClient(cluster).post(room="lobby", author="a script", text="first")
        assert UUID(heard(ada)["id"]) == posted.id
    deadline = time.monotonic() + SECONDS
    while not is_told_at_once(chat, posted.id):
        assert time.monotonic() < deadline, "it is not remembered"


def is_told_at_once(chat: Place, id: UUID) -> bool:
    with connect(f"ws://{chat.address}/rooms/lobby") as bob:
        try:
            return UUID(heard(bob, 1.0)["id"]) == id
        except TimeoutError:
            return False


def test_the_page_and_the_rooms_are_there(chat: Place) -> None:
    with urllib.request.urlopen(f"http://{chat.address}/", timeout=SECONDS) as response:
        assert response.headers["content-type"] == "text/html; charset=utf-8"
        assert "<title>Chat</title>" in response.read().decode()
    with pytest.raises(InvalidStatus) as refused, chat.enter("x" * 41):
        pass
    assert refused.value.response.status_code == 422
