"""`osa-daemon report` as a user calls it: files whole or not at all, one sentence for a failure."""

import json
import sys
import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from io import BytesIO
from pathlib import Path

import edfio
import pytest

from osa_daemon.cli import main
from osa_daemon.clock import Clock
from osa_daemon.journal.journal import Journal
from osa_daemon.service import report
from osa_daemon.service.report import last_of
from tests.report.sample import LAST, write_nights

DAY = timedelta(days=1)
TODAY = report._today
FILES = {"picture": b"\x89PNG", "pdf": b"%PDF", "csv": b"id,type,", "edf": b"0  "}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> str:
    """A settings file beside a journal of 3 nights."""
    folder = tmp_path_factory.mktemp("state")
    write_nights(folder / "journal.sqlite3", nights=3)
    path = folder / "config.yaml"
    path.write_text(f"journal:\n  state_dir: {folder}\n")
    return str(path)


@pytest.fixture(autouse=True)
def morning_after(monkeypatch: pytest.MonkeyPatch) -> None:
    """It is the day after the last night, whenever the tests run."""
    monkeypatch.setattr(report, "_today", lambda: LAST + DAY)


def test_a_night_is_written_in_every_form(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """All files at once; with --json standard output is JSON alone."""
    command = ["report", "last", "--json", "--config", config]
    for name in FILES:
        command += [f"--{name}", str(tmp_path / name)]
    assert main(command) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["night"] == LAST.isoformat()
    for name, begins in FILES.items():
        assert (tmp_path / name).read_bytes().startswith(begins)
    assert len(list(tmp_path.iterdir())) == len(FILES)
    file = edfio.read_edf(BytesIO((tmp_path / "edf").read_bytes()))
    assert len(file.annotations) == len(told["event_list"]) == told["events"]


def test_a_file_may_be_standard_output(
    config: str, tmp_path: Path, capfdbinary: pytest.CaptureFixture[bytes]
):
    """For a pipe: nothing else is written there. The link is one of its own, not the machine's."""
    stdout = tmp_path / "stdout"
    stdout.symlink_to("/proc/self/fd/1")
    assert main(["report", "last", "--csv", str(stdout), "--config", config]) == 0
    assert stdout.is_symlink()
    captured = capfdbinary.readouterr()
    assert captured.out.startswith(b"id,type,")
    assert captured.out.endswith(b"\n")
    assert b"Written" in captured.err


def test_a_file_that_cannot_be_written_is_one_sentence(
    config: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 4, nothing is left behind."""
    target = tmp_path / "none" / "night.csv"
    assert main(["report", "last", "--csv", str(target), "--config", config]) == 4
    assert f"{target} cannot be written" in capsys.readouterr().err
    assert list(tmp_path.iterdir()) == []


def test_the_journal_is_not_written_over(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever was meant by it."""
    journal = Path(config).with_name("journal.sqlite3")
    before = journal.read_bytes()
    assert main(["report", "last", "--csv", str(journal), "--config", config]) == 2
    assert "--csv and the journal are both" in capsys.readouterr().err
    assert journal.read_bytes() == before


@pytest.mark.parametrize(
    ("option", "package"), [("picture", "matplotlib"), ("pdf", "matplotlib"), ("edf", "edfio")]
)
def test_what_is_not_installed_is_told_before_anything_is_written(
    option: str,
    package: str,
    config: str,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The other files of the same command are not written either; it is said how to get it."""
    monkeypatch.setitem(sys.modules, package, None)
    command = ["report", "last", "--config", config, f"--{option}", str(tmp_path / "a")]
    if option != "edf":
        command += ["--csv", str(tmp_path / "b")]
    assert main(command) == 4
    said = capsys.readouterr().err
    assert f"--{option} needs {package}, of the extra report" in said
    assert f"pip install {package}" in said
    assert list(tmp_path.iterdir()) == []


def test_the_last_of_no_nights_is_a_sentence(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """Exit code 3."""
    Journal.open(tmp_path / "journal.sqlite3").close()
    config = tmp_path / "config.yaml"
    config.write_text(f"journal:\n  state_dir: {tmp_path}\n")
    assert main(["report", "last", "--config", str(config)]) == 3
    assert "no night yet" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("nights", "today", "last"),
    [
        ([LAST, LAST - DAY], LAST + DAY, LAST),  # the morning: it goes on until noon
        ([LAST, LAST - DAY], LAST, LAST - DAY),  # the afternoon: it has begun at noon
        ([LAST], LAST, LAST),  # the first day
        ([LAST, LAST - DAY], LAST - 9 * DAY, LAST),  # a clock that was wrong
        ([LAST - 5 * DAY], LAST, LAST - 5 * DAY),  # nobody was there lately
    ],
)
def test_the_last_night_is_the_one_that_was_slept(nights: list[date], today: date, last: date):
    """In the afternoon a doctor is not to get the hours since noon."""
    assert last_of(nights, today) == last


def test_the_command_gives_that_night(
    config: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """At the afternoon of the last night, of the one before it."""
    monkeypatch.setattr(report, "_today", lambda: LAST)
    assert main(["report", "last", "--json", "--config", config]) == 0
    assert json.loads(capsys.readouterr().out)["night"] == (LAST - DAY).isoformat()


@pytest.fixture
def berlin(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An hour east of Greenwich in winter."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    yield
    monkeypatch.undo()
    time.tzset()


@pytest.mark.usefixtures("berlin")
def test_today_is_where_the_bed_is(monkeypatch: pytest.MonkeyPatch) -> None:
    """Half past midnight there is still yesterday in Greenwich."""
    now = datetime(2026, 11, 29, 23, 30, tzinfo=UTC)
    monkeypatch.setattr(report, "SYSTEM_CLOCK", Clock(wall_s=now.timestamp))
    assert TODAY() == date(2026, 11, 30)


def test_last_is_no_night_elsewhere(config: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Other commands take a date."""
    assert main(["export-events", "--night", "last", "--config", config]) == 2
    assert "is not a date" in capsys.readouterr().err
