from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from svcrt.embedded.errors import ProtocolError
from svcrt.embedded.frames import (
    BODY,
    HEARTBEAT,
    HEARTBEAT_FRAME,
    METHOD,
    Frame,
    FrameSplitter,
    content_frames,
    method_frame,
)


def _split(splitter: FrameSplitter, pieces: list[bytes]) -> list[Frame]:
    found: list[Frame] = []
    for piece in pieces:
        splitter.feed(piece)
        found.extend(splitter.frames())
    return found


@given(
    payloads=st.lists(st.tuples(st.integers(0, 65535), st.binary(max_size=300)), min_size=1, max_size=8),
    cuts=st.lists(st.integers(0, 3000), max_size=10),
)
def test_frames_come_out_whole_however_the_stream_is_cut(payloads: list[tuple[int, bytes]], cuts: list[int]) -> None:
    stream = b"".join(method_frame(channel, payload) for channel, payload in payloads)
    edges = [0, *sorted(min(cut, len(stream)) for cut in cuts), len(stream)]
    pieces = [stream[start:end] for start, end in pairwise(edges)]
    assert _split(FrameSplitter(), pieces) == [(METHOD, channel, payload) for channel, payload in payloads]


def test_a_heartbeat_is_a_frame() -> None:
    assert _split(FrameSplitter(), [HEARTBEAT_FRAME]) == [(HEARTBEAT, 0, b"")]


def test_a_size_is_refused_before_it_is_collected() -> None:
    splitter = FrameSplitter()
    splitter.feed(method_frame(1, bytes(4089))[:7])
    with pytest.raises(ProtocolError, match="FRAME_ERROR"):
        list(splitter.frames())


@pytest.mark.parametrize("damaged", [b"\x09\x00\x01\x00\x00\x00\x00\xce", b"\x01\x00\x01\x00\x00\x00\x00\x00"])
def test_damaged_frames_are_refused(damaged: bytes) -> None:
    splitter = FrameSplitter()
    splitter.feed(damaged)
    with pytest.raises(ProtocolError, match="FRAME_ERROR"):
        list(splitter.frames())


@given(body=st.binary(max_size=20_000))
def test_a_body_is_cut_to_the_frame_size(body: bytes) -> None:
    frames = _split(FrameSplitter(4096), [content_frames(3, b"method", b"header", body, 4096)])
    assert [frame[2] for frame in frames[:2]] == [b"method", b"header"]
    assert b"".join(frame[2] for frame in frames[2:]) == body
    assert all(frame[0] == BODY and len(frame[2]) <= 4088 for frame in frames[2:])


@given(st.binary(max_size=200))
def test_random_bytes_give_frames_or_a_protocol_error(data: bytes) -> None:
    splitter = FrameSplitter()
    splitter.feed(data)
    try:
        frames = list(splitter.frames())
    except ProtocolError:
        return
    assert sum(len(frame.payload) + 8 for frame in frames) <= len(data)
