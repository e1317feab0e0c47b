"""The course of an event is committed once it is over, and never costs the event anything."""

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from osa_daemon.audio.source import SourceState
from osa_daemon.detector.frame import Frame
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.reader import JournalReader
from osa_daemon.journal.rows import EventRow, TraceRow
from osa_daemon.scoring.event import Event, Progress, Scored
from osa_daemon.service.chain import Step
from osa_daemon.service.store import Store
from osa_daemon.service.traces import AFTER_S, BEFORE_S, KEPT_S, MOST_WAITING, Traces
from tests.service.at_bedside import BREATH, ELEVEN, PAUSE, Script, Wire, make

ONSET = datetime(2026, 11, 29, 23, tzinfo=UTC)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal lies."""
    return tmp_path / "journal.sqlite3"


@pytest.fixture
def store(path: Path) -> Iterator[Store]:
    """A store over a real journal that holds the events a and b."""
    opened = Store(lambda: Journal.open(path), lambda _problem: None)
    for name in ("a", "b"):
        end = ONSET + timedelta(seconds=20)
        row = EventRow(
            name, "apnea", ONSET, end, 20.0, 0.9, "silent", True, False, ONSET.date()
        )  # fmt: skip
        opened.does(lambda j, row=row: j.record_event(row, "{}", ONSET))
    yield opened
    opened.close()


def step(second: float, *events: Event, valid: bool = True, level: float = -50.0) -> Step:
    """The frame at a second of the stream, in which events were decided."""
    index = round(5 * second)
    frame = Frame(index, valid, level, -60.0, False, False, 0.9, 0.5, 0.25, 0.0, 0.0, 0.0, None)
    return Step(frame, Scored(index, valid, True, Progress.OFF, None, False, (), events))


def pass_time(traces: Traces, begin_s: int, end_s: int) -> None:
    """Let good sound pass, five frames a second."""
    for frame in range(5 * begin_s, 5 * end_s):
        traces.step(step(frame / 5))


def apnea(name: str, onset_s: float, duration_s: float = 20.0) -> Event:
    """An event of the stream."""
    return Event(name, "apnea", onset_s, duration_s, 0.9, "silent", True, False)


def trace_of(path: Path, name: str) -> TraceRow | None:
    """What the journal has of an event's course."""
    with JournalReader.open(path) as reader:
        return reader.trace_of(name)


def test_a_course_is_committed_a_minute_after_the_event(store: Store, path: Path):
    """Not before; it begins two minutes before the onset and ends a minute after the end."""
    traces = Traces(store)
    pass_time(traces, 0, 240)
    traces.step(step(240, apnea("a", 200.4)))
    pass_time(traces, 241, 220 + AFTER_S + 1)
    assert trace_of(path, "a") is None
    pass_time(traces, 220 + AFTER_S + 1, 220 + AFTER_S + 3)
    trace = trace_of(path, "a")
    assert trace is not None
    assert trace.before_s == pytest.approx(BEFORE_S + 0.4)
    assert len(trace.level_dbfs) in (BEFORE_S + 20 + AFTER_S, BEFORE_S + 20 + AFTER_S + 1)
    assert (trace.level_dbfs[0], trace.noise_dbfs[0]) == (-50.0, -60.0)
    assert (trace.breath[0], trace.apnea[0]) == (0.502, 0.251)
    assert all(trace.audible)


def test_the_end_of_the_stream_commits_what_there_is(store: Store, path: Path):
    """Of an event that waits, and of one that the end decides; then it begins anew."""
    traces = Traces(store)
    pass_time(traces, 0, 60)
    traces.step(step(60, apnea("a", 30.0)))
    traces.finish([apnea("b", 45.0, 16.0)])
    for name, before_s in (("a", 30.0), ("b", 45.0)):
        trace = trace_of(path, name)
        assert trace is not None
        assert (trace.before_s, len(trace.breath)) == (before_s, 61)
    pass_time(traces, 0, 5)
    traces.finish([apnea("b", 200.0)])  # of no second that was heard since
    assert trace_of(path, "b") == trace


def test_a_gap_is_without_sound(store: Store, path: Path):
    """Seconds that never came and those of lost sound: levels are unknown, nothing is audible."""
    traces = Traces(store)
    pass_time(traces, 0, 10)
    for frame in range(5):
        traces.step(step(10 + frame / 5, valid=False))
    pass_time(traces, 20, 30)
    traces.finish([apnea("a", 5.0)])
    trace = trace_of(path, "a")
    assert trace is not None
    silent = [number for number, level in enumerate(trace.level_dbfs) if level is None]
    assert silent == list(range(10, 20))
    assert not any(trace.audible[number] for number in silent)


def test_a_second_is_the_mean_of_its_sound(store: Store, path: Path):
    """Frames of a gap do not count in it."""
    traces = Traces(store)
    for part, level in enumerate((-40.0, -50.0, -60.0, -70.0)):
        traces.step(step(part / 5, level=level))
    traces.step(step(0.8, valid=False))
    traces.finish([apnea("a", 0.0)])
    trace = trace_of(path, "a")
    assert trace is not None
    assert trace.level_dbfs == (-55.0,)


def test_a_course_that_the_disk_does_not_take_is_dropped(path: Path, monkeypatch):
    """It is told as any failed write, tried once, and the stream goes on."""
    store = Store(lambda: Journal.open(path), lambda _problem: None)
    tries = []
    monkeypatch.setattr(store, "does", lambda action: tries.append(action) or False)
    traces = Traces(store)
    pass_time(traces, 0, 30)
    traces.step(step(30, apnea("a", 5.0)))
    pass_time(traces, 31, 200)
    traces.finish([])
    assert len(tries) == 1
    store.close()


def test_memory_is_bounded(store: Store):
    """However long the night is, and however many events wait."""
    traces = Traces(store)
    pass_time(traces, 0, KEPT_S + 50)
    traces.step(step(KEPT_S + 50, *(apnea("a", KEPT_S + 40.0) for _ in range(3 * MOST_WAITING))))
    assert len(traces._seconds) == KEPT_S
    assert len(traces._waiting) == MOST_WAITING


def test_at_the_bedside_an_event_has_its_course(tmp_path: Path):
    """A real journal, after a night of a minute of breath, a pause, and breath again."""
    running = SourceState.RUNNING
    script = Script((running, BREATH, 300), (running, PAUSE, 100), (running, BREATH, 500))
    wire = Wire()
    make(tmp_path, wire, script).run()
    (event,) = wire.events
    trace = trace_of(tmp_path / "journal.sqlite3", str(event["id"]))
    assert trace is not None
    assert trace.before_s == pytest.approx(60, abs=1)
    pause = trace.apnea[62:78]
    assert (min(pause), max(trace.apnea[:58])) == (1.0, 0.0)
    assert datetime.fromisoformat(str(event["onset"])) > ELEVEN
