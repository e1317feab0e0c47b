"""Nights with a known truth, as files (contract C3): what an evaluation and the demo read."""

import csv
import json
import math
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
        InputError: the events are missing, or a file beside the sound is not as C3 has it.
    """
    base = sound.with_suffix("")
    audible_path, facts_path = Path(f"{base}.audible.csv"), Path(f"{base}.json")
    audible = None
    if audible_path.exists():
        rows = _rows(audible_path, ("onset_s", "duration_s"))
        audible = tuple(_span(row) for row in rows)
    rows = _rows(Path(f"{base}.events.csv"), ("onset_s", "duration_s", "type"))
    events = tuple(_event(row, audible) for row in rows)
    facts = _facts(facts_path) if facts_path.exists() else {}
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


@dataclass(frozen=True, slots=True)
class _Row:
    """One line of a table, and where it stands."""

    place: str
    cells: dict[str, str]


def _rows(path: Path, columns: Sequence[str]) -> list[_Row]:
    try:
        # a spreadsheet may begin its file with a byte order mark
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            header = reader.fieldnames or ()
            rows = [_Row(f"{path}, line {reader.line_num},", row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    missing = [name for name in columns if name not in header]
    if missing:
        raise InputError(
            f"{path} lacks the column {missing[0]}: its header must be {','.join(columns)}."
        )
    return rows


def _facts(path: Path) -> dict[str, Any]:
    try:
        facts = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    if not isinstance(facts, dict):
        raise InputError(f'{path} must hold a JSON object such as {{"person": "a"}}.')
    return facts


def _seconds(row: _Row, name: str) -> float:
    text = row.cells[name]
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        raise InputError(
            f'{row.place} has the {name} "{text}": it must be a number of seconds from 0 on.'
        )
    return seconds


def _span(row: _Row) -> tuple[float, float]:
    return _seconds(row, "onset_s"), _seconds(row, "duration_s")


def _event(row: _Row, audible: Sequence[tuple[float, float]] | None) -> Span:
    kind = TYPES.get(row.cells["type"])
    if kind is None:
        raise InputError(
            f'{row.place} has the type "{row.cells["type"]}"; allowed are {", ".join(TYPES)}.'
        )
    onset_s, duration_s = _span(row)
    middle_s = onset_s + duration_s / 2
    heard = audible is None or any(start <= middle_s < start + length for start, length in audible)
    return Span(onset_s, duration_s, kind, heard)
