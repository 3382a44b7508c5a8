"""Where a body ends, byte for byte (RFC 9112, 6 and 7): what request smuggling is made of."""

import pytest

from http_host import Host
from raw_http import CHUNKED, GET, MARK, POST, Case, check


def _length(value: bytes, body: bytes = b"abcde") -> bytes:
    return POST + b"Content-Length: " + value + b"\r\n\r\n" + body


def _coding(*values: bytes, body: bytes = b"5\r\nabcde\r\n0\r\n\r\n") -> bytes:
    return POST + b"".join(b"Transfer-Encoding: " + value + b"\r\n" for value in values) + b"\r\n" + body


def _chunks(body: bytes) -> bytes:
    return CHUNKED + body


_LENGTHS = [
    Case("length", "9112 6.2", _length(b"5"), 200, True, b"5"),
    Case("length with a leading zero", "9110 8.6", _length(b"05"), 200, True, b"5"),
    Case("length of nothing", "9112 6.2", _length(b"0", b""), 200, True, b"0"),
    Case("no length, no body", "9112 6.3", POST + b"\r\n", 200, True, b"0"),
    Case("two lengths", "9112 6.3", POST + b"Content-Length: 5\r\nContent-Length: 6\r\n\r\nabcde", 400),
    Case("two equal lengths", "9112 6.3", POST + b"Content-Length: 5\r\nContent-Length: 5\r\n\r\nabcde", 400),
    Case("two lengths in other letters", "9112 6.3", POST + b"Content-Length: 5\r\ncontent-LENGTH: 0\r\n\r\n", 400),
    Case("list of equal lengths", "9112 6.3", _length(b"5, 5"), 400),
    Case("list of lengths", "9112 6.3", _length(b"5,6"), 400),
    Case("length with plus", "9110 8.6", _length(b"+5"), 400),
    Case("length with underscore", "9110 8.6", _length(b"0_5"), 400),
    Case("negative length", "9110 8.6", _length(b"-5"), 400),
    Case("minus nothing", "9110 8.6", _length(b"-0", b""), 400),
    Case("length in hexadecimal", "9110 8.6", _length(b"0x5"), 400),
    Case("length with a point", "9110 8.6", _length(b"5.0"), 400),
    Case("length in Arabic digits", "9110 8.6", _length("\u0665".encode()), 400),
    Case("length with a superscript", "9110 8.6", _length(b"\xb2"), 400),
    Case("length with a blank within", "9110 8.6", _length(b"0 5"), 400),
    Case("length with a comment", "9110 8.6", _length(b"5;" + MARK), 400),
    Case("empty length", "9110 8.6", _length(b""), 400),
    Case("blank before the colon of a length", "9112 5.1", POST + b"Content-Length : 5\r\n\r\nabcde", 400),
    Case("length on a folded line", "9112 5.2", POST + b"Content-Length:\r\n 5\r\n\r\nabcde", 400),
    Case("length after a bare line feed", "9112 2.2", POST + b"X-A: 1\nContent-Length: 5\r\n\r\nabcde", 400),
    Case("length over the limit", "9110 15.5.14", _length(b"1001", b""), 413),
    Case("length beyond any number", "9110 8.6", _length(b"9" * 400, b""), 413),
    Case("get with a body", "9110 9.3.1", GET + b"Host: x\r\nContent-Length: 5\r\n\r\nabcde", 400),
    Case(
        "head with a body",
        "9110 9.3.2",
        b"HEAD /files/latest HTTP/1.1\r\nHost: x\r\nContent-Length: 5\r\n\r\nabcde",
        400,
    ),
    Case("body that nobody reads", "9112 9.3", _length(b"5").replace(b"/upload", b"/nope"), 404),
    Case(
        "body of another type",
        "9112 9.3",
        _length(b"5").replace(b"/upload", b"/orders"),
        415,
    ),
    Case(
        "body that is no json",
        "9112 9.3",
        _length(b"5\r\nContent-Type: application/json").replace(b"/upload", b"/orders"),
        400,
        True,
    ),
]

_CODINGS = [
    Case("chunked", "9112 7.1", _coding(b"chunked"), 200, True, b"5"),
    Case("chunked in other letters", "9112 7", _coding(b"ChunKed"), 200, True, b"5"),
    Case(
        "length and chunked",
        "9112 6.3",
        POST + b"Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        400,
    ),
    Case(
        "chunked and length",
        "9112 6.3",
        POST + b"Transfer-Encoding: chunked\r\nContent-Length: 5\r\n\r\n0\r\n\r\n",
        400,
    ),
    Case("chunked twice", "9112 6.1", _coding(b"chunked", b"chunked"), 400),
    Case("chunked twice in a list", "9112 6.1", _coding(b"chunked, chunked"), 400),
    Case("chunked not last", "9112 6.3", _coding(b"chunked, identity"), 400),
    Case("chunked before another", "9112 6.3", _coding(b"chunked, gzip"), 400),
    Case("another before chunked", "9112 6.1", _coding(b"gzip, chunked"), 501),
    Case("identity", "9112 7", _coding(b"identity"), 501),
    Case("gzip", "9112 6.1", _coding(b"gzip"), 501),
    Case("nearly chunked", "9112 6.1", _coding(b"xchunked"), 501),
    Case("chunked in quotes", "9112 7", _coding(b'"chunked"'), 501),
    Case("chunked with a parameter", "9112 7", _coding(b"chunked;q=1"), 501),
    Case("chunked after a vertical tab", "9110 5.5", _coding(b"\x0bchunked"), 400),
    Case("empty coding", "9112 6.1", _coding(b""), 501),
    Case("blank before the colon of a coding", "9112 5.1", POST + b"Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n", 400),
    Case("coding with an underscore", "9112 6.3", POST + b"Transfer_Encoding: chunked\r\n\r\n", 200, True, b"0"),
    Case("http 1.0", "9112 6.1", _coding(b"chunked").replace(b"HTTP/1.1", b"HTTP/1.0"), 400),
]

_CHUNKS = [
    Case("two chunks", "9112 7.1", _chunks(b"5\r\nabcde\r\n3\r\nfgh\r\n0\r\n\r\n"), 200, True, b"8"),
    Case("no chunk but the last", "9112 7.1", _chunks(b"0\r\n\r\n"), 200, True, b"0"),
    Case("last chunk of many zeros", "9112 7.1", _chunks(b"000\r\n\r\n"), 200, True, b"0"),
    Case("size in capitals", "9112 7.1", _chunks(b"A\r\n0123456789\r\n0\r\n\r\n"), 200, True, b"10"),
    Case("extension", "9112 7.1.1", _chunks(b'5;a=b;c="d e"\r\nabcde\r\n0;x\r\n\r\n'), 200, True, b"5"),
    Case("trailer", "9112 7.1.2", _chunks(b"5\r\nabcde\r\n0\r\nX-A: 1\r\nX-B: 2\r\n\r\n"), 200, True, b"5"),
    Case("trailer that frames", "9110 6.5.1", _chunks(b"0\r\nContent-Length: 50\r\n\r\n"), 200, True, b"0"),
    Case("size with plus", "9112 7.1", _chunks(b"+5\r\nabcde\r\n0\r\n\r\n"), 400),
    Case("size with minus", "9112 7.1", _chunks(b"-5\r\nabcde\r\n0\r\n\r\n"), 400),
    Case("size in hex notation", "9112 7.1", _chunks(b"0x5\r\nabcde\r\n0\r\n\r\n"), 400),
    Case("size with underscore", "9112 7.1", _chunks(b"0_5\r\nabcde\r\n0\r\n\r\n"), 400),
    Case("size after a blank", "9112 7.1", _chunks(b" 5\r\nabcde\r\n0\r\n\r\n"), 400),
    Case("size of twenty digits", "9112 7.1", _chunks(b"0" * 19 + b"5\r\nabcde\r\n0\r\n\r\n"), 400),
    Case("size that wraps around", "9112 7.1", _chunks(b"10000000000000005\r\nabcde\r\n0\r\n\r\n"), 400),
    Case("no size", "9112 7.1", _chunks(b"\r\nabcde\r\n0\r\n\r\n"), 400),
    Case("size is no number", "9112 7.1", _chunks(MARK + b"\r\n"), 400),
    Case("bare line feed after a size", "9112 2.2", _chunks(b"5\nabcde\r\n0\r\n\r\n"), 400),
    Case("bare return after a size", "9112 2.2", _chunks(b"5\rabcde\r\n0\r\n\r\n"), 400),
    Case("bare line feed in an extension", "9112 7.1.1", _chunks(b"5;a\nabcde\r\n0\r\n\r\n"), 400),
    Case("control character in an extension", "9112 7.1.1", _chunks(b"5;a\x00\r\nabcde\r\n0\r\n\r\n"), 400),
    Case("extension without an end", "9112 7.1.1", _chunks(b"5;" + b"a" * 5000), 400),
    Case("chunk longer than said", "9112 7.1", _chunks(b"5\r\nabcdefg\r\n0\r\n\r\n"), 400),
    Case("chunk shorter than said", "9112 7.1", _chunks(b"7\r\nabcde\r\n0\r\n\r\n"), 400),
    Case("no line end after a chunk", "9112 7.1", _chunks(b"5\r\nabcde0\r\n\r\n"), 400),
    Case("bare line feed after a chunk", "9112 2.2", _chunks(b"5\r\nabcde\n0\r\n\r\n"), 400),
    Case("trailer with a bare line feed", "9112 2.2", _chunks(b"0\r\nX-A: 1\n\r\n"), 400),
    Case("trailer that is none", "9112 7.1.2", _chunks(b"0\r\n" + MARK + b"\r\n\r\n"), 400),
    Case("trailer on a folded line", "9112 5.2", _chunks(b"0\r\nX-A: 1\r\n 2\r\n\r\n"), 400),
    Case("trailers without an end", "9112 7.1.2", _chunks(b"0\r\n" + (b"X-A: " + b"a" * 900 + b"\r\n") * 20), 400),
    Case("chunk over the limit", "9110 15.5.14", _chunks(b"3e9\r\n" + b"a" * 1001 + b"\r\n0\r\n\r\n"), 413),
    Case(
        "chunks over the limit together", "9110 15.5.14", _chunks(b"1f4\r\n" + (b"a" * 500 + b"\r\n1f4\r\n") * 3), 413
    ),
    Case("announced chunk over the limit", "9110 15.5.14", _chunks(b"fffffffff\r\n" + b"a" * 2000), 413),
    Case("many tiny chunks", "9112 7.1", _chunks(b"1\r\na\r\n" * 900 + b"0\r\n\r\n"), 200, True, b"900"),
]


@pytest.mark.parametrize("case", _LENGTHS, ids=lambda case: case.id)
def test_content_length(host: Host, case: Case) -> None:
    check(host, case)


@pytest.mark.parametrize("case", _CODINGS, ids=lambda case: case.id)
def test_transfer_encoding(host: Host, case: Case) -> None:
    check(host, case)


@pytest.mark.parametrize("case", _CHUNKS, ids=lambda case: case.id)
def test_chunks(host: Host, case: Case) -> None:
    check(host, case)
