"""Requests as bytes and responses from bytes: one row per case, judged the same way for all of them."""

import json
import re
from dataclasses import dataclass

from http_host import Host
from http_shop import Orders

GET = b"GET /files/latest HTTP/1.1\r\n"
POST = b"POST /upload HTTP/1.1\r\nHost: x\r\n"
CHUNKED = POST + b"Transfer-Encoding: chunked\r\n\r\n"
MARK = b"zq7mark"
"""Stands in requests where an answer could repeat it."""


@dataclass(frozen=True, slots=True)
class Case:
    """One request and what must come of it.

    Attributes:
        id: what it is about, in a few words.
        rfc: the section that says so: `9112 3.2`, or of another RFC by its number.
        data: what is sent. A further request follows at once.
        status: of the only, or first, answer.
        reusable: whether the further request is then served on the connection (the threads back end closes it always).
        body: the answer's body, where it is a result; otherwise it must be a problem document.
    """

    id: str
    rfc: str
    data: bytes
    status: int
    reusable: bool = False
    body: bytes | None = None

    @property
    def is_head(self) -> bool:
        return self.data.lstrip(b"\r\n").startswith(b"HEAD ")


@dataclass(frozen=True, slots=True)
class RawAnswer:
    """One response: status, header lines by lower-case name, body with its chunks joined."""

    status: int
    headers: dict[str, str]
    body: bytes


def read_answers(data: bytes, *, first_is_head: bool = False) -> list[RawAnswer]:
    """Split what came on one connection into responses; fails on a byte that belongs to none."""
    found: list[RawAnswer] = []
    while data:
        head, end, data = data.partition(b"\r\n\r\n")
        assert end, head
        line, *lines = head.split(b"\r\n")
        matched = re.fullmatch(rb"HTTP/1\.1 ([1-5][0-9]{2}) [\x20-\x7e]*", line)
        assert matched, line
        pairs = [each.decode("latin-1").split(": ", 1) for each in lines]
        headers = {name.lower(): value for name, value in pairs}
        assert len(headers) == len(pairs), f"a header stands twice: {lines}"
        status = int(matched[1])
        assert not ("content-length" in headers and "transfer-encoding" in headers)
        if (first_is_head and not found) or status in (100, 204):
            body = b""
        elif "transfer-encoding" in headers:
            body, data = _unchunked(data)
        elif "content-length" in headers:
            length = int(headers["content-length"])
            body, data = data[:length], data[length:]
            assert len(body) == length, "the body is shorter than announced"
        else:
            body, data = data, b""
        found.append(RawAnswer(status, headers, body))
    return found


def _unchunked(data: bytes) -> tuple[bytes, bytes]:
    body = b""
    while True:
        size, _, data = data.partition(b"\r\n")
        length = int(size, 16)
        body, data = body + data[:length], data[length:]
        assert data.startswith(b"\r\n")
        data = data[2:]
        if not length:
            return body, data


def check_problem(answer: RawAnswer, *, is_head: bool = False) -> None:
    """Check that an answer is a complete problem document that gives nothing away."""
    assert answer.headers["content-type"] == "application/problem+json", answer
    assert "server" not in answer.headers
    if is_head:
        assert int(answer.headers["content-length"]) > 0
        return
    assert int(answer.headers["content-length"]) == len(answer.body)
    document = json.loads(answer.body)
    assert {"type", "title", "status", "detail"} <= set(document), document
    assert document["status"] == answer.status
    assert document["detail"].endswith("."), document
    for word in (b"Traceback", b".py", b"Error(", MARK):
        assert word not in answer.body, answer.body


def check(host: Host, case: Case) -> None:
    """Send a case with a further request behind it and check all that comes back."""
    name = re.sub("[^a-z0-9]+", "-", case.id)
    further = f"GET /files/further-{name} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n".encode()
    Orders.files_read.clear()
    # Our side stays open: the server must close by itself.
    came = host.raw(case.data + further, keep_open=True)
    answers = read_answers(came, first_is_head=case.is_head)
    first = answers[0]
    assert first.status == case.status, came
    if case.status >= 400:
        check_problem(first, is_head=case.is_head)
    if case.body is not None:
        assert first.body == case.body
    served = case.reusable and host.concurrency_name == "green"
    assert len(answers) == (2 if served else 1), came
    assert (first.headers.get("connection") == "close") is not served
    assert Orders.files_read == ([f"further-{name}"] if served else [])
    if served:
        assert answers[1].status == 200
