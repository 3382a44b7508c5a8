"""TLS to a real RabbitMQ that asks for a client certificate, and the login by it."""

import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlencode

import pytest

from authority import Authority
from cli_process import run_command
from cli_project import write_project
from link_probe import WAIT, Inbox, message
from rabbitmq_node import RabbitMQNode, find_free_port
from svcrt.amqp import AmqpLink
from svcrt.amqp.kinds import KINDS
from svcrt.concurrency import Backend
from svcrt.errors import BrokerRefused
from svcrt.types import Queue

pytestmark = [
    pytest.mark.rabbitmq,
    pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificates of these tests"),
]
MakeLink = Callable[..., AmqpLink]
HOST = "broker.test"


@dataclass
class Broker:
    """A node that speaks TLS and wants a certificate, and who signs those."""

    node: RabbitMQNode
    port: int
    authority: Authority
    folder: Path

    def url(self, certificate: Path | None, *, user: str = "", **options: str | Path) -> str:
        """Return a URL that shows `certificate` and trusts our authority."""
        query: dict[str, str | Path] = {"cacertfile": self.authority.certificate, "server_name_indication": HOST}
        if certificate is not None:
            query |= {"certfile": certificate, "keyfile": certificate.with_suffix(".key")}
        return f"amqps://{user}127.0.0.1:{self.port}/?{urlencode(query | options)}"


@pytest.fixture(scope="module")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Broker]:
    folder, port = tmp_path_factory.mktemp("pki"), find_free_port()
    authority = Authority(folder)
    server = authority.sign("server", alternative=f"DNS:{HOST}")
    config = {
        "listeners.ssl.default": f"127.0.0.1:{port}",
        "ssl_options.cacertfile": str(authority.certificate),
        "ssl_options.certfile": str(server),
        "ssl_options.keyfile": str(server.with_suffix(".key")),
        "ssl_options.verify": "verify_peer",
        "ssl_options.fail_if_no_peer_cert": "true",
        "auth_mechanisms.1": "PLAIN",
        "auth_mechanisms.2": "EXTERNAL",
        "ssl_cert_login_from": "common_name",
    }
    with RabbitMQNode(config, plugins=["rabbitmq_auth_mechanism_ssl"]) as node:
        node.rabbitmqctl("add_user", "shop", "a password that nobody knows")
        node.rabbitmqctl("set_permissions", "shop", ".*", ".*", ".*")
        yield Broker(node, port, authority, folder)


@pytest.fixture(scope="module")
def certificate(broker: Broker) -> Path:
    """What the user `shop` shows."""
    return broker.authority.sign("shop")


@pytest.mark.parametrize("kind", KINDS)
def test_the_certificate_logs_in(
    concurrency: Backend, make_link: MakeLink, broker: Broker, certificate: Path, kind: str
) -> None:
    link = make_link(broker.url(certificate, auth_mechanism="external"), kind=kind)
    inbox = Inbox(concurrency)
    link.consume(Queue(name="", durable=False), inbox, prefetch=1)
    assert "shop\n" in broker.node.rabbitmqctl("list_connections", "user")
    consumer = link.consume(Queue(name="q"), inbox, prefetch=1)
    link.publish(message("x" * 300_000), exchange="", routing_key="q", mandatory=True, timeout=WAIT)
    inbox.wait(1)
    consumer.cancel()


@pytest.mark.parametrize("kind", KINDS)
def test_a_password_beside_a_certificate(make_link: MakeLink, broker: Broker, certificate: Path, kind: str) -> None:
    make_link(broker.url(certificate, user=f"{broker.node.user}:{broker.node.password}@"), kind=kind)
    assert f"{broker.node.user}\n" in broker.node.rabbitmqctl("list_connections", "user")


def refused(make_link: MakeLink, url: str, kind: str) -> str:
    link = make_link(url, start=False, kind=kind)
    with pytest.raises(BrokerRefused) as caught:
        link.start(wait=WAIT)
    text = str(caught.value)
    assert "\n" not in text
    return text


@pytest.mark.parametrize("kind", KINDS)
def test_what_is_wrong_with_a_certificate_is_said(
    make_link: MakeLink, broker: Broker, certificate: Path, kind: str
) -> None:
    here = f"amqps://127.0.0.1:{broker.port}/"
    wanted = "the broker wants a client certificate: name one in its URL with `certfile` and `keyfile`"
    assert refused(make_link, broker.url(None), kind) == f"{here}: {wanted}"
    expired = broker.authority.sign("shop", days=-1)
    assert refused(make_link, broker.url(expired), kind) == f"{here}: the client certificate has expired"
    foreign = Authority(broker.folder, "stranger").sign("shop")
    assert "does not know the authority that signed the client certificate" in refused(
        make_link, broker.url(foreign), kind
    )
    nobody = broker.url(broker.authority.sign("nobody"), auth_mechanism="external")
    assert "refuses the user of the client certificate: " in refused(make_link, nobody, kind)
    assert "is not trusted: Hostname mismatch" in refused(
        make_link, broker.url(certificate, server_name_indication="other.test"), kind
    )
    stranger = Authority(broker.folder, "other")
    untrusted = broker.url(certificate, cacertfile=stranger.certificate)
    assert "is not trusted: self" in refused(make_link, untrusted, kind)


def test_the_command_line_ends_with_the_sentence(broker: Broker, certificate: Path, tmp_path: Path) -> None:
    project = write_project(tmp_path)
    for url, sentence in (
        (broker.url(None), "the broker wants a client certificate"),
        (broker.url(certificate, server_name_indication="other.test"), "is not trusted: Hostname mismatch"),
    ):
        ended = run_command(project, "run", "greeter:Greeter", "--no-http", "--broker", url)
        assert ended.returncode == 1
        said = [line for line in ended.stderr.splitlines() if line.startswith("Error: ")]
        assert len(said) == 1
        assert sentence in said[0]
        assert "Traceback" not in ended.stderr


def test_a_broker_without_the_mechanism_is_told_to_enable_it(make_link: MakeLink, broker: Broker) -> None:
    change = "application:set_env(rabbit, auth_mechanisms, [{}]), ok."
    certificate = broker.authority.sign("shop")
    for offered, url, missing in (
        ("'PLAIN'", broker.url(certificate, auth_mechanism="external"), "EXTERNAL: enable its plugin"),
        ("'EXTERNAL'", broker.url(certificate), "PLAIN: add it to its"),
    ):
        broker.node.rabbitmqctl("eval", change.format(offered))
        try:
            assert f"does not offer the login mechanism {missing}" in refused(make_link, url, "fast")
        finally:
            broker.node.rabbitmqctl("eval", change.format("'PLAIN','EXTERNAL'"))
