"""A contract by hand, of the shape that the compiler emits, with every kind of HTTP member, and its implementation."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from datetime import date
from decimal import Decimal
from typing import Annotated, ClassVar, Final
from uuid import UUID

from werkzeug.exceptions import Conflict, NotFound
from werkzeug.utils import redirect
from werkzeug.wrappers import Request, Response

from svcrt import contract
from svcrt.bases import ServiceBase
from svcrt.context import WorkerContext
from svcrt.contract import HttpBinding, HttpParameter, Oneway, Route, Rpc, Service, Source
from svcrt.errors import DeclaredError
from svcrt.generated import Digits, Int64, Meta, OpenEnum, Pattern, Renamed, Struct, field
from svcrt.providers import DependencyProvider

NAME = "shop.v1.Orders"
KNOWN_ID = UUID("5f0c6b1e-6f0a-4a39-8e42-2f6a3a2b9d11")


class Status(OpenEnum):
    OPEN = "open"
    PAID = "paid"


class Line(Struct, kw_only=True):
    sku: Annotated[str, Pattern("^[A-Z0-9-]+$")]
    quantity: Annotated[int, Meta(ge=1, le=999)] = 1


class Draft(Struct, kw_only=True):
    lines: Annotated[list[Line], Meta(min_length=1, max_length=3)]
    note: str | None = None


class Order(Struct, kw_only=True):
    id: UUID
    total: Annotated[Decimal, Digits(12, 2)]
    note: str | None = None


class NotFoundFields(Struct, kw_only=True):
    id: UUID


class OrderNotFound(DeclaredError):
    wire_name = "shop.v1.OrderNotFound"
    status = 404
    fields_type = NotFoundFields

    def __init__(self, *, id: UUID) -> None:
        super().__init__(f"no order {id}")
        self.id = id


class ReasonFields(Struct, kw_only=True):
    left: int


class SoldOut(DeclaredError):
    wire_name = "shop.v1.SoldOut"
    status = 409
    retryable = True
    fields_type = ReasonFields

    def __init__(self, *, left: int) -> None:
        super().__init__(f"only {left} left")
        self.left = left


class TooBusy(SoldOut):
    wire_name = "shop.v1.TooBusy"
    status = 503


class GetArguments(Struct, kw_only=True):
    id: UUID


class PlaceArguments(Struct, kw_only=True):
    draft: Draft
    key: Annotated[str, Meta(max_length=8)] | None = None


class SearchArguments(Struct, kw_only=True):
    status: Status | None = None
    limit: Annotated[int, Meta(ge=1, le=100)] = 20
    tags: Annotated[list[str], Meta(max_length=3)] = field(default_factory=list[str])
    from_: Annotated[date | None, Renamed("since")] = None


SearchArguments = SearchArguments


class RenameArguments(Struct, kw_only=True):
    id: UUID
    name: Annotated[str, Meta(min_length=1)]
    priority: Int64 = 0


class AmendArguments(Struct, kw_only=True):
    id: UUID
    limit: Annotated[int, Meta(ge=1)]
    reason: Annotated[str, Meta(min_length=3)]
    draft: Draft


class NameArguments(Struct, kw_only=True):
    name: str


class NoArguments(Struct, kw_only=True):
    pass


class RebuildArguments(Struct, kw_only=True):
    since: date


class ExportArguments(Struct, kw_only=True):
    since: date | None = None


def _path(name: str) -> HttpParameter:
    return HttpParameter(name, Source.PATH, name)


def _rpc(
    name: str, binding: HttpBinding, arguments: type[Struct], result: object, timeout: float = 10.0
) -> Rpc[Struct, object]:
    errors = (OrderNotFound, SoldOut, TooBusy)
    return Rpc(
        service=NAME,
        name=name,
        stub=name,
        arguments=arguments,
        result=result,
        errors=errors,
        timeout=timeout,
        http=binding,
    )


def _route(name: str, method: str, path: str, *parameters: HttpParameter) -> Route[Struct]:
    arguments = ExportArguments if parameters else NoArguments
    return Route(
        name=name,
        stub=name,
        arguments=arguments,
        http=HttpBinding(method=method, path=path, status=200, parameters=parameters),
    )


def _get(path: str, *parameters: HttpParameter, method: str = "GET", status: int = 200) -> HttpBinding:
    return HttpBinding(method=method, path=path, status=status, parameters=parameters)


REBUILD: Final[Oneway[RebuildArguments]] = Oneway(
    service=NAME,
    name="rebuild",
    stub="rebuild",
    arguments=RebuildArguments,
    http=_get("/admin/rebuild", HttpParameter("since", Source.BODY_FIELD, "since"), method="POST", status=202),
)
CONTRACT: Final = Service(
    name=NAME,
    rpcs=(
        _rpc("get", _get("/orders/{id}", _path("id")), GetArguments, Order),
        _rpc(
            "place",
            _get(
                "/orders",
                HttpParameter("draft", Source.BODY, "draft"),
                HttpParameter("key", Source.HEADER, "Idempotency-Key"),
                method="POST",
                status=201,
            ),
            PlaceArguments,
            dict[str, str],
        ),
        _rpc(
            "search",
            _get("/orders", *(HttpParameter(key, Source.QUERY, key) for key in ("status", "limit", "tags", "from_"))),
            SearchArguments,
            list[str],
        ),
        _rpc(
            "rename",
            _get(
                "/orders/{id}/name",
                _path("id"),
                HttpParameter("name", Source.BODY_FIELD, "name"),
                HttpParameter("priority", Source.BODY_FIELD, "priority"),
                method="PUT",
                status=204,
            ),
            RenameArguments,
            None,
        ),
        _rpc(
            "amend",
            _get(
                "/orders/{id}/draft",
                _path("id"),
                HttpParameter("limit", Source.QUERY, "limit"),
                HttpParameter("reason", Source.HEADER, "X-Reason"),
                HttpParameter("draft", Source.BODY, "draft"),
                method="PATCH",
            ),
            AmendArguments,
            str,
        ),
        _rpc("sell", _get("/sell/{name}", _path("name")), NameArguments, str),
        _rpc("cancel", _get("/orders/{id}:cancel", _path("id"), method="POST"), GetArguments, str),
        _rpc("file", _get("/files/{name}", _path("name")), NameArguments, str),
        _rpc("sheet", _get("/files/{name}.csv", _path("name")), NameArguments, str),
        _rpc("latest", _get("/files/latest"), NoArguments, str),
        _rpc("fail", _get("/fail"), NoArguments, str),
        _rpc("broken", _get("/broken"), NoArguments, Order),
        _rpc("slow", _get("/slow"), NoArguments, str, timeout=0.05),
        _rpc("hold", _get("/hold"), NoArguments, str),
        _rpc("context", _get("/context"), NoArguments, dict[str, object]),
    ),
    oneways=(REBUILD,),
    routes=(
        _route("export", "GET", "/orders.csv", HttpParameter("since", Source.QUERY, "since")),
        _route("upload", "POST", "/upload"),
        _route("stream", "GET", "/stream"),
        _route("host", "GET", "/host"),
        _route("conflict", "GET", "/conflict"),
        _route("moved", "GET", "/moved"),
        _route("crash", "GET", "/crash"),
        _route("wrong", "GET", "/wrong"),
        _route("split", "GET", "/split"),
        _route("long", "GET", "/long"),
        _route("fails_at_once", "GET", "/fails-at-once"),
        _route("breaks_off", "GET", "/breaks-off"),
    ),
)


class CallFacts(DependencyProvider[WorkerContext]):
    def get_dependency(self, context: WorkerContext) -> WorkerContext:
        return context


class Orders(ServiceBase):
    contract = CONTRACT
    facts = CallFacts()
    files_read: ClassVar[list[str]] = []
    held = threading.Event()
    release = threading.Event()

    def get(self, *, id: UUID) -> Order:
        if id != KNOWN_ID:
            raise OrderNotFound(id=id)
        return Order(id=id, total=Decimal("12.50"))

    def place(self, *, draft: Draft, key: str | None) -> dict[str, str]:
        return {"first": draft.lines[0].sku, "quantity": str(draft.lines[0].quantity), "key": key or "none"}

    def search(self, *, status: Status | None, limit: int, tags: list[str], from_: date | None) -> list[str]:
        return [str(status), str(limit), ",".join(tags), str(from_)]

    def rename(self, *, id: UUID, name: str, priority: int) -> None:
        return None

    def amend(self, *, id: UUID, limit: int, reason: str, draft: Draft) -> str:
        return reason

    def sell(self, *, name: str) -> str:
        raise SoldOut(left=3) if name == "sold-out" else TooBusy(left=0)

    def cancel(self, *, id: UUID) -> str:
        return f"cancelled {id}"

    def file(self, *, name: str) -> str:
        self.files_read.append(name)
        return f"file {name}"

    def sheet(self, *, name: str) -> str:
        return f"sheet {name}"

    def latest(self) -> str:
        return "the latest"

    def fail(self) -> str:
        raise RuntimeError("the password is swordfish")

    def broken(self) -> object:
        return {"id": "not an order"}

    def slow(self) -> str:
        self._wait_for_release()
        return "too late"

    def hold(self) -> str:
        self.held.set()
        self._wait_for_release()
        return "released"

    def context(self) -> dict[str, object]:
        call = self.facts.call
        return {
            "traceparent": call.traceparent,
            "baggage": dict(call.baggage),
            "authorization": call.authorization,
            "left": call.remaining(),
            "service": self.facts.service,
        }

    def rebuild(self, *, since: date) -> None:
        raise AssertionError("a oneway runs from its queue, not in the gateway")

    def export(self, request: Request, *, since: date | None) -> Response:
        return Response(f"{request.method} since {since}\n", mimetype="text/csv", headers={"X-Export": "yes"})

    def upload(self, request: Request) -> Response:
        return Response(str(len(request.get_data())), mimetype="text/plain")

    def stream(self, request: Request) -> Response:
        def parts() -> Iterator[bytes]:
            for number in range(3):
                yield f"part {number}\n".encode()

        return Response(parts(), mimetype="text/plain")

    def host(self, request: Request) -> Response:
        return Response(request.host, mimetype="text/plain")

    def conflict(self, request: Request) -> Response:
        raise Conflict("two of them")

    def moved(self, request: Request) -> Response:
        raise NotFound(response=redirect("/orders"))

    def crash(self, request: Request) -> Response:
        raise RuntimeError("the password is swordfish")

    def wrong(self, request: Request) -> object:
        return "text"

    def split(self, request: Request) -> Response:
        response = Response("fine")
        # werkzeug checks what is set through its own methods only.
        kind = request.headers.get("X-Kind")
        if kind == "name":
            response.headers._list.append(("X-A: b\r\nSet-Cookie", "evil=1"))
        elif kind == "status":
            response._status = "200 OK\r\nSet-Cookie: evil=1"
        elif kind == "framing":
            response.headers._list.append(("Transfer-Encoding", "chunked"))
        else:
            response.headers._list.append(("X-Name", "a\r\nSet-Cookie: evil=1"))
        return response

    def long(self, request: Request) -> Response:
        # A text would have its length set anew.
        return Response(iter([b"0123", b"456789"]), headers={"Content-Length": "5"})

    def fails_at_once(self, request: Request) -> Response:
        exits = "X-Exit" in request.headers
        return Response(_broken(b"", SystemExit(3) if exits else _FAILURE))

    def breaks_off(self, request: Request) -> Response:
        return Response(_broken(b"a" * 10_000))

    def _wait_for_release(self) -> None:
        container = self.facts.container
        assert container is not None
        while not self.release.is_set():
            container.concurrency.sleep(0.002)


_FAILURE = RuntimeError("the password is swordfish")


def _broken(first: bytes, failure: BaseException = _FAILURE) -> Iterator[bytes]:
    yield first
    raise failure


__all__ = ["CONTRACT", "KNOWN_ID", "NAME", "Orders", "contract"]
