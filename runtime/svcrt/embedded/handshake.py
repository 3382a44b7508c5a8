"""How a connection begins: start, login, tuning, open."""

import hmac
from collections.abc import Callable
from enum import Enum, auto
from typing import Any

from pamqp import base, commands

from .broker import Broker
from .errors import ProtocolError, ReplyCode
from .frames import FRAME_MIN_SIZE
from .peer import Peer
from .tables import Table, read_table

__all__ = ["CHANNEL_MAX", "FRAME_MAX", "HEARTBEAT_SECONDS", "Handshake", "LoginRefused"]

FRAME_MAX = 131_072
CHANNEL_MAX = 2047
HEARTBEAT_SECONDS = 60
_CAPABILITIES = {
    "publisher_confirms": True,
    "exchange_exchange_bindings": True,
    "basic.nack": True,
    "consumer_cancel_notify": True,
    "connection.blocked": True,
    "authentication_failure_close": True,
    "per_consumer_qos": True,
}
_SERVER = {"product": "svcgen embedded broker", "platform": "Python", "capabilities": _CAPABILITIES}


class LoginRefused(Exception):
    """Wrong name or password, and a client that expects nothing but the end of the connection."""


class _Step(Enum):
    START_OK = auto()
    TUNE_OK = auto()
    OPEN = auto()
    DONE = auto()


class Handshake:
    """The dialogue before a connection is open.

    Attributes:
        heartbeat: Seconds, 0 for none; valid once `done`.
        channel_max: Highest number of channels.
        told_of_blocking: Whether the client understands connection.blocked.
    """

    def __init__(self, broker: Broker, peer: Peer, send: Callable[..., None]) -> None:
        self.heartbeat = 0
        self.channel_max = CHANNEL_MAX
        self.told_of_blocking = False
        self._broker = broker
        self._peer = peer
        self._send = send
        self._step = _Step.START_OK

    @property
    def done(self) -> bool:
        """Whether the connection is open."""
        return self._step is _Step.DONE

    def start(self) -> None:
        """Greet the client."""
        self._send(
            commands.Connection.Start,
            version_major=0,
            version_minor=9,
            server_properties=_SERVER,
            mechanisms="PLAIN AMQPLAIN",
            locales="en_US",
        )

    def receive(self, method: base.Frame) -> None:
        """Take the client's next step.

        Raises:
            ProtocolError: It is not the step that is due, or its content is refused.
            LoginRefused: Wrong name or password.
        """
        step: Any
        if isinstance(method, commands.Connection.StartOk) and self._step is _Step.START_OK:
            step = self._log_in
        elif isinstance(method, commands.Connection.TuneOk) and self._step is _Step.TUNE_OK:
            step = self._tune
        elif isinstance(method, commands.Connection.Open) and self._step is _Step.OPEN:
            step = self._open
        else:
            raise ProtocolError(ReplyCode.COMMAND_INVALID, f"{method.name} is not expected now")
        step(method)

    def _log_in(self, method: commands.Connection.StartOk) -> None:
        capabilities = method.client_properties.get("capabilities")
        known = capabilities if isinstance(capabilities, dict) else {}
        self._peer.told_of_cancels = known.get("consumer_cancel_notify") is True
        self.told_of_blocking = known.get("connection.blocked") is True
        user, password = _credentials(method.mechanism, method.response.encode(errors="surrogateescape"))
        # Compared in constant time and both always, so that the time tells nothing.
        same_user = hmac.compare_digest(user, self._broker.user.encode())
        same_password = hmac.compare_digest(password, self._broker.password.encode())
        if not (same_user and same_password):
            if known.get("authentication_failure_close") is not True:
                raise LoginRefused
            text = f"Login was refused using authentication mechanism {method.mechanism}."
            raise ProtocolError(ReplyCode.ACCESS_REFUSED, text)
        self._peer.user = self._broker.user
        self._send(commands.Connection.Tune, channel_max=CHANNEL_MAX, frame_max=FRAME_MAX, heartbeat=HEARTBEAT_SECONDS)
        self._step = _Step.TUNE_OK

    def _tune(self, method: commands.Connection.TuneOk) -> None:
        for name, value, most in (
            ("frame_max", method.frame_max, FRAME_MAX),
            ("channel_max", method.channel_max, CHANNEL_MAX),
        ):
            if not value or value > most:
                shown = value or "0 (no limit)"
                text = f"negotiated {name} = {shown} is higher than the maximum allowed value ({most})"
                raise ProtocolError(ReplyCode.NOT_ALLOWED, text)
        if method.frame_max < FRAME_MIN_SIZE:
            text = f"negotiated frame_max = {method.frame_max} is lower than the minimum of {FRAME_MIN_SIZE}"
            raise ProtocolError(ReplyCode.NOT_ALLOWED, text)
        self._peer.frame_max = method.frame_max
        self.channel_max = method.channel_max
        self.heartbeat = method.heartbeat
        self._step = _Step.OPEN

    def _open(self, method: commands.Connection.Open) -> None:
        if method.virtual_host != "/":
            raise ProtocolError(ReplyCode.NOT_ALLOWED, f"vhost {method.virtual_host} not found")
        self._step = _Step.DONE
        self._send(commands.Connection.OpenOk)


def _credentials(mechanism: str, response: bytes) -> tuple[bytes, bytes]:
    if mechanism == "PLAIN":
        _, _, rest = response.partition(b"\0")
        user, _, password = rest.partition(b"\0")
        return user, password
    if mechanism == "AMQPLAIN":
        fields, _ = read_table(len(response).to_bytes(4, "big") + response, 0)
        return _text(fields, "LOGIN"), _text(fields, "PASSWORD")
    raise ProtocolError(ReplyCode.COMMAND_INVALID, f"client unsupported authentication mechanism '{mechanism}'")


def _text(fields: Table, name: str) -> bytes:
    value = fields.get(name)
    return value.encode() if isinstance(value, str) else b""
