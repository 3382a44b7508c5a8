import struct

import pytest

from svcrt.amqp.properties import decode_message, encode_properties
from svcrt.types import Message

REQUEST = Message(
    body=b'{"id":1}',
    type="get",
    message_id="5f1c-2a",
    correlation_id="7",
    reply_to="amq.gen-x",
    app_id="shop@host",
    expiration=2500,
    headers={"svc": "v=1;id=5f1c-2a", "traceparent": "00-aa"},
)
REQUEST_PROPERTIES = bytes.fromhex(
    "b7a8"  # content type, headers, delivery mode, correlation id, reply to, expiration, message id, type, app id
    "106170706c69636174696f6e2f6a736f6e"
    "0000002d03737663530000000e763d313b69643d356631632d32610b7472616365706172656e74530000000530302d6161"
    "01"
    "0137"
    "09616d712e67656e2d78"
    "0432353030"
    "07356631632d3261"
    "03676574"
    "0973686f7040686f7374"
)


def read(properties: bytes, body: bytes = b"") -> Message:
    return decode_message(properties, body)


def test_properties_of_a_request_are_these_bytes() -> None:
    assert encode_properties(REQUEST, expiration=2500) == REQUEST_PROPERTIES
    assert read(REQUEST_PROPERTIES, b'{"id":1}') == REQUEST


def test_a_bare_message_is_one_flag_word_and_a_mode() -> None:
    assert encode_properties(Message(body=b"", content_type=None), expiration=None) == b"\x10\x00\x01"
    assert read(b"\x00\x00") == Message(body=b"", content_type=None)


def test_timestamp_and_persistence() -> None:
    message = Message(body=b"", content_encoding="utf-8", timestamp=1_700_000_000, persistent=True)
    data = encode_properties(message, expiration=None)
    assert data == b"\xd0\x40\x10application/json\x05utf-8\x02" + (1_700_000_000).to_bytes(8, "big")
    assert read(data) == message


def table(*entries: bytes) -> bytes:
    data = b"".join(entries)
    return b"\x20\x00" + struct.pack(">I", len(data)) + data


def test_headers_of_others_are_read_as_text_or_skipped() -> None:
    headers = table(
        b"\x01aS\x00\x00\x00\x02hi",
        b"\x01bI\xff\xff\xff\xff",
        b"\x01cl\x00\x00\x00\x00\x00\x00\x00\x07",
        b"\x01dt\x01",
        b"\x01ed" + bytes(8),
        b"\x01fF\x00\x00\x00\x05\x01xI\x00\x00",
        b"\x01gA\x00\x00\x00\x02V\x00",
        b"\x01hV",
        b"\x01iT" + bytes(8),
        b"\x01jD" + bytes(5),
        b"\x01kx\x00\x00\x00\x01\x00",
        b"\x01zS\x00\x00\x00\x01!",
    )
    assert dict(read(headers).headers) == {"a": "hi", "b": "-1", "c": "7", "d": "1", "z": "!"}


@pytest.mark.parametrize(
    "properties",
    [
        b"\x80\x00\xffshort",
        b"\x20\x00\x00\x00\xff\x00",
        b"\x20\x00\x00\x00\x00\x03\x01aQ",
        b"\x00\x40\x00",
        b"",
        b"\x80\x00",
    ],
)
def test_what_cannot_be_read_has_no_content_type(properties: bytes) -> None:
    message = read(properties, b"body")
    assert (message.content_type, dict(message.headers)) == (None, {})


def test_text_that_is_no_utf8_does_not_raise() -> None:
    assert read(b"\x80\x00\x02\xff\xfe").content_type == "??"


def test_an_expiration_that_is_no_number_is_none() -> None:
    assert read(b"\x01\x00\x03abc").expiration is None
