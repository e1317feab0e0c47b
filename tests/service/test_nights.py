"""`nights`, `report` and `export-events` on a real journal."""

import csv
import json
from collections.abc import Iterator
from dataclasses import asdict
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from osa_daemon.cli import main
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import AlertRow, EventRow, NightRow
from osa_daemon.scoring.night import NightCounts, figures_of

NIGHT = date(2026, 3, 14)
TEXT = "Breathing is heard again."
START = datetime(2026, 3, 14, 22, 0, tzinfo=UTC)


def event(number: int) -> EventRow:
    """An apnea of 20 s, `number` hours after the start."""
    onset = START + timedelta(hours=number)
    return EventRow(
        id=f"e{number}",
        type="apnea",
        onset_utc=onset,
        end_utc=onset + timedelta(seconds=20),
        duration_s=20.0,
        confidence=0.9,
        character="silent",
        monitorable=True,
        truncated=False,
        night=NIGHT if number < 12 else NIGHT + timedelta(days=1),
    )


@pytest.fixture
def config(tmp_path: Path) -> Iterator[str]:
    """A settings file whose journal holds one night with two events, and an event of the next."""
    counts = NightCounts(
        apneas=2, monitorable_events=2, longest_apnea_s=20.0, heard_frames=5 * 3600 * 8,
        monitorable_frames=5 * 3600 * 4,
    )  # fmt: skip
    with Journal.open(tmp_path / "journal.sqlite3") as journal:
        for number in (1, 2, 25):
            journal.record_event(event(number), "{}", START)
        at, later = START + timedelta(hours=1), START + timedelta(hours=1, seconds=9)
        for row in (
            AlertRow(at, later, NIGHT, "apnea", "urgent", TEXT, acknowledged=True),
            AlertRow(later, None, NIGHT, "technical", "alert", "Gone.", acknowledged=False),
        ):
            journal.record_alert(row)
        figures = json.dumps(asdict(figures_of(counts)))
        journal.record_night(NightRow(NIGHT, START, START + timedelta(hours=8), figures, "{}"))
    path = tmp_path / "config.yaml"
    path.write_text(f"journal:\n  state_dir: {tmp_path}\n")
    yield str(path)


def test_nights_lists_figures(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """One line a night: events, index with its interval, longest apnea, monitorable time."""
    assert main(["nights", "--config", config]) == 0
    _, going_on, line, average = capsys.readouterr().out.splitlines()
    assert going_on.split()[:3] == ["2026-03-15", "1", "unknown"]
    assert line.split() == [
        "2026-03-14", "2", "0.5", "0.1", "to", "1.8", "20", "s", "4.0", "h", "(", "50%)"
    ]  # fmt: skip
    assert average == "Average of 14 nights, estimated events per hour: 0.5, of one night alone."


def test_nights_speaks_json(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """The figures under their contract's names."""
    assert main(["nights", "--json", "--config", config]) == 0
    told = json.loads(capsys.readouterr().out)
    _, night = told["nights"]
    assert (night["night"], night["events"], night["index"]) == ("2026-03-14", 2, 0.5)
    assert (night["interval"], told["average_14"]) == ([0.1, 1.8], 0.5)
    assert datetime.fromisoformat(night["started"]) == START


def test_a_report_shows_the_nights_events(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Figures first, then a line an event of this night alone."""
    assert main(["report", "2026-03-14", "--config", config]) == 0
    out = capsys.readouterr().out
    assert "estimated events per hour: 0.5" in out
    assert "from 0.1 to 1.8" in out
    assert out.count("apnea  ") == 2
    alerts = [line.split("alert, ")[1] for line in out.splitlines() if "alert, " in line]
    assert alerts == [f"apnea, urgent (acknowledged): {TEXT}", "technical, alert: Gone."]


def test_a_report_speaks_json(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Figures and events in one object."""
    assert main(["report", "2026-03-14", "--json", "--config", config]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report["events"] == 2
    first, second = report["alert_list"]
    assert (first["kind"], first["acknowledged"], second["ended"]) == ("apnea", True, None)
    assert datetime.fromisoformat(first["raised"]) == START + timedelta(hours=1)
    assert [each["id"] for each in report["event_list"]] == ["e1", "e2"]


def test_a_night_without_figures_is_reported_from_its_events(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Events whose night has no row yet are shown all the same."""
    assert main(["report", "2026-03-15", "--config", config]) == 0
    assert "apnea" in capsys.readouterr().out


def test_a_night_of_which_only_an_alert_is_known_is_reported(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """The night in which nobody could listen is the one that is asked for."""
    night, at = NIGHT + timedelta(days=5), START + timedelta(days=5)
    with Journal.open(tmp_path / "journal.sqlite3") as journal:
        row = AlertRow(at, None, night, "technical", "alert", "Gone.", acknowledged=False)
        journal.record_alert(row)
    assert main(["report", night.isoformat(), "--config", config]) == 0
    assert "technical, alert: Gone." in capsys.readouterr().out


def test_a_night_that_is_not_there_is_an_input_error(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3 and where to look."""
    assert main(["report", "2025-01-01", "--config", config]) == 3
    assert "`osa-daemon nights` lists" in capsys.readouterr().err


def test_events_are_exported_as_csv(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """A header and a row an event, with local times that carry their offset."""
    assert main(["export-events", "--config", config]) == 0
    rows = list(csv.DictReader(capsys.readouterr().out.splitlines()))
    assert [row["id"] for row in rows] == ["e1", "e2", "e25"]
    assert datetime.fromisoformat(rows[0]["onset"]) == START + timedelta(hours=1)


def test_events_of_a_night_are_exported_as_json_lines(
    config: str, capsys: pytest.CaptureFixture[str]
) -> None:
    """One object a line."""
    assert main(["export-events", "--night", "2026-03-15", "--json", "--config", config]) == 0
    (line,) = capsys.readouterr().out.splitlines()
    assert json.loads(line)["id"] == "e25"


@pytest.mark.parametrize("command", [["nights"], ["report", "2026-03-14"], ["export-events"]])
def test_without_a_journal_there_is_a_sentence(
    command: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 4; no journal is made by looking for one."""
    path = tmp_path / "config.yaml"
    path.write_text(f"journal:\n  state_dir: {tmp_path / 'none'}\n")
    assert main([*command, "--config", str(path)]) == 4
    assert "no journal" in capsys.readouterr().err
    assert not (tmp_path / "none").exists()
