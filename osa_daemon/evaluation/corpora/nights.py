"""Nights as the contract C3 has them: a sound file with NAME.events.csv beside it."""

from collections.abc import Sequence
from pathlib import Path

from osa_daemon.errors import InputError
from osa_daemon.evaluation.corpora.facts import read_facts
from osa_daemon.evaluation.corpora.table import Row, read_rows
from osa_daemon.evaluation.reference import ReferenceNight, is_heard
from osa_daemon.scoring.matching import Span

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


def read_night(sound: Path) -> ReferenceNight:
    """Read the truth beside a sound file.

    Raises:
        InputError: the events are missing, or a file beside the sound is not as C3 has it.
    """
    base = sound.with_suffix("")
    audible_path = Path(f"{base}.audible.csv")
    audible = None
    if audible_path.exists():
        spans = read_rows(audible_path, ("onset_s", "duration_s"))
        audible = tuple((row.seconds("onset_s"), row.seconds("duration_s")) for row in spans)
    rows = read_rows(Path(f"{base}.events.csv"), ("onset_s", "duration_s", "type"))
    events = tuple(_event(row, audible) for row in rows)
    return ReferenceNight(sound, events, audible, read_facts(Path(f"{base}.json")))


def _event(row: Row, audible: Sequence[tuple[float, float]] | None) -> Span:
    kind = TYPES.get(row.cells["type"])
    if kind is None:
        raise InputError(
            f'{row.place} has the type "{row.cells["type"]}"; allowed are {", ".join(TYPES)}.'
        )
    onset_s, duration_s = row.seconds("onset_s"), row.seconds("duration_s")
    counts = audible is None or is_heard(onset_s, duration_s, audible)
    return Span(onset_s, duration_s, kind, counts)
