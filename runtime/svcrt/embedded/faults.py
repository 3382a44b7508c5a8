"""Faults to order, between the broker's logic and its sockets: for tests of what happens when a broker misbehaves."""

import fnmatch
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from pamqp import commands

from .frames import METHOD, method_frame
from .methods import encode_method

if TYPE_CHECKING:
    from .broker import Broker
    from .server import Server

__all__ = ["Faults", "Host", "Losses", "Outlet"]

_DELIVER = commands.Basic.Deliver.index.to_bytes(4, "big")
_ACK = commands.Basic.Ack.index.to_bytes(4, "big")
_NACK = commands.Basic.Nack.index.to_bytes(4, "big")
# Of a method frame: its envelope, and where the arguments begin.
_METHOD_AT, _ARGUMENTS_AT = 7, 11
_TAG_SIZE = 8


class Host(Protocol):
    """What faults need of the broker that they happen to."""

    def call(self, function: "Callable[[Broker, Server], None]") -> None:
        """Call `function` in the broker's thread and wait for it; raises RuntimeError where none runs."""

    def call_soon(self, function: Callable[[], None]) -> None:
        """Call `function` in the broker's thread without waiting; raises RuntimeError where none runs."""


@dataclass(slots=True)
class _Loss:
    """So many more deliveries of this exchange and key (patterns) are to be lost; None is any number."""

    left: int | None
    exchange: str
    key: str


class Losses:
    """What is to be lost on its way to clients. Changed and read in any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._deliveries: list[_Loss] = []
        self._confirms = 0
        self.count = 0

    def add_deliveries(self, count: int | None, exchange: str, key: str) -> None:
        """Lose `count` deliveries more."""
        with self._lock:
            self._deliveries.append(_Loss(count, exchange, key))

    def add_confirms(self, count: int) -> None:
        """Lose `count` confirms more."""
        with self._lock:
            self._confirms += count

    def clear(self) -> None:
        """Lose nothing more."""
        with self._lock:
            self._deliveries.clear()
            self._confirms = 0

    def takes_delivery(self, exchange: str, key: str) -> bool:
        """Tell whether this delivery is lost, and count it."""
        with self._lock:
            for loss in self._deliveries:
                if fnmatch.fnmatchcase(exchange, loss.exchange) and fnmatch.fnmatchcase(key, loss.key):
                    if loss.left is not None:
                        loss.left -= 1
                        if not loss.left:
                            self._deliveries.remove(loss)
                    self.count += 1
                    return True
            return False

    def takes_confirm(self) -> bool:
        """Tell whether this confirm is lost, and count it."""
        with self._lock:
            if not self._confirms:
                return False
            self._confirms -= 1
            self.count += 1
            return True


class Outlet:
    """What everything passes that the broker sends to one client, a method with its content at a time."""

    def __init__(self, losses: Losses) -> None:
        self._losses = losses
        self._unconfirmed: dict[int, int] = {}
        self._refused: dict[int, set[int]] = {}

    def __call__(self, data: bytes) -> bytes:
        """Return what is left of `data`."""
        if data[0] != METHOD:
            return data
        method = data[_METHOD_AT:_ARGUMENTS_AT]
        if method == _DELIVER:
            return b"" if self._losses.takes_delivery(*_address(data)) else data
        if method in (_ACK, _NACK):
            return self._confirm(data, is_ack=method == _ACK)
        return data

    def _confirm(self, data: bytes, *, is_ack: bool) -> bytes:
        channel = int.from_bytes(data[1:3], "big")
        tag = int.from_bytes(data[_ARGUMENTS_AT : _ARGUMENTS_AT + _TAG_SIZE], "big")
        if self._losses.takes_confirm():
            self._unconfirmed[channel] = tag
            return b""
        lost = self._unconfirmed.get(channel)
        refused = self._refused.setdefault(channel, set())
        if not is_ack:
            refused.add(tag)
        if lost is None or not is_ack or not data[_ARGUMENTS_AT + _TAG_SIZE]:
            return data
        # "All up to this one" would confirm what was lost, too.
        self._unconfirmed[channel] = tag
        singles = [number for number in range(lost + 1, tag + 1) if number not in refused]
        refused.clear()
        return b"".join(
            method_frame(channel, encode_method(commands.Basic.Ack, delivery_tag=number)) for number in singles
        )


def _address(deliver: bytes) -> tuple[str, str]:
    """Exchange and routing key of a delivery: they stand behind consumer tag, delivery tag and the redelivered flag."""
    at = _ARGUMENTS_AT + 1 + deliver[_ARGUMENTS_AT] + _TAG_SIZE + 1
    exchange_end = at + 1 + deliver[at]
    key_end = exchange_end + 1 + deliver[exchange_end]
    return deliver[at + 1 : exchange_end].decode(), deliver[exchange_end + 1 : key_end].decode()


class Faults:
    """What a test can do to its embedded broker; from any thread, while it runs.

    Args:
        host: the broker.
        losses: what its connections consult.
    """

    def __init__(self, host: Host, losses: Losses) -> None:
        self._host = host
        self._losses = losses
        self._frozen: threading.Event | None = None

    def freeze(self) -> None:
        """Stop doing anything, as a suspended process or a cable that was pulled: nothing is read or written.

        Connections stay open and new ones are not answered, until `thaw`.
        """
        if self._frozen is not None:
            return
        frozen, reached = threading.Event(), threading.Event()

        def stand_still() -> None:
            reached.set()
            frozen.wait()

        self._host.call_soon(stand_still)
        reached.wait()
        self._frozen = frozen

    def thaw(self) -> None:
        """Go on after `freeze`: what came meanwhile is read now."""
        if self._frozen is not None:
            self._frozen.set()
            self._frozen = None

    def half_open(self) -> None:
        """Let the present connections hang for good, as after the other host was restarted; new ones are served.

        Their clients find out by heartbeat only.
        """
        self._host.call(lambda _, server: server.mute_connections())

    def disconnect(self) -> None:
        """Cut every connection without a word."""
        self._host.call(lambda _, server: server.drop_connections())

    def close(self, reason: str = "test") -> None:
        """Close every connection as an operator does: clients get CONNECTION_FORCED with this reason."""
        self._host.call(lambda _, server: server.close_connections(reason))

    def refuse(self, is_refusing: bool = True) -> None:
        """Cut every new connection as soon as it is made, until `refuse(False)`; present ones go on."""
        self._host.call(lambda _, server: server.refuse(is_refusing))

    def delay(self, seconds: float) -> None:
        """Hold back all that is sent to clients for so long from now on, in its order; 0 ends it."""
        self._host.call(lambda _, server: server.delay(seconds))

    def alarm(self, reason: bool | str = True) -> None:
        """Block publishers, as a broker that is low on memory or disk does; `alarm(False)` ends it.

        Who publishes is told (`connection.blocked`) and read from no more; consumers go on.
        """
        text = ("low on memory" if reason is True else reason) or None
        self._host.call(lambda broker, _: broker.set_alarm(text))

    def drop_deliveries(self, count: int | None = 1, *, exchange: str = "*", key: str = "*") -> None:
        """Lose the next deliveries to consumers: for the broker they are sent, for clients they never came.

        One that has to be acknowledged comes again when the consumer's channel or connection ends.

        Args:
            count: how many; None for all until `clear`.
            exchange: only messages published to such an exchange (`*` for anything in it, "" is the default one).
            key: only messages with such a routing key.
        """
        self._losses.add_deliveries(count, exchange, key)

    def drop_confirms(self, count: int = 1) -> None:
        """Lose the next confirms to publishers; one confirm may be that of several messages."""
        self._losses.add_confirms(count)

    @property
    def dropped(self) -> int:
        """How many deliveries and confirms were lost so far."""
        return self._losses.count

    def clear(self) -> None:
        """End everything that goes on: freeze, refusal, delay, alarm and losses. What has hung or was lost stays so."""
        self.thaw()
        self._losses.clear()
        self.refuse(False)
        self.delay(0)
        self.alarm(False)
