"""The alert policy at the bedside: hours, the cap, what is kept over a restart."""

from datetime import timedelta
from pathlib import Path

import pytest

from osa_daemon.audio.block import Block
from osa_daemon.audio.source import SourceState
from osa_daemon.journal.journal import Journal
from osa_daemon.scoring.night import night_of
from osa_daemon.service.commands import Commands
from tests.service.at_bedside import BREATH, ELEVEN, PAUSE, Script, Wire, live_settings, make

RUNNING = SourceState.RUNNING
ONE_PAUSE = ((RUNNING, BREATH, 150), (RUNNING, PAUSE, 175), (RUNNING, BREATH, 100))


@pytest.fixture(autouse=True)
def _no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bedside looks after everything with each frame, and counts a microphone lost at once."""
    monkeypatch.setattr("osa_daemon.service.bedside.TICK_S", 0.0)
    monkeypatch.setattr("osa_daemon.service.bedside.LOST_S", 0.0)


def raised(wire: Wire) -> list[tuple[str, str]]:
    """The kind and level of each alert that was raised, as it was told."""
    told = [alert for alert in wire.all("alert") if alert["active"]]
    return [(alert["kind"], alert["level"]) for alert in told]


def test_an_alert_is_written_down(tmp_path: Path):
    """Its beginning, its end and why it ended stand in the journal."""
    make(tmp_path, Wire(), Script(*ONE_PAUSE)).run()
    with Journal.open(tmp_path / "journal.sqlite3") as journal:
        (row,) = journal.alerts_of(night_of(ELEVEN))
    assert (row.kind, row.level, row.text) == ("apnea", "alert", "Breathing is heard again.")
    assert row.ended_utc is not None
    assert row.acknowledged is False


@pytest.mark.parametrize("hours", ['  quiet_hours: "22:00-06:00"', '  active_hours: "06:00-22:00"'])
def test_at_the_wrong_hour_no_alert_is_raised(tmp_path: Path, hours: str):
    """At 23:00 a pause of 35 s is decided and counted, and nobody is woken."""
    wire = Wire()
    make(tmp_path, wire, Script(*ONE_PAUSE), live_settings(tmp_path, f"alerts:\n{hours}\n")).run()
    assert raised(wire) == []
    assert len(wire.events) == 1


@pytest.mark.parametrize(("cap", "later"), [(1, []), (2, [("apnea", "alert")])])
def test_the_cap_holds_over_a_restart(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, cap: int, later: list[tuple[str, str]]
):
    """A daemon that starts anew two hours later does not begin to count anew."""
    settings = f"alerts:\n  max_per_night: {cap}\n  repeat_minutes: 1\n"
    wires = Wire(), Wire()
    for hours, wire in zip((0, 2), wires, strict=True):
        monkeypatch.setattr("tests.service.at_bedside.ELEVEN", ELEVEN + timedelta(hours=hours))
        make(tmp_path, wire, Script(*ONE_PAUSE), live_settings(tmp_path, settings)).run()
    assert raised(wires[0]) == [("apnea", "alert")]
    assert ("No other alert of a pause" in wires[0].all("alert")[-2]["text"]) is (cap == 1)
    assert raised(wires[1]) == later


def test_a_pause_while_the_microphone_is_lost_is_one_alert(tmp_path: Path):
    """It is raised, stands while nothing is heard, and ends with the first breath after."""
    wire = Wire()
    source = Script(
        (RUNNING, BREATH, 150), (RUNNING, PAUSE, 175), (SourceState.ABSENT, None, 20),
        (RUNNING, BREATH, 200),
    )  # fmt: skip
    make(tmp_path, wire, source).run()
    assert raised(wire) == [("apnea", "alert")]
    assert wire.last("alert")["text"] == "Breathing is heard again."


@pytest.mark.parametrize("off", ["alerts", None])
def test_a_notice_is_taken_back(tmp_path: Path, off: str | None):
    """Where alerts are switched off, or the microphone is lost: it would stand all night."""
    wire, commands = Wire(), Commands()

    class Ended(Script):
        def read(self, timeout_s: float) -> Block | None:
            if off is not None and wire.all("alert") and wire.last("alert")["level"] == "notice":
                commands.put(off, b"OFF")
            return super().read(timeout_s)

    source = Ended((RUNNING, BREATH, 150), (RUNNING, PAUSE, 90), (SourceState.ABSENT, None, 20))
    make(tmp_path, wire, source, commands=commands).run()
    texts = [alert["text"] for alert in wire.all("alert")[1:]]
    assert texts[0] == "No breathing sound for 20 s."
    ends = {
        "alerts": "Alerts were switched off.",
        None: "Listening ended before breathing was heard",
    }
    assert texts[1].startswith(ends[off])
    assert len(texts) == 2
