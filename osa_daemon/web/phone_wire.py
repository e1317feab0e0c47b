"""What a phone's page and the daemon say to each other, over one WebSocket at `api/phone`.

**Phone to daemon.** First a *hello*, then *notes* and *frames* as they come.

A hello is a text: `{"v":1,"hello":{"stream":"9f…","rate_hz":48000,"ignored":["autoGainControl"]}}`.
`stream` names one run of the phone's counter (16 to 32 characters of 0-9 and a-f): the same again
after a lost connection goes on where it was; another begins anew. `rate_hz` is that of its sound,
8000 to 192000. `ignored` names what the browser left on although it was asked not to:
`echoCancellation`, `noiseSuppression`, `autoGainControl`.

A note is a text: `{"v":1,"note":{"stopped":null,"hidden":false,"battery":0.8,"charging":true}}`, at
least every 2 s, so that the link is known to be alive. `stopped` is null while the microphone gives
sound, else one of `STOPS`; `battery` (0 to 1) and `charging` are null where the browser does not
say.

A frame is binary, little-endian, and holds one channel of 16-bit sound, at most 0.5 s and
32000 samples:

| bytes | type | content |
|---|---|---|
| 0 | uint8 | version, 1 |
| 1 | uint8 | format of the samples: 1 for int16, full scale 32768 |
| 2-3 | uint16 | samples that follow |
| 4-7 | uint32 | sequence: 0 for the first frame of a stream, then 1 more for each frame made |
| 8-15 | uint64 | index of its first sample since the stream began |
| 16-23 | float64 | the phone's clock (s) when its last sample was there; it goes on in sleep |
| 24- | int16 | samples |

A frame that was dropped leaves out its number and its samples' indexes: a gap. A frame that comes
again, or out of order, is an error, and so is sound that comes faster than time passes.

16 bits, not 32: half the traffic (96 kB/s at 48 kHz), and what phones record with. The bundled
short night made 50 dB quieter, to -91 dBFS, gives the same events with both (onsets within 0.2 s),
and no tenth of a second of it, the quietest at -105 dBFS, is rounded to silence.

**Daemon to phone.** All are texts. `{"v":1,"welcome":{"next":7}}` answers a hello: frames from
sequence 7 on are wanted, those before have arrived. `{"v":1,"heard":123,"rests":false}` about once
a second: all frames up to 123 have arrived (-1: none); while `rests` is true nobody listens and no
frame is wanted. `{"v":1,"told":"…"}` is a sentence to show. `{"v":1,"refused":"…"}` is one too; the
connection is closed after it, by a code of `Refusal`.
"""

import json
import math
import re
import struct
from dataclasses import dataclass
from enum import IntEnum
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

VERSION: Final = 1
INT16: Final = 1
HEADER: Final = struct.Struct("<BBHIQd")
MOST_SAMPLES: Final = 32_000  # with its header below 64 KiB, which the server takes at once
MOST_BYTES: Final = HEADER.size + 2 * MOST_SAMPLES
MOST_TEXT: Final = 1_000  # characters of a hello or a note
LONGEST_S: Final = 0.5
LEAST_RATE_HZ: Final = 8_000
MOST_RATE_HZ: Final = 192_000
STOPS: Final = ("by_hand", "hidden", "muted", "ended", "refused", "interrupted", "silent")
IGNORED: Final = ("echoCancellation", "noiseSuppression", "autoGainControl")

_STREAM: Final = re.compile(r"[0-9a-f]{16,32}")
_LAST_INDEX: Final = 1 << 53  # what the page counts with holds whole numbers up to here


class Refusal(IntEnum):
    """Why a connection is closed by the daemon (RFC 6455, 7.4; 4000 and more are our own)."""

    BROKEN_RULE = 1008
    TOO_LARGE = 1009
    NOT_SIGNED_IN = 4401
    SILENT = 4408
    ANOTHER_PHONE = 4409
    REPLACED = 4410


class WireError(Exception):
    """What came is not what was agreed; the sentence says what. Closes that connection only."""

    def __init__(self, sentence: str, refusal: Refusal = Refusal.BROKEN_RULE) -> None:
        super().__init__(sentence)
        self.refusal = refusal


@dataclass(frozen=True, slots=True)
class Hello:
    """How a phone begins; see the module."""

    stream: str
    rate_hz: int
    ignored: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Note:
    """How a phone is; see the module."""

    stopped: str | None
    hidden: bool
    battery: float | None
    charging: bool | None


@dataclass(frozen=True, slots=True)
class Frame:
    """A run of sound; see the module. `samples` is int16 of shape (n,), `clock_s` the phone's."""

    sequence: int
    start: int
    clock_s: float
    samples: NDArray[np.int16]

    @property
    def end(self) -> int:
        """Index of the sample after the last."""
        return self.start + len(self.samples)


def read_frame(data: bytes) -> Frame:
    """Return the frame that `data` holds; WireError where it holds none."""
    if len(data) > MOST_BYTES:
        raise WireError(
            f"A frame has {len(data)} bytes; {MOST_BYTES} are allowed.", Refusal.TOO_LARGE
        )
    if len(data) < HEADER.size:
        raise WireError(f"A frame has {len(data)} bytes; its header alone has {HEADER.size}.")
    version, kind, count, sequence, start, clock_s = HEADER.unpack_from(data)
    if (version, kind) != (VERSION, INT16):
        raise WireError(
            f"A frame is of version {version} and format {kind}; this daemon knows "
            f"{VERSION} and {INT16}: reload the page."
        )
    if count == 0 or len(data) != HEADER.size + 2 * count:
        raise WireError(f"A frame of {len(data)} bytes says that it holds {count} samples.")
    if not math.isfinite(clock_s) or clock_s < 0:
        raise WireError(f"A frame says that its clock is at {clock_s}: that is no time.")
    if start + count > _LAST_INDEX:
        raise WireError(f"A frame begins at sample {start}; {_LAST_INDEX} is the last.")
    samples = np.frombuffer(data, dtype="<i2", offset=HEADER.size)
    return Frame(sequence, start, clock_s, samples)


def read_text(text: str) -> Hello | Note:
    """Return the hello or the note that `text` holds; WireError where it holds none."""
    if len(text) > MOST_TEXT:
        raise WireError(
            f"A message has {len(text)} characters; {MOST_TEXT} are allowed.", Refusal.TOO_LARGE
        )
    try:
        told = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise WireError("A message is no JSON.") from error
    if not isinstance(told, dict) or told.get("v") != VERSION:
        raise WireError(f"A message is not of version {VERSION}: reload the page.")
    for name, read in (("hello", _hello), ("note", _note)):
        if isinstance(told.get(name), dict):
            return read(told[name])
    raise WireError("A message is neither a hello nor a note.")


def _hello(told: dict[str, Any]) -> Hello:
    stream, rate_hz, ignored = told.get("stream"), told.get("rate_hz"), told.get("ignored")
    if not isinstance(stream, str) or not _STREAM.fullmatch(stream):
        raise WireError("A hello has no name of its stream.")
    if type(rate_hz) is not int or not LEAST_RATE_HZ <= rate_hz <= MOST_RATE_HZ:
        shown = rate_hz if type(rate_hz) in (int, float) else "something else"
        raise WireError(
            f"The phone's rate is {shown}; {LEAST_RATE_HZ} to {MOST_RATE_HZ} Hz are allowed."
        )
    if not isinstance(ignored, list):
        raise WireError("A hello does not say what the browser ignored.")
    return Hello(stream, rate_hz, tuple(name for name in IGNORED if name in ignored))


def _note(told: dict[str, Any]) -> Note:
    stopped, battery, charging = told.get("stopped"), told.get("battery"), told.get("charging")
    if stopped is not None and stopped not in STOPS:
        raise WireError(f"A note knows no other reasons than {', '.join(STOPS)}.")
    is_share = isinstance(battery, int | float) and 0 <= battery <= 1
    return Note(
        stopped=stopped,
        hidden=told.get("hidden") is True,
        battery=float(battery) if is_share and battery is not None else None,
        charging=charging if isinstance(charging, bool) else None,
    )
