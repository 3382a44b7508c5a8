"""The embedded broker in a thread of this process: for tests, notebooks and programs that need no other."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Self, TypeVar
from urllib.parse import quote

from .broker import Broker
from .server import Server

__all__ = ["EmbeddedBroker"]

T = TypeVar("T")


class EmbeddedBroker:
    """An AMQP 0-9-1 broker in memory, on loopback unless told otherwise.

    Args:
        host: Address to listen on.
        port: Port to listen on; 0 for a free one.
        user: Who may log in.
        password: And with what.
        memory_limit: Bytes of messages held, above which publishers are blocked.
    """

    def __init__(
        self,
        host: str = "127.0.0.1",
        port: int = 0,
        *,
        user: str = "guest",
        password: str = "guest",
        memory_limit: int = 512 << 20,
    ) -> None:
        self.host = host
        self.port = port
        self.user = user
        self.password = password
        self._memory_limit = memory_limit
        self._thread: threading.Thread | None = None
        self._loop: asyncio.AbstractEventLoop | None = None
        self._server: Server | None = None
        self._broker: Broker | None = None
        self._stopping: asyncio.Event | None = None
        self._frozen: threading.Event | None = None

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(self, *exc_info: object) -> None:
        self.stop()

    @property
    def url(self) -> str:
        """URL for any AMQP client."""
        return f"amqp://{quote(self.user, safe='')}:{quote(self.password, safe='')}@{self.host}:{self.port}/"

    def start(self) -> None:
        """Listen; a stopped broker starts empty, on the port that it had.

        Raises:
            OSError: The address is in use, or not this machine's.
        """
        started: Future[None] = Future()
        self._thread = threading.Thread(target=self._run, args=[started], name="svcrt-embedded-broker", daemon=True)
        self._thread.start()
        try:
            started.result()
        except Exception:
            self._thread.join()
            self._thread = None
            raise

    def stop(self) -> None:
        """Close every connection and end; everything that it held is gone."""
        thread, stopping = self._thread, self._stopping
        if thread is None or stopping is None:
            return
        self.thaw()
        self._call(stopping.set)
        thread.join()
        self._thread = None

    # -- faults, for tests

    def drop_connections(self) -> None:
        """Cut every connection without a word."""
        self._call(self._running().drop_connections)

    def close_connections(self, reason: str = "test") -> None:
        """Close every connection with CONNECTION_FORCED."""
        server = self._running()
        self._call(lambda: server.close_connections(reason))

    def set_alarm(self, reason: str | None) -> None:
        """Block publishers with this reason (``low on memory``); None unblocks them."""
        broker = self._broker
        assert broker is not None
        self._call(lambda: broker.set_alarm(reason))

    def freeze(self) -> None:
        """Stop doing anything, as a suspended process does; connections stay open. `thaw` ends it."""
        frozen = threading.Event()
        reached = threading.Event()

        def stand_still() -> None:
            reached.set()
            frozen.wait()

        assert self._loop is not None
        self._frozen = frozen
        self._loop.call_soon_threadsafe(stand_still)
        reached.wait()

    def thaw(self) -> None:
        """Go on after `freeze`."""
        if self._frozen is not None:
            self._frozen.set()
            self._frozen = None

    def _running(self) -> Server:
        if self._server is None or self._thread is None:
            raise RuntimeError("the embedded broker is not started")
        return self._server

    def _call(self, function: Callable[[], T]) -> T:
        assert self._loop is not None

        async def run() -> T:
            return function()

        return asyncio.run_coroutine_threadsafe(run(), self._loop).result()

    def _run(self, started: Future[None]) -> None:
        try:
            asyncio.run(self._serve(started))
        except Exception as error:
            if started.done():
                raise
            started.set_exception(error)

    async def _serve(self, started: Future[None]) -> None:
        self._loop = asyncio.get_running_loop()
        self._broker = Broker(
            user=self.user, password=self.password, clock=self._loop.time, memory_limit=self._memory_limit
        )
        self._server = Server(self._broker)
        self._stopping = asyncio.Event()
        self.port = await self._server.start(self.host, self.port)
        started.set_result(None)
        await self._stopping.wait()
        await self._server.stop()
