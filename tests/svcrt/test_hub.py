"""The hub: across containers, brokers and services, and what it does not promise."""

import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Final

import pytest
from websockets.sync.client import ClientConnection

import svcrt
from http_host import Host, HttpClient, hosted
from socket_peers import closing, eventually, hear, peer, say
from socket_rooms import NAME, ROOM, TELL, Rooms, Said, Say, TellArguments, check_caller
from svcrt.bases import ServiceBase, Socket
from svcrt.contract import Rpc, Service
from svcrt.embedded import EmbeddedBroker
from svcrt.hub import Hub, SocketHub
from svcrt.runner import Runner
from svcrt.testing import running
from svcrt.types import Message

ANNOUNCE: Final[Rpc[TellArguments, None]] = Rpc(
    service="news.v1.News", name="announce", stub="announce", arguments=TellArguments, result=None
)


class News(ServiceBase):
    """A service that hosts no socket and sends to those of another one."""

    contract = Service(name="news.v1.News", rpcs=(ANNOUNCE,))
    hub = Hub(ROOM)

    def announce(self, *, channel: str, text: str) -> None:
        if channel.startswith("to "):
            self.hub.unicast(channel[3:], Said(text=text))
        else:
            self.hub.broadcast(channel, Said(text=text))


@dataclass(frozen=True)
class Instance:
    runner: Runner
    host: HttpClient


@contextmanager
def instance(broker: str) -> Iterator[Instance]:
    with socket.create_server(("127.0.0.1", 0)) as listener, running(Rooms, broker=broker, http=listener) as runner:
        yield Instance(runner, HttpClient(listener.getsockname()[:2]))


@pytest.fixture(params=["green", "threads"])
def host(request: pytest.FixtureRequest) -> Iterator[Host]:
    with hosted(request.param, Rooms, authenticate=check_caller) as running_host:
        yield running_host


def tell(host: HttpClient, channel: str, text: str) -> None:
    assert host.request("POST", "/tell", {"channel": channel, "text": text}).status == 204


def test_only_a_process_with_sockets_loads_wsproto() -> None:
    script = """if True:
        import sys
        import svcrt.hub, svcrt.runner, svcrt.http.gateway
        assert "wsproto" not in sys.modules
    """
    subprocess.run([sys.executable, "-W", "error", "-c", script], check=True, timeout=30)


def test_a_broadcast_reaches_who_hears_the_channel(host: Host) -> None:
    with peer(host, "/rooms/a") as first, peer(host, "/rooms/a") as second, peer(host, "/rooms/b") as other:
        for each in (first, second, other):
            hear(each)
        say(first, "to a")
        tell(host, "b", "to b")
        assert [hear(first), hear(second), hear(other)] == ["to a", "to a", "to b"]


def test_a_socket_may_hear_several_channels_and_leave_one(host: Host) -> None:
    with peer(host, "/rooms/a?times=3") as member:
        hear(member)
        tell(host, "a", "first")
        tell(host, "a2", "second")
        assert [hear(member), hear(member)] == ["first", "second"]
        say(member, "leave")
        assert hear(member) == "left"
        tell(host, "a", "not for us")
        tell(host, "a1", "third")
        assert hear(member) == "third"


def test_a_unicast_reaches_one(host: Host) -> None:
    with peer(host, "/rooms/a") as first, peer(host, "/rooms/b") as second:
        hear(first)
        second_id = hear(second)
        say(first, f"only {second_id} psst")
        assert hear(second) == "psst"
        say(first, "only nobody-1 psst")
        say(first, "still here")
        assert hear(first) == "still here"


def test_a_channel_has_a_name(host: Host) -> None:
    for name in ("", "x" * 256):
        assert host.request("POST", "/tell", {"channel": name, "text": "hi"}).status == 500
    tell(host, "x" * 255, "hi")


def _what_the_checker_finds(hub: SocketHub[Said], socket: Socket[Say, Said], other: Socket[Say, Say]) -> None:
    """Never called: mypy refuses an `ignore` that is not needed."""
    hub.broadcast("a", Say(text="x"))  # type: ignore[arg-type]
    hub.unicast(socket.id, Say(text="x"))  # type: ignore[arg-type]
    hub.subscribe(other, "a")  # type: ignore[arg-type]
    socket.send(Say(text="x"))  # type: ignore[arg-type]


def test_instances_hear_each_other(broker_url: str) -> None:
    with (
        instance(broker_url) as one,
        instance(broker_url) as two,
        running(News, broker=broker_url),
        svcrt.connect(broker_url) as cluster,
        peer(one.host, "/rooms/a") as first,
        peer(two.host, "/rooms/a") as second,
    ):
        ids = [hear(first), hear(second)]
        assert ids[0].partition("-")[0] != ids[1].partition("-")[0]
        say(first, "from one")
        assert [hear(first), hear(second)] == ["from one", "from one"]
        say(second, "from two")
        assert [hear(first), hear(second)] == ["from two", "from two"]
        # From a request over HTTP, from an rpc, from a service that hosts none of them.
        tell(two.host, "a", "over HTTP")
        cluster.call(TELL, TellArguments(channel="a", text="by rpc"))
        cluster.call(ANNOUNCE, TellArguments(channel="a", text="news"))
        for member in (first, second):
            assert {hear(member) for _ in range(3)} == {"over HTTP", "by rpc", "news"}
        say(first, f"only {ids[1]} psst")
        cluster.call(ANNOUNCE, TellArguments(channel=f"to {ids[0]}", text="for one"))
        assert [hear(first), hear(second)] == ["for one", "psst"]
        # In the order of one sender.
        for number in range(200):
            say(first, str(number))
        for member in (first, second):
            assert [hear(member) for _ in range(200)] == [str(number) for number in range(200)]


def test_an_instance_that_stops_leaves_the_others_alone(embedded_broker_url: str) -> None:
    with ExitStack() as stack:
        one = stack.enter_context(instance(embedded_broker_url))
        second = stack.enter_context(ExitStack())
        two = second.enter_context(instance(embedded_broker_url))
        stays = stack.enter_context(peer(one.host, "/rooms/a"))
        goes = stack.enter_context(peer(two.host, "/rooms/a"))
        hear(stays)
        gone_id = hear(goes)
        second.close()
        assert closing(goes) == (1001, "this instance is stopping")
        say(stays, f"only {gone_id} too late")
        say(stays, "alone")
        assert hear(stays) == "alone"


def test_subscriptions_outlive_a_lost_broker_connection(embedded_broker: EmbeddedBroker) -> None:
    with instance(embedded_broker.url) as one, peer(one.host, "/rooms/a") as member:
        hear(member)
        embedded_broker.faults.disconnect()
        # What is sent until the binding is there again may be lost.
        eventually(lambda: is_told(one.host, member))


def is_told(host: HttpClient, member: ClientConnection) -> bool:
    tell(host, "a", "again")
    try:
        return hear(member, timeout=0.2) == "again"
    except TimeoutError:
        return False


def test_what_no_hub_sends_is_dropped(embedded_broker_url: str, caplog: pytest.LogCaptureFixture) -> None:
    with instance(embedded_broker_url) as one, peer(one.host, "/rooms/a") as member:
        hear(member)
        for stranger in (
            Message(body=b'{"text":"\xff"}', type=f"{NAME}.room", headers={"svc-channel": "a"}),
            Message(
                body=b"\x81", content_type="application/msgpack", type=f"{NAME}.room", headers={"svc-channel": "a"}
            ),
            Message(body=b"BZh9", content_encoding="bzip2", type=f"{NAME}.room", headers={"svc-channel": "a"}),
            Message(body=b"{}", type="rooms.v1.Rooms.echo", headers={"svc-channel": "a"}),
            Message(body=b"{}", headers={}),
        ):
            one.runner.containers[0].link.post(stranger, exchange="svc.socket", routing_key=f"{NAME}.room")
        say(member, "well")
        assert hear(member) == "well"
    assert caplog.text.count("cannot be read and is dropped") == 3


def test_a_broadcast_without_a_broker_raises_nothing(embedded_broker: EmbeddedBroker) -> None:
    with instance(embedded_broker.url) as one, peer(one.host, "/rooms/a") as member:
        hear(member)
        embedded_broker.faults.freeze()
        try:
            tell(one.host, "a", "later, or never")
        finally:
            embedded_broker.faults.thaw()
        assert hear(member) == "later, or never"
