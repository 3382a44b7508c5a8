"""A contract of streams, of the shape that the compiler emits, its client, and implementations that tests observe."""

from __future__ import annotations

import threading
from abc import abstractmethod
from collections.abc import Iterator
from typing import Annotated, Final

from svcrt.concurrency import Backend, backend
from svcrt.generated import (
    DeclaredError,
    HttpBinding,
    HttpParameter,
    Meta,
    Rpc,
    Service,
    ServiceBase,
    ServiceClient,
    Source,
    Stream,
    StreamRpc,
    Struct,
)

NAME = "feed.v1.Feed"


class Number(Struct, kw_only=True):
    value: Annotated[int, Meta(ge=0)]
    text: str = ""


class TooFarFields(Struct, kw_only=True):
    at: int


class TooFar(DeclaredError):
    wire_name = "feed.v1.TooFar"
    status = 416
    fields_type = TooFarFields

    def __init__(self, *, at: int) -> None:
        super().__init__(f"no number beyond {at}")
        self.at = at


class PingArguments(Struct, kw_only=True):
    text: str


class NumbersArguments(Struct, kw_only=True):
    count: Annotated[int, Meta(ge=0, le=1_000_000)]
    size: int = 0


class WatchArguments(Struct, kw_only=True):
    topic: str


class SingleArguments(Struct, kw_only=True):
    pass


PING: Final[Rpc[PingArguments, str]] = Rpc(service=NAME, name="ping", stub="ping", arguments=PingArguments, result=str)
NUMBERS: Final[StreamRpc[NumbersArguments, Number]] = StreamRpc(
    service=NAME,
    name="numbers",
    stub="numbers",
    arguments=NumbersArguments,
    item=Number,
    errors=(TooFar,),
    http=HttpBinding(
        method="GET",
        path="/numbers/{count}",
        status=200,
        parameters=(HttpParameter("count", Source.PATH, "count"), HttpParameter("size", Source.QUERY, "size")),
    ),
)
WATCH: Final[StreamRpc[WatchArguments, str]] = StreamRpc(
    service=NAME,
    name="watch",
    stub="watch",
    arguments=WatchArguments,
    item=str,
    errors=(TooFar,),
    timeout=5.0,
    http=HttpBinding(
        method="GET",
        path="/watch/{topic}",
        status=200,
        parameters=(HttpParameter("topic", Source.PATH, "topic"),),
    ),
)
SINGLE: Final[StreamRpc[SingleArguments, int]] = StreamRpc(
    service=NAME, name="single", stub="single", arguments=SingleArguments, item=int, concurrency=1
)
FEED: Final = Service(name=NAME, rpcs=(PING,), streams=(NUMBERS, WATCH, SINGLE))


class FeedClient(ServiceClient):
    """Calls `feed.v1.Feed`."""

    contract = FEED

    def ping(self, *, text: str, timeout: float | None = None) -> str:
        return self._call(PING, PingArguments(text=text), timeout)

    def numbers(self, *, count: int, size: int = 0, timeout: float | None = None) -> Stream[Number]:
        return self._stream(NUMBERS, NumbersArguments(count=count, size=size), timeout)

    def watch(self, *, topic: str, timeout: float | None = None) -> Stream[str]:
        return self._stream(WATCH, WatchArguments(topic=topic), timeout)

    def single(self, *, timeout: float | None = None) -> Stream[int]:
        return self._stream(SINGLE, SingleArguments(), timeout)


class FeedBase(ServiceBase):
    """Streams."""

    contract = FEED

    @abstractmethod
    def ping(self, *, text: str) -> str: ...

    @abstractmethod
    def numbers(self, *, count: int, size: int) -> Iterator[Number]: ...

    @abstractmethod
    def watch(self, *, topic: str) -> Iterator[str]: ...

    @abstractmethod
    def single(self) -> Iterator[int]: ...


class Seen:
    """What the streams of a process have done; the tests' view of the other side."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.produced = 0
        self.opened = 0
        self.ended: list[str] = []

    def count(self) -> None:
        with self.lock:
            self.produced += 1

    def begin(self) -> None:
        with self.lock:
            self.opened += 1

    def end(self, how: str) -> None:
        with self.lock:
            self.ended.append(how)


def feed(seen: Seen, concurrency: Backend | None = None) -> type[FeedBase]:
    """Return an implementation that notes in `seen` what its streams do, and waits by the means of `concurrency`."""
    chosen = concurrency or backend("threads")

    class Feed(FeedBase):
        def ping(self, *, text: str) -> str:
            return text

        def numbers(self, *, count: int, size: int) -> Iterator[Number]:
            seen.begin()
            how = "closed"
            try:
                for value in range(count):
                    seen.count()
                    yield Number(value=value, text="x" * size)
                how = "done"
            finally:
                seen.end(how)

        def watch(self, *, topic: str) -> Iterator[str]:
            """Do what the topic says, around one item."""
            seen.begin()
            if topic == "unknown":
                raise TooFar(at=0)
            if topic == "slow":
                chosen.sleep(0.5)
            try:
                yield topic
                match topic:
                    case "quiet":
                        chosen.sleep(3600.0)
                    case "ticking":
                        while True:
                            chosen.sleep(0.02)
                            yield "tick"
                    case "refused":
                        raise TooFar(at=1)
                    case "broken":
                        raise ZeroDivisionError("a secret")
                    case "wrong":
                        yield 5  # type: ignore[misc] # what a method may do by mistake
            finally:
                seen.end(topic)

        def single(self) -> Iterator[int]:
            seen.begin()
            yield 1
            chosen.sleep(3600.0)

    return Feed
