"""What Home Assistant's recorder wrote of one device: rows of its SQLite file."""

import sqlite3
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path

STATES = """
SELECT states_meta.entity_id, count(*) FROM states JOIN states_meta USING (metadata_id)
WHERE last_updated_ts >= ? AND last_updated_ts < ?
AND states_meta.entity_id LIKE '%.' || ? || '\\_%' ESCAPE '\\'
GROUP BY states_meta.entity_id ORDER BY count(*) DESC, states_meta.entity_id
"""
STATISTICS = """
SELECT count(*) FROM statistics_short_term JOIN statistics_meta
ON statistics_meta.id = statistics_short_term.metadata_id
WHERE start_ts >= ? AND start_ts < ? AND statistic_id LIKE '%.' || ? || '\\_%' ESCAPE '\\'
"""
EVENTS = "SELECT count(*) FROM events WHERE time_fired_ts >= ? AND time_fired_ts < ?"


@dataclass(frozen=True, slots=True)
class Rows:
    """Rows between two wall-clock times: of states by entity, of statistics, of events of all."""

    hours: float
    states: dict[str, int]
    statistics: int
    events: int

    @property
    def per_hour(self) -> float:
        """Rows of states an hour."""
        return sum(self.states.values()) / self.hours

    def table(self) -> str:
        """Every entity that wrote, with rows and rows an hour."""
        lines = [
            f"{entity_id:46s} {count:5d} {count / self.hours:8.1f} an hour"
            for entity_id, count in self.states.items()
        ]
        total = sum(self.states.values())
        lines.append(f"{'rows of states':46s} {total:5d} {self.per_hour:8.1f} an hour")
        lines.append(
            f"in {60 * self.hours:.1f} minutes; beside them Home Assistant's own: "
            f"{self.statistics} of 5-minute statistics, {self.events} of events"
        )
        return "\n".join(lines)


def read_rows(configuration: Path, device_id: str, begin: float, end: float) -> Rows:
    """Count what was written of `device_id` from `begin` to `end` (wall clock, s)."""
    file = configuration / "home-assistant_v2.db"
    with closing(sqlite3.connect(f"{file.as_uri()}?mode=ro", uri=True)) as db:
        states = dict(db.execute(STATES, (begin, end, device_id)).fetchall())
        (statistics,) = db.execute(STATISTICS, (begin, end, device_id)).fetchone()
        (events,) = db.execute(EVENTS, (begin, end)).fetchone()
    return Rows((end - begin) / 3600, states, statistics, events)
