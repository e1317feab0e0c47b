"""The nights of a real journal, whose figures are written less often than its events."""

import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from osa_daemon.journal.journal import Journal
from osa_daemon.journal.reader import JournalReader
from osa_daemon.journal.rows import EventRow, NightRow
from osa_daemon.report.nights import last_nights
from osa_daemon.scoring.night import NightCounts, NightFigures, figures_of, read_figures

NIGHT = date(2026, 3, 14)
NEXT = NIGHT + timedelta(days=1)
START = datetime(2026, 3, 14, 22, tzinfo=UTC)
HOURS_4 = 4 * 3600 * 5  # frames, of 5 a second


@pytest.fixture
def journal(tmp_path: Path) -> Iterator[Journal]:
    """An empty one."""
    with Journal.open(tmp_path / "journal.sqlite3") as made:
        yield made


def record(journal: Journal, name: str, night: date, duration_s: float) -> None:
    """Commit an apnea."""
    hours = 24 * (night - NIGHT).days + int(name[1:])
    onset = START + timedelta(hours=hours)
    end = onset + timedelta(seconds=duration_s)
    row = EventRow(
        name, "apnea", onset, end, duration_s, 0.9, "silent", monitorable=True, truncated=False,
        night=night,
    )  # fmt: skip
    journal.record_event(row, "{}", end)


def keep(journal: Journal, counts: NightCounts, told: str | None = None) -> None:
    """Commit the figures of a night; `told` are its counts, where they are others."""
    figures = json.dumps(asdict(figures_of(counts)))
    told = json.dumps(asdict(counts)) if told is None else told
    journal.record_night(NightRow(NIGHT, START, START + timedelta(hours=5), figures, told))


def found(tmp_path: Path, limit: int = 9) -> list[tuple[date, NightFigures | None]]:
    """What is read, the latest first."""
    with JournalReader.open(tmp_path / "journal.sqlite3") as reader:
        return [(row.night, read_figures(row.figures)) for row in last_nights(reader, limit)]


def test_a_night_that_goes_on_has_all_its_events(journal: Journal, tmp_path: Path) -> None:
    """Those that were decided since its figures were written, too."""
    keep(journal, NightCounts(apneas=1, monitorable_events=1, longest_apnea_s=12.0,
                              heard_frames=HOURS_4, monitorable_frames=HOURS_4))  # fmt: skip
    for name, duration_s in (("e1", 12.0), ("e2", 32.0), ("e3", 11.0)):
        record(journal, name, NIGHT, duration_s)
    ((night, figures),) = found(tmp_path)
    assert night == NIGHT
    assert figures is not None
    assert (figures.events, figures.longest_apnea_s) == (3, 32.0)
    assert figures.index == pytest.approx(0.75, abs=0.06)  # told with one decimal


def test_a_night_is_there_from_its_first_event(journal: Journal, tmp_path: Path) -> None:
    """Before any figures of it are; and no more nights are given than were asked for."""
    record(journal, "e1", NEXT, 20.0)
    assert [night for night, _ in found(tmp_path)] == [NEXT]
    keep(journal, NightCounts())
    assert [night for night, _ in found(tmp_path)] == [NEXT, NIGHT]
    ((night, figures),) = found(tmp_path, limit=1)
    assert night == NEXT
    assert figures is not None
    assert (figures.events, figures.index) == (1, None)


def test_a_sentence_of_an_earlier_version_keeps_nothing_back(
    journal: Journal, tmp_path: Path
) -> None:
    """Why there is no estimate was said in other words then."""
    counts = NightCounts(heard_frames=600, monitorable_frames=600)
    figures = asdict(figures_of(counts)) | {"index_reason": "2 min monitorable"}
    told, after = json.dumps(asdict(counts)), START + timedelta(hours=5)
    journal.record_night(NightRow(NIGHT, START, after, json.dumps(figures), told))
    record(journal, "e1", NIGHT, 20.0)
    ((_, read),) = found(tmp_path)
    assert read is not None
    assert read.events == 1


def test_a_nights_first_event_may_be_older_than_the_figures_before_it(
    journal: Journal, tmp_path: Path
) -> None:
    """Those of the night that ended at noon are written once more when a late event is decided."""
    counts = NightCounts()
    figures, told = json.dumps(asdict(figures_of(counts))), json.dumps(asdict(counts))
    journal.record_night(NightRow(NIGHT, START, START + timedelta(days=2), figures, told))
    record(journal, "e1", NEXT, 20.0)
    assert [night for night, _ in found(tmp_path)] == [NEXT, NIGHT]


def test_figures_whose_counts_are_lost_stand_alone(journal: Journal, tmp_path: Path) -> None:
    """What cannot be counted on from is told as it was."""
    counts = NightCounts(apneas=5, monitorable_events=5, longest_apnea_s=20.0)
    keep(journal, counts, told="{}")
    record(journal, "e1", NIGHT, 30.0)
    ((_, figures),) = found(tmp_path)
    assert figures == figures_of(counts)
