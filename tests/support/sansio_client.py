"""A broker without sockets or time, and clients of it: bytes go in and out by calls, the clock is set by hand."""

from typing import Any

from pamqp import base, commands, frame, header
from pamqp.body import ContentBody

from svcrt.embedded.broker import Broker
from svcrt.embedded.connection import Connection

__all__ = ["Client", "Clock", "advance", "make_broker"]


class Clock:
    """Seconds that pass when told to."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


def make_broker(**options: Any) -> tuple[Broker, Clock]:
    """Return a broker and its clock."""
    clock = Clock()
    return Broker(clock=clock, wall_clock=lambda: 1_700_000_000.0, **options), clock


def advance(broker: Broker, clock: Clock, seconds: float) -> None:
    """Let time pass, timer by timer."""
    end = clock.now + seconds
    while (due := broker.timers.next_due) is not None and due <= end:
        clock.now = max(clock.now, due)
        broker.settle_timers()
    clock.now = end


class Client:
    """One connection to a broker without sockets."""

    def __init__(self, broker: Broker) -> None:
        self.wakes = 0
        self.connection = Connection(broker, "test", self._wake)

    def _wake(self) -> None:
        self.wakes += 1

    def open(self, *, heartbeat: int = 0, capabilities: dict[str, Any] | None = None) -> "Client":
        """Do the handshake and open channel 1."""
        self.connection.receive(header.ProtocolHeader(0, 9, 1).marshal())
        properties: Any = {"capabilities": {"authentication_failure_close": True, **(capabilities or {})}}
        self.send(commands.Connection.StartOk(properties, "PLAIN", "\0guest\0guest"), channel=0)
        self.send(commands.Connection.TuneOk(2047, 131072, heartbeat), channel=0)
        self.send(commands.Connection.Open("/"), channel=0)
        self.send(commands.Channel.Open())
        names = [value.name for value in self.received()]
        assert names == ["Connection.Start", "Connection.Tune", "Connection.OpenOk", "Channel.OpenOk"], names
        return self

    def send(self, method: base.Frame, channel: int = 1) -> None:
        """Send a method."""
        self.connection.receive(frame.marshal(method, channel))

    def publish(self, key: str, body: bytes = b"m", *, exchange: str = "", **properties: Any) -> None:
        """Publish a message on channel 1."""
        self.connection.receive(self.content(key, body, exchange=exchange, **properties))

    @staticmethod
    def content(key: str, body: bytes = b"m", *, exchange: str = "", **properties: Any) -> bytes:
        """Return the frames of a publish."""
        return b"".join(
            [
                frame.marshal(commands.Basic.Publish(exchange=exchange, routing_key=key), 1),
                frame.marshal(header.ContentHeader(0, len(body), commands.Basic.Properties(**properties)), 1),
                frame.marshal(ContentBody(body), 1),
            ]
        )

    def received(self) -> list[Any]:
        """Return what the broker sent since."""
        data = self.connection.data_to_send()
        values = []
        while data:
            consumed, _, value = frame.unmarshal(data)
            values.append(value)
            data = data[consumed:]
        return values

    def bodies(self) -> list[bytes]:
        """Return the bodies among what the broker sent since."""
        return [value.value for value in self.received() if isinstance(value, ContentBody)]
