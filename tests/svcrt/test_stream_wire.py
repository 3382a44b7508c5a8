"""The messages of streams, byte for byte as docs/wire.md has them."""

import re
from pathlib import Path

import pytest

from svcrt import stream_wire
from svcrt.amqp.properties import encode_properties
from svcrt.errors import InvalidValue
from svcrt.stream_wire import Kind, Mark
from svcrt.types import Message

ASKED = Message(body=b'{"count":3}', type="numbers", correlation_id="7", reply_to="amq.gen-r", headers={"svc": "v=1"})

# Property flags and properties of every message, as the page shows them.
VECTORS = [
    (
        stream_wire.request(ASKED, credit=32),
        "b620" "10" + b"application/json".hex() + "00000025"
        "03" + b"svc".hex() + "5300000003" + b"v=1".hex() + "0a" + b"svc-stream".hex() + "5300000009"
        + b"credit=32".hex() + "01" "0137" "09" + b"amq.gen-r".hex() + "07" + b"numbers".hex(),
    ),
    (
        stream_wire.begin(ASKED, stream="5f1c-2b", control="amq.gen-c", app_id="feed@host"),
        "3688" "00000019" "0a" + b"svc-stream".hex() + "5300000009" + b"begin;n=0".hex()
        + "01" "0137" "09" + b"amq.gen-c".hex() + "07" + b"5f1c-2b".hex() + "09" + b"feed@host".hex(),
    ),
    (
        stream_wire.item(ASKED, b"1", 1, app_id="feed@host"),
        "b408" "10" + b"application/json".hex() + "00000018" "0a" + b"svc-stream".hex() + "5300000008"
        + b"item;n=1".hex() + "01" "0137" "09" + b"feed@host".hex(),
    ),
    (
        stream_wire.alive(ASKED, 1, app_id="feed@host"),
        "3408" "00000019" "0a" + b"svc-stream".hex() + "5300000009" + b"alive;n=1".hex() + "01" "0137" "09"
        + b"feed@host".hex(),
    ),
    (
        stream_wire.end(ASKED, 3, app_id="feed@host"),
        "3408" "00000017" "0a" + b"svc-stream".hex() + "5300000007" + b"end;n=3".hex() + "01" "0137" "09"
        + b"feed@host".hex(),
    ),
    (
        stream_wire.error(ASKED, "a.E", b"{}", 2, app_id="feed@host"),
        "b408" "10" + b"application/json".hex() + "0000002b" "09" + b"svc-error".hex() + "5300000003" + b"a.E".hex()
        + "0a" + b"svc-stream".hex() + "5300000009" + b"error;n=2".hex() + "01" "0137" "09" + b"feed@host".hex(),
    ),
    (
        stream_wire.credit("5f1c-2b", 16, app_id="me"),
        "3428" "00000019" "0a" + b"svc-stream".hex() + "5300000009" + b"credit=16".hex() + "01" "07" + b"5f1c-2b".hex()
        + "0a" + b"svc.Credit".hex() + "02" + b"me".hex(),
    ),
    (
        stream_wire.cancel("5f1c-2b", app_id="me"),
        "1428" "01" "07" + b"5f1c-2b".hex() + "0a" + b"svc.Cancel".hex() + "02" + b"me".hex(),
    ),
]  # fmt: skip


@pytest.mark.parametrize(("message", "properties"), VECTORS)
def test_messages_of_streams_are_these_bytes(message: Message, properties: str) -> None:
    assert encode_properties(message, expiration=None).hex() == properties


@pytest.mark.parametrize(
    ("text", "mark"),
    [
        ("begin;n=0", Mark(Kind.BEGIN, 0)),
        ("item;n=7", Mark(Kind.ITEM, 7)),
        ("alive;n=7", Mark(Kind.ALIVE, 7)),
        ("end;n=123456789012345", Mark(Kind.END, 123456789012345)),
        ("error;n=0", Mark(Kind.ERROR, 0)),
    ],
)
def test_marks(text: str, mark: Mark) -> None:
    assert stream_wire.read_mark(Message(body=b"", headers={"svc-stream": text})) == mark


@pytest.mark.parametrize(
    "text", ["", "item", "item;n=", "item;n=-1", "item;n=1;", "other;n=1", "item;n=1234567890123456"]
)
def test_malformed_marks(text: str) -> None:
    with pytest.raises(InvalidValue, match="svc-stream"):
        stream_wire.read_mark(Message(body=b"", headers={"svc-stream": text}))


@pytest.mark.parametrize(("text", "credit"), [("credit=0", 0), ("credit=32", 32), ("credit=999999999", 1024)])
def test_credits_are_capped(text: str, credit: int) -> None:
    assert stream_wire.read_credit(Message(body=b"", headers={"svc-stream": text})) == credit


@pytest.mark.parametrize("text", [None, "", "credit=", "credit=-1", "credit=1.5", "credit=٣", "begin;n=0"])
def test_malformed_credits(text: str | None) -> None:
    headers = {} if text is None else {"svc-stream": text}
    with pytest.raises(InvalidValue, match="svc-stream"):
        stream_wire.read_credit(Message(body=b"", headers=headers))


def test_the_documentation_tells_the_times() -> None:
    docs = Path(__file__).parents[2] / "docs"
    life = re.sub(r"\s+", " ", (docs / "wire.md").read_text().partition("- **Life.**")[2].partition("\n- **")[0])
    assert [float(each) for each in re.findall(r"(\d+) s\b", life)] == [
        stream_wire.TIMING.alive,
        stream_wire.TIMING.alive,
        stream_wire.TIMING.probe,
        stream_wire.TIMING.silence,
    ]
    assert f"begins with {stream_wire.TIMING.window} and" in re.sub(r"\s+", " ", (docs / "wire.md").read_text())
    # A silent side is given up within `silence` and two looks: no stream outlives its other side for longer.
    longest = round(stream_wire.TIMING.silence + 2 * stream_wire.TIMING.tick)
    told = [int(each) for each in re.findall(r"within about (\d+) s", (docs / "streams.md").read_text())]
    assert max(told) == longest
