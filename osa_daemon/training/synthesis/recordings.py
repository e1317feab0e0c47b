"""Single real breaths, snores, gasps and coughs cut from the development recordings."""

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Samples
from osa_daemon.errors import InputError
from osa_daemon.training.synthesis.shaping import Floats, grid_hz

CLASSES = ("breath", "snore", "gasp", "cough")
OTHER_CLASSES = ("speech", "music", "household", "pet", "noise")
SUBCLASSES_LEFT_OUT = ("stethoscope", "yawn", "sneeze", "nose_blow", "child")
FLOOR_WINDOW = 1024


@dataclass(frozen=True, slots=True)
class Floor:
    """What lies behind a sound in its recording: RMS, spectrum (dB on `grid_hz`), upper edge."""

    rms: float
    gain_db: Floats
    bandwidth_hz: float


@dataclass(frozen=True, slots=True)
class Recording:
    """One sound of a real person. `group` is the person or recording it belongs to."""

    label: str
    phase: str
    group: str
    samples: Samples
    floor: Floor


def read_recordings(
    data: Path, most: int, seed: int, *, split: str = "train"
) -> dict[str, list[Recording]]:
    """Return up to `most` sounds of each class of one split, drawn evenly from the groups.

    `data` holds `sounds/manifest.csv` and `sounds/segments.csv`. Raises `InputError` when not.
    """
    rng = np.random.default_rng(seed)
    sounds = data / "sounds"
    clips = {
        row["file"]: row
        for row in _rows(sounds / "manifest.csv")
        if row["split"] == split
        and row["class"] in CLASSES
        and row["subclass"] not in SUBCLASSES_LEFT_OUT
    }
    by_class: dict[str, dict[str, list[dict[str, str]]]] = {}
    for row in _rows(sounds / "segments.csv"):
        if row["file"] in clips and float(row["t_end"]) - float(row["t_start"]) >= 0.15:
            clip = clips[row["file"]]
            groups = by_class.setdefault(clip["class"], defaultdict(list))
            groups[clip["group"]].append(row | {"group": clip["group"], "class": clip["class"]})
    return {
        label: [_cut(sounds, row) for row in _evenly(rng, by_class.get(label, {}), most)]
        for label in CLASSES
    }


def read_others(data: Path, seed: int, *, split: str = "train") -> list[Recording]:
    """Return stretches of 0.4 to 2 s, three a clip, of talk, music, animals, household and noise.

    Raises `InputError` when the data folder cannot be read.
    """
    rng = np.random.default_rng(seed)
    found: list[Recording] = []
    for row in _rows(data / "sounds" / "manifest.csv"):
        if row["split"] != split or row["class"] not in OTHER_CLASSES:
            continue
        clip = _read(data / "sounds", row["file"])
        floor = measure_floor(clip)
        for _ in range(3):
            length = min(int(rng.uniform(0.4, 2.0) * SAMPLE_RATE_HZ), len(clip))
            start = int(rng.integers(0, len(clip) - length + 1))
            stretch = clip[start : start + length]
            if length >= SAMPLE_RATE_HZ // 5 and stretch.std() > 1e-4:
                found.append(Recording(row["class"], "unknown", row["group"], stretch, floor))
    return found


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as stream:
            return list(csv.DictReader(stream))
    except OSError as error:
        raise InputError(
            f"{path} cannot be read ({error.strerror}); name the data folder."
        ) from error


def _evenly(
    rng: np.random.Generator, groups: dict[str, list[dict[str, str]]], most: int
) -> list[dict[str, str]]:
    """Take one row of each group in turn, until there are enough."""
    shuffled = [[rows[k] for k in rng.permutation(len(rows))] for rows in groups.values()]
    deepest = max((len(rows) for rows in shuffled), default=0)
    rounds = [rows[k] for k in range(deepest) for rows in shuffled if k < len(rows)]
    return rounds[:most]


def _cut(sounds: Path, row: dict[str, str]) -> Recording:
    clip = _read(sounds, row["file"])
    start, end = (int(float(row[key]) * SAMPLE_RATE_HZ) for key in ("t_start", "t_end"))
    samples = np.ascontiguousarray(clip[start:end], dtype=np.float32)
    return Recording(row["class"], row["phase"], row["group"], samples, measure_floor(clip))


def _read(sounds: Path, name: str) -> Samples:
    clip, rate_hz = soundfile.read(sounds / name, dtype="float32")
    if rate_hz != SAMPLE_RATE_HZ:
        raise InputError(f"{name} has {rate_hz} Hz; the sounds must have 16000 Hz.")
    return np.asarray(clip, dtype=np.float32)


def measure_floor(clip: Samples) -> Floor:
    """Return the floor of a clip from its quietest tenth, and its upper edge from all of it.

    A floor under -90 dBFS (a gated clip) is taken as -90 dBFS.
    """
    padded = np.pad(clip, (0, max(0, 4 * FLOOR_WINDOW - len(clip))))
    frames = np.lib.stride_tricks.sliding_window_view(padded, FLOOR_WINDOW)[:: FLOOR_WINDOW // 2]
    power = np.abs(np.fft.rfft(frames * np.hanning(FLOOR_WINDOW))) ** 2 + 1e-9
    order = np.argsort(power.sum(axis=1))
    quiet = power[order[: max(2, len(order) // 10)]].mean(axis=0)
    loud = 10.0 * np.log10(power[order[-max(2, len(order) // 5) :]].mean(axis=0))
    at = np.linspace(0.0, SAMPLE_RATE_HZ / 2, len(quiet))
    smooth_db = np.convolve(10.0 * np.log10(quiet), np.ones(9) / 9, mode="same")
    filled = np.flatnonzero(loud > loud.max() - 65.0)
    frame_rms = np.sqrt(np.mean(frames[order[: max(2, len(order) // 10)]] ** 2))
    return Floor(
        rms=float(max(frame_rms, 3e-5)),
        gain_db=np.asarray(np.interp(grid_hz(), at, smooth_db)),
        bandwidth_hz=float(at[filled[-1]]) if len(filled) else SAMPLE_RATE_HZ / 2,
    )
