"""The process behind `FaultProxy`: forwards TCP and breaks it as it is told. Standard library only, run by its path.

Reads a JSON list `[order, arguments…]` a line from standard input, answers each with a line; ends with its input.
"""

import json
import os
import random
import selectors
import socket
import struct
import sys
import time
from collections import deque
from dataclasses import dataclass, field
from typing import Any

_CHUNK = 64 * 1024
_QUEUED = 256 * 1024
_RESET = struct.pack("ii", 1, 0)
_PROTOCOL_HEADER = b"AMQP"
_LONGEST = 60.0
_DIRECTIONS = ("upstream", "downstream")


@dataclass
class Rules:
    """What happens to everything that goes one way, on present and later connections."""

    drop: bool = False
    delay: float = 0.0
    jitter: float = 0.0
    rate: float = 0.0


@dataclass
class Frames:
    """Follows the borders of AMQP frames through a stream that comes in pieces."""

    head: bytes = b""
    left: int = 0

    def find(self, data: bytes, longer: int) -> int | None:
        """Take `data` in; return where `longer` bytes of a frame longer than that end, seen from the start of `data`.

        That is below zero where they ended before; None while there is no such frame.
        """
        at, found = 0, None
        while at < len(data):
            if self.left:
                step = min(self.left, len(data) - at)
                at, self.left = at + step, self.left - step
                continue
            wanted = 8 if (self.head or data[at : at + 1])[:1] == b"A" else 7
            taken = data[at : at + wanted - len(self.head)]
            start, self.head, at = at - len(self.head), self.head + taken, at + len(taken)
            if len(self.head) < wanted:
                break
            size = 8 if self.head[:4] == _PROTOCOL_HEADER else 8 + int.from_bytes(self.head[3:7], "big")
            self.left, self.head = size - wanted, b""
            if found is None and size > longer:
                found = start + longer
        return found


@dataclass(eq=False)
class Flow:
    """One direction of one connection."""

    source: socket.socket
    sink: socket.socket
    rules: Rules
    queue: deque[tuple[float, bytes]] = field(default_factory=deque)
    queued: int = 0
    due: float = 0.0
    credit_at: float = 0.0
    ended: bool = False
    told: bool = False
    lossy: bool = False
    stalled: bool = False
    is_cut: bool = False
    cut_after: int | None = None
    cut_inside: int | None = None
    frames: Frames = field(default_factory=Frames)
    held: bytes = b""

    def wants_to_read(self) -> bool:
        """Whether to take more from its source."""
        return not self.ended and not self.stalled and self.queued < _QUEUED

    def next_write(self) -> float | None:
        """Return when there is something to write."""
        if self.stalled or not self.queue:
            return None
        return max(self.queue[0][0], self.credit_at if self.rules.rate else 0.0)

    def read(self, now: float, chance: random.Random) -> None:
        """Take what the source has, for later; raises OSError."""
        data = self.source.recv(_CHUNK)
        self.ended = not data
        if self.rules.drop:
            self.lossy |= bool(data)
            return
        border = self.frames.find(data, self.cut_inside or 0)
        held, self.held = self.held, b""
        data = held + data
        if self.cut_inside is not None and border is not None:
            self.cut_after, self.cut_inside = max(border + len(held), 0), None
        elif self.cut_inside is not None and not self.ended and self.frames.head:
            # Of a frame whose size is not known yet nothing may pass that lies beyond the cut.
            size = len(data) - len(self.frames.head)
            data, self.held = data[:size], data[size:]
        if self.cut_after is not None:
            data, self.cut_after = data[: self.cut_after], self.cut_after - len(data)
            self.is_cut = self.cut_after <= 0
            self.ended |= self.is_cut
        # Never before what came before it, whatever the jitter says.
        self.due = max(self.due, now + self.rules.delay + chance.uniform(0.0, self.rules.jitter))
        if data:
            self.queue.append((self.due, data))
            self.queued += len(data)

    def write(self, now: float) -> None:
        """Write what is due, and pass the end on; raises OSError."""
        due = self.next_write()
        while due is not None and due <= now:
            data = self.queue.popleft()[1]
            # A tenth of a second's worth at a time, so that slow is even.
            part = data[: max(1, int(self.rules.rate / 10))] if self.rules.rate else data
            try:
                sent = self.sink.send(part)
            except (BlockingIOError, InterruptedError):
                sent = 0
            self.queued -= sent
            if sent < len(data):
                self.queue.appendleft((0.0, data[sent:]))
            if self.rules.rate:
                self.credit_at = now + sent / self.rules.rate
            if sent < len(part):
                return
            due = self.next_write()
        if self.has_to_tell():
            self.told = True
            self.sink.shutdown(socket.SHUT_WR)

    def has_to_tell(self) -> bool:
        """Whether the end of its source is to be passed on now."""
        return self.ended and not self.queue and not (self.stalled or self.rules.drop or self.told)

    def fail(self) -> None:
        """One of the ends is gone."""
        self.ended = True
        self.queue.clear()
        self.queued = 0


class Connection:
    """A client's connection and ours to the broker.

    Attributes:
        lone: the only socket that there is: one that is never answered, or whose other end was reset.
        is_forgotten: what `lone` sends is answered with a reset.
    """

    def __init__(self, client: socket.socket, broker: socket.socket | None, rules: tuple[Rules, Rules]) -> None:
        self.lone = client if broker is None else None
        self.is_forgotten = False
        self.flows = [] if broker is None else [Flow(client, broker, rules[0]), Flow(broker, client, rules[1])]

    @property
    def is_damaged(self) -> bool:
        """Whether something is missing that one of the ends believes the other to have."""
        return self.lone is not None or any(flow.lossy for flow in self.flows)

    def step(self, readable: set[Any], now: float, chance: random.Random) -> bool:
        """Move what can be moved; return whether the connection goes on."""
        if self.lone is not None:
            return not (self.is_forgotten and self.lone in readable)
        for flow in self.flows:
            try:
                if flow.source in readable and flow.wants_to_read():
                    flow.read(now, chance)
                flow.write(now)
            except (BlockingIOError, InterruptedError):
                continue
            except OSError:
                for each in self.flows:
                    each.fail()
        return not all(flow.told for flow in self.flows) and not any(
            flow.is_cut and not flow.queue for flow in self.flows
        )

    def interest(self, now: float) -> tuple[dict[socket.socket, int], float]:
        """Return which events of which sockets to wait for, and when to look again in any case."""
        if self.lone is not None:
            return ({self.lone: selectors.EVENT_READ} if self.is_forgotten else {}), now + _LONGEST
        wanted, soonest = {flow.source: 0 for flow in self.flows}, now + _LONGEST
        for flow in self.flows:
            due = flow.next_write()
            if flow.wants_to_read():
                wanted[flow.source] |= selectors.EVENT_READ
            if due is not None and due <= now:
                wanted[flow.sink] |= selectors.EVENT_WRITE
            elif due is not None or flow.has_to_tell():
                soonest = min(soonest, due or now)
        return {each: events for each, events in wanted.items() if events}, soonest

    def reset_towards(self, direction: int) -> None:
        """Reset the end that lies in this direction; the other is reset when it next sends."""
        if self.flows:
            self.lone, self.is_forgotten = self.flows[direction].source, True
            _reset(self.flows[direction].sink)
            self.flows = []

    def close(self, *, reset: bool = False) -> None:
        """Close what is open."""
        for each in [self.lone] if self.lone is not None else [flow.source for flow in self.flows]:
            _reset(each) if reset or self.is_forgotten else each.close()


def _reset(connection: socket.socket) -> None:
    connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _RESET)
    connection.close()


class Proxy:
    """Listens, forwards, and does what the orders say; every public method is an order."""

    def __init__(self, host: str, port: int, seed: int) -> None:
        self._target = (host, port)
        self._chance = random.Random(seed)
        self._rules = {direction: Rules() for direction in _DIRECTIONS}
        self._connections: list[Connection] = []
        self._accepted = 0
        self._mute = False
        self._address = ("127.0.0.1", 0)
        self._listener: socket.socket | None = self._listen()
        self._address = self._listener.getsockname()

    def port(self) -> int:
        """Where it listens."""
        return self._address[1]

    def counts(self) -> list[int]:
        """How many connections there were, and are."""
        return [self._accepted, len(self._connections)]

    def rule(self, direction: str, name: str, value: Any) -> None:
        """Set one of `Rules`."""
        setattr(self._rules[direction], name, value)

    def mark(self, direction: str, name: str, value: Any) -> None:
        """Set an attribute of the present flows."""
        for each in self._connections:
            for flow in each.flows:
                if flow.rules is self._rules[direction]:
                    setattr(flow, name, value)

    def reset(self, direction: str | None) -> None:
        """Reset what is there, towards both ends for None."""
        if direction is None:
            self._close(self._connections, reset=True)
        else:
            for each in self._connections:
                each.reset_towards(_DIRECTIONS.index(direction))

    def refuse(self, on: bool) -> None:
        """Listen or not."""
        if on and self._listener is not None:
            self._listener.close()
            self._listener = None
        elif not on and self._listener is None:
            self._listener = self._listen()

    def mute(self, on: bool) -> None:
        """Connect what comes to nothing."""
        self._mute = on

    def heal(self) -> None:
        """End all of it."""
        for rules in self._rules.values():
            vars(rules).update(vars(Rules()))
        self.refuse(False)
        self._mute = False
        # Whoever got half of a stream must not get the rest as if nothing were missing.
        self._close([each for each in self._connections if each.is_damaged], reset=True)
        for each in self._connections:
            for flow in each.flows:
                flow.stalled, flow.cut_after, flow.cut_inside = False, None, None
                flow.queue = deque((0.0, data) for _, data in flow.queue)
                flow.due = 0.0

    def serve(self) -> None:
        """Work until standard input ends."""
        os.set_blocking(0, False)
        orders = b""
        while True:
            ready = self._wait()
            if sys.stdin in ready:
                data = os.read(0, _CHUNK)
                if not data:
                    return
                *lines, orders = (orders + data).split(b"\n")
                for line in lines:
                    name, *arguments = json.loads(line)
                    print(json.dumps(getattr(self, name)(*arguments)), flush=True)
            if self._listener is not None and self._listener in ready:
                self._accept(self._listener)
            now = time.monotonic()
            self._close([each for each in self._connections if not each.step(ready, now, self._chance)])

    def _wait(self) -> set[Any]:
        now = time.monotonic()
        soonest = now + _LONGEST
        with selectors.PollSelector() as selector:
            selector.register(sys.stdin, selectors.EVENT_READ)
            if self._listener is not None:
                selector.register(self._listener, selectors.EVENT_READ)
            for connection in self._connections:
                wanted, due = connection.interest(now)
                soonest = min(soonest, due)
                for each, events in wanted.items():
                    selector.register(each, events)
            return {key.fileobj for key, _ in selector.select(soonest - now)}

    def _listen(self) -> socket.socket:
        listener = socket.create_server(self._address, backlog=64)
        listener.setblocking(False)
        return listener

    def _accept(self, listener: socket.socket) -> None:
        try:
            client, _ = listener.accept()
        except OSError:
            return  # it has gone again
        self._accepted += 1
        broker = None if self._mute else socket.socket()
        for each in (client, broker):
            if each is not None:
                each.setblocking(False)
                each.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        if broker is not None:
            broker.connect_ex(self._target)
        up, down = self._rules.values()
        self._connections.append(Connection(client, broker, (up, down)))

    def _close(self, connections: list[Connection], *, reset: bool = False) -> None:
        for each in list(connections):
            self._connections.remove(each)
            each.close(reset=reset)


if __name__ == "__main__":
    proxy = Proxy(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
    proxy.serve()
