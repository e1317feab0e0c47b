"""One EDF or EDF+ file: its channel of sound, when it began, and its annotations."""

import importlib
import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from osa_daemon.audio.block import Samples
from osa_daemon.audio.resample import MAX_RATE_HZ, MIN_RATE_HZ
from osa_daemon.errors import InputError, ResourceError

RECORD_COUNT = slice(236, 244)  # field "number of data records" (EDF, Kemp et al. 1992)
AMBIENT = "Mic"  # PSG-Audio: the microphone 1 m above the bed; "Tracheal" is on the neck


@dataclass(frozen=True, slots=True)
class EdfPiece:
    """A file with a channel of sound in it.

    `clock_s`: time of day at which it began (s). `frames`, `rate_hz` and `digital_range` (lowest
    and highest value) are the channel's. `person`: the patient's code in the header, None where
    it holds none.
    """

    path: Path
    channel: str
    clock_s: float
    frames: int
    rate_hz: float
    digital_range: tuple[int, int]
    person: str | None

    @property
    def duration_s(self) -> float:
        """Length of the sound (s)."""
        return self.frames / self.rate_hz

    def sound(self, first: int, count: int) -> Samples:
        """Return `count` frames of the channel from frame `first` on, within -1 … 1.

        What is read is mapped into memory, and counts as this process's until the file is
        closed: so it is opened for each stretch.
        """
        with _reading(self.path):
            signal = _signal(_open(self.path), self.path, self.channel)
            start_s, end_s = first / self.rate_hz, (first + count) / self.rate_hz
            raw = signal.get_digital_slice(start_s, end_s).astype(np.float32)
        low, high = self.digital_range
        # silence is 0 in a signed channel; an unsigned one has it in the middle
        middle = 0.0 if low < 0 < high else (low + high + 1) / 2
        full = max(high - middle, middle - low)
        sound: Samples = (raw - np.float32(middle)) / np.float32(full)
        return sound


def open_piece(path: Path, channel: str = AMBIENT) -> EdfPiece:
    """Read the header of an EDF file.

    Raises:
        InputError: the file cannot be read, is cut short, has gaps within, or lacks the channel.
        ResourceError: edfio is not installed.
    """
    with _reading(path):
        edf = _open(path)
        signal = _signal(edf, path, channel)
        rate_hz = float(signal.sampling_frequency)
        if not MIN_RATE_HZ <= rate_hz <= MAX_RATE_HZ:
            raise InputError(
                f"{path} has the channel {_printable(signal.label)} at {rate_hz:g} Hz: that is no "
                f"sound; {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz can be used."
            )
        if edf.reserved.startswith("EDF+D") and not edf.is_continuous:
            raise InputError(
                f"{path} has gaps within (EDF+D): export it as continuous EDF+ (EDF+C)."
            )
        begin = edf.starttime
        clock_s = begin.hour * 3600 + begin.minute * 60 + begin.second + begin.microsecond / 1e6
        frames = edf.num_data_records * signal.samples_per_data_record
        low, high = signal.digital_range
        if low >= high:
            raise InputError(
                f"{path} has values from {low} to {high} by its header, which is damaged; "
                "copy or export it again."
            )
        return EdfPiece(path, signal.label, clock_s, frames, rate_hz, (low, high), _person(edf))


def read_annotations(path: Path) -> tuple[tuple[float, float | None, str], ...]:
    """Return the annotations of an EDF+ file: onset (s), duration (s) where it has one, text.

    Raises:
        InputError: the file cannot be read.
        ResourceError: edfio is not installed.
    """
    with _reading(path):
        return tuple((float(a.onset), a.duration, a.text) for a in _open(path).annotations)


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror or error}.") from error
    # what edfio raises on fields that are not as the format has them
    except (ValueError, LookupError, ArithmeticError, UnboundLocalError) as error:
        raise InputError(
            f"{path} is not an EDF file, or is damaged; copy or export it again."
        ) from error


def _edfio() -> Any:
    try:
        return importlib.import_module("edfio")
    except ImportError as error:
        raise ResourceError("EDF files need edfio: pip install edfio.") from error


def _open(path: Path) -> Any:
    edfio = _edfio()
    with path.open("rb") as file:
        promised = int(file.read(256)[RECORD_COUNT])
    with warnings.catch_warnings():
        # what it would warn of is said below, in one sentence
        warnings.simplefilter("ignore")
        # names of people and units such as µV are often not ASCII, against the standard
        edf = edfio.read_edf(path, lazy_load_data=True, header_encoding="latin-1")
    present = int(edf.num_data_records)
    if present < promised:
        raise InputError(
            f"{path} is cut short: {present} of {promised} data records are there; copy it again."
        )
    return edf


def _signal(edf: Any, path: Path, channel: str) -> Any:
    signals = {signal.label.strip().casefold(): signal for signal in edf.signals}
    signal = signals.get(channel.casefold())
    if signal is None:
        names = ", ".join(_printable(signal.label) for signal in edf.signals) or "none"
        raise InputError(
            f'{path} has no channel "{channel}": its channels are {names}; name one with --channel.'
        )
    return signal


def _printable(text: str) -> str:
    return "".join(sign if sign.isprintable() else "?" for sign in text)


def _person(edf: Any) -> str | None:
    words = str(edf.local_patient_identification).split()
    return words[0] if words and words[0] != "X" else None
