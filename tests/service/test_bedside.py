"""The bedside's own care: crashes, lost microphones, resting hours, commands, nights."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime, time, timedelta
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from osa_daemon.audio.block import Block
from osa_daemon.audio.file import FileSource
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.detector.frame import Delayed, Frame
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
from osa_daemon.service.minutes import Minutes
from osa_daemon.service.models import load_models
from osa_daemon.service.outbox import Outbox
from osa_daemon.service.store import Store
from osa_daemon.service.tonight import Tonight
from osa_daemon.settings.hours import Hours

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


def make(
    tmp_path: Path,
    wire: Wire,
    source: Any,
    hours: Hours | None = None,
    make_chain: Callable[[], Any] = ScriptedChain,
    commands: Commands | None = None,
    warnings: str | None = None,
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
            rules=rules,
            hours=hours,
            warnings=warnings,
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
    """What the settings file has to say is not lost; an accepted command clears the refusal."""
    wire, commands = Wire(), Commands()
    commands.put("alerts", b"OFF")
    commands.put("acknowledge", b"")
    make(
        tmp_path, wire, Failing(SourceState.ABSENT), commands=commands, warnings="It is old."
    ).run()
    first, refused, last = [problem["text"] for problem in wire.all("problem/configuration")]
    assert first == last == "It is old."
    assert refused.startswith("It is old. alerts cannot be changed over MQTT")


def test_outside_its_hours_it_rests(tmp_path: Path):
    """Outside `monitoring.hours` the state is paused and nothing is heard."""
    wire = Wire()
    source = Script((SourceState.RUNNING, BREATH, 150), (SourceState.RUNNING, PAUSE, 200))
    make(tmp_path, wire, source, Hours(time(1), time(3))).run()
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
