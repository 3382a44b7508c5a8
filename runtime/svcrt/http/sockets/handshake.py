"""The opening handshake of RFC 6455: which request may become a web socket, and what it is answered. Pure."""

import base64
import binascii
import logging
from collections.abc import Collection
from urllib.parse import urlsplit

from werkzeug.wrappers import Request
from wsproto.utilities import generate_accept_token

from svcrt.concurrency.http_input import CONNECTION, ClientConnection
from svcrt.http.gate import PATH
from svcrt.http.problems import Problem, Refusal

__all__ = ["ANY", "check_handshake", "check_origin", "greeting"]

log = logging.getLogger("svcrt.http")

ANY = "*"
"""What an allow-list says that takes every origin."""
VERSION = "13"
_DEFAULT_PORTS = {"http": ":80", "https": ":443", "ws": ":80", "wss": ":443"}


def check_handshake(request: Request) -> None:
    """Let only a proper opening handshake pass.

    Raises:
        Refusal: 426 for a request that asks for no web socket or for another version of it, 400 for a bad key.
    """
    is_upgrade = (
        request.method == "GET"
        and not _is_old(request)
        and "websocket" in _tokens(request, "Upgrade")
        and "upgrade" in _tokens(request, "Connection")
    )
    if not is_upgrade:
        raise _upgrade_required("This is a web socket; ask for it with `Upgrade: websocket`.")
    if request.headers.get("Sec-WebSocket-Version") != VERSION:
        raise _upgrade_required(f"Web sockets are spoken here in version {VERSION} only.")
    try:
        key = base64.b64decode(request.headers.get("Sec-WebSocket-Key", ""), validate=True)
    except (binascii.Error, ValueError):
        key = b""
    if len(key) != 16:
        raise Refusal(Problem(status=400, detail="The header `Sec-WebSocket-Key` is not 16 bytes in base64."))


def check_origin(request: Request, allowed: Collection[str]) -> None:
    """Let pass what no browser sent, what our own pages sent, and what pages of an allowed origin sent.

    A browser sends the user's cookies along with a web socket that any page opens, and no CORS rule stops it.

    Args:
        request: the handshake.
        allowed: origins as `https://shop.example`; `*` for all.

    Raises:
        Refusal: 403.
    """
    origin = request.headers.get("Origin")
    if origin is None or ANY in allowed or _is_same(origin, request.headers.get("Host", "")):
        return
    if origin.lower() in {each.lower() for each in allowed}:
        return
    log.warning(
        "a web socket at %s was refused to a page of %.200r; to allow it, set origins = [%.200r] in svcgen.toml",
        request.environ[PATH],
        origin,
        origin,
    )
    raise Refusal(Problem(status=403, detail="Pages of this origin may not open web sockets here."))


def greeting(request: Request) -> bytes:
    """Return the response that makes the connection a web socket: without subprotocol, without extension."""
    accept = generate_accept_token(request.headers["Sec-WebSocket-Key"].encode("ascii"))
    return (
        b"HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\n"
        b"Sec-WebSocket-Accept: " + accept + b"\r\n\r\n"
    )


def _is_same(origin: str, host: str) -> bool:
    try:
        parts = urlsplit(origin.lower())
    except ValueError:
        return False
    # Whether TLS ends before us is unknown, so the port that the scheme implies may stand on either side.
    implied = _DEFAULT_PORTS.get(parts.scheme)
    if implied is None or not parts.netloc:
        return False
    return parts.netloc.removesuffix(implied) == host.lower().removesuffix(implied)


def _is_old(request: Request) -> bool:
    connection: ClientConnection | None = request.environ.get(CONNECTION)
    return connection is not None and connection.head.is_old


def _tokens(request: Request, header: str) -> set[str]:
    return {token.strip().lower() for token in request.headers.get(header, "").split(",")}


def _upgrade_required(detail: str) -> Refusal:
    headers = (("Upgrade", "websocket"), ("Connection", "Upgrade"), ("Sec-WebSocket-Version", VERSION))
    return Refusal(Problem(status=426, detail=detail, headers=headers))
