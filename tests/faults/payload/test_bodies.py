"""Bodies that no generated client sends: refused before they do any harm, told to whoever asked, and survived."""

import bz2
import gzip
import logging
import os
import pickle
import resource
import zlib
from pathlib import Path

import msgspec
import pytest

from hostile_client import EVENT, JOB, RPC, HostileClient, body_of, short, table, text_entry
from recording_services import Recorder

CANARY = Path("/tmp") / f"svcgen-canary-{os.getpid()}"
"""Made by whoever unpickles or loads one of the bodies below."""


class _Canary:
    def __reduce__(self) -> tuple[object, tuple[str]]:
        return os.mkdir, (str(CANARY),)


PICKLES = {f"pickle-{protocol}": pickle.dumps({"question": _Canary()}, protocol) for protocol in (0, 2, 5)}
YAML = f'question: !!python/object/apply:os.mkdir ["{CANARY}"]\n'.encode()
JSON_HOOKS = {
    "kombu-hook": b'{"question": {"__type__": "datetime", "__value__": "2020-01-01T00:00:00"}}',
    "jsonpickle-hook": f'{{"question": {{"py/reduce": [{{"py/function": "os.mkdir"}}, ["{CANARY}"]]}}}}'.encode(),
}
ZEROS = b"\x00" * 1024

BODIES: dict[str, bytes] = {
    "empty": b"",
    "cut": b'{"question": "x',
    "no object": b"[]",
    "null": b"null",
    "two values": b'{"question": "x"} {"question": "y"}',
    "NaN": b'{"question": NaN}',
    "no UTF-8": b'{"question": "\xff\xfe"}',
    "latin-1": '{"question": "é"}'.encode("latin-1"),
    "utf-16": '{"question": "x"}'.encode("utf-16"),
    "utf-32": '{"question": "x"}'.encode("utf-32"),
    "byte order mark": b"\xef\xbb\xbf[]",
    "half a surrogate pair": b'{"question": "\xed\xa0\x80"}',
    "lists in lists": b"[" * 100_000,
    "objects in objects": b'{"question":' * 100_000,
    "deep in an unknown field": b'{"unknown": ' + b"[" * 100_000 + b"]" * 100_000 + b', "question": "x"}',
    "a number without end": b'{"question": ' + b"9" * 1_000_000 + b"}",
    "gzip": gzip.compress(b'{"question": "x"}'),
    "yaml": YAML,
    **PICKLES,
    **JSON_HOOKS,
}
"""Bodies that say that they are JSON."""

PACKED: dict[str, bytes] = {
    "empty": b"",
    "cut": msgspec.msgpack.encode({"question": "x"})[:-1],
    "lists in lists": b"\x91" * 100_000,
    "objects in objects": b"\x81\xa8question" * 100_000,
    "a length beyond the end": b"\x81\xa8question\xdb\xff\xff\xff\xff",
    "a list of four billion": b"\xdd\xff\xff\xff\xff",
    "an extension": b"\x81\xa8question\xc7\x04\x01pick",
    "a name that is no text": b"\x81\xc4\x02\xff\xfe\xa1x",
    "a reserved byte": b"\xc1",
    **PICKLES,
}
"""Bodies that say that they are MessagePack."""

BOMB = bz2.compress(b"\x00" * 100_000_000)
ENCODINGS = {
    "gzip": gzip.compress(b'{"question": "x"}'),
    "deflate": zlib.compress(b'{"question": "x"}'),
    "bzip2": BOMB,
    "zstd": b"x",
    "utf-16": '{"question": "x"}'.encode("utf-16"),
    "latin-1": b'{"question": "x"}',
    "base64": b"eyJxdWVzdGlvbiI6ICJ4In0=",
}

TYPES = {
    "application/x-python-serialize": PICKLES["pickle-2"],
    "application/x-yaml": YAML,
    "text/plain": b'{"question": "x"}',
    "application/json-patch+json": b'{"question": "x"}',
    "application/data": b'{"question": "x"}',
    "": b'{"question": "x"}',
    "application/json; charset=utf-16": '{"question": "x"}'.encode("utf-16"),
    "\x00": b'{"question": "x"}',
}


def refused(hostile: HostileClient, body: bytes, **properties: bytes | None) -> None:
    """Send a body as a request, a job and an event: answered InvalidRequest, or parked as what cannot be read."""
    correlation = hostile.publish(RPC, body, **properties)
    answer = hostile.answer()
    assert answer.application_headers["svc-error"] == "svc.InvalidRequest"
    assert answer.properties["correlation_id"] == correlation
    for kind in (JOB, EVENT):
        hostile.publish(kind, body, **properties)
        parked = hostile.parked(kind)
        assert parked.application_headers["svc-error"] == "svc.InvalidRequest"
        assert bytes(parked.body or b"") == body


def serves(hostile: HostileClient, recorder: Recorder) -> None:
    """All that is in order is done, and nothing else was."""
    hostile.publish(RPC, body_of(RPC, "after"))
    assert bytes(hostile.answer().body) == b'"after"'
    for kind in (JOB, EVENT):
        hostile.publish(kind, body_of(kind, "after"))
    hostile.wait(lambda: recorder.remembered == ["after"] and recorder.happened == ["after"])
    assert recorder.asked == ["after"]
    assert not CANARY.exists()


def test_bodies_that_are_no_json(hostile: HostileClient, recorder: Recorder, caplog: pytest.LogCaptureFixture) -> None:
    """What is no JSON of the contract is refused, logged on one line each without a traceback; the services live."""
    with caplog.at_level(logging.WARNING):
        for body in BODIES.values():
            refused(hostile, body)
        serves(hostile, recorder)
    assert all(record.exc_info is None for record in caplog.records if record.name.startswith("svcrt"))
    assert len([record for record in caplog.records if record.name.startswith("svcrt")]) == 3 * len(BODIES)


def test_bodies_that_are_no_messagepack(hostile: HostileClient, recorder: Recorder) -> None:
    """The same for MessagePack: lengths that lie, extensions, depth."""
    for body in PACKED.values():
        refused(hostile, body, content_type=short(b"application/vnd.msgpack"))
    serves(hostile, recorder)


def test_encodings_and_compression_are_refused_unread(hostile: HostileClient, recorder: Recorder) -> None:
    """No `content_encoding` but utf-8, no header of kombu's for compression: a bomb of 100 MB stays what it is."""
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    for encoding, body in ENCODINGS.items():
        refused(hostile, body, content_encoding=short(encoding.encode()))
    refused(hostile, BOMB, headers=table(text_entry("compression", b"application/x-bz2")))
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 60_000
    serves(hostile, recorder)


def test_content_types_that_are_not_ours_are_refused(hostile: HostileClient, recorder: Recorder) -> None:
    """Pickle and YAML, by their name or by another, are never loaded; a missing type is refused as well."""
    for name, body in TYPES.items():
        refused(hostile, body, content_type=short(name.encode()))
    refused(hostile, body_of(RPC, "x"), content_type=None)
    serves(hostile, recorder)


def test_a_body_in_pieces_of_any_size_is_one_body(hostile: HostileClient, recorder: Recorder) -> None:
    """Body frames of one byte and of none."""
    body = body_of(RPC, "after")
    for sizes in ([0, len(body)], [1] * len(body), [3, 0, 0, len(body) - 3]):
        hostile.publish(RPC, body, sizes=sizes)
        assert "svc-error" not in hostile.answer().properties.get("application_headers", {})
    assert recorder.asked == ["after"] * 3


def test_a_body_beyond_the_limit_is_refused_and_kept_in_part(hostile: HostileClient, recorder: Recorder) -> None:
    """17 MB: a request is refused; of a job the first 64 KiB are parked, with its size."""
    body = b'{"text": "' + b"x" * 17_000_000 + b'"}'
    hostile.publish(RPC, body)
    assert hostile.answer().application_headers["svc-error"] == "svc.InvalidRequest"
    hostile.publish(JOB, body)
    parked = hostile.parked(JOB)
    assert parked.application_headers["svc-dead-cut"] == str(16 * 1024 * 1024 + 1)
    assert len(parked.body) == 64 * 1024
    serves(hostile, recorder)
