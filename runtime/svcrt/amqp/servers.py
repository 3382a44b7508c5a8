"""Broker URLs: what they say, checked before the first connection, and how they are shown without secrets."""

import os
import ssl
from collections.abc import Sequence
from dataclasses import dataclass, field
from urllib.parse import parse_qsl, unquote, urlsplit

from svcrt.errors import ConfigError

_PORTS = {"amqp": 5672, "amqps": 5671}
_TLS_OPTIONS = ("cacertfile", "certfile", "keyfile", "verify", "server_name_indication", "auth_mechanism")
PLAIN, EXTERNAL = "PLAIN", "EXTERNAL"
"""How to log in (SASL): with user and password, or by the client certificate."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Server:
    """One broker.

    Attributes:
        tls: None for plain TCP.
        server_name: the name that its certificate must carry.
        mechanism: `PLAIN`, or `EXTERNAL`: then the client certificate says who we are, and user and password nothing.
        has_certificate: whether we show a client certificate.
    """

    host: str
    port: int
    user: str
    password: str = field(repr=False)
    vhost: str
    tls: ssl.SSLContext | None = field(default=None, repr=False)
    server_name: str = ""
    mechanism: str = PLAIN
    has_certificate: bool = False

    @property
    def login(self) -> str:
        """Who logs in, in words."""
        return f"user `{self.user}`" if self.mechanism == PLAIN else "the user of the client certificate"

    def __str__(self) -> str:
        """The URL without user and password."""
        scheme = "amqp" if self.tls is None else "amqps"
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{host}:{self.port}/{'' if self.vhost == '/' else self.vhost}"


def parse_servers(urls: Sequence[str] | str) -> tuple[Server, ...]:
    """Read broker URLs (one string may hold several, separated by semicolons).

    `amqp://user:password@host:port/vhost`, or `amqps:` with the query parameters of RabbitMQ's URI specification:
    `cacertfile`, `certfile`, `keyfile`, `verify` (`verify_peer`, the default, or `verify_none`),
    `server_name_indication` and `auth_mechanism` (`plain`, the default, or `external`: the client certificate logs in).
    Left out: user and password `guest`, the protocol's port, vhost `/`.

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
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        # Not its own words: what looks like a port may be the half of a password.
        raise ConfigError(
            "a broker URL cannot be read; expected amqp://user:password@host:port/vhost, with `/`, `?`, `#`, `@` and "
            "`:` of user and password written as %2F, %3F, %23, %40 and %3A"
        ) from None
    if parts.scheme not in _PORTS:
        # What there is beside the scheme may hold a password.
        raise ConfigError(
            "a broker URL begins with amqp:// or amqps://, as in amqp://user:password@host:5672/vhost"
            + (f", not with `{parts.scheme}`" if parts.scheme else "; this one has no scheme")
        )
    options = dict(parse_qsl(parts.query))
    unknown = sorted(set(options) - set(_TLS_OPTIONS if parts.scheme == "amqps" else ()))
    if unknown:
        allowed = f"it may have {', '.join(_TLS_OPTIONS)}" if parts.scheme == "amqps" else "only amqps:// has any"
        raise ConfigError(f"a broker URL has the unknown parameter `{unknown[0]}`; {allowed}")
    host = unquote(parts.hostname or "localhost")
    return Server(
        host=host,
        port=port or _PORTS[parts.scheme],
        user=unquote(parts.username or "guest"),
        password=unquote(parts.password or "guest"),
        vhost=unquote(parts.path.removeprefix("/")) or "/",
        tls=_tls_context(options) if parts.scheme == "amqps" else None,
        server_name=options.get("server_name_indication", host),
        mechanism=_mechanism(options),
        has_certificate="certfile" in options,
    )


def _mechanism(options: dict[str, str]) -> str:
    mechanism = options.get("auth_mechanism", PLAIN).upper()
    if mechanism not in (PLAIN, EXTERNAL):
        raise ConfigError(f"`auth_mechanism` of a broker URL is plain or external, not `{options['auth_mechanism']}`")
    if mechanism == EXTERNAL and "certfile" not in options:
        raise ConfigError(
            "a broker URL has `auth_mechanism=external` and no client certificate: add `certfile` and `keyfile`"
        )
    return mechanism


def _tls_context(options: dict[str, str]) -> ssl.SSLContext:
    verify = options.get("verify", "verify_peer")
    if verify not in ("verify_peer", "verify_none"):
        raise ConfigError(f"`verify` of a broker URL is verify_peer or verify_none, not `{verify}`")
    authority = options.get("cacertfile")
    try:
        context = ssl.create_default_context(cafile=authority)
    except OSError as error:
        raise ConfigError(f"`cacertfile` of a broker URL, {authority}, cannot be loaded: {_reason(error)}") from None
    _load_certificate(context, options)
    if verify == "verify_none":
        context.check_hostname = False
        context.verify_mode = ssl.CERT_NONE
    return context


def _load_certificate(context: ssl.SSLContext, options: dict[str, str]) -> None:
    certificate, key = options.get("certfile"), options.get("keyfile")
    if certificate is None:
        if key is not None:
            raise ConfigError("a broker URL has a `keyfile` and no `certfile`")
        return

    def no_passphrase() -> str:
        # OpenSSL would ask at the terminal, and a service would stand still there.
        raise ConfigError(f"the key {key or certificate} of a broker URL is encrypted; name one without a passphrase")

    for name, path in (("certfile", certificate), ("keyfile", key)):
        if path is not None and not os.access(path, os.R_OK):
            raise ConfigError(f"`{name}` of a broker URL, {path}, cannot be read")
    try:
        context.load_cert_chain(certificate, key, no_passphrase)
    except OSError as error:
        what = certificate if key is None else f"{certificate} with {key}"
        raise ConfigError(
            f"the client certificate of a broker URL, {what}, cannot be loaded: {_reason(error)}"
        ) from None


def _reason(error: OSError) -> str:
    if isinstance(error, ssl.SSLError):
        mismatch = error.reason == "KEY_VALUES_MISMATCH"
        return (
            "the key belongs to another certificate" if mismatch else "it is no certificate, or no key, in PEM format"
        )
    return error.strerror or str(error)
