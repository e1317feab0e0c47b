"""The bedside's own care: crashes, resting hours, nights."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from osa_daemon.audio.block import Block
from osa_daemon.audio.file import FileSource
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import OpenPause
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.bedside import Bedside, Rooms
from osa_daemon.service.bulletin import Bulletin
from osa_daemon.service.chain import Chain
from osa_daemon.service.clock import StreamClock
from osa_daemon.service.diagnostics import Diagnostics
from osa_daemon.service.minutes import Minutes
from osa_daemon.service.models import load_models
from osa_daemon.service.outbox import Outbox
from osa_daemon.service.store import Store
from osa_daemon.service.tonight import Tonight
from osa_daemon.settings.hours import Hours


class Wire:
    """Stands for the publisher: notes what it is given (the real one needs a broker)."""

    def __init__(self) -> None:
        self.states: list[tuple[str, Any]] = []
        self.events: list[Mapping[str, Any]] = []

    def set_state(self, suffix: str, payload: Any) -> None:
        """Note a state."""
        self.states.append((suffix, payload))

    def send_event(self, event_id: str, payload: Mapping[str, Any]) -> bool:
        """Note an event."""
        self.events.append(payload)
        return True

    def last(self, suffix: str) -> Any:
        """The last value of a topic."""
        return [payload for topic, payload in self.states if topic == suffix][-1]


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


def make(tmp_path: Path, wire: Wire, source: Any, hours: Hours | None = None) -> Bedside:
    """A bedside over a real journal and the shipped models."""
    models, rules, clock = load_models(), ScoringSettings(), StreamClock()
    bulletin = Bulletin(wire, clock, "0", "m", lambda _state, _text: None)
    store = Store(Journal.open(tmp_path / "journal.sqlite3"), bulletin.storage, None)
    return Bedside(
        Rooms(
            source=source,
            make_chain=lambda: Chain(models, rules, lambda onset_s: f"{onset_s:.1f}"),
            clock=clock,
            store=store,
            outbox=Outbox(store, wire),
            bulletin=bulletin,
            publisher=wire,
            tonight=Tonight(store, bulletin, rules, 730, clock.now()),
            minutes=Minutes(store),
            diagnostics=Diagnostics(store, "m"),
            hours=hours,
        ),
        lambda: None,
    )


def test_a_pause_left_open_by_a_crash_is_decided_truncated(tmp_path: Path):
    """What was in progress at `kill -9` becomes an event of the length that was seen."""
    wire = Wire()
    bedside = make(tmp_path, wire, Failing(SourceState.ENDED))
    onset = datetime.now(UTC) - timedelta(seconds=60)
    bedside.recover(OpenPause(onset, onset + timedelta(seconds=22)))
    (event,) = wire.events
    assert event["truncated"] is True
    assert event["duration_s"] == 22
    assert wire.last("night/current")["apneas"] == 1


def test_states_of_a_lost_microphone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """An absent microphone: hearing offline, the pause unknown, the problem in a sentence."""
    monkeypatch.setattr("osa_daemon.service.bedside.TICK_S", 0.0)
    wire = Wire()
    bedside = make(tmp_path, wire, Failing(SourceState.ABSENT))
    bedside.run()
    assert wire.last("hearing") == "offline"
    assert wire.last("apnea") == "None"
    assert wire.last("problem/microphone")["text"] == "No microphone named x is connected."
    assert wire.last("status")["state"] == "no_microphone"
    assert bedside.has_told.is_set()


def test_outside_its_hours_it_rests(tmp_path: Path, data: Path, monkeypatch: pytest.MonkeyPatch):
    """Outside `monitoring.hours` the state is paused and nothing is decided."""
    monkeypatch.setattr("osa_daemon.service.bedside.TICK_S", 0.0)
    now = datetime.now().astimezone()
    start = (now + timedelta(hours=2)).time().replace(microsecond=0)
    end = (now + timedelta(hours=3)).time().replace(microsecond=0)
    wire = Wire()
    make(tmp_path, wire, FileSource(data / "short.ogg"), Hours(start, end)).run()
    assert wire.last("status")["state"] == "paused"
    assert wire.events == []


def test_a_restart_goes_on_counting_the_night(tmp_path: Path, data: Path):
    """The figures of a night survive a restart of the daemon."""
    wire = Wire()
    make(tmp_path, wire, FileSource(data / "short.ogg")).run()
    first = wire.last("night/current")
    again = Wire()
    make(tmp_path, again, FileSource(data / "short.ogg")).run()
    second = again.last("night/current")
    assert first["events"] >= 1
    # the second run decides the same events again under the same ids: they are counted by time
    assert second["monitorable_s"] == pytest.approx(2 * first["monitorable_s"], abs=2)
