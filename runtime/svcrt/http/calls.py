"""What goes along with a call that comes in over HTTP: identity, trace, deadline, baggage, credential."""

import re
import time
from collections.abc import Mapping
from urllib.parse import unquote

from werkzeug.wrappers import Request

from svcrt import identities
from svcrt.context import CallContext

__all__ = ["call_context", "read_baggage"]

_MAX_BAGGAGE = 4096
"""Characters of a `baggage` header that is taken along; every hop repeats it."""
_KEY = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]+")


def call_context(request: Request, *, timeout: float | None) -> CallContext:
    """Return the context of the call that `request` asks for: a root call, in the trace that the client may have begun.

    Args:
        request: the request.
        timeout: seconds that the call may take; None without a deadline.
    """
    return CallContext(
        call_id=identities.CALL_IDS.next(),
        traceparent=identities.child_trace(request.headers.get("traceparent", "")),
        deadline=None if timeout is None else time.monotonic() + timeout,
        baggage=read_baggage(request.headers.get("baggage", "")),
        authorization=request.headers.get("Authorization"),
    )


def read_baggage(header: str) -> Mapping[str, str]:
    """Read a W3C `baggage` header; what is malformed or too long is left out, since tracing must not fail a call."""
    found: dict[str, str] = {}
    if len(header) <= _MAX_BAGGAGE:
        for entry in header.split(","):
            key, equals, value = entry.partition(";")[0].partition("=")
            key, value = key.strip(), value.strip()
            if equals and _KEY.fullmatch(key) and value.isascii():
                found[key] = unquote(value)
    return found
