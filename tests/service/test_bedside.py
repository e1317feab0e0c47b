"""The bedside's own care: crashes, lost microphones, resting hours, commands, nights."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from osa_daemon.audio.block import Block
from osa_daemon.audio.file import FileSource
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.detector.frame import Delayed, Frame
from osa_daemon.detector.model import Metadata
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import OpenPause
from osa_daemon.scoring.event import Scored
from osa_daemon.scoring.scorer import Scorer
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.bedside import Bedside, Rooms
from osa_daemon.service.bulletin import Bulletin
from osa_daemon.service.chain import Chain, Step
from osa_daemon.service.clock import StreamClock
from osa_daemon.service.commands import Commands
from osa_daemon.service.diagnostics import Diagnostics
from osa_daemon.service.live import LiveSettings
from osa_daemon.service.minutes import Minutes
from osa_daemon.service.models import load_models
from osa_daemon.service.outbox import Outbox
from osa_daemon.service.store import Store
from osa_daemon.service.tonight import Tonight
from osa_daemon.settings.load import load

ELEVEN = datetime(2026, 3, 1, 23, 0).astimezone()  # in the evening, local time
FRAME = 3_200  # samples of a frame
BREATH, PAUSE = 0.5, 0.0  # samples that a ScriptedChain takes for breathing, and for a pause


class Wire:
    """Stands for the publisher: notes what it is given (the real one needs a broker)."""

    def __init__(self) -> None:
        self.states: list[tuple[str, Any]] = []
        self.events: list[Mapping[str, Any]] = []
        self.on_event: Callable[[str], None] = lambda _event_id: None

    def set_state(self, suffix: str, payload: Any) -> None:
        """Note a state."""
        self.states.append((suffix, payload))

    def send_event(self, event_id: str, payload: Mapping[str, Any]) -> bool:
        """Note an event."""
        self.events.append(payload)
        self.on_event(event_id)
        return True

    def repeat_state(self, suffix: str) -> None:
        """Note it once more."""
        self.states.append((suffix, self.last(suffix)))

    def last(self, suffix: str) -> Any:
        """The last value of a topic."""
        return self.all(suffix)[-1]

    def all(self, suffix: str) -> list[Any]:
        """Every value of a topic."""
        return [payload for topic, payload in self.states if topic == suffix]


class Failing:
    """A source in a state, without sound."""

    def __init__(self, state: SourceState) -> None:
        self.state = state
        self.reads = 0

    def read(self, timeout_s: float) -> Block | None:
        """Never any sound."""
        self.reads += 1
        return None

    def health(self) -> SourceHealth:
        """The state, then the end."""
        state = self.state if self.reads < 3 else SourceState.ENDED
        return SourceHealth(state, "No microphone named x is connected.")

    def close(self) -> None:
        """Nothing to release."""


class Script:
    """A source that plays (state, sample, frames) in turn; `sample` None is no sound."""

    def __init__(self, *parts: tuple[SourceState, float | None, int]) -> None:
        self._steps = [(state, sample) for state, sample, frames in parts for _ in range(frames)]
        self._state = SourceState.STARTING
        self._index = 0

    def read(self, timeout_s: float) -> Block | None:
        """The next frame of sound, or none."""
        if not self._steps:
            self._state = SourceState.ENDED
            return None
        self._state, sample = self._steps.pop(0)
        self._index += 1
        if sample is None:
            return None
        return Block((self._index - 1) * FRAME, np.full(FRAME, sample, np.float32))

    def health(self) -> SourceHealth:
        """The state of the part."""
        return SourceHealth(self._state, "A sentence.")

    def close(self) -> None:
        """Nothing to release."""


class ScriptedChain:
    """Stands for front end and detector, whose answers a test cannot choose; scoring is real."""

    def __init__(self) -> None:
        numbers = count()
        self.scorer = Scorer(ScoringSettings(), lambda _onset_s: f"{id(self)}-{next(numbers)}")
        self._owed: list[Delayed] = []

    def push(self, block: Block) -> list[Step]:
        """One frame a block."""
        index, breathes = block.start // FRAME, float(block.samples[0] == BREATH)
        reading = Delayed(index, breathes, breathes, 1.0 - breathes, 0.0, 0.0, 0.0)
        self._owed.append(reading)
        due = self._owed.pop(0) if len(self._owed) > 75 else None
        frame = Frame(
            index, True, -60.0, -60.0, False, False, breathes, breathes, 1.0 - breathes, 0.0, 0.0,
            0.0, due,
        )  # fmt: skip
        return [Step(frame, self.scorer.push(frame))]

    def finish(self) -> tuple[list[Step], Scored]:
        """What is owed."""
        return [], self.scorer.finish(self._owed)


def live_settings(tmp_path: Path, text: str = "", overrides: str | None = None) -> LiveSettings:
    """Settings of a file that holds `text`, by a model that resolves every sensitivity."""
    config = tmp_path / "config.yaml"
    config.write_text(f"journal:\n  state_dir: {tmp_path}\n{text}")
    if overrides is not None:
        (tmp_path / "overrides.json").write_text(overrides)
    thresholds = {"low": {"event": 0.9}, "balanced": {"event": 0.5}, "high": {"event": 0.3}}
    return LiveSettings(load(config, environ={}), Metadata(75, (), 1, 1, thresholds, "0", {}))


def make(
    tmp_path: Path,
    wire: Wire,
    source: Any,
    live: LiveSettings | None = None,
    make_chain: Callable[[], Any] = ScriptedChain,
    commands: Commands | None = None,
    stop: threading.Event | None = None,
) -> Bedside:
    """A bedside over a real journal; the time is 23:00."""
    rules, clock = ScoringSettings(), StreamClock(wall=ELEVEN.timestamp)
    bulletin = Bulletin(wire, clock, "0", "m", lambda _state, _text: None)
    store = Store(lambda: Journal.open(tmp_path / "journal.sqlite3"), bulletin.storage)
    outbox = Outbox(store, wire)
    wire.on_event = outbox.acknowledged
    return Bedside(
        Rooms(
            source=source,
            make_chain=make_chain,
            clock=clock,
            store=store,
            outbox=outbox,
            bulletin=bulletin,
            publisher=wire,
            tonight=Tonight(store, bulletin, rules, 730, clock.now()),
            minutes=Minutes(store),
            diagnostics=Diagnostics(store, "m"),
            commands=commands or Commands(),
            live=live or live_settings(tmp_path),
        ),
        lambda: None,
        stop or threading.Event(),
    )


def shipped_chain() -> Callable[[], Chain]:
    """The chain as it is shipped; ids are made of onsets, so that they come again."""
    models = load_models()
    return lambda: Chain(models, ScoringSettings(), lambda onset_s: f"{onset_s:.1f}")


@pytest.fixture
def no_waiting(monkeypatch: pytest.MonkeyPatch) -> None:
    """The bedside looks after everything with each frame, and counts a microphone lost at once."""
    monkeypatch.setattr("osa_daemon.service.bedside.TICK_S", 0.0)
    monkeypatch.setattr("osa_daemon.service.bedside.LOST_S", 0.0)


def journal_of(tmp_path: Path) -> Journal:
    """The journal after the run."""
    return Journal.open(tmp_path / "journal.sqlite3")


def test_a_pause_left_open_by_a_crash_is_decided_truncated(tmp_path: Path):
    """What was in progress at `kill -9` becomes an event of the length that was seen.

    It lies before this stream, and its confidence is what is known: the threshold.
    """
    onset = ELEVEN - timedelta(seconds=60)
    with journal_of(tmp_path) as journal:
        journal.begin_pause(onset, onset + timedelta(seconds=22))
    wire = Wire()
    make(tmp_path, wire, Failing(SourceState.ENDED)).run()
    (event,) = wire.events
    assert event["truncated"] is True
    assert event["duration_s"] == 22
    assert event["onset_s"] == -60
    assert event["confidence"] == ScoringSettings().thresholds.in_progress
    assert wire.last("night/current")["apneas"] == 1
    with journal_of(tmp_path) as journal:
        assert journal.left_open is None


def test_an_event_decided_again_is_neither_sent_nor_counted_again(tmp_path: Path):
    """A crash between the commit and the end of the recovery repeats nothing."""
    pause = OpenPause(ELEVEN - timedelta(seconds=60), ELEVEN - timedelta(seconds=30))
    wire = Wire()
    bedside = make(tmp_path, wire, Failing(SourceState.ENDED))
    bedside.recover(pause)
    bedside.recover(pause)
    bedside.run()
    assert len(wire.events) == 1
    assert wire.last("night/current")["apneas"] == 1


@pytest.mark.usefixtures("no_waiting")
def test_states_of_a_lost_microphone(tmp_path: Path):
    """An absent microphone: hearing offline, the pause unknown, the problem in a sentence."""
    wire = Wire()
    bedside = make(tmp_path, wire, Failing(SourceState.ABSENT))
    bedside.run()
    assert wire.last("hearing") == "offline"
    assert wire.last("apnea") == "None"
    assert wire.last("problem/microphone")["text"] == "No microphone named x is connected."
    assert wire.last("status")["state"] == "no_microphone"
    assert bedside.has_told.is_set()


@pytest.mark.usefixtures("no_waiting")
def test_a_lost_microphone_lets_what_is_owed_be_decided(tmp_path: Path):
    """The pause before the loss is decided while the microphone is still away, and sent."""
    wire = Wire()
    running, absent = SourceState.RUNNING, SourceState.ABSENT
    decided_at: list[int] = []

    class Watched(Script):
        def read(self, timeout_s: float) -> Block | None:
            decided_at.append(len(wire.events))
            return super().read(timeout_s)

    source = Watched((running, BREATH, 150), (running, PAUSE, 100), (absent, None, 3))
    make(tmp_path, wire, source).run()
    assert decided_at[-1] == 1
    assert wire.events[0]["truncated"] is True
    assert wire.last("apnea") == "None"
    assert wire.last("breathing_audible") == "OFF"


@pytest.mark.usefixtures("no_waiting")
def test_an_alert_stays_over_a_lost_microphone_until_breath(tmp_path: Path):
    """DESIGN 6: an alert once sent stays; the first breath of the new stream ends it."""
    wire = Wire()
    running, absent = SourceState.RUNNING, SourceState.ABSENT
    source = Script(
        (running, BREATH, 150), (running, PAUSE, 200), (absent, None, 20), (running, BREATH, 100)
    )
    make(tmp_path, wire, source).run()
    alerts = wire.all("alert")
    assert [alert["active"] for alert in alerts] == [False, False, True, False]
    assert alerts[-1]["text"] == "Breathing is heard again."
    states = [topic for topic, _ in wire.states]
    last_status = max(i for i, topic in enumerate(states) if topic == "status")
    assert max(i for i, topic in enumerate(states) if topic == "alert") > last_status


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
    commands.put("acknowledge", b"")
    live = live_settings(tmp_path, overrides="{}")
    make(tmp_path, wire, Failing(SourceState.ABSENT), live, commands=commands).run()
    first, refused, last = [problem["text"] for problem in wire.all("problem/configuration")]
    assert first == last == live.warnings
    assert refused == f"{first} alerts.enabled is maybe, but must be true or false."


@pytest.mark.parametrize(
    ("key", "payload", "words"),
    [
        ("sensitivity", b"loud", "detection.sensitivity is loud, but must be one of low"),
        ("alert_after_s", b"5", "alerts.after_s is 5, but must be a whole number from 10 to 110"),
        ("alert_after_s", b"15", "must be more than alerts.notice_s"),
        ("alerts", b"\xff", "The command alerts is not UTF-8"),
        ("bed_presence", b"maybe", "bed_presence is maybe, but must be ON, OFF or None."),
        ("reboot", b"", "There is no command 'reboot'; there are sensitivity, alert_after_s"),
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
    monkeypatch.setattr("osa_daemon.service.bedside.TEST_S", 0.0)
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
    make(tmp_path, wire, Failing(SourceState.ABSENT), commands=commands).run()
    problems = [told["text"] for told in wire.all("problem/configuration") if told["text"]]
    assert problems[0] == "test_alert: an alert is raised already; acknowledge it first."
    active = [alert["active"] for alert in wire.all("alert")]
    if command == "alerts":
        assert active == [False, True, False]
        assert problems[-1].startswith("test_alert: alerts are switched off")
    else:
        assert active == [False, True, False, True]


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
    assert sum(alert["active"] for alert in wire.all("alert")) == 1


def test_outside_its_hours_it_rests(tmp_path: Path):
    """Outside `monitoring.hours` the state is paused and nothing is heard."""
    wire = Wire()
    source = Script((SourceState.RUNNING, BREATH, 150), (SourceState.RUNNING, PAUSE, 200))
    live = live_settings(tmp_path, 'monitoring:\n  hours: "01:00-03:00"\n')
    make(tmp_path, wire, source, live).run()
    assert wire.last("status")["state"] == "paused"
    assert wire.events == []
    assert wire.last("night/current")["monitorable_s"] == 0


def test_after_its_end_nothing_waits(tmp_path: Path):
    """What the end itself decides is sent and taken out of the outbox before the journal closes."""
    wire = Wire()
    source = Script((SourceState.RUNNING, BREATH, 150), (SourceState.RUNNING, PAUSE, 100))
    make(tmp_path, wire, source).run()
    assert len(wire.events) == 1
    with journal_of(tmp_path) as journal:
        assert journal.outbox_length() == 0


def test_a_stop_before_the_start_ends_at_once(tmp_path: Path):
    """A signal that comes while the parts are made is not lost."""
    source, stop = Failing(SourceState.RUNNING), threading.Event()
    stop.set()
    make(tmp_path, Wire(), source, stop=stop).run()
    assert source.reads == 0


def test_a_journal_that_opens_late_is_taken_up(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """What the night held before is added, not overwritten."""
    make(
        tmp_path,
        Wire(),
        Script((SourceState.RUNNING, BREATH, 150), (SourceState.RUNNING, PAUSE, 100)),
    ).run()
    monkeypatch.setattr("osa_daemon.service.bedside.TICK_S", 0.0)
    monkeypatch.setattr("osa_daemon.service.bedside.MINUTE_S", 0.0)
    path = tmp_path / "journal.sqlite3"
    path.rename(tmp_path / "away")
    path.mkdir()
    wire = Wire()

    class Mended(Script):
        def read(self, timeout_s: float) -> Block | None:
            if path.is_dir():
                path.rmdir()
                (tmp_path / "away").rename(path)
            return super().read(timeout_s)

    source = Mended((SourceState.RUNNING, BREATH, 150), (SourceState.RUNNING, PAUSE, 100))
    make(tmp_path, wire, source).run()
    assert [told["state"] for told in wire.all("problem/storage")] == ["ON", "OFF"]
    assert wire.last("night/current")["apneas"] == 2


def test_a_restart_goes_on_counting_the_night(tmp_path: Path, data: Path):
    """The figures of a night survive a restart; the same events again are not counted again."""
    wire, chain = Wire(), shipped_chain()
    make(tmp_path, wire, FileSource(data / "short.ogg"), make_chain=chain).run()
    first = wire.last("night/current")
    again = Wire()
    make(tmp_path, again, FileSource(data / "short.ogg"), make_chain=chain).run()
    second = again.last("night/current")
    assert first["events"] >= 1
    assert second["events"] == first["events"]
    assert again.events == []
    assert second["monitorable_s"] == pytest.approx(2 * first["monitorable_s"], abs=2)
