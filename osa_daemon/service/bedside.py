"""The chain's thread: sound in, events and states out, until it is told to stop."""

import logging
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime

from osa_daemon.audio.source import Source, SourceState
from osa_daemon.journal.rows import EventRow, OpenPause
from osa_daemon.publish import payloads, topics
from osa_daemon.scoring.event import Event, Progress, Scored
from osa_daemon.scoring.night import night_of
from osa_daemon.service.bulletin import Bulletin, Publisher
from osa_daemon.service.chain import Chain, Step
from osa_daemon.service.clock import StreamClock
from osa_daemon.service.diagnostics import Diagnostics
from osa_daemon.service.minutes import Minutes
from osa_daemon.service.outbox import Outbox
from osa_daemon.service.store import Store
from osa_daemon.service.tonight import Tonight
from osa_daemon.settings.hours import Hours

READ_TIMEOUT_S = 0.5
TICK_S = 1.0
SAVE_S = 60.0
PAUSE_SEEN_S = 10.0  # how often the journal is told that a pause goes on

_log = logging.getLogger(__name__)


@dataclass(slots=True)
class Rooms:
    """What the bedside needs of the other rooms, made by `run`."""

    source: Source
    make_chain: Callable[[], Chain]
    clock: StreamClock
    store: Store
    outbox: Outbox
    bulletin: Bulletin
    publisher: Publisher
    tonight: Tonight
    minutes: Minutes
    diagnostics: Diagnostics
    hours: Hours | None


class Bedside:
    """Runs the chain over a source. Made and used by one thread, `stop` and `has_told` aside.

    `beat` is called at least every second. `has_told` is set once something true was announced:
    the first frames passed, or the microphone's absence was found.
    """

    def __init__(self, rooms: Rooms, beat: Callable[[], None]) -> None:
        self._rooms = rooms
        self._beat = beat
        self._stop = threading.Event()
        self.has_told = threading.Event()
        self._ticked_s = self._saved_s = time.monotonic()
        self._pause_seen_s: float | None = None
        self._chain: Chain | None = rooms.make_chain()  # None while monitoring rests

    def stop(self) -> None:
        """Ask the loop to end soon."""
        self._stop.set()

    def run(self) -> None:
        """Run until the source ends or `stop` is called; then close what is open."""
        rooms = self._rooms
        rooms.bulletin.begin()
        while not self._stop.is_set():
            block = rooms.source.read(READ_TIMEOUT_S)
            self._beat()
            if block is not None and self._chain is not None:
                for step in self._chain.push(block):
                    self._step(step)
            health = rooms.source.health()
            if health.state is SourceState.ENDED:
                break
            self._tick()
        self._finish()

    def recover(self, pause: OpenPause) -> None:
        """Decide a pause that was in progress when the daemon was killed."""
        duration_s = (pause.seen_utc - pause.onset_utc).total_seconds()
        event = Event(
            id=f"{int(pause.onset_utc.timestamp()):x}-recovered",
            type="apnea",
            onset_s=0.0,
            duration_s=max(10.0, duration_s),
            confidence=0.5,
            character="unknown",
            monitorable=True,
            truncated=True,
        )
        onset = pause.onset_utc.astimezone()
        if night_of(onset) == self._rooms.tonight.night:
            self._rooms.tonight.add(event)
        self._decided(event, onset)
        self._rooms.store.use(lambda j: j.end_pause())

    def _step(self, step: Step) -> None:
        rooms = self._rooms
        rooms.bulletin.step(step)
        rooms.tonight.step(step)
        start = rooms.clock.wall_time(step.frame.index / 5)
        rooms.minutes.step(step, rooms.tonight.tally, rooms.tonight.night, start)
        self._follow_pause(step.scored)
        for event in step.scored.events:
            self._decided(event, rooms.clock.wall_time(event.onset_s))
        self.has_told.set()

    def _decided(self, event: Event, onset: datetime) -> None:
        """Commit and send a decided event."""
        rooms = self._rooms
        night = night_of(onset)
        payload = payloads.event_payload(event, onset, night, is_durable=True)
        row = EventRow(
            id=event.id,
            type=event.type,
            onset_utc=onset.astimezone(UTC),
            end_utc=datetime.fromisoformat(str(payload["end"])).astimezone(UTC),
            duration_s=event.duration_s,
            confidence=event.confidence,
            character=event.character,
            monitorable=event.monitorable,
            truncated=event.truncated,
            night=night,
        )
        sent = rooms.outbox.put(row, payload)
        rooms.publisher.set_state(topics.LAST_EVENT.suffix, sent)
        rooms.tonight.save()
        _log.info("%s of %.0f s at %s", event.type, event.duration_s, payload["onset"])

    def _follow_pause(self, scored: Scored) -> None:
        """Keep in the journal that a pause is in progress, for a restart after a crash."""
        now_s = time.monotonic()
        rooms = self._rooms
        if scored.progress is Progress.ON and scored.progress_onset_s is not None:
            if self._pause_seen_s is None or now_s - self._pause_seen_s >= PAUSE_SEEN_S:
                self._pause_seen_s = now_s
                onset = rooms.clock.wall_time(scored.progress_onset_s).astimezone(UTC)
                seen = rooms.clock.wall_time((scored.index + 1) / 5).astimezone(UTC)
                rooms.store.use(lambda j: j.begin_pause(onset, seen))
        elif self._pause_seen_s is not None:
            self._pause_seen_s = None
            rooms.store.use(lambda j: j.end_pause())

    def _tick(self) -> None:
        now_s = time.monotonic()
        if now_s - self._ticked_s < TICK_S:
            return
        self._ticked_s = now_s
        rooms = self._rooms
        now = rooms.clock.now()
        rooms.outbox.pump()
        self._keep_hours(now)
        if self._chain is not None:
            health = rooms.source.health()
            rooms.bulletin.listen(health)
            if health.state not in (SourceState.STARTING, SourceState.RUNNING):
                self.has_told.set()
        if now_s - self._saved_s >= SAVE_S:
            self._saved_s = now_s
            self._each_minute(now)

    def _each_minute(self, now: datetime) -> None:
        rooms = self._rooms
        rooms.tonight.roll(now)
        rooms.tonight.save()
        clock = rooms.tonight.tally.breath_clock
        breathing = payloads.breathing_payload(clock.rate_bpm(), is_snoring=clock.snoring)
        rooms.publisher.set_state(topics.BREATHING.suffix, breathing)
        overruns, outbox = rooms.source.health().overruns, rooms.outbox.length
        rooms.publisher.set_state(
            topics.DIAGNOSTICS.suffix, rooms.diagnostics.payload(overruns, outbox)
        )

    def _keep_hours(self, now: datetime) -> None:
        """Rest outside `monitoring.hours`; the stream ends there and begins anew."""
        hours = self._rooms.hours
        rests = hours is not None and now.time() not in hours
        if rests and self._chain is not None:
            self._end_stream()
            self.has_told.set()
        elif not rests and self._chain is None:
            self._chain = self._rooms.make_chain()
        if rests and hours is not None:
            self._rooms.bulletin.pause(f"monitoring.hours: listening begins at {hours.start:%H:%M}")

    def _finish(self) -> None:
        self._end_stream()
        self._rooms.minutes.save()
        self._rooms.tonight.save()
        self._rooms.outbox.pump()

    def _end_stream(self) -> None:
        """Let the chain say what it still owes, and forget it."""
        if self._chain is None:
            return
        steps, last = self._chain.finish()
        self._chain = None
        for step in steps:
            self._step(step)
        self._close(last)

    def _close(self, last: Scored) -> None:
        """Take what the end itself led to."""
        for alert in last.alerts:
            self._rooms.bulletin.alert(alert)
        for event in last.events:
            self._rooms.tonight.add(event)
            self._decided(event, self._rooms.clock.wall_time(event.onset_s))
        self._rooms.store.use(lambda j: j.end_pause())
