"""Figures of minutes: dated by their first frame, and honest about a short one."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from osa_daemon.detector.frame import Frame
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.reader import JournalReader
from osa_daemon.scoring.event import Progress, Scored
from osa_daemon.scoring.night import NightTally
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.chain import Step
from osa_daemon.service.minutes import Minutes
from osa_daemon.service.store import Store

START = datetime(2026, 3, 1, 23, 0, tzinfo=UTC)
NIGHT = date(2026, 3, 1)


def test_a_minute_begins_with_its_first_frame(tmp_path: Path):
    """Frames of 70 s make a whole minute and, where the stream ends, one of 10 s."""
    path = tmp_path / "journal.sqlite3"
    store = Store(lambda: Journal.open(path), lambda _problem: None)
    minutes, tally = Minutes(store), NightTally(ScoringSettings())
    for index in range(350):
        is_heard = index % 2 == 0
        frame = Frame(index, is_heard, -50.0, -60.0, False, False, 1, 0, 0, 0, 0, 0, None)
        scored = Scored(index, True, True, Progress.OFF, None, False, (), ())
        minutes.step(Step(frame, scored), tally, NIGHT, START + timedelta(seconds=index / 5))
    minutes.cut(tally, NIGHT)
    minutes.save()
    store.close()
    with JournalReader.open(path) as journal:
        rows = journal.minutes_of(NIGHT)
    assert [row.start_utc for row in rows] == [START, START + timedelta(minutes=1)]
    assert [(row.heard_s, row.gap_s) for row in rows] == [(30.0, 30.0), (5.0, 5.0)]
