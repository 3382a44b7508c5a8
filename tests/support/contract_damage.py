"""Ways to damage a request of `contract_requests`: each takes a good or damaged one and returns a worse one."""

import json
from dataclasses import replace
from typing import Any

from hypothesis import strategies as st

from contract_requests import Asked

_JUNK = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -(10**400), 1e308, 0.1, -0.0]),
    st.text(),
    st.sampled_from(["\x00", "\ud800", "\u202e", "\U0001f600" * 50, "a" * 5000, "NaN", "null", "{}", "'; DROP TABLE"]),
    st.lists(st.integers(), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=3),
)
_TYPES = ["text/plain", "application/xml", "application/json; charset=utf-16", "", "json", "application/problem+json"]
_RAW = [b"", b"{", b'{"a":', b"\xff\xfe", b"\xef\xbb\xbf{}", b"[" * 5000, b'{"a":1,"a":2}', b"NaN", b"1e999", b"{} {}"]
_METHODS = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "get", "X"]


@st.composite
def damaged(draw: st.DrawFn, good: st.SearchStrategy[Asked]) -> Asked:
    """Make a request and damage it one to three times."""
    request = draw(good)
    for _ in range(draw(st.integers(1, 3))):
        request = draw(st.sampled_from(_DAMAGES))(draw, request)
    return request


def _node(draw: st.DrawFn, request: Asked) -> Asked:
    """Put junk somewhere into the body."""
    return replace(request, body=request.body if isinstance(request.body, bytes) else _junked(draw, request.body))


def _junked(draw: st.DrawFn, value: Any) -> Any:
    if isinstance(value, dict) and value and draw(st.booleans()):
        key = draw(st.sampled_from(sorted(value)))
        return {**value, key: _junked(draw, value[key])}
    if isinstance(value, list) and value and draw(st.booleans()):
        return [_junked(draw, value[0]), *value[1:]]
    return draw(_JUNK)


def _less(draw: st.DrawFn, request: Asked) -> Asked:
    """Leave a field out."""
    if not isinstance(request.body, dict) or not request.body:
        return replace(request, body=None)
    gone = draw(st.sampled_from(sorted(request.body)))
    return replace(request, body={key: value for key, value in request.body.items() if key != gone})


def _more(draw: st.DrawFn, request: Asked) -> Asked:
    """Add a field, perhaps under a strange name."""
    body = request.body if isinstance(request.body, dict) else {}
    return replace(request, body={**body, draw(st.text(max_size=300)): draw(_JUNK)})


def _raw(draw: st.DrawFn, request: Asked) -> Asked:
    """Send a body that is no JSON, or half of one."""
    whole = json.dumps(request.body).encode("utf-8", "surrogatepass") if not isinstance(request.body, bytes) else b"{}"
    half = whole[: draw(st.integers(0, len(whole)))]
    return replace(request, body=draw(st.sampled_from([*_RAW, half]) | st.binary(max_size=50)))


def _deep(draw: st.DrawFn, request: Asked) -> Asked:
    """Nest it deeply."""
    depth = draw(st.sampled_from([30, 100, 1000, 50_000]))
    opening, closing = draw(st.sampled_from([(b"[", b"]"), (b'{"lines":', b"}")]))
    return replace(request, body=opening * depth + b"1" + closing * depth)


def _type(draw: st.DrawFn, request: Asked) -> Asked:
    """Announce another type, or an encoding."""
    if draw(st.booleans()):
        return replace(request, headers={**request.headers, "Content-Encoding": draw(st.sampled_from(["gzip", "x"]))})
    return replace(request, headers={**request.headers, "Content-Type": draw(st.sampled_from(_TYPES))})


def _query(draw: st.DrawFn, request: Asked) -> Asked:
    """Repeat a key, add an unknown one, or change a value."""
    texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=40)
    keys = st.sampled_from([key for key, _ in request.query] or ["limit"]) | texts
    extra = draw(st.lists(st.tuples(keys, texts), min_size=1, max_size=30))
    return replace(request, query=(*request.query, *extra))


def _path(draw: st.DrawFn, request: Asked) -> Asked:
    """Change a segment, add one, or leave one out."""
    segments = request.path.split("/")[1:]
    at = draw(st.integers(0, len(segments) - 1))
    junk = draw(
        st.sampled_from(["", "..", "%00", "%FF", "%2F", "a%2fb", "%F0%9F%98%80", "x" * 9000, "*", ";", "%25zz"])
    )
    segments[at : at + draw(st.integers(0, 1))] = [junk]
    return replace(request, path="/" + "/".join(segments))


def _method(draw: st.DrawFn, request: Asked) -> Asked:
    """Use another method."""
    return replace(request, method=draw(st.sampled_from(_METHODS)))


def _headers(draw: st.DrawFn, request: Asked) -> Asked:
    """Add headers that mean something to the gateway."""
    name = draw(st.sampled_from(["traceparent", "baggage", "Authorization", "Accept", "X-A", "Expect", "Range"]))
    values = st.text(st.characters(min_codepoint=32, max_codepoint=126), max_size=100)
    return replace(request, headers={**request.headers, name: draw(values).strip()})


_DAMAGES = [_node, _node, _node, _less, _more, _raw, _deep, _type, _query, _query, _path, _path, _method, _headers]
