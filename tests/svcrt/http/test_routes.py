"""Which route a request leads to."""

import pytest

from http_host import Host
from http_shop import KNOWN_ID
from svcrt.contract import HttpBinding
from svcrt.errors import StartError
from svcrt.http.routes import RouteMap


def _binding(method: str, path: str) -> HttpBinding:
    return HttpBinding(method=method, path=path, status=200, parameters=())


@pytest.mark.parametrize(
    ("path", "found"),
    [
        ("/files/latest", "the latest"),
        ("/files/other", "file other"),
        ("/files/a.csv", "sheet a"),
        ("/files/.csv", "file .csv"),
        ("/files/a%2Fb", "file a/b"),
        ("/files/l%61test", "the latest"),
        ("/files/a%20b+c", "file a b+c"),
        ("/files/%C3%BC.csv", "sheet ü"),
        ("/files/%E2%82%AC", "file €"),
    ],
)
def test_the_more_specific_route_is_taken(host: Host, path: str, found: str) -> None:
    assert host.request("GET", path).json() == found


def test_a_verb_after_a_parameter(host: Host) -> None:
    assert host.request("POST", f"/orders/{KNOWN_ID}:cancel").json() == f"cancelled {KNOWN_ID}"
    assert host.request("POST", f"/orders/{KNOWN_ID}%3Acancel").json() == f"cancelled {KNOWN_ID}"


@pytest.mark.parametrize("path", ["/", "/nope", "/files", "/files/", "/files//latest", "/files/latest/", "/files/a/b"])
def test_nothing_there(host: Host, path: str) -> None:
    answer = host.request("GET", path)
    assert (answer.status, answer.headers["content-type"]) == (404, "application/problem+json")


def test_a_path_that_is_no_text(host: Host) -> None:
    assert host.request("GET", "/files/%FF").status == 400


@pytest.mark.parametrize("method", ["PATCH", "DELETE", "get"])
def test_a_method_that_the_path_does_not_take(host: Host, method: str) -> None:
    answer = host.request(method, "/orders")
    assert (answer.status, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS, POST")


def test_head_and_options(host: Host) -> None:
    head = host.request("HEAD", "/files/latest")
    assert (head.status, head.headers["content-length"], head.body) == (200, "12", b"")
    options = host.request("OPTIONS", "/orders")
    assert (options.status, options.headers["allow"], options.body) == (204, "GET, HEAD, OPTIONS, POST", b"")
    assert host.request("OPTIONS", "/nope").status == 404


@pytest.mark.parametrize(("one", "other"), [("/a/{x}", "/a/{y}"), ("/a/b", "/a/b"), ("/{x}/b", "/a/{y}")])
def test_a_clash_over_services_stops_the_start(one: str, other: str) -> None:
    routes: RouteMap[str] = RouteMap()
    routes.add("a.v1.A.get", _binding("GET", one), "one")
    routes.add("b.v1.B.post", _binding("POST", other), "another method")
    with pytest.raises(StartError, match=r"`a\.v1\.A\.get`.*`b\.v1\.B\.get`"):
        routes.add("b.v1.B.get", _binding("GET", other), "other")
