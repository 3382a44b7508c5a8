"""Blocking and asyncio clients in Django: real requests to a threaded WSGI server."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from typing import Any

import django
import httpx
import msgspec
import pytest
from django.conf import settings
from django.core.servers.basehttp import ThreadedWSGIServer, WSGIRequestHandler
from django.core.wsgi import get_wsgi_application
from django.http import HttpRequest, JsonResponse, StreamingHttpResponse
from django.urls import path

import svcrt
from desk.v1 import Closed, DeskAsyncClient, DeskClient, Ticket
from desk_services import Seen, desk_on
from probe_services import wait_until


class Clusters:
    """The application's module of clients, as docs/clients.md has it: connected at the first request of a process."""

    url: str
    cluster: svcrt.Cluster | None = None
    lock = threading.Lock()

    @classmethod
    def get(cls) -> svcrt.Cluster:
        """Connect once, whatever thread comes first."""
        with cls.lock:
            if cls.cluster is None:
                cls.cluster = svcrt.connect(cls.url)
            return cls.cluster

    @classmethod
    def close(cls) -> None:
        """Close it, if there is one."""
        if cls.cluster is not None:
            cls.cluster.close()


def echo(request: HttpRequest, number: int) -> JsonResponse:
    try:
        answer = DeskClient(Clusters.get()).echo(ticket=Ticket(number=number, text=request.GET["text"]))
    except Closed as error:
        return JsonResponse({"reason": error.reason}, status=error.status)
    return JsonResponse(msgspec.to_builtins(answer))


async def echo_async(request: HttpRequest, number: int) -> JsonResponse:
    """Under WSGI Django gives each such request an event loop of its own."""
    desk = DeskAsyncClient(svcrt.AsyncCluster(Clusters.get()))
    answer = await desk.echo(ticket=Ticket(number=number, text=request.GET["text"]))
    await desk.note(text=str(number))
    return JsonResponse(msgspec.to_builtins(answer))


def count(request: HttpRequest, last: int) -> StreamingHttpResponse:
    return StreamingHttpResponse(f"{item}\n" for item in DeskClient(Clusters.get()).count(first=1, last=last))


urlpatterns = [
    path("echo/<int:number>", echo),
    path("async/<int:number>", echo_async),
    path("count/<int:last>", count),
]


class Handler(WSGIRequestHandler):  # type: ignore[misc] # Django has no types
    """Logs no requests."""

    def log_message(self, format: str, *args: Any) -> None: ...


@contextmanager
def site() -> Iterator[str]:
    """Serve the application; yields its URL."""
    if not settings.configured:
        settings.configure(ROOT_URLCONF=__name__, ALLOWED_HOSTS=["*"], SECRET_KEY="x", LOGGING_CONFIG=None)
        django.setup()
    server = ThreadedWSGIServer(("127.0.0.1", 0), Handler, ipv6=False)
    server.set_app(get_wsgi_application())
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    thread.start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


def test_eight_threads_of_requests(broker_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = Seen()
    monkeypatch.setattr(Clusters, "url", broker_url, raising=False)
    monkeypatch.setattr(Clusters, "cluster", None)

    with (
        desk_on(broker_url, seen),
        closing(Clusters),
        site() as url,
        httpx.Client(base_url=url, timeout=30.0) as web,
    ):

        def ask(number: int) -> int:
            kind = ("echo", "async")[number % 2]
            answer = web.get(f"/{kind}/{number}", params={"text": "é"})
            assert (answer.status_code, answer.json()["text"]) == (200, "é")
            return int(answer.json()["number"])

        with ThreadPoolExecutor(8) as threads:
            assert list(threads.map(ask, range(80))) == list(range(80))
        wait_until(lambda: len(seen.notes) == 40)

        refused = web.get("/echo/1", params={"text": "closed"})
        assert (refused.status_code, refused.json()) == (409, {"reason": "it is late"})
        assert web.get("/count/100").text.split() == [str(each) for each in range(1, 101)]
