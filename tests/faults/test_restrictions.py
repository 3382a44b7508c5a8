"""An operator takes something away: what can be recovered is, what cannot is said in one sentence, the rest works."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest
from kombu.connection import Connection

import svcrt
import waiting
from fault_ledger import DONE
from fault_service import NOTED, SERVICE
from fault_site import GRACE, Site
from rabbitmq_node import RabbitMQNode
from svcrt.errors import BrokerError

pytestmark = [pytest.mark.rabbitmq, pytest.mark.slow]

on_both_backends = pytest.mark.parametrize("concurrency", ["green", "threads"], indirect=True)

RPC_QUEUE = f"svc.rpc.{SERVICE}"
JOB_QUEUE = f"svc.job.{SERVICE}"
EVENT_QUEUE = f"svc.event.{NOTED.name}--{SERVICE}.on_noted"


@contextmanager
def operator(site: Site, node: RabbitMQNode) -> Iterator[Callable[..., str]]:
    """Give `rabbitmqctl`, and give everything back in the end."""
    try:
        yield node.rabbitmqctl
    finally:
        user = node.user
        node.rabbitmqctl(
            "eval",
            f'rabbit_auth_backend_internal:set_permissions(<<"{user}">>, <<"{site.vhost}">>, <<".*">>, <<".*">>, '
            f'<<".*">>, <<"{user}">>), rabbit_vhost_limit:clear(<<"{site.vhost}">>, <<"{user}">>), '
            f'rabbit_auth_backend_internal:clear_user_limits(<<"{user}">>, <<"all">>, <<"{user}">>).',
        )


def close_connections(site: Site, node: RabbitMQNode) -> None:
    node.rabbitmqctl("close_all_connections", "--vhost", site.vhost, "restricted")


def fails_clearly(site: Site, kind: str) -> bool:
    return site.order(kind, within=1.0) in {"NotSent", "UnknownService", "OutcomeUnknown", "RpcTimeout"}


def test_access_to_the_virtual_host_revoked(site: Site, node: RabbitMQNode) -> None:
    """Without access each connection says so once, calls end in NotSent; given back, all come back by themselves."""
    before = len(site.service.said)
    with operator(site, node) as rabbitmqctl:
        rabbitmqctl("clear_permissions", "--vhost", site.vhost, node.user)
        close_connections(site, node)
        line = site.service.wait_for(r"refuses user", since=before)
        assert site.order("rpc", within=0.5) in {"NotSent", "OutcomeUnknown"}
        assert site.order("idempotent", within=1.0) == "NotSent"
    assert f"`{node.user}`" in line
    assert site.vhost in line
    assert node.password not in site.service.said
    assert site.works()
    site.balance()
    assert site.service.said[before:].count("refuses user") == 2, "once for each connection"
    assert "Traceback" not in site.service.said


@on_both_backends
def test_permission_for_queues_revoked(site: Site, node: RabbitMQNode) -> None:
    """What may not be declared or consumed is said once; given back, the service consumes again by itself."""
    before = len(site.service.said)
    with operator(site, node) as rabbitmqctl:
        rabbitmqctl("set_permissions", "--vhost", site.vhost, node.user, "^amq", "^amq", "^amq")
        close_connections(site, node)
        line = site.service.wait_for(rf"cannot consume yet: queue `{RPC_QUEUE}`", since=before)
        assert fails_clearly(site, "rpc")
        assert fails_clearly(site, "event")
    assert "refused for user" in line
    assert site.works()
    site.balance()
    said = site.service.said[before:]
    for queue in (RPC_QUEUE, JOB_QUEUE, EVENT_QUEUE):
        assert said.count(f"cannot consume yet: queue `{queue}`") == 1, said
    assert "Traceback" not in said


@on_both_backends
@pytest.mark.parametrize("queue", [RPC_QUEUE, JOB_QUEUE, EVENT_QUEUE])
def test_a_queue_deleted(site: Site, node: RabbitMQNode, queue: str) -> None:
    """A deleted queue is declared again with its bindings, and one line says so; the connection stays."""
    site.balance()
    before, connections = len(site.service.said), site.service_proxy.accepted
    with site.load(["rpc", "idempotent"]) as load:
        load.wait(10)
        node.rabbitmqctl("delete_queue", "--vhost", site.vhost, queue)
        site.service.wait_for(rf"queue `{queue}` is gone", since=before)
        load.wait(10)
    assert site.works()
    site.balance()
    assert site.service.said[before:].count("is gone from the broker") == 1
    assert site.service_proxy.accepted == connections


@on_both_backends
@pytest.mark.parametrize(("exchange", "kind"), [("svc.rpc", "rpc"), ("svc.job", "oneway"), ("svc.event", "event")])
def test_an_exchange_deleted(site: Site, node: RabbitMQNode, exchange: str, kind: str) -> None:
    """Without its exchange a call or message ends clearly at once; the exchange and its bindings are made again."""
    site.balance()
    connections = site.service_proxy.accepted
    with Connection(node.vhost_url(site.vhost)) as connection:
        connection.default_channel.exchange_delete(exchange)
    begun = time.monotonic()
    # Soon after a lost connection a call goes on trying within its deadline.
    assert site.order(kind) in {"NotSent", "UnknownService"} | ({DONE} if kind == "rpc" else set())
    assert time.monotonic() - begun < GRACE
    if kind == "event":
        # Without its binding an event is for nobody, which is no fault: wait until it is bound again.
        listing = ("list_bindings", "--vhost", site.vhost, "source_name", "routing_key")
        waiting.wait_until(lambda: f"svc.event\t{NOTED.name}" in node.rabbitmqctl(*listing).splitlines())
    assert site.works()
    site.balance()
    assert site.service_proxy.accepted == connections


def test_a_queue_redeclared_with_other_arguments(site: Site, node: RabbitMQNode) -> None:
    """A queue that somebody made otherwise is reported once, with the remedy; everything else works on."""
    site.balance()
    before = len(site.service.said)
    with Connection(node.vhost_url(site.vhost)) as connection:
        channel = connection.default_channel
        # The service is quicker than we may be: until ours stands.
        while True:
            channel.queue_delete(JOB_QUEUE)
            try:
                channel.queue_declare(JOB_QUEUE, durable=True, auto_delete=False, arguments={"x-max-length": 5})
                break
            except Exception:
                channel = connection.channel()
        line = site.service.wait_for(rf"cannot consume yet: queue `{JOB_QUEUE}`", since=before)
        assert "delete it" in line
        for kind in ("rpc", "idempotent", "event"):
            assert site.order(kind) == DONE
        channel.queue_delete(JOB_QUEUE)
    assert site.works()
    site.balance()
    assert site.service.said[before:].count("cannot consume yet") == 1


@pytest.mark.parametrize(
    "limit",
    [
        ["set_vhost_limits", "--vhost", "VHOST", '{"max-connections": 1}'],
        ["set_user_limits", "USER", '{"max-connections": 1}'],
    ],
)
@pytest.mark.usefixtures("fresh")
def test_connection_limit(site: Site, node: RabbitMQNode, limit: list[str]) -> None:
    """A full broker is reported once by each connection, by a new client at once; with room again all come back."""
    before = len(site.service.said)
    names = {"VHOST": site.vhost, "USER": node.user}
    with operator(site, node) as rabbitmqctl:
        rabbitmqctl(*(names.get(word, word) for word in limit))
        close_connections(site, node)
        line = site.service.wait_for(r"refuses user", since=before)
        assert "limit" in line
        with pytest.raises(BrokerError, match="limit"):
            svcrt.connect(node.vhost_url(site.vhost), wait=10.0)
        site.order("rpc", within=0.5)
    assert site.works()
    site.balance()
    assert "Traceback" not in site.service.said[before:]


@pytest.mark.parametrize(
    ("limit", "over", "reason"),
    [
        (["set_user_limits", "USER", '{"max-channels": 1}'], ["clear_user_limits", "USER", "all"], "user limit of"),
        (
            ["eval", "application:set_env(rabbit, channel_max, 2)."],
            ["eval", "application:set_env(rabbit, channel_max, 2047)."],
            "channel_max=2",
        ),
    ],
)
@pytest.mark.usefixtures("fresh")
def test_channel_limit(site: Site, node: RabbitMQNode, limit: list[str], over: list[str], reason: str) -> None:
    """Too few channels for what a service needs are said once, not at each attempt; with enough it works again."""
    before = len(site.service.said)
    attempts = site.service_proxy.accepted
    node.rabbitmqctl(*(node.user if word == "USER" else word for word in limit))
    try:
        close_connections(site, node)
        site.service.wait_for(rf"consumer: .* lets us connect, but not work: .*{reason}", since=before)
        waiting.wait_until(lambda: site.service_proxy.accepted >= attempts + 4, what="several attempts")
        assert site.order("rpc", within=0.5) in {"NotSent", "OutcomeUnknown", "RpcTimeout"}
    finally:
        node.rabbitmqctl(*(node.user if word == "USER" else word for word in over))
    assert site.works()
    site.balance()
    # Work may be done before it is said that there is a connection again.
    site.service.wait_for(r"consumer: connected", since=before)
    said = site.service.said[before:]
    lines = [line for line in said.splitlines() if "consumer: " in line]
    assert len(lines) == 3, f"lost, not usable, connected; not: {lines}"
    assert "Traceback" not in said
