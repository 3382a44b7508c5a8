import shutil
import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from link_probe import WAIT, Inbox
from svcrt.amqp import AmqpLink
from svcrt.concurrency import Backend
from svcrt.errors import BrokerRefused
from svcrt.types import Message, Queue

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="openssl makes the certificate of these tests")
MakeLink = Callable[..., AmqpLink]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A certificate for `broker.test` that signs itself, with its key in the same file."""
    path = tmp_path_factory.mktemp("tls") / "both.pem"
    key = path.with_name("key.pem")
    subprocess.run(
        f"openssl req -x509 -newkey rsa:2048 -nodes -days 2 -subj /CN=broker.test "
        f"-addext subjectAltName=DNS:broker.test -keyout {key} -out {path}",
        shell=True,
        check=True,
        capture_output=True,
    )
    path.write_text(path.read_text() + key.read_text())
    return path


@pytest.fixture
def tls_port(broker_url: str, certificate: Path) -> Iterator[int]:
    """Port of 127.0.0.1 that speaks TLS and passes everything on to the broker."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    parts = urlsplit(broker_url)
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            while True:
                try:
                    plain, _ = listener.accept()
                except OSError:
                    return
                threading.Thread(target=serve, args=(plain,)).start()

        def serve(plain: socket.socket) -> None:
            try:
                with (
                    context.wrap_socket(plain, server_side=True) as client,
                    socket.create_connection((parts.hostname, parts.port or 5672)) as broker,
                ):
                    client.settimeout(0.002)
                    broker.settimeout(0.002)
                    relay(client, broker)
            except OSError:
                plain.close()

        thread = threading.Thread(target=accept)
        thread.start()
        yield listener.getsockname()[1]
        listener.shutdown(socket.SHUT_RDWR)
        thread.join()


def relay(client: socket.socket, broker: socket.socket) -> None:
    while True:
        for source, target in ((client, broker), (broker, client)):
            try:
                data = source.recv(65536)
            except TimeoutError:
                continue
            if not data:
                return
            target.settimeout(WAIT)
            target.sendall(data)
            target.settimeout(0.002)


def secure(broker_url: str, port: int, query: str) -> str:
    parts = urlsplit(broker_url)
    return f"amqps://{parts.username}:{parts.password}@127.0.0.1:{port}{parts.path}?{query}"


def test_messages_go_over_tls(
    concurrency: Backend, broker_url: str, tls_port: int, certificate: Path, make_link: MakeLink
) -> None:
    url = secure(broker_url, tls_port, f"cacertfile={certificate}&server_name_indication=broker.test")
    link, inbox = make_link(url), Inbox(concurrency)
    link.consume(Queue(name="q"), inbox, prefetch=1)
    bodies = [bytes([number]) * 700_000 for number in range(3)]
    for body in bodies:
        link.publish(Message(body=body), exchange="", routing_key="q", timeout=WAIT)
    assert [delivery.message.body for delivery in inbox.wait(3)] == bodies


def test_a_certificate_nobody_vouches_for_is_refused(broker_url: str, tls_port: int, make_link: MakeLink) -> None:
    link = make_link(secure(broker_url, tls_port, "server_name_indication=broker.test"), start=False)
    with pytest.raises(BrokerRefused, match=r"certificate of amqps://127\.0\.0\.1:\d+/.* is not trusted: self"):
        link.start(wait=WAIT)


def test_a_certificate_of_another_name_is_refused(
    broker_url: str, tls_port: int, certificate: Path, make_link: MakeLink
) -> None:
    link = make_link(secure(broker_url, tls_port, f"cacertfile={certificate}"), start=False)
    with pytest.raises(BrokerRefused, match="is not trusted: IP address mismatch"):
        link.start(wait=WAIT)
