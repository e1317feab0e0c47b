"""What a night writes to the SD card is bounded, and so is what is kept of the years."""

from datetime import UTC, date, datetime, timedelta
from pathlib import Path

from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import EventRow, MinuteRow, NightRow
from osa_daemon.service.bench.wear import play

FIRST = date(2026, 11, 22)


def test_a_night_of_many_events_writes_little(tmp_path: Path):
    """Half an hour with an event a minute: 60 kB and 8 commits for each, and no more at rest."""
    (tmp_path / "still").mkdir()
    still = play(tmp_path / "still", 0, 0.5)
    wear = play(tmp_path, 60, 0.5)
    assert still.events == 0
    assert still.commits < 40
    assert still.bytes_written < 400_000
    assert 15 < wear.events < 40
    assert wear.commits - still.commits <= 8 * wear.events
    assert wear.bytes_written - still.bytes_written <= 60_000 * wear.events


def live_through(journal: Journal, night: date, keep_nights: int) -> None:
    """Write a night of 40 events and 24 hours of minutes, then forget, as each noon."""
    noon = datetime(night.year, night.month, night.day, 12, tzinfo=UTC)
    events = []
    for number in range(40):
        onset = noon + timedelta(hours=11, minutes=10 * number)
        events.append(
            EventRow(
                f"{night:%Y%m%d}{number:024d}", "apnea", onset, onset + timedelta(seconds=20),
                20.0, 0.9, "silent", True, False, night,
            )
        )  # fmt: skip
    journal.record_late(((row, None) for row in events), noon)
    journal.record_minutes(
        MinuteRow(noon + timedelta(minutes=each), night, 60.0, 55.0, 5.0, 0.0, -52.123, -61.4, 14.2)
        for each in range(1440)
    )
    journal.record_night(NightRow(night, noon, noon, "f" * 400, "c" * 300))
    journal.forget_before(night, keep_nights, keep_minutes_nights=10)


def test_the_file_does_not_grow_once_nights_are_forgotten(tmp_path: Path):
    """What is forgotten makes room for what comes: no file grows over the years."""
    path, sizes = tmp_path / "journal.sqlite3", []
    with Journal.open(path) as journal:
        for number in range(50):
            live_through(journal, FIRST + timedelta(days=number), keep_nights=15)
            if number in (24, 49):
                journal._db.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()
                sizes.append(path.stat().st_size)
    assert sizes[1] <= 1.02 * sizes[0]
