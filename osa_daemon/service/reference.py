"""Nights with a known truth, as files (contract C3): what an evaluation and the demo read."""

import csv
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from osa_daemon.errors import InputError
from osa_daemon.scoring.matching import Span

SOUND_SUFFIXES = (".flac", ".wav", ".ogg")
TYPES = {
    "obstructive_apnea": "obstructive_apnea",
    "central_apnea": "central_apnea",
    "mixed_apnea": "mixed_apnea",
    "apnea": "apnea",
    "hypopnea": "hypopnea",
    "obstructive": "obstructive_apnea",
    "central": "central_apnea",
    "mixed": "mixed_apnea",
}


@dataclass(frozen=True, slots=True)
class ReferenceNight:
    """A recording and its truth.

    `audible`: (onset_s, duration_s) in which the sleeper can be heard, None where not stated;
    events outside of it do not count. `facts`: what NAME.json says.
    """

    sound: Path
    events: tuple[Span, ...]
    audible: tuple[tuple[float, float], ...] | None
    facts: dict[str, Any]


def read_night(sound: Path) -> ReferenceNight:
    """Read the truth beside a sound file.

    Raises:
        InputError: the events are missing or not as C3 has them.
    """
    base = sound.with_suffix("")
    audible_path, facts_path = Path(f"{base}.audible.csv"), Path(f"{base}.json")
    audible = None
    if audible_path.exists():
        rows = _rows(audible_path, ("onset_s", "duration_s"))
        audible = tuple((float(row["onset_s"]), float(row["duration_s"])) for row in rows)
    events_path = Path(f"{base}.events.csv")
    rows = _rows(events_path, ("onset_s", "duration_s", "type"))
    events = tuple(_event(row, events_path, audible) for row in rows)
    facts = json.loads(facts_path.read_text()) if facts_path.exists() else {}
    return ReferenceNight(sound, events, audible, facts)


def read_folder(folder: Path) -> list[ReferenceNight]:
    """Read every night of a folder, in order of their names.

    Raises:
        InputError: there is no such folder, or no night in it, or a night is not as C3 has it.
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder} is no folder: give one that holds NAME.flac and NAME.events.csv."
        )
    sounds = [path for path in sorted(folder.iterdir()) if path.suffix in SOUND_SUFFIXES]
    nights = [read_night(path) for path in sounds]
    if not nights:
        raise InputError(
            f"{folder} holds no nights: expected NAME.flac, NAME.wav or NAME.ogg with "
            "NAME.events.csv beside it."
        )
    return nights


def _rows(path: Path, columns: Sequence[str]) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as file:
            reader = csv.DictReader(file)
            rows = list(reader)
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    missing = [name for name in columns if name not in (reader.fieldnames or ())]
    if missing:
        raise InputError(
            f"{path} lacks the column {missing[0]}: its header must be {','.join(columns)}."
        )
    return rows


def _event(row: dict[str, str], path: Path, audible: Sequence[tuple[float, float]] | None) -> Span:
    kind = TYPES.get(row["type"])
    if kind is None:
        raise InputError(f'{path} has the type "{row["type"]}"; allowed are {", ".join(TYPES)}.')
    try:
        onset_s, duration_s = float(row["onset_s"]), float(row["duration_s"])
    except ValueError as error:
        raise InputError(f"{path} has a time that is no number: {error}.") from error
    middle_s = onset_s + duration_s / 2
    heard = audible is None or any(start <= middle_s < start + length for start, length in audible)
    return Span(onset_s, duration_s, kind, heard)
