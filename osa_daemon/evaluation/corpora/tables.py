"""Sound files with a table of events beside them: plain CSV, and the folders of APSAA.

Plain: NAME.csv beside NAME.wav. APSAA: a folder for each person with one sound and one table
whose name holds "annotation"; `sync_output.mat` there says that the scoring and the sound began
apart. Nothing public tells in which direction its delay counts, so nobody guesses here: the facts
beside the sound state it.
"""

from pathlib import Path
from typing import Any

from osa_daemon.audio.file import FileSource
from osa_daemon.errors import InputError
from osa_daemon.evaluation.corpora.event_table import origin_of, read_events
from osa_daemon.evaluation.corpora.facts import read_facts
from osa_daemon.evaluation.reference import ReferenceNight

SYNCHRONISATION = "sync_output.mat"


def table_beside(sound: Path) -> Path | None:
    """Return the table of events that belongs to a sound, None where there is none.

    It is NAME.csv, or in a folder with one sound the one CSV whose name speaks of annotations
    or events.
    """
    plain = sound.with_suffix(".csv")
    if plain.exists():
        return plain
    files = sorted(sound.parent.iterdir())
    if sum(path.suffix.lower() == sound.suffix.lower() for path in files) > 1:
        return None
    tables = [path for path in files if _speaks_of_events(path)]
    return tables[0] if len(tables) == 1 else None


def read_table_night(sound: Path, table: Path) -> ReferenceNight:
    """Read a night of one sound file and one table of events.

    Raises:
        InputError: sound, table or facts cannot be read, or APSAA's delay is not stated.
    """
    facts_path = sound.with_suffix(".json")
    facts = read_facts(facts_path)
    is_apsaa = table != sound.with_suffix(".csv")
    if is_apsaa and (sound.parent / SYNCHRONISATION).exists():
        _check_delay_is_stated(sound, facts, facts_path)
    source = FileSource(sound)
    source.close()
    events = read_events(table, origin_of(facts, facts_path), source.duration_s)
    known = {
        "person": sound.parent.name if is_apsaa else sound.stem,
        "format": "APSAA" if is_apsaa else "CSV",
    }
    return ReferenceNight(sound, events, None, known | facts)


def _speaks_of_events(path: Path) -> bool:
    name = path.name.lower()
    return path.suffix.lower() == ".csv" and ("annot" in name or "event" in name)


def _check_delay_is_stated(sound: Path, facts: dict[str, Any], facts_path: Path) -> None:
    if "sound_start_s" not in facts and "recording_start" not in facts:
        raise InputError(
            f"{sound.parent / SYNCHRONISATION} tells that scoring and sound began apart, but not "
            f"which came first: write {facts_path.name} beside {sound.name} with "
            '{"sound_start_s": S}, S being the second of the scoring at which the sound begins.'
        )
