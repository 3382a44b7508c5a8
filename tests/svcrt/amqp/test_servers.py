import ssl
import subprocess
from pathlib import Path

import pytest

from authority import Authority
from svcrt.amqp.servers import Server, parse_servers
from svcrt.errors import ConfigError


def only(url: str) -> Server:
    (server,) = parse_servers(url)
    return server


def test_all_parts_are_read_and_decoded() -> None:
    assert only("amqp://us%40er:pa%2Fss@broker.example:5673/my%2Fhost") == Server(
        host="broker.example", port=5673, user="us@er", password="pa/ss", vhost="my/host", server_name="broker.example"
    )


@pytest.mark.parametrize(
    "url", ["amqp://", "amqp://localhost", "amqp://localhost/", "amqp://guest:guest@localhost:5672/%2F"]
)
def test_what_is_left_out_has_its_default(url: str) -> None:
    assert only(url) == Server(
        host="localhost", port=5672, user="guest", password="guest", vhost="/", server_name="localhost"
    )


def test_several_are_kept_in_order() -> None:
    assert [server.host for server in parse_servers("amqp://a; amqp://b;")] == ["a", "b"]
    assert [server.host for server in parse_servers(["amqp://a", "amqp://[::1]:1"])] == ["a", "::1"]


def test_no_secret_is_shown() -> None:
    server = only("amqp://user:tell-nobody@host/v")
    assert str(server) == "amqp://host:5672/v"
    assert "tell-nobody" not in repr(server)
    assert str(only("amqp://[::1]")) == "amqp://[::1]:5672/"


@pytest.mark.parametrize("url", ["amqp://user:tell/nobody@host/v", "amqp://user:tell-nobody]@host[/v"])
def test_a_password_that_is_not_encoded_is_told_and_not_shown(url: str) -> None:
    with pytest.raises(ConfigError, match=r"cannot be read; expected amqp://.*%2F") as caught:
        parse_servers(url)
    assert "tell" not in str(caught.value)


def test_tls_checks_certificate_and_name_by_default() -> None:
    server = only("amqps://broker.example")
    assert (server.port, server.server_name, str(server)) == (5671, "broker.example", "amqps://broker.example:5671/")
    assert server.tls is not None
    assert server.tls.check_hostname
    assert server.tls.verify_mode is ssl.CERT_REQUIRED


def test_tls_can_be_told_otherwise() -> None:
    server = only("amqps://10.0.0.1?verify=verify_none&server_name_indication=broker.example")
    assert server.server_name == "broker.example"
    assert server.tls is not None
    assert server.tls.verify_mode is ssl.CERT_NONE


def test_a_client_certificate_that_cannot_be_used_is_refused_with_its_reason(tmp_path: Path) -> None:
    authority = Authority(tmp_path)
    ours, other = authority.sign("ours"), authority.sign("other")
    key, locked = ours.with_suffix(".key"), tmp_path / "locked.key"
    command = ["openssl", "rsa", "-aes256", "-passout", "pass:tell-nobody", "-in", str(key), "-out", str(locked)]
    subprocess.run(command, check=True, capture_output=True)
    external = only(f"amqps://host?certfile={ours}&keyfile={key}&auth_mechanism=External")
    assert (external.mechanism, external.has_certificate) == ("EXTERNAL", True)
    for query, reason in (
        (f"certfile={ours}&keyfile={other.with_suffix('.key')}", "the key belongs to another certificate"),
        (f"certfile={ours}&keyfile={locked}", "locked.key of a broker URL is encrypted; name one without a passphrase"),
        (f"certfile={key}&keyfile={key}", "it is no certificate, or no key, in PEM format"),
        (f"certfile={ours}&keyfile=/no/such/file", "`keyfile` of a broker URL, /no/such/file, cannot be read"),
        (f"keyfile={key}", "has a `keyfile` and no `certfile`"),
        (f"cacertfile={key}", "it is no certificate"),
    ):
        with pytest.raises(ConfigError, match=reason):
            parse_servers(f"amqps://host?{query}")


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("", "no broker URL was given"),
        ("redis://host", "begins with amqp:// or amqps://, .*, not with `redis`"),
        ("localhost:5672", "not with `localhost`"),
        ("localhost", "as in amqp://user:password@host:5672/vhost; this one has no scheme"),
        ("amqp://host:port/", "cannot be read"),
        ("amqp://host?heartbeat=5", "unknown parameter `heartbeat`; only amqps:// has any"),
        ("amqps://host?ssl=1", "unknown parameter `ssl`; it may have cacertfile"),
        ("amqps://host?verify=no", "`verify` of a broker URL is verify_peer or verify_none, not `no`"),
        ("amqps://host?auth_mechanism=gssapi", "`auth_mechanism` of a broker URL is plain or external, not `gssapi`"),
        ("amqps://host?auth_mechanism=external", "no client certificate: add `certfile` and `keyfile`"),
        ("amqps://host?cacertfile=/no/such/file", "cannot be loaded"),
    ],
)
def test_what_cannot_be_connected_to_is_refused(url: str, reason: str) -> None:
    with pytest.raises(ConfigError, match=reason):
        parse_servers(url)


def test_a_secret_in_a_broken_url_is_not_repeated() -> None:
    with pytest.raises(ConfigError) as caught:
        parse_servers("amqp://user:tell-nobody@host:99999999/")
    assert "tell-nobody" not in str(caught.value)
