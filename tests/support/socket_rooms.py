"""Sockets of many kinds, by hand in the shape that the compiler emits, and their implementation."""

from __future__ import annotations

import threading
from collections.abc import Callable
from queue import SimpleQueue
from typing import Annotated, Any, ClassVar, Final

from svcrt.authentication import Authenticator
from svcrt.bases import ServiceBase, Socket
from svcrt.context import WorkerContext
from svcrt.contract import HttpBinding, HttpParameter, Rpc, Service, SocketRoute, Source
from svcrt.errors import DeclaredError, PermissionDenied, SocketClosed, Unauthenticated
from svcrt.generated import Meta, Struct
from svcrt.hub import Hub
from svcrt.providers import DependencyProvider
from svcrt.types import Outcome

NAME = "rooms.v1.Rooms"


class Say(Struct, kw_only=True):
    text: Annotated[str, Meta(max_length=1000)]


class Said(Struct, kw_only=True):
    text: str


class NoArguments(Struct, kw_only=True):
    pass


class RoomArguments(Struct, kw_only=True):
    room: str
    times: Annotated[int, Meta(ge=1)] = 1


class TellArguments(Struct, kw_only=True):
    channel: str
    text: str


class Full(DeclaredError):
    wire_name = "rooms.v1.Full"
    status = 409
    fields_type = NoArguments

    def __init__(self) -> None:
        super().__init__("the room is full")


def _socket(name: str, path: str, *, auth: str | None = None) -> SocketRoute[Say, Said]:
    http = HttpBinding(method="GET", path=path, status=101, parameters=())
    return SocketRoute(
        service=NAME, name=name, stub=name, arguments=NoArguments, receives=Say, sends=Said, http=http, auth=auth
    )


ECHO: Final[SocketRoute[Say, Said]] = _socket("echo", "/echo")
SCRIPT: Final[SocketRoute[Say, Said]] = _socket("script", "/script")
GUARDED: Final[SocketRoute[Say, Said]] = _socket("guarded", "/guarded", auth="bearer")
ROOM: Final[SocketRoute[Say, Said]] = SocketRoute(
    service=NAME,
    name="room",
    stub="room",
    arguments=RoomArguments,
    receives=Say,
    sends=Said,
    http=HttpBinding(
        method="GET",
        path="/rooms/{room}",
        status=101,
        parameters=(HttpParameter("room", Source.PATH, "room"), HttpParameter("times", Source.QUERY, "times")),
    ),
)
TELL: Final[Rpc[TellArguments, None]] = Rpc(
    service=NAME,
    name="tell",
    stub="tell",
    arguments=TellArguments,
    result=None,
    http=HttpBinding(
        method="POST",
        path="/tell",
        status=204,
        parameters=tuple(HttpParameter(each, Source.BODY_FIELD, each) for each in ("channel", "text")),
    ),
)
CONTRACT: Final = Service(name=NAME, rpcs=(TELL,), sockets=(ECHO, SCRIPT, GUARDED, ROOM))


class Lives(DependencyProvider[WorkerContext]):
    """Notes how every worker of a socket ended, after its teardown."""

    def get_dependency(self, context: WorkerContext) -> WorkerContext:
        Rooms.running.add(context.call.call_id)
        return context

    def worker_result(self, context: WorkerContext, outcome: Outcome) -> None:
        context.data["error"] = outcome.error

    def worker_teardown(self, context: WorkerContext) -> None:
        if context.method != "tell":
            Rooms.ended.put((context.method, context.data["error"]))
        Rooms.running.discard(context.call.call_id)


class Tokens(Authenticator[None]):
    def authenticate(self, scheme: str, context: WorkerContext) -> None:
        if context.call.authorization is None:
            raise Unauthenticated("a token is needed")
        if context.call.authorization != "Bearer good":
            raise PermissionDenied("this token is not enough")


def check_caller(scheme: str, context: WorkerContext) -> None:
    """What a runner gives its gateway, for gateways without a runner."""
    Tokens().authenticate(scheme, context)


class Rooms(ServiceBase):
    contract = CONTRACT
    tokens = Tokens()
    lives = Lives()
    hub = Hub(ROOM)
    running: ClassVar[set[str]] = set()
    """Call ids of the workers that have not ended."""
    ended: SimpleQueue[tuple[str, BaseException | None]] = SimpleQueue()
    """Method and error of every socket that ended."""
    noted: SimpleQueue[Any] = SimpleQueue()
    """What the scripts have to say."""
    release = threading.Event()
    """Ends a script that holds."""

    def tell(self, *, channel: str, text: str) -> None:
        self.hub.broadcast(channel, Said(text=text))

    def echo(self, socket: Socket[Say, Said]) -> None:
        for message in socket:
            socket.send(Said(text=message.text))

    def guarded(self, socket: Socket[Say, Said]) -> None:
        socket.send(Said(text="welcome"))

    def room(self, socket: Socket[Say, Said], *, room: str, times: int) -> None:
        for number in range(times):
            self.hub.subscribe(socket, f"{room}{number or ''}")
        socket.send(Said(text=socket.id))
        for message in socket:
            match message.text.split(" ", 2):
                case ["leave"]:
                    self.hub.unsubscribe(socket, room)
                    socket.send(Said(text="left"))
                case ["only", socket_id, text]:
                    self.hub.unicast(socket_id, Said(text=text))
                case _:
                    self.hub.broadcast(room, Said(text=message.text))

    def script(self, socket: Socket[Say, Said]) -> None:
        for message in socket:
            word, _, rest = message.text.partition(" ")
            _SCRIPTS[word](self, socket, rest)
            if word == "return":
                return

    def wait(self, seconds: float | None) -> None:
        container = self.lives.container
        assert container is not None
        container.concurrency.flag().wait(seconds)


_Script = Callable[[Rooms, Socket[Say, Said], str], None]


def _close(_rooms: Rooms, socket: Socket[Say, Said], text: str) -> None:
    code, _, reason = text.partition(" ")
    socket.close(int(code), reason)
    try:
        socket.send(Said(text="too late"))
    except SocketClosed as closed:
        Rooms.noted.put(closed)


def _fail(_rooms: Rooms, _socket: Socket[Say, Said], _text: str) -> None:
    raise RuntimeError("the password is swordfish")


def _deny(_rooms: Rooms, _socket: Socket[Say, Said], text: str) -> None:
    raise PermissionDenied(text)


def _declare(_rooms: Rooms, _socket: Socket[Say, Said], _text: str) -> None:
    raise Full


def _break(_rooms: Rooms, socket: Socket[Say, Said], _text: str) -> None:
    socket.send(Said(text=5))  # type: ignore[arg-type] # what it must not do


def _flood(_rooms: Rooms, socket: Socket[Say, Said], text: str) -> None:
    for _ in range(int(text)):
        socket.send(Said(text="x" * 1000))
    Rooms.noted.put("flooded")


def _sleep(rooms: Rooms, _socket: Socket[Say, Said], text: str) -> None:
    Rooms.noted.put("sleeping")
    rooms.wait(float(text))
    Rooms.noted.put("awake")


def _hold(rooms: Rooms, _socket: Socket[Say, Said], _text: str) -> None:
    container = rooms.lives.container
    assert container is not None
    Rooms.noted.put("held")
    while not Rooms.release.is_set():
        container.concurrency.sleep(0.01)


def _linger(rooms: Rooms, socket: Socket[Say, Said], text: str) -> None:
    _close(rooms, socket, "4000")
    rooms.wait(float(text))
    Rooms.noted.put("awake")


def _expect(_rooms: Rooms, socket: Socket[Say, Said], text: str) -> None:
    try:
        socket.receive(timeout=float(text))
    except (TimeoutError, SocketClosed) as error:
        Rooms.noted.put(error)


_SCRIPTS: dict[str, _Script] = {
    "close": _close,
    "fail": _fail,
    "deny": _deny,
    "declare": _declare,
    "break": _break,
    "flood": _flood,
    "sleep": _sleep,
    "hold": _hold,
    "linger": _linger,
    "expect": _expect,
    "return": lambda _rooms, _socket, _text: None,
}
