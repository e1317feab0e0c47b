"""Nights as files: NAME.flac, NAME.events.csv, NAME.audible.csv, NAME.json."""

import csv
import json
from collections.abc import Iterable, Sequence
from dataclasses import asdict, is_dataclass
from pathlib import Path
from typing import Literal

import soundfile as sf

from osa_daemon.errors import StorageError
from osa_daemon.training.simulator.night import SAMPLE_RATE_HZ, SimulatedNight

AudioFormat = Literal["flac", "ogg", "wav"]
_WRITE_S = 60  # Vorbis wants pieces: libsndfile overflows its stack on long writes


def write_c3(
    night: SimulatedNight,
    folder: Path,
    name: str,
    *,
    audio_format: AudioFormat = "flac",
    quality: float = 0.4,
) -> None:
    """Write a night and its truth into `folder`, which is made; `quality` 0 … 1 is of Vorbis.

    The events file holds what was truly there, audible or not; `NAME.json` repeats each with
    its fall in level and whether sound can find it.

    Raises:
        StorageError: a file cannot be written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_audio(night, folder / f"{name}.{audio_format}", quality)
        _write_rows(
            folder / f"{name}.events.csv",
            ("onset_s", "duration_s", "type"),
            ((f"{e.onset_s:.2f}", f"{e.duration_s:.2f}", e.type) for e in night.events),
        )
        _write_rows(
            folder / f"{name}.audible.csv",
            ("onset_s", "duration_s"),
            ((f"{s:.1f}", f"{d:.1f}") for s, d in night.audible),
        )
        text = json.dumps(_facts(night), indent=1, default=_plain)
        (folder / f"{name}.json").write_text(text + "\n", encoding="utf-8")
    except (OSError, sf.LibsndfileError) as error:
        raise StorageError(f"The night {name} cannot be written to {folder}: {error}.") from error


def _write_audio(night: SimulatedNight, path: Path, quality: float) -> None:
    vorbis = path.suffix == ".ogg"
    step = _WRITE_S * SAMPLE_RATE_HZ
    with sf.SoundFile(
        path,
        "w",
        SAMPLE_RATE_HZ,
        1,
        "VORBIS" if vorbis else "PCM_16",
        compression_level=1 - quality if vorbis else None,
    ) as file:
        for start in range(0, len(night.audio), step):
            file.write(night.audio[start : start + step])


def _write_rows(path: Path, header: Sequence[str], rows: Iterable[Sequence[str]]) -> None:
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def _facts(night: SimulatedNight) -> dict[str, object]:
    finite = night.snr_db == night.snr_db  # nan in an empty room
    return {
        "person": night.person,
        "kind": night.spec.kind,
        "generator": night.spec.generator,
        "severity": night.spec.severity,
        "split": night.spec.split,
        "seed": night.spec.seed,
        "snr_db": round(night.snr_db, 2) if finite else None,
        **night.facts,
        "events": [
            {
                "onset_s": round(e.onset_s, 2),
                "duration_s": round(e.duration_s, 2),
                "type": e.type,
                "level_drop_db": round(e.level_drop_db, 1),
                "audible": e.audible,
                "counts": e.counts,
            }
            for e in night.events
        ],
    }


def _plain(value: object) -> object:
    if is_dataclass(value) and not isinstance(value, type):
        return asdict(value)
    raise TypeError(f"{value!r} has no place in JSON")
