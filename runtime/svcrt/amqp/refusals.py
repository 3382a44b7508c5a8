"""Which failures to connect are the broker's last word: they are told in one sentence, with what would help. Pure."""

from ssl import SSLCertVerificationError, SSLError

from amqp.exceptions import AccessRefused, AMQPError, NotAllowed

from svcrt.amqp.servers import EXTERNAL, Server

_WITHOUT_CERTIFICATE = "the broker wants a client certificate: name one in its URL with `certfile` and `keyfile`"
_ALERTS = {
    "TLSV13_ALERT_CERTIFICATE_REQUIRED": _WITHOUT_CERTIFICATE,
    "SSLV3_ALERT_CERTIFICATE_EXPIRED": "the client certificate has expired",
    "SSLV3_ALERT_CERTIFICATE_REVOKED": "the client certificate was revoked",
    "SSLV3_ALERT_CERTIFICATE_UNKNOWN": "the broker does not accept the client certificate",
    "SSLV3_ALERT_BAD_CERTIFICATE": "the broker does not accept the client certificate",
    "SSLV3_ALERT_UNSUPPORTED_CERTIFICATE": "the broker cannot use the client certificate",
    "TLSV1_ALERT_UNKNOWN_CA": "the broker does not know the authority that signed the client certificate",
    "TLSV1_ALERT_ACCESS_DENIED": "the broker does not accept the client certificate",
}
"""TLS alerts about what we showed, by OpenSSL's names."""


def refusal(error: Exception, server: Server) -> str | None:
    """Return why `server` will not have us; None when the failure may pass by itself."""
    if isinstance(error, SSLCertVerificationError):
        return f"the certificate of {server} is not trusted: {error.verify_message}"
    if isinstance(error, SSLError):
        alert = _ALERTS.get(error.reason or "")
        # Before TLS 1.3 there is no alert for a missing certificate but that for anything.
        if alert is None and error.reason == "SSLV3_ALERT_HANDSHAKE_FAILURE" and not server.has_certificate:
            alert = _WITHOUT_CERTIFICATE
        return None if alert is None else f"{server}: {alert}"
    if isinstance(error, AccessRefused | NotAllowed):
        return f"{server} refuses {server.login}: {text_of(error)}"
    # py-amqp names none of its own for this.
    if isinstance(error, AMQPError) and "find appropriate auth mechanism" in str(error):
        mend = (
            "enable its plugin rabbitmq_auth_mechanism_ssl and add EXTERNAL to its `auth_mechanisms`"
            if server.mechanism == EXTERNAL
            else "add it to its `auth_mechanisms`, or log in with `auth_mechanism=external`"
        )
        return f"{server} does not offer the login mechanism {server.mechanism}: {mend}"
    return None


def text_of(error: Exception) -> str:
    """Return what the broker or the system said, in one line."""
    text = getattr(error, "message", None) or getattr(error, "reply_text", None) or str(error)
    return " ".join(str(text).split()) or type(error).__name__
