"""The shop's HTTP members, from their contract: good requests succeed, bad ones are refused, and none is a 500."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cli_process import Running
from contract_damage import damaged
from contract_requests import Asked, Member, asked, path_of, placed, sample, text_violations, values, violations
from http_host import Answer, HttpClient
from shop.billing_service import Billing
from shop.common.v1 import Sku
from shop.orders_service import Orders
from shop.stock_service import Stock
from svcrt.codec import codec
from svcrt.contract import HttpBinding, Rpc, Service, Source

_SERVICES = (Orders, Billing, Stock)


def _bound(service: Service) -> Iterator[Member]:
    yield from (member for member in service.rpcs if member.http is not None)
    yield from (member for member in service.oneways if member.http is not None)
    yield from service.routes


_MEMBERS: dict[str, Member] = {
    f"{service.contract.name.rpartition('.')[2]}.{member.name}": member
    for service in _SERVICES
    for member in _bound(service.contract)
}
_ARTICLES = ["TEAPOT-1", "CUP-6", "KETTLE-2"]
_KNOWN: dict[Any, Any] = {Sku: st.sampled_from(_ARTICLES)}
_GENERAL = {400, 404, 405, 408, 413, 414, 415, 417, 422, 431, 501, 503, 504}
"""Statuses of docs/http.md that any member may answer with: what the contract need not declare."""

_settings = settings(
    derandomize=True,
    deadline=None,
    database=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much, HealthCheck.data_too_large],
)


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> Iterator[HttpClient]:
    """The shop as its users run it: processes, on eventlet."""
    examples = Path(__file__).parents[3] / "generated_examples"
    arguments = ("--config", str(examples / "shop/svcgen.toml"), "--http", "127.0.0.1:0")
    variables = {"PYTHONPATH": str(examples)}
    with Running(tmp_path_factory.mktemp("shop"), *arguments, variables=variables) as run:
        port = run.wait_for(r"(?m)^http +http://127\.0\.0\.1:(\d+)")[1]
        run.wait_for("HTTP is served")
        yield HttpClient(("127.0.0.1", int(port)))
        assert "Traceback" not in run.said


def _binding(member: Member) -> HttpBinding:
    assert member.http is not None
    return member.http


@st.composite
def _good(draw: st.DrawFn, member: Member) -> Asked:
    return asked(_binding(member), draw(values(member.arguments, _KNOWN)))


def _send(shop: HttpClient, request: Asked) -> Answer:
    return shop.request(request.method, request.target, request.data, request.headers)


def _check(member: Member, request: Asked, answer: Answer, *, general: set[int]) -> None:
    """Check that an answer is one of those that the contract and docs/http.md know, and complete."""
    success = {_binding(member).status}
    declared = {error.wire_name: error for error in (member.errors if isinstance(member, Rpc) else ())}
    assert answer.status in success | {error.status for error in declared.values()} | general, (request, answer)
    if request.method == "HEAD":
        return
    if answer.status < 400:
        if isinstance(member, Rpc) and request.method == _binding(member).method and answer.status in success:
            codec(member.result).decode(answer.body or b"null")
        return
    assert answer.headers["content-type"] == "application/problem+json", (request, answer)
    problem = answer.json()
    assert (problem["status"], {"type", "title", "detail"} - set(problem)) == (answer.status, set())
    assert b"Traceback" not in answer.body
    name = problem["type"].removeprefix("urn:svc:")
    if name in declared:
        codec(declared[name].fields_type).decode(json.dumps(problem["fields"]).encode())
        assert answer.status == declared[name].status
    else:
        assert name in ("about:blank", "svc.InvalidRequest", "svc.Overloaded", "svc.DeadlineExceeded")


@pytest.mark.slow
@pytest.mark.parametrize("name", _MEMBERS)
def test_good_requests_end_as_the_contract_says(shop: HttpClient, name: str) -> None:
    member = _MEMBERS[name]

    @settings(_settings, max_examples=100)
    @given(_good(member))
    def run(request: Asked) -> None:
        _check(member, request, _send(shop, request), general=set())

    run()


@pytest.mark.slow
@pytest.mark.parametrize("name", _MEMBERS)
def test_damaged_requests_end_as_documented(shop: HttpClient, name: str) -> None:
    member = _MEMBERS[name]

    @settings(_settings, max_examples=250)
    @given(damaged(_good(member)))
    def run(request: Asked) -> None:
        answer = _send(shop, request)
        # Another method or path may be another member's, or nobody's: its success is then not this one's.
        others = {200, 201, 202, 204} if (request.method, request.path) != _own(member, request) else set()
        _check(member, request, answer, general=_GENERAL | others | {409})

    run()


def _own(member: Member, request: Asked) -> tuple[str, str]:
    same = request.method == _binding(member).method
    return (request.method, request.path) if same and _leads_to(member, request.path) else ("", "")


def _leads_to(member: Member, path: str) -> bool:
    template = _binding(member).path.split("/")
    segments = path.split("/")
    return len(template) == len(segments) and all(
        "{" in wanted or wanted == got for wanted, got in zip(template, segments, strict=True)
    )


def _broken() -> Iterator[Any]:
    """List every way in which one constraint of one member can be broken alone, and the fault that it must be."""
    for name, member in _MEMBERS.items():
        types = {each.encode_name: each.type for each in msgspec.structs.fields(member.arguments)}
        good = sample(member.arguments)
        unknown = asked(_binding(member), good)
        yield pytest.param(replace(unknown, query=(*unknown.query, ("zz", "1"))), ("query", "zz"), id=f"{name} ?zz")
        for each in _binding(member).parameters:
            in_body = each.source in (Source.BODY, Source.BODY_FIELD)
            key = {Source.BODY: "$", Source.BODY_FIELD: f"$.{each.name}"}.get(each.source, each.key)
            wrong = violations(types[each.name]) if in_body else text_violations(types[each.name])
            for place, bad in wrong:
                if each.source is Source.PATH and bad == "":
                    continue  # no route has an empty segment: 404
                request = asked(_binding(member), placed(good, (each.name, *place), bad))
                fault = ("body" if in_body else each.source.value, key + path_of(place))
                yield pytest.param(request, fault, id=f"{name} {fault[1]} {str(bad)[:20]}")


@pytest.mark.parametrize(("request_", "fault"), list(_broken()))
def test_one_broken_constraint_is_one_fault_at_its_place(
    shop: HttpClient, request_: Asked, fault: tuple[str, str]
) -> None:
    answer = _send(shop, request_)
    assert answer.status == 422, (request_, answer)
    [found] = answer.json()["faults"]
    assert (found["in"], found["at"]) == fault
