"""Broker URLs: what they say, checked before the first connection, and how they are shown without secrets."""

import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field

from kombu.utils.url import url_to_parts

from svcrt.errors import ConfigError

_PORTS = {"amqp": 5672, "amqps": 5671}
_TLS_OPTIONS = ("cacertfile", "certfile", "keyfile", "verify", "server_name_indication")


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One broker. `tls` is None for plain TCP; `server_name` is the name that its certificate must carry."""

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    vhost: str
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    server_name: str = ""

    def __str__(self) -> str:
        """The URL without user and password."""
        scheme = "amqp" if self.tls is None else "amqps"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}/{'' if self.vhost == '/' else self.vhost}"


def parse_servers(urls: Sequence[str] | str) -> tuple[Server, ...]:
    """Read broker URLs (one string may hold several, separated by semicolons).

    `amqp://user:password@host:port/vhost`, or `amqps:` with the query parameters of RabbitMQ's URI specification:
    `cacertfile`, `certfile`, `keyfile`, `verify` (`verify_peer`, the default, or `verify_none`) and
    `server_name_indication`. Left out: user and password `guest`, the protocol's port, vhost `/`.

    Raises:
        ConfigError: one of them says nothing that can be connected to.
    """
    if isinstance(urls, str):
        urls = urls.split(";")
    servers = tuple(_parse(url.strip()) for url in urls if url.strip())
    if not servers:
        raise ConfigError("no broker URL was given; expected amqp://user:password@host:port/vhost")
    return servers


def _parse(url: str) -> Server:
    try:
        parts = url_to_parts(url)
    except ValueError as error:
        raise ConfigError(
            f"a broker URL cannot be read ({error}); expected amqp://user:password@host:port/vhost"
        ) from None
    if parts.scheme not in _PORTS:
        # What there is beside the scheme may hold a password.
        raise ConfigError(
            "a broker URL begins with amqp:// or amqps://, as in amqp://user:password@host:5672/vhost"
            + (f", not with `{parts.scheme}`" if parts.scheme else "; this one has no scheme")
        )
    options = dict(parts.query)
    unknown = sorted(set(options) - set(_TLS_OPTIONS if parts.scheme == "amqps" else ()))
    if unknown:
        allowed = f"it may have {', '.join(_TLS_OPTIONS)}" if parts.scheme == "amqps" else "only amqps:// has any"
        raise ConfigError(f"a broker URL has the unknown parameter `{unknown[0]}`; {allowed}")
    host = parts.hostname or "localhost"
    return Server(
        host=host,
        port=parts.port or _PORTS[parts.scheme],
        user=parts.username or "guest",
        password=parts.password or "guest",
        vhost=parts.path or "/",
        tls=_tls_context(options) if parts.scheme == "amqps" else None,
        server_name=options.get("server_name_indication", host),
    )


def _tls_context(options: dict[str, str]) -> ssl.SSLContext:
    verify = options.get("verify", "verify_peer")
    if verify not in ("verify_peer", "verify_none"):
        raise ConfigError(f"`verify` of a broker URL is verify_peer or verify_none, not `{verify}`")
    try:
        context = ssl.create_default_context(cafile=options.get("cacertfile"))
        if options.get("certfile"):
            context.load_cert_chain(options["certfile"], options.get("keyfile"))
    except OSError as error:
        raise ConfigError(f"a certificate or key file of a broker URL cannot be loaded: {error}") from None
    if verify == "verify_none":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context
