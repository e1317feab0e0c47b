"""Figures of a night across versions, restarts and rests."""

import json
from dataclasses import asdict
from datetime import UTC, date, datetime
from pathlib import Path

import pytest

from osa_daemon.cli import main
from osa_daemon.detector.frame import Frame
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import NightRow
from osa_daemon.scoring.event import Progress, Scored
from osa_daemon.scoring.night import (
    NightCounts,
    NightFigures,
    NightTally,
    read_counts,
    read_figures,
)
from osa_daemon.scoring.thresholds import ScoringSettings


def push(tally: NightTally, index: int) -> None:
    """Give the tally a heard frame."""
    frame = Frame(index, True, -50.0, -60.0, False, False, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, None)
    tally.push(frame, Scored(index, True, True, Progress.OFF, None, False, (), ()))


def test_counts_of_another_version_keep_what_is_known():
    """An unknown key is left out, a missing one has its default."""
    assert read_counts('{"apneas": 3, "of_later": 1}') == NightCounts(apneas=3)


def test_figures_come_back_as_they_were_written():
    """What is written with asdict is read as the same figures."""
    figures = NightFigures(events=2, index=None, index_reason="too short", gap_s=1.5)
    assert read_figures(json.dumps(asdict(figures))) == figures


@pytest.mark.parametrize("text", ["", "[]", "{", '{"apneas": "x"}', '{"apneas": null}', "NaN"])
def test_an_unreadable_row_is_absent(text: str):
    """Text that holds no counts is no night with zeros."""
    assert read_counts(text) is None
    assert read_figures(text) is None


def test_a_rest_is_no_lost_sound():
    """The frames between two streams of a night were not listened for."""
    tally = NightTally(ScoringSettings())
    push(tally, 0)
    tally.interrupt()
    push(tally, 1000)
    assert tally.figures().gap_s == 0.0


def test_counts_that_come_later_are_added():
    """A journal that opens late brings what the night held before."""
    tally = NightTally(ScoringSettings(), NightCounts(apneas=1, longest_apnea_s=12.0))
    push(tally, 0)
    tally.resume(NightCounts(apneas=2, longest_apnea_s=30.0, heard_frames=9))
    assert tally.counts() == NightCounts(
        apneas=3, longest_apnea_s=30.0, heard_frames=10, monitorable_frames=1
    )


def test_nights_leaves_out_what_it_cannot_read(tmp_path: Path, capsys: pytest.CaptureFixture[str]):
    """A night with unreadable figures hides no other."""
    begun = datetime(2026, 3, 14, 22, tzinfo=UTC)
    with Journal.open(tmp_path / "journal.sqlite3") as journal:
        for day, figures in ((13, '{"events": 4, "of_later": 1}'), (14, "[]")):
            journal.record_night(NightRow(date(2026, 3, day), begun, begun, figures, "{}"))
    config = tmp_path / "config.yaml"
    config.write_text(f"journal:\n  state_dir: {tmp_path}\n")
    assert main(["nights", "--json", "--config", str(config)]) == 0
    (night,) = json.loads(capsys.readouterr().out)["nights"]
    assert (night["night"], night["events"]) == ("2026-03-13", 4)
