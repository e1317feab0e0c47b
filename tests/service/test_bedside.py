"""The bedside's own care: crashes, lost microphones, resting hours, nights."""

import threading
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path

import pytest

from osa_daemon.audio.block import Block
from osa_daemon.audio.file import FileSource
from osa_daemon.audio.source import SourceState
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import EventRow, OpenPause
from osa_daemon.scoring.event import Event
from osa_daemon.scoring.night import night_of
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.chain import Chain
from osa_daemon.service.models import load_models
from tests.service.at_bedside import (
    BREATH,
    ELEVEN,
    PAUSE,
    Failing,
    Script,
    Wire,
    live_settings,
    make,
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
    assert round(event["onset_s"]) == -60
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


def test_a_pause_that_was_decided_before_the_crash_is_not_decided_again(tmp_path: Path):
    """A kill between the event of a stream that ends and the end of its pause repeats nothing."""
    onset = ELEVEN - timedelta(seconds=60)
    event = EventRow(
        "a", "apnea", onset - timedelta(seconds=2), onset + timedelta(seconds=20), 22.0, 0.9,
        "silent", monitorable=True, truncated=True, night=night_of(ELEVEN),
    )  # fmt: skip
    with journal_of(tmp_path) as journal:
        journal.record_event(event, '{"id": "a"}', ELEVEN)
        journal.begin_pause(onset, onset + timedelta(seconds=19))
    wire = Wire()
    make(tmp_path, wire, Failing(SourceState.ENDED)).run()
    assert [sent["id"] for sent in wire.events] == ["a"]
    assert wire.last("night/current")["apneas"] == 1
    with journal_of(tmp_path) as journal:
        assert journal.left_open is None


def test_an_event_of_the_next_night_counts_once(tmp_path: Path):
    """Decided before the minute of noon is over: the new night begins, and counts it once."""
    noon = ELEVEN + timedelta(hours=13, seconds=30)
    wire = Wire()
    bedside = make(tmp_path, wire, Failing(SourceState.ENDED))
    bedside._rooms.clock._wall = noon.timestamp
    bedside._rooms.clock.look()
    bedside._decided(Event("a", "apnea", 0.0, 12.0, 0.9, "silent", True, False), noon)
    assert wire.last("night/current")["night"] == night_of(noon).isoformat()
    assert wire.last("night/current")["events"] == 1
    bedside._rooms.store.close()


@pytest.mark.parametrize("seconds", [-5, 121, 10**9])
def test_a_pause_of_a_length_that_none_has_is_no_event(tmp_path: Path, seconds: int):
    """What a damaged row says went on for years is not told as an apnea."""
    with journal_of(tmp_path) as journal:
        seen = ELEVEN - timedelta(seconds=60)
        journal.begin_pause(seen - timedelta(seconds=seconds), seen)
    wire = Wire()
    make(tmp_path, wire, Failing(SourceState.ENDED)).run()
    assert wire.events == []
    with journal_of(tmp_path) as journal:
        assert journal.left_open is None


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


@pytest.mark.usefixtures("no_waiting")
def test_sound_that_is_no_use_is_no_pause(tmp_path: Path):
    """A microphone that is muted amid breathing: nothing is decided, and no pause is told."""
    wire = Wire()
    running, unusable = SourceState.RUNNING, SourceState.UNUSABLE
    source = Script((running, BREATH, 150), (unusable, None, 300), (running, BREATH, 150))
    make(tmp_path, wire, source).run()
    assert wire.events == []
    assert "ON" not in wire.all("apnea")
    assert wire.all("hearing") == ["offline", "online", "offline", "online"]
    assert "deaf" in [status["state"] for status in wire.all("status")]


def test_a_source_that_only_a_restart_helps_ends_the_run(tmp_path: Path):
    """What is owed is decided before."""
    wire = Wire()
    parts = (SourceState.RUNNING, BREATH, 150), (SourceState.RUNNING, PAUSE, 100)
    source = Script(*parts, (SourceState.HOPELESS, None, 1), (SourceState.RUNNING, BREATH, 1_000))
    make(tmp_path, wire, source).run()
    assert len(wire.events) == 1


def test_outside_its_hours_it_rests(tmp_path: Path):
    """Outside `monitoring.hours` the state is paused and nothing is heard."""
    wire = Wire()
    source = Script((SourceState.RUNNING, BREATH, 150), (SourceState.RUNNING, PAUSE, 200))
    live = live_settings(tmp_path, 'monitoring:\n  hours: "01:00-03:00"\n')
    make(tmp_path, wire, source, live).run()
    assert wire.last("status")["state"] == "paused"
    assert wire.last("status")["reason"] == "Listening begins at 01:00 (monitoring.hours)"
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
