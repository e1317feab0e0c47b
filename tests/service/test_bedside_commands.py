"""Commands at the bedside: settings, bed presence, taking note, a test."""

from pathlib import Path

import pytest

from osa_daemon.audio.block import Block
from osa_daemon.audio.source import SourceState
from osa_daemon.service.commands import Command, Commands
from tests.service.at_bedside import (
    BREATH,
    PAUSE,
    Failing,
    Script,
    Wire,
    live_settings,
    make,
)


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bedside looks after everything with each frame, and counts a microphone lost at once."""
    monkeypatch.setattr("osa_daemon.service.bedside.TICK_S", 0.0)
    monkeypatch.setattr("osa_daemon.service.bedside.LOST_S", 0.0)


def test_acknowledging_ends_the_alert(tmp_path: Path):
    """The command goes through to scoring: over, acknowledged, and no other in this pause."""
    wire, commands = Wire(), Commands()

    class Pressed(Script):
        def read(self, timeout_s: float) -> Block | None:
            if wire.all("alert") and wire.last("alert")["active"]:
                commands.put("acknowledge", b"PRESS")
            return super().read(timeout_s)

    source = Pressed((SourceState.RUNNING, BREATH, 150), (SourceState.RUNNING, PAUSE, 400))
    make(tmp_path, wire, source, commands=commands).run()
    assert wire.last("alert")["acknowledged"] is True
    assert sum(alert["active"] for alert in wire.all("alert")) == 1


def test_a_refused_command_is_told_beside_the_warnings(tmp_path: Path):
    """What the settings have to say is not lost; an accepted command clears the refusal."""
    wire, commands = Wire(), Commands()
    commands.put("alerts", b"maybe")
    commands.put("acknowledge", b"PRESS")
    live = live_settings(tmp_path, overrides="{}")
    make(tmp_path, wire, Failing(SourceState.ABSENT), live, commands=commands).run()
    first, refused, last = [problem["text"] for problem in wire.all("problem/configuration")]
    assert first == last == live.warnings
    assert refused == f"alerts.enabled is maybe, but must be true or false. {first}"


@pytest.mark.parametrize(
    ("key", "payload", "words"),
    [
        ("sensitivity", b"loud", "detection.sensitivity is loud, but must be one of low"),
        ("alert_after_s", b"5", "alerts.after_s is 5, but must be a whole number from 10 to 110"),
        ("alert_after_s", b"15", "must be more than alerts.notice_s"),
        ("alerts", b"\xff", "The command alerts is not UTF-8"),
        ("bed_presence", b"maybe", "bed_presence is maybe, but must be ON, OFF or None."),
        ("reboot", b"1", "There is no command 'reboot'; there are sensitivity, alert_after_s"),
    ],
)
def test_a_refused_command_changes_nothing(tmp_path: Path, key: str, payload: bytes, words: str):
    """The reason stands in *configuration problem*; the value that holds is told once more."""
    wire, commands, live = Wire(), Commands(), live_settings(tmp_path)
    before = live.values
    commands.put(key, payload)
    make(tmp_path, wire, Failing(SourceState.ABSENT), live, commands=commands).run()
    assert words in wire.last("problem/configuration")["text"]
    assert wire.all("settings") == 2 * [{"v": 1, **before}]
    assert not (tmp_path / "overrides.json").exists()


def test_a_setting_changes_while_it_listens_and_stays_changed(tmp_path: Path):
    """In force at once, echoed, and still there after a restart."""
    wire, commands, live = Wire(), Commands(), live_settings(tmp_path)

    class Impatient(Script):
        def read(self, timeout_s: float) -> Block | None:
            if len(self._steps) == 300:
                commands.put("alert_after_s", b"21")
                commands.put("sensitivity", b"high")
            return super().read(timeout_s)

    source = Impatient((SourceState.RUNNING, BREATH, 150), (SourceState.RUNNING, PAUSE, 150),
                       (SourceState.RUNNING, BREATH, 75), (SourceState.RUNNING, PAUSE, 115),
                       (SourceState.RUNNING, BREATH, 75))  # fmt: skip
    make(tmp_path, wire, source, live, commands=commands).run()
    assert [alert["level"] for alert in wire.all("alert") if alert["active"]] == ["alert"]
    assert wire.last("settings")["alert_after_s"] == 21
    again = live_settings(tmp_path)
    assert (again.values["alert_after_s"], again.values["sensitivity"]) == (21, "high")
    assert again.rules.thresholds.event == 0.3


def test_monitoring_and_bed_presence_let_it_rest(tmp_path: Path):
    """Switched off, or with nobody in bed, the state is paused; switched on, it listens again."""
    wire, commands = Wire(), Commands()
    asked = {700: ("monitoring", b"OFF"), 600: ("monitoring", b"ON"), 500: ("bed_presence", b"OFF"),
             400: ("bed_presence", b"ON"), 300: ("bed_presence", b"None")}  # fmt: skip

    class Switched(Script):
        def read(self, timeout_s: float) -> Block | None:
            if len(self._steps) in asked:
                commands.put(*asked[len(self._steps)])
            return super().read(timeout_s)

    make(tmp_path, wire, Switched((SourceState.RUNNING, BREATH, 800)), commands=commands).run()
    paused = [told["reason"] for told in wire.all("status") if told["state"] == "paused"]
    assert paused == ["Monitoring is switched off", "Nobody is in bed"]
    assert [told["bed_presence"] for told in wire.all("settings")][-1] is None
    assert wire.last("night/current")["monitorable_s"] == pytest.approx(120, abs=2)
    assert live_settings(tmp_path).values["monitoring"] is True
    assert live_settings(tmp_path).in_bed is None


@pytest.mark.usefixtures("no_waiting")
def test_an_alert_for_a_test_says_so_and_ends(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """It is raised as any other and over by itself."""
    monkeypatch.setattr("osa_daemon.service.alerting.policy.TEST_S", 0.0)
    wire, commands = Wire(), Commands()
    commands.put("test_alert", b"PRESS")
    make(tmp_path, wire, Failing(SourceState.ABSENT), commands=commands).run()
    told = [(alert["active"], alert["kind"], alert["text"]) for alert in wire.all("alert")[1:]]
    assert told == [
        (True, "technical", "This is a test."),
        (False, "technical", "The test is over."),
    ]


@pytest.mark.parametrize("command", ["acknowledge", "alerts"])
def test_a_test_alert_can_be_ended(tmp_path: Path, command: str):
    """Taking note ends it, and so does switching alerts off; then there is no other test."""
    wire, commands = Wire(), Commands()
    for key in ("test_alert", "test_alert", command, "test_alert"):
        commands.put(key, b"OFF")
    make(tmp_path, wire, Failing(SourceState.ABSENT, most=4), commands=commands).run()
    problems = [told["text"] for told in wire.all("problem/configuration") if told["text"]]
    assert problems[0] == "test_alert: a test goes on; it ends by itself."
    active = [alert["active"] for alert in wire.all("alert")]
    if command == "alerts":
        assert active == [False, True, False]
        assert problems[-1].startswith("test_alert: alerts are switched off")
    else:
        assert [alert["acknowledged"] for alert in wire.all("alert")][2] is True
        assert active == [False, True, False, True, False]
        assert wire.last("alert")["text"] == "Listening ended."


def test_switching_alerts_off_ends_the_one_that_is_raised(tmp_path: Path):
    """Whoever switches alerts off wants none, the present one included."""
    wire, commands = Wire(), Commands()

    class Annoyed(Script):
        def read(self, timeout_s: float) -> Block | None:
            if wire.all("alert") and wire.last("alert")["active"]:
                commands.put("alerts", b"OFF")
            return super().read(timeout_s)

    source = Annoyed((SourceState.RUNNING, BREATH, 150), (SourceState.RUNNING, PAUSE, 400))
    make(tmp_path, wire, source, commands=commands).run()
    assert wire.last("alert")["active"] is False
    assert wire.last("alert")["text"] == "Alerts were switched off."
    assert wire.last("alert")["acknowledged"] is False, "nobody took note"
    assert sum(alert["active"] for alert in wire.all("alert")) == 1


def test_switched_on_again_the_same_pause_becomes_urgent(tmp_path: Path):
    """Only who takes note silences a pause."""
    wire, commands = Wire(), Commands()

    class Undecided(Script):
        def read(self, timeout_s: float) -> Block | None:
            left = len(self._steps)
            if left in (200, 150):
                commands.put("alerts", b"OFF" if left == 200 else b"ON")
            return super().read(timeout_s)

    source = Undecided((SourceState.RUNNING, BREATH, 150), (SourceState.RUNNING, PAUSE, 400))
    make(tmp_path, wire, source, commands=commands).run()
    raised = [alert["level"] for alert in wire.all("alert") if alert["active"]]
    assert raised == ["alert", "urgent"]


def test_a_flood_of_commands_keeps_no_sound_waiting(tmp_path: Path):
    """However many there are, one is carried out for each piece of sound."""

    class Flood(Commands):
        taken = 0

        def take(self) -> Command:
            self.taken += 1
            return Command("alert_after_s", str(30 + self.taken % 20).encode())

    class Counted(Script):
        reads = 0

        def read(self, timeout_s: float) -> Block | None:
            self.reads += 1
            return super().read(timeout_s)

    commands, source = Flood(), Counted((SourceState.RUNNING, BREATH, 60))
    make(tmp_path, Wire(), source, commands=commands).run()
    assert commands.taken == source.reads > 60


def test_what_is_so_already_is_not_written(tmp_path: Path):
    """An SD card wears with every write; the answer comes all the same."""
    wire, commands = Wire(), Commands()
    commands.put("alert_after_s", b"30")
    make(tmp_path, wire, Failing(SourceState.ABSENT), commands=commands).run()
    assert len(wire.all("settings")) == 2
    assert not (tmp_path / "overrides.json").exists()


@pytest.mark.usefixtures("no_waiting")
def test_a_refusal_is_told_for_a_while(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A stranger's command leaves no problem behind that is none."""
    monkeypatch.setattr("osa_daemon.service.bedside.REFUSAL_S", 0.0)
    wire, commands = Wire(), Commands()
    commands.put("reboot", b"now")
    make(tmp_path, wire, Failing(SourceState.ABSENT), commands=commands).run()
    assert [told["state"] for told in wire.all("problem/configuration")] == ["OFF", "ON", "OFF"]


def test_what_the_model_has_no_rules_for_is_not_written(tmp_path: Path):
    """It would keep the daemon from starting again."""
    live = live_settings(tmp_path, sensitivities=("low", "balanced"))
    wire, commands = Wire(), Commands()
    commands.put("sensitivity", b"high")
    make(tmp_path, wire, Failing(SourceState.ABSENT), live, commands=commands).run()
    assert "no thresholds for the sensitivity" in wire.last("problem/configuration")["text"]
    assert wire.last("settings")["sensitivity"] == "balanced"
    assert not (tmp_path / "overrides.json").exists()


def test_a_new_stream_goes_by_the_changed_settings(tmp_path: Path):
    """What was set while nobody listened holds when somebody does."""
    wire, commands = Wire(), Commands()
    commands.put("alert_after_s", b"21")
    running = SourceState.RUNNING
    source = Script(
        (running, None, 2), (running, BREATH, 150), (running, PAUSE, 115), (running, BREATH, 50)
    )
    make(tmp_path, wire, source, commands=commands).run()
    assert sum(alert["active"] for alert in wire.all("alert")) == 1
