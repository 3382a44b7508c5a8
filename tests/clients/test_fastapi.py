"""The asyncio client in FastAPI, and the blocking one in its threads: real requests to uvicorn."""

import threading
from collections.abc import AsyncIterator, Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from typing import Any

import httpx
import msgspec
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from fastapi.responses import StreamingResponse

import svcrt
from desk.v1 import Closed, DeskAsyncClient, DeskClient, Ticket
from desk_services import Seen, desk_on
from probe_services import wait_until


def application(broker: str) -> FastAPI:
    """Return an application that connects when it starts and closes when it ends."""

    @asynccontextmanager
    async def lifespan(app: FastAPI) -> AsyncIterator[None]:
        async with svcrt.connect_async(broker) as cluster:
            app.state.desk = DeskAsyncClient(cluster)
            with svcrt.connect(broker) as blocking:
                app.state.blocking = DeskClient(blocking)
                yield

    app = FastAPI(lifespan=lifespan)

    @app.get("/echo/{number}")
    async def echo(request: Request, number: int, text: str) -> Any:
        desk: DeskAsyncClient = request.app.state.desk
        try:
            return msgspec.to_builtins(await desk.echo(ticket=Ticket(number=number, text=text)))
        except Closed as error:
            raise HTTPException(error.status, error.reason) from error

    @app.get("/threads/{number}")
    def echo_in_a_thread(request: Request, number: int, text: str) -> Any:
        desk: DeskClient = request.app.state.blocking
        return msgspec.to_builtins(desk.echo(ticket=Ticket(number=number, text=text)))

    @app.post("/notes", status_code=202)
    async def note(request: Request, text: str) -> None:
        await request.app.state.desk.note(text=text)

    @app.get("/count/{last}")
    async def count(request: Request, last: int) -> StreamingResponse:
        async def lines() -> AsyncIterator[str]:
            # Left early when the client goes: the service's method ends, too.
            async with request.app.state.desk.count(first=1, last=last) as items:
                async for item in items:
                    yield f"{item}\n"

        return StreamingResponse(lines(), media_type="text/plain")

    return app


@contextmanager
def served(app: FastAPI) -> Iterator[str]:
    """Serve an application; yields its URL."""
    config = uvicorn.Config(app, port=0, log_config=None, ws="none", loop="asyncio", timeout_graceful_shutdown=10)
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run)
    thread.start()
    try:
        wait_until(lambda: server.started)
        yield f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}"
    finally:
        server.should_exit = True
        thread.join()


def test_many_requests_at_once(broker_url: str) -> None:
    seen = Seen()
    with (
        desk_on(broker_url, seen),
        served(application(broker_url)) as url,
        httpx.Client(base_url=url, timeout=30.0) as web,
    ):

        def ask(number: int) -> int:
            kind = "threads" if number % 4 == 0 else "echo"
            answer = web.get(f"/{kind}/{number}", params={"text": "é"})
            assert (answer.status_code, answer.json()["text"]) == (200, "é")
            return int(answer.json()["number"])

        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(ask, range(120))) == list(range(120))
        refused = web.get("/echo/1", params={"text": "closed"})
        assert (refused.status_code, refused.json()) == (409, {"detail": "it is late"})
        assert web.post("/notes", params={"text": "a"}).status_code == 202
        wait_until(lambda: seen.notes == [("a", b"")])


def test_a_stream_goes_through_and_ends_with_its_reader(broker_url: str) -> None:
    seen = Seen()
    with (
        desk_on(broker_url, seen),
        served(application(broker_url)) as url,
        httpx.Client(base_url=url, timeout=30.0) as web,
    ):
        assert web.get("/count/200").text.split() == [str(each) for each in range(1, 201)]
        seen.counted.clear()
        with web.stream("GET", "/count/100000000") as answer:
            assert next(answer.iter_lines()) == "1"
        wait_until(seen.counted.is_set)
