"""Requests that two programs could read differently, or that are too much: refused, closed, and service goes on."""

import re

import pytest

from http_host import Host

_GET = b"GET /files/latest HTTP/1.1\r\n"
_POST = b"POST /upload HTTP/1.1\r\nHost: x\r\n"
_CHUNKED = _POST + b"Transfer-Encoding: chunked\r\n\r\n"

BAD = {
    "two lengths": _POST + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
    "two equal lengths": _POST + b"Content-Length: 1\r\nContent-Length: 1\r\n\r\na",
    "length and chunked": _POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
    "length list": _POST + b"Content-Length: 1, 1\r\n\r\na",
    "plus": _POST + b"Content-Length: +5\r\n\r\nabcde",
    "underscore": _POST + b"Content-Length: 0_5\r\n\r\nabcde",
    "negative": _POST + b"Content-Length: -1\r\n\r\n",
    "empty length": _POST + b"Content-Length: \r\n\r\n",
    "blank before colon": _POST + b"Content-Length : 1\r\n\r\na",
    "two hosts": _GET + b"Host: x\r\nHost: y\r\n\r\n",
    "no host": _GET + b"\r\n",
    "bad host": _GET + b"Host: a/b\r\n\r\n",
    "bare line feed": b"GET /files/latest HTTP/1.1\nHost: x\n\n",
    "bare line feed in a header": _GET + b"Host: x\nX: y\r\n\r\n",
    "folded header": _GET + b"Host: x\r\nX: a\r\n b\r\n\r\n",
    "control in a header": _GET + b"Host: x\r\nX: a\x00b\r\n\r\n",
    "bare return in a header": _GET + b"Host: x\r\nX: a\rY: b\r\n\r\n",
    "no header": _GET + b"Host: x\r\nnonsense\r\n\r\n",
    "relative target": b"GET files HTTP/1.1\r\nHost: x\r\n\r\n",
    "two blanks": b"GET  /files/latest HTTP/1.1\r\nHost: x\r\n\r\n",
    "long target": b"GET /" + b"a" * 600 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "long headers": _GET + b"Host: x\r\nX: " + b"a" * 3000 + b"\r\n\r\n",
    "long body": _POST + b"Content-Length: 1001\r\n\r\n",
    "long chunked body": _CHUNKED + b"500\r\n" + b"a" * 0x500 + b"\r\n0\r\n\r\n",
    "chunk size with plus": _CHUNKED + b"+5\r\nabcde\r\n0\r\n\r\n",
    "chunk size in hex notation": _CHUNKED + b"0x5\r\nabcde\r\n0\r\n\r\n",
    "chunk size with a bare line feed": _CHUNKED + b"5\nabcde\r\n0\r\n\r\n",
    "chunk longer than said": _CHUNKED + b"5\r\nabcdefg\r\n0\r\n\r\n",
    "no chunk": _CHUNKED + b"nonsense\r\n",
}


@pytest.mark.parametrize("name", BAD)
def test_bad_requests_are_refused_and_closed(host: Host, name: str) -> None:
    smuggled = b"GET /files/latest HTTP/1.1\r\nHost: x\r\n\r\n"
    answer = host.raw(BAD[name] + smuggled, keep_open=True)
    assert re.match(rb"HTTP/1\.[01] 4", answer), answer
    assert len(re.findall(rb"HTTP/1\.[01] [0-9]{3}", answer)) == 1
    assert b"the latest" not in answer
    assert b"Traceback" not in answer
    assert host.request("GET", "/files/latest").status == 200


def test_an_unknown_coding(host: Host) -> None:
    request = _POST + b"Transfer-Encoding: chunked, identity\r\n\r\n0\r\n\r\n"
    assert host.raw(request, keep_open=True).startswith(b"HTTP/1.1 501 ")


def test_a_body_that_breaks_off(host: Host) -> None:
    assert host.raw(_POST + b"Content-Length: 9\r\n\r\nabc").startswith(b"HTTP/1.1 400 ")


def test_a_good_chunked_body(host: Host) -> None:
    answer = host.raw(_CHUNKED + b"5\r\nabcde\r\n3;x=y\r\nfgh\r\n0\r\nT: v\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 200 ")
    assert b"\r\n\r\n8" in answer
