"""What a phone may say, and what becomes of everything else."""

import json
import struct
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.web.phone_wire import (
    HEADER,
    MOST_BYTES,
    Frame,
    Hello,
    Note,
    Refusal,
    WireError,
    read_frame,
    read_text,
)

VECTORS = json.loads(Path(__file__).with_name("phone_vectors.json").read_text(encoding="utf-8"))
STREAM = "0123456789abcdef"


def frame_bytes(
    count: int = 3, *, version: int = 1, kind: int = 1, start: int = 0, clock_s: float = 1.0
) -> bytes:
    """A frame of zeros, with what the test wants in its header."""
    return HEADER.pack(version, kind, count, 0, start, clock_s) + bytes(2 * count)


def hello(**changed: object) -> str:
    """A hello that is right but for what is changed."""
    told = {"stream": STREAM, "rate_hz": 48_000, "ignored": [], **changed}
    return json.dumps({"v": 1, "hello": told})


@pytest.mark.parametrize("vector", VECTORS, ids=lambda vector: f"frame {vector['sequence']}")
def test_the_vectors_are_read(vector: dict[str, object]) -> None:
    """Both sides go by the same bytes; the page's side is tried in a browser."""
    frame = read_frame(bytes.fromhex(str(vector["hex"])))
    assert (frame.sequence, frame.start, frame.clock_s) == (
        vector["sequence"],
        vector["start"],
        vector["clock_s"],
    )
    assert frame.samples.tolist() == vector["int16"]


@pytest.mark.parametrize(
    ("data", "says"),
    [
        (b"", "its header alone has 24"),
        (frame_bytes()[:-1], "says that it holds 3 samples"),
        (frame_bytes() + b"x", "says that it holds 3 samples"),
        (frame_bytes(0), "says that it holds 0 samples"),
        (frame_bytes(version=2), "version 2"),
        (frame_bytes(kind=9), "format 9"),
        (frame_bytes(clock_s=float("nan")), "that is no time"),
        (frame_bytes(clock_s=float("inf")), "that is no time"),
        (frame_bytes(clock_s=-1.0), "that is no time"),
        (frame_bytes(start=(1 << 53) - 2), "is the last"),
    ],
)
def test_a_frame_that_is_none_is_told(data: bytes, says: str) -> None:
    """Each is refused with a sentence that names the value."""
    with pytest.raises(WireError, match=says):
        read_frame(data)


def test_too_large_a_frame_is_told_by_its_size() -> None:
    """It has a code of its own, and is not read."""
    with pytest.raises(WireError, match=str(MOST_BYTES)) as caught:
        read_frame(bytes(MOST_BYTES + 1))
    assert caught.value.refusal is Refusal.TOO_LARGE


def test_a_hello_and_a_note_are_read() -> None:
    """What is known is taken, what the browser ignored in a fixed order, and nothing else."""
    assert read_text(hello(ignored=["noiseSuppression", "echoCancellation", "x"])) == Hello(
        STREAM, 48_000, ("echoCancellation", "noiseSuppression")
    )
    note = {"stopped": "hidden", "hidden": True, "battery": 0.5, "charging": False}
    assert read_text(json.dumps({"v": 1, "note": note})) == Note("hidden", True, 0.5, False)
    assert read_text('{"v":1,"note":{"battery":"<b>","charging":1,"hidden":1}}') == Note(
        None, False, None, None
    )


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no JSON"),
        ("[" * 999, "no JSON"),
        ("[]", "not of version 1"),
        ('{"v":2}', "not of version 1"),
        ('{"v":1}', "neither a hello nor a note"),
        (hello(stream="../x"), "no name of its stream"),
        (hello(stream="A" * 20), "no name of its stream"),
        (hello(rate_hz=7_999), "7999; 8000 to 192000 Hz"),
        (hello(rate_hz=192_001), "192001"),
        (hello(rate_hz=48_000.5), r"48000\.5"),
        (hello(rate_hz=True), "something else"),
        (hello(ignored=None), "what the browser ignored"),
        ('{"v":1,"note":{"stopped":"<script>"}}', "no other reasons"),
        ("x" * 1_001, "1000 are allowed"),
    ],
)
def test_a_text_that_is_none_is_told(text: str, says: str) -> None:
    """Each is refused with a sentence."""
    with pytest.raises(WireError, match=says):
        read_text(text)


@given(st.binary(max_size=80))
def test_no_bytes_do_harm(data: bytes) -> None:
    """Whatever comes is a frame whose numbers are sound, or a WireError."""
    try:
        frame = read_frame(data)
    except WireError:
        return
    assert isinstance(frame, Frame)
    assert struct.calcsize("<BBHIQd") + 2 * len(frame.samples) == len(data)


@given(st.text(max_size=200) | st.from_regex(r'\{"v":1,"(hello|note)":\{.{0,60}\}\}'))
def test_no_text_does_harm(text: str) -> None:
    """Whatever comes is a hello, a note, or a WireError."""
    try:
        assert isinstance(read_text(text), Hello | Note)
    except WireError as error:
        assert str(error)
