"""What was decided and what arrived: *lost* is what the one has and the other has not."""

import re
import sqlite3
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from tests.faults.witness import Witness

LOGGED = re.compile(r"INFO (?:apnea|hypopnea) of \d+ s at (\S+)")


@dataclass(frozen=True, slots=True)
class Count:
    """Events decided, and what the witness never got: ids, or onsets of what no disk took."""

    decided: int
    lost: frozenset[str]


def committed(journal: Path) -> dict[str, float]:
    """The ids of the events that a journal holds, and their onsets; none where it is unreadable."""
    try:
        with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True, timeout=5)) as db:
            return {str(i): _moment(at) for i, at in db.execute("SELECT id, onset_utc FROM events")}
    except sqlite3.Error:
        return {}


def waiting(journal: Path) -> int:
    """How many events a journal's outbox holds."""
    try:
        with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True, timeout=5)) as db:
            return int(db.execute("SELECT count(*) FROM outbox").fetchone()[0])
    except sqlite3.Error:
        return 0


def logged(log: str) -> set[float]:
    """The onsets (s, to a tenth) of the events that a log tells of, stored or not."""
    return {_moment(found) for found in LOGGED.findall(log)}


def count(journals: list[Path], log: str, witnesses: list[Witness]) -> Count:
    """Hold journals and log against what the witnesses got.

    By id where the event was committed; by onset where it was only logged, because no disk took
    it.
    """
    events = [event for witness in witnesses for event in witness.events]
    ids = {str(event["id"]) for event in events}
    stored: dict[str, float] = {}
    for journal in journals:
        stored |= committed(journal)
    unstored = logged(log) - set(stored.values())
    unstored_lost = unstored - {_moment(event["onset"]) for event in events}
    lost = (set(stored) - ids) | {f"onset {at:.1f}" for at in unstored_lost}
    return Count(len(set(stored) | ids) + len(unstored_lost), frozenset(lost))


def _moment(text: str) -> float:
    return round(datetime.fromisoformat(text).timestamp(), 1)
