"""Who calls: found out once, the same principal in every rpc, job and event that follows, and no credential kept."""

import asyncio
import logging
import socket
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from typing import Any, assert_type

import msgspec
import pytest

import svcrt
from amqp_client import connect
from http_host import HttpClient
from probe_services import Clock, Listener, Probe, Relay, wait_until
from probe_v1 import Happened, Note, ProbeClient, contract
from svcrt import Authenticator, Principal, WorkerContext
from svcrt.contract import HttpBinding, HttpParameter, Source
from svcrt.errors import PermissionDenied, StartError, Unauthenticated
from svcrt.testing import build, running

SESAME = {"Authorization": "Bearer sesame"}


class User(msgspec.Struct, frozen=True):
    name: str
    roles: list[str] = []


@dataclass(frozen=True)
class Robot:
    serial: int


class Tokens(Authenticator[User]):
    asked = 0

    def authenticate(self, scheme: str, context: WorkerContext) -> User:
        type(self).asked += 1
        credential = context.call.authorization
        if credential == "Bearer sesame":
            return User(name="Ada", roles=["owner"])
        if credential == "Bearer guest":
            return User(name="Guest")
        raise Unauthenticated(f"a {scheme} token is needed")

    def authorize(self, principal: User, context: WorkerContext) -> None:
        if "owner" not in principal.roles:
            raise PermissionDenied(f"{principal.name} is no owner")


_REMEMBER = replace(
    contract.PROBE_REMEMBER,
    auth="bearer",
    http=HttpBinding(
        method="POST",
        path="/remember",
        status=202,
        parameters=(HttpParameter("text", Source.BODY_FIELD, "text"),),
    ),
)
_PROBE = replace(
    contract.PROBE,
    rpcs=(replace(contract.PROBE_ASK, auth="bearer"), contract.PROBE_AGAIN),
    oneways=(_REMEMBER,),
)
_RELAY = replace(contract.RELAY, rpcs=(replace(contract.RELAY_PASS_ON, auth="bearer"),))


class Guarded(Probe):
    contract = _PROBE
    tokens = Tokens()
    who = Principal(User)

    def ask(self, *, question: str) -> str:
        return f"{question} by {self.who.name}"

    def again(self, *, question: str) -> Note:
        return Note(question=question, answer=self.who.name)


class Front(Relay):
    contract = _RELAY
    tokens = Tokens()
    who = Principal(User)

    def pass_on(self, *, question: str) -> str:
        assert_type(self.who, User)
        self.publish.happened(Happened(what=question))
        return f"{self.probe.ask(question=question)} for {self.who.name}"


class Hearing(Listener):
    who = Principal(User, optional=True)
    heard: list[tuple[str, str]] = []  # noqa: RUF012

    def on_pool(self, event: Happened) -> None:
        assert_type(self.who, User | None)
        self.heard.append(("pool", self.who.name if self.who else "nobody"))

    def on_broadcast(self, event: Happened) -> None:
        self.heard.append(("broadcast", self.who.name if self.who else "nobody"))

    def on_singleton(self, event: Happened) -> None:
        raise LookupError("it is parked")


@contextmanager
def _serving(broker: str, *services: type[Any]) -> Iterator[HttpClient]:
    """Run services with HTTP."""
    listener = socket.create_server(("127.0.0.1", 0))
    with running(*services, broker=broker, http=listener):
        yield HttpClient(listener.getsockname()[:2])


def _parked(broker: str, service: str) -> Any:
    connection = connect(broker)
    channel = connection.channel()
    found: list[Any] = []

    def get() -> list[Any]:
        message = channel.basic_get(service, no_ack=True)
        found.extend([] if message is None else [message])
        return found

    wait_until(get)
    connection.close()
    return found[0]


def test_one_principal_from_http_to_rpc_and_events(broker_url: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    Hearing.heard.clear()
    with _serving(broker_url, Front, Guarded, Hearing) as host:
        answer = host.request("GET", "/relay/hello", headers=SESAME)
        assert (answer.status, answer.json()) == (200, "hello by Ada for Ada")
        wait_until(lambda: len(Hearing.heard) == 2)
        parked = _parked(broker_url, "svc.dead.probe.v1.Listener")
    assert sorted(Hearing.heard) == [("broadcast", "Ada"), ("pool", "Ada")]
    # What is kept names the caller, not the secret.
    assert "who=bearer,User,%7B%22name%22%3A%22Ada%22" in parked.application_headers["svc"]
    assert "sesame" not in str(parked.application_headers)
    assert "auth=" not in parked.application_headers["svc"]
    assert "sesame" not in caplog.text


def test_a_principal_is_found_out_once(embedded_broker_url: str) -> None:
    with _serving(embedded_broker_url, Front, Guarded) as host:
        Tokens.asked = 0
        assert host.request("GET", "/relay/hello", headers=SESAME).status == 200
    assert Tokens.asked == 1


@pytest.mark.parametrize(
    ("headers", "status", "name", "detail"),
    [
        ({}, 401, "Unauthenticated", "a bearer token is needed"),
        ({"Authorization": "Bearer wrong"}, 401, "Unauthenticated", "a bearer token is needed"),
        ({"Authorization": "Bearer guest"}, 403, "PermissionDenied", "Guest is no owner"),
    ],
)
def test_who_may_not_is_told_over_http(
    embedded_broker_url: str, headers: dict[str, str], status: int, name: str, detail: str
) -> None:
    with _serving(embedded_broker_url, Front, Guarded) as host:
        answer = host.request("GET", "/relay/hello", headers=headers)
        # Before the body is even looked at.
        unread = host.request("POST", "/remember", b"{", headers)
    found = answer.json()
    assert found.pop("call_id")
    assert (answer.status, found) == (
        status,
        {"type": f"urn:svc:svc.{name}", "title": name, "status": status, "detail": detail},
    )
    challenge = 'Bearer realm="probe.v1.Relay"' if status == 401 else None
    assert answer.headers.get("www-authenticate") == challenge
    assert unread.status == status


def test_an_authenticator_that_fails_tells_nothing(embedded_broker_url: str, caplog: pytest.LogCaptureFixture) -> None:
    class Broken(Authenticator[User]):
        def authenticate(self, scheme: str, context: WorkerContext) -> User:
            raise KeyError("the key of the issuer")

    class Service(Guarded):
        tokens = Broken()  # type: ignore[assignment] # another authenticator in its place

    with _serving(embedded_broker_url, Service) as host:
        answer = host.request("POST", "/remember", {"text": "x"}, SESAME)
    assert (answer.status, answer.json()["type"]) == (500, "urn:svc:svc.Internal")
    assert b"issuer" not in answer.body
    assert answer.json()["call_id"] in caplog.text
    assert "sesame" not in caplog.text


def test_a_job_runs_for_who_handed_it_in(broker_url: str) -> None:
    done: list[str] = []

    class Remembering(Guarded):
        def remember(self, *, text: str) -> None:
            done.append(f"{text} by {self.who.name}")

    with _serving(broker_url, Remembering) as host:
        assert host.request("POST", "/remember", {"text": "this"}, SESAME).status == 202
        wait_until(lambda: done)
        with svcrt.connect(broker_url, principal=User(name="Bob", roles=["owner"])) as cluster:
            ProbeClient(cluster).remember(text="that")
            wait_until(lambda: len(done) == 2)
    assert done == ["this by Ada", "that by Bob"]


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"authorization": "Bearer sesame"},  # does not reach a job
        {"principal": User(name="Guest")},
        {"principal": User(name="Ada", roles=["owner"]), "scheme": "basic"},
        {"principal": Robot(serial=7)},
    ],
)
def test_a_job_of_nobody_is_parked(embedded_broker_url: str, credentials: dict[str, Any]) -> None:
    with (
        running(Guarded, broker=embedded_broker_url),
        svcrt.connect(embedded_broker_url, **credentials) as cluster,
    ):
        ProbeClient(cluster).remember(text="x")
        parked = _parked(embedded_broker_url, "svc.dead.probe.v1.Probe")
    who = "PermissionDenied" if credentials == {"principal": User(name="Guest")} else "Unauthenticated"
    assert parked.application_headers["svc-error"] == who
    assert "sesame" not in str(parked.application_headers)


def test_a_call_says_who_by_credential_or_by_principal(embedded_broker_url: str) -> None:
    with running(Guarded, broker=embedded_broker_url):
        for given in ({"authorization": "Bearer sesame"}, {"principal": User(name="Ada", roles=["owner"])}):
            with svcrt.connect(embedded_broker_url, **given) as cluster:
                assert ProbeClient(cluster).ask(question="x") == "x by Ada"
        with (
            svcrt.connect(embedded_broker_url, principal=User(name="Guest")) as cluster,
            pytest.raises(PermissionDenied, match="Guest is no owner"),
        ):
            ProbeClient(cluster).ask(question="x")


def test_a_program_on_asyncio_says_who_as_others_do(embedded_broker_url: str) -> None:
    done: list[str] = []

    class Remembering(Guarded):
        def remember(self, *, text: str) -> None:
            done.append(f"{text} by {self.who.name}")

    async def work() -> str:
        ada = User(name="Ada", roles=["owner"])
        async with svcrt.connect_async(embedded_broker_url, principal=ada) as cluster:
            await cluster.send(contract.PROBE_REMEMBER, contract.ProbeRememberArguments(text="this"))
            return await cluster.call(contract.PROBE_ASK, contract.ProbeAskArguments(question="x"))

    with running(Remembering, broker=embedded_broker_url):
        assert asyncio.run(work()) == "x by Ada"
        wait_until(lambda: done)
    assert done == ["this by Ada"]


def test_a_service_that_does_not_trust_the_bus(embedded_broker_url: str) -> None:
    class Wary(Tokens):
        trusts_bus = False

    class Refused(Guarded):
        tokens = Wary()

    with (
        pytest.raises(StartError, match=r"`probe.v1.Probe.remember` is a protected oneway, and `Wary` does not trust"),
        running(Refused, broker=embedded_broker_url),
    ):
        pass

    class Service(Refused):
        contract = replace(_PROBE, oneways=())

    with running(Service, broker=embedded_broker_url):
        with svcrt.connect(embedded_broker_url, principal=User(name="Ada", roles=["owner"])) as cluster:
            with pytest.raises(Unauthenticated):
                ProbeClient(cluster).ask(question="x")
            with pytest.raises(Unauthenticated, match="on whose behalf"):
                ProbeClient(cluster).again(question="x")
        with svcrt.connect(embedded_broker_url, authorization="Bearer sesame") as cluster:
            assert ProbeClient(cluster).ask(question="x") == "x by Ada"


def test_a_principal_that_cannot_be_read_is_nobody(embedded_broker_url: str, caplog: pytest.LogCaptureFixture) -> None:
    other = msgspec.defstruct("User", [("shoe_size", int)])
    with (
        running(Guarded, broker=embedded_broker_url),
        svcrt.connect(embedded_broker_url, principal=other(46)) as cluster,
        pytest.raises(Unauthenticated),
    ):
        ProbeClient(cluster).ask(question="x")
    assert "a User came along that cannot be read" in caplog.text
    assert "46" not in caplog.text


def test_an_open_member_knows_the_caller_only_where_one_is_named(
    embedded_broker_url: str, caplog: pytest.LogCaptureFixture
) -> None:
    with running(Guarded, broker=embedded_broker_url):
        with svcrt.connect(embedded_broker_url, principal=User(name="Eve")) as cluster:
            assert ProbeClient(cluster).again(question="x").answer == "Eve"
        with svcrt.connect(embedded_broker_url) as cluster, pytest.raises(Unauthenticated, match="on whose behalf"):
            ProbeClient(cluster).again(question="x")
    assert "`Guarded.who` was used where nobody is named: protect the member with @auth" in caplog.text


def test_a_handler_without_a_caller(embedded_broker_url: str) -> None:
    class Strict(Hearing):
        who = Principal(User)

    Hearing.heard.clear()
    with running(Hearing, broker=embedded_broker_url), svcrt.connect(embedded_broker_url) as cluster:
        cluster.emit(contract.HAPPENED, Happened(what="x"))
        wait_until(lambda: len(Hearing.heard) == 2)
    assert {name for _, name in Hearing.heard} == {"nobody"}
    with running(Strict, broker=embedded_broker_url), svcrt.connect(embedded_broker_url) as cluster:
        cluster.emit(contract.HAPPENED, Happened(what="x"))
        reasons = [_reason(embedded_broker_url) for _ in range(3 + 1)]  # one of them is left from above
    assert sum("on whose behalf" in reason for reason in reasons) == 2


def _reason(broker: str) -> str:
    return str(_parked(broker, "svc.dead.probe.v1.Listener").application_headers["svc-dead-reason"])


def test_a_timer_has_no_caller(embedded_broker_url: str) -> None:
    ticked: list[object] = []

    class Ticking(Clock):
        who = Principal(User, optional=True)

        def tick(self) -> None:
            ticked.append(self.who)

    with running(Ticking, broker=embedded_broker_url):
        wait_until(lambda: ticked)
    assert ticked[0] is None


def test_authenticator_and_principal_name_the_same_type(embedded_broker_url: str) -> None:
    class Service(Guarded):
        who = Principal(Robot)  # type: ignore[assignment] # what is wrong here

    with (
        pytest.raises(StartError, match=r"`who: Principal` .*a `Robot`, and `Tokens` gives `User`"),
        running(Service, broker=embedded_broker_url),
    ):
        pass


def test_a_principal_in_a_unit_test() -> None:
    assert build(Guarded, who=User(name="Ada")).ask(question="x") == "x by Ada"
    with pytest.raises(AttributeError, match=r"svcrt\.testing\.build\(Guarded, who=\.\.\.\)"):
        build(Guarded).ask(question="x")


def test_the_type_of_a_principal_is_inherited() -> None:
    class Special(Tokens):
        pass

    assert Special.principal_type is User
    assert Authenticator[None].principal_type is type(None)


def test_a_nested_refusal_is_no_refusal_of_ours(embedded_broker_url: str) -> None:
    class Passing(Relay):
        def pass_on(self, *, question: str) -> str:
            return self.probe.ask(question=question)

    with _serving(embedded_broker_url, Passing, Guarded) as host:
        assert host.request("GET", "/relay/x").status == 500
        # The credential goes along with the nested call, though nobody here looked at it.
        assert host.request("GET", "/relay/x", headers=SESAME).json() == "x by Ada"
