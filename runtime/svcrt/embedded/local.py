"""The embedded broker in a thread of this process: for tests, notebooks and programs that need no other."""

import asyncio
import threading
from collections.abc import Callable
from concurrent.futures import Future
from typing import Self
from urllib.parse import quote

from .broker import Broker
from .faults import Faults, Losses
from .server import Server

__all__ = ["EmbeddedBroker"]


class EmbeddedBroker:
    """An AMQP 0-9-1 broker in memory, on loopback unless told otherwise.

    Args:
        host: Address to listen on.
        port: Port to listen on; 0 for a free one.
        user: Who may log in.
        password: And with what.
        memory_limit: Bytes of messages held, above which publishers are blocked.

    Attributes:
        faults: What a test can make it do wrong.
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
        self._losses = Losses()
        self.faults = Faults(self, self._losses)

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
        self.faults.thaw()
        self.call_soon(stopping.set)
        thread.join()
        self._thread = None

    def call(self, function: Callable[[Broker, Server], None]) -> None:
        """See `svcrt.embedded.faults.Host`."""
        loop, broker, server = self._running()

        async def run() -> None:
            function(broker, server)

        asyncio.run_coroutine_threadsafe(run(), loop).result()

    def call_soon(self, function: Callable[[], None]) -> None:
        """See `svcrt.embedded.faults.Host`."""
        self._running()[0].call_soon_threadsafe(function)

    def _running(self) -> tuple[asyncio.AbstractEventLoop, Broker, Server]:
        if self._loop is None or self._server is None or self._broker is None or self._thread is None:
            raise RuntimeError("the embedded broker is not started")
        return self._loop, self._broker, self._server

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
        self._server = Server(self._broker, losses=self._losses)
        self._stopping = asyncio.Event()
        self.port = await self._server.start(self.host, self.port)
        started.set_result(None)
        await self._stopping.wait()
        await self._server.stop()
