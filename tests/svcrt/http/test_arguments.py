"""What a request says, read strictly: every fault with its place."""

import pytest

from http_host import Answer, Host
from http_shop import KNOWN_ID

GOOD = {"lines": [{"sku": "A-1", "quantity": 2}]}


def _faults(answer: Answer) -> set[tuple[str, str]]:
    assert (answer.status, answer.headers["content-type"]) == (422, "application/problem+json"), answer.body
    assert answer.json()["type"] == "urn:svc:svc.InvalidRequest"
    return {(fault["in"], fault["at"]) for fault in answer.json()["faults"]}


def test_query_parameters_and_repeated_keys(host: Host) -> None:
    assert host.request("GET", "/orders").json() == ["None", "20", "", "None"]
    found = host.request("GET", "/orders?limit=5&tags=a&tags=b%26c&from_=2026-01-02").json()
    assert found[1:] == ["5", "a,b&c", "2026-01-02"]


def test_every_fault_of_a_query(host: Host) -> None:
    answer = host.request("GET", "/orders?limit=0&limit=3&zz=1&from_=soon")
    assert _faults(answer) == {("query", "limit"), ("query", "zz"), ("query", "from_")}


@pytest.mark.parametrize("limit", ["", "+5", "0_5", "5.0", "101", "0", "x"])
def test_numbers_in_a_query_are_strict(host: Host, limit: str) -> None:
    assert _faults(host.request("GET", f"/orders?limit={limit.replace('+', '%2B')}")) == {("query", "limit")}


def test_path_parameters_are_checked(host: Host) -> None:
    assert _faults(host.request("GET", "/orders/7")) == {("path", "id")}


def test_body_and_header(host: Host) -> None:
    answer = host.request("POST", "/orders", GOOD, {"Idempotency-Key": "k1"})
    assert (answer.status, answer.json()) == (201, {"first": "A-1", "quantity": "2", "key": "k1"})


def test_every_fault_of_body_and_header(host: Host) -> None:
    body = {"lines": [{"sku": "a b", "quantity": "2"}], "x": 1}
    answer = host.request("POST", "/orders", body, {"Idempotency-Key": "far too long"})
    assert _faults(answer) == {
        ("body", "$.lines[0].sku"),
        ("body", "$.lines[0].quantity"),
        ("body", "$.x"),
        ("header", "Idempotency-Key"),
    }


def test_body_fields(host: Host) -> None:
    path = f"/orders/{KNOWN_ID}/name"
    answer = host.request("PUT", path, {"name": "n", "priority": 5})
    assert (answer.status, answer.body) == (204, b"")
    wrong = host.request("PUT", "/orders/7/name", {"name": "", "z": 1})
    assert _faults(wrong) == {("path", "id"), ("body", "$.name"), ("body", "$.z")}
    assert _faults(host.request("PUT", path, {"name": "n", "id": str(KNOWN_ID)})) == {("body", "$.id")}
    assert ("body", "$") in _faults(host.request("PUT", path, [1]))


@pytest.mark.parametrize(
    ("body", "kind", "status"),
    [
        ("{", "application/json", 400),
        ('{"a": NaN}', "application/json", 400),
        (b'"\xff"', "application/json", 400),
        ("{}", "text/plain", 415),
        ("{}", "application/json; charset=latin-1", 415),
        ("x" * 1001, "application/json", 413),
    ],
)
def test_bodies_that_cannot_be_read(host: Host, body: bytes | str, kind: str, status: int) -> None:
    answer = host.request("POST", "/orders", body, {"Content-Type": kind})
    assert (answer.status, answer.headers["content-type"]) == (status, "application/problem+json")
    assert answer.json()["status"] == status


def test_a_body_where_none_belongs(host: Host) -> None:
    assert host.request("GET", "/orders", {}).status == 400
