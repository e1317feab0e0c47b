"""The chain's thread: sound in, events and states out, until it is told to stop."""

import logging
import threading
from collections.abc import Callable
from datetime import UTC, datetime, timedelta

from osa_daemon.audio.block import Block
from osa_daemon.audio.source import SourceState
from osa_daemon.errors import ConfigError, OsaError
from osa_daemon.journal.rows import EventRow, OpenPause
from osa_daemon.publish import payloads, topics
from osa_daemon.publish.seldom import Seldom
from osa_daemon.publish.topics import COMMANDS
from osa_daemon.scoring.event import Event, Progress, Scored
from osa_daemon.scoring.night import night_of
from osa_daemon.service.alerting.policy import Moment
from osa_daemon.service.chain import Chain, Step
from osa_daemon.service.commands import (
    ACKNOWLEDGE,
    DELETE_CLIPS,
    TEST_ALERT,
    Command,
    unknown,
)
from osa_daemon.service.ear import Ear
from osa_daemon.service.rooms import Rooms
from osa_daemon.service.steps import Steps
from osa_daemon.service.tasks import READING

READ_TIMEOUT_S = 0.5
TICK_S = 1.0
MINUTE_S = 60.0
PAUSE_SEEN_S = 10.0  # how often the journal is told that a pause goes on
OVER = (SourceState.ENDED, SourceState.HOPELESS)
LOST_S = 10.0  # without sound: what is open is decided, and the next sound begins anew
REFUSAL_S = 60.0  # how long it is told that a command was refused
SETTLE_S = 3.0  # for the broker to have what was decided last, within `run.CHAIN_STOP_S`

_log = logging.getLogger(__name__)


class Bedside:
    """Runs the chain over a source, in one thread, until the event `stop` is set.

    `beat` is called at least every few seconds. `has_told` is set once something true was
    announced: the first frames passed, or the microphone's absence was found.
    """

    def __init__(self, rooms: Rooms, beat: Callable[[], None], stop: threading.Event) -> None:
        self._rooms = rooms
        self._ear = Ear(rooms.source, rooms.clock.monotonic_s)
        self._beat = beat
        self._stop = stop
        self.has_told = threading.Event()
        self._ticked_s = self._minute_s = self._heard_s = rooms.clock.monotonic_s()
        self._pause_seen_s: float | None = None
        self._chain: Chain | None = None  # begins with the first sound
        self._rests = False
        self._has_alerts = rooms.live.rules.alerts
        self._refusal_ends_s: float | None = None
        self._refusals = Seldom(_log, clock=rooms.clock.monotonic_s)
        self._refusal: str | None = None
        self._ways_problem: str | None = None  # as it was told
        self._steps = Steps(
            rooms.clock,
            rooms.store,
            rooms.outbox,
            rooms.minutes,
            rooms.tonight,
            others=(rooms.alerts, rooms.bulletin),
            tell=rooms.publisher.set_state,
        )

    def run(self) -> None:
        """Run until the source ends or is stopped; then close what is open, the journal too."""
        rooms = self._rooms
        try:
            rooms.bulletin.begin()
            self._tell_configuration()
            rooms.bulletin.settings(rooms.live.values)
            self._recover_left_open()
            self._rest_where_due(rooms.clock.now())
            while not self._stop.is_set():
                with rooms.doing(READING):
                    block = self._ear.next_block(READ_TIMEOUT_S, rests=self._rests)
                self._beat()
                if block is not None:
                    self._hear(block)
                self._obey()
                rooms.reload.do_where_asked(self._go_by_settings, self._tell_configuration)
                if rooms.source.health().state in OVER:
                    break
                self._tick()
            self._finish()
        finally:
            rooms.store.close()

    def recover(self, pause: OpenPause) -> None:
        """Decide a pause that was in progress when the daemon was killed.

        `onset_s` lies before this stream began: minus the seconds from the onset to now, by the
        wall clock. `confidence` is the threshold at which a pause is taken to be in progress: it
        was at least that, what it was is not known any more.
        """
        rooms = self._rooms
        if self._is_decided(pause):
            rooms.store.does(lambda j: j.end_pause())
            return
        duration_s = (pause.seen_utc - pause.onset_utc).total_seconds()
        onset_s = (pause.onset_utc - rooms.clock.now()).total_seconds()
        event = Event(
            id=f"{int(pause.onset_utc.timestamp()):x}-recovered",
            type="apnea",
            onset_s=min(onset_s, 0.0),
            duration_s=max(rooms.live.rules.min_event_s, duration_s),
            confidence=rooms.live.rules.thresholds.in_progress,
            character="unknown",
            monitorable=True,
            truncated=True,
        )
        onset = pause.onset_utc.astimezone()
        self._decided(event, onset)
        rooms.store.does(lambda j: j.end_pause())

    def _is_decided(self, pause: OpenPause) -> bool:
        """Whether a pause needs no event: it has one, or the disk made of it what none can be."""
        longest = timedelta(seconds=self._rooms.live.rules.unknown_after_s)
        if not timedelta() <= pause.seen_utc - pause.onset_utc <= longest:
            return True
        earliest = pause.onset_utc - longest
        known = self._rooms.store.look(lambda j: j.events_between(earliest, pause.seen_utc)) or ()
        return any(event.end_utc > pause.onset_utc for event in known)

    def _recover_left_open(self) -> None:
        self._steps.look()  # the clock may have been set meanwhile
        left_open = self._rooms.store.look(lambda j: j.left_open)
        if left_open is not None:
            self.recover(left_open)

    def _hear(self, block: Block) -> None:
        self._heard_s = self._rooms.clock.monotonic_s()
        if self._rests:
            return
        if self._chain is None:
            self._chain = self._rooms.make_chain()
            self._rooms.alerts.begin_stream()
            self._permit(self._rooms.clock.now())
        self._rooms.recorder.hear(block)
        for step in self._chain.push(block):
            self._step(step)

    def _obey(self) -> None:
        """Carry out one command of the broker; what is refused is told, and what is so instead.

        One in each pass: whoever floods the broker with commands must not keep sound waiting.
        """
        rooms = self._rooms
        command = rooms.commands.take()
        if command is None:
            return
        self._refusal = None
        try:
            self._carry_out(command)
        except OsaError as error:
            self._refusal = str(error)
            self._refusal_ends_s = rooms.clock.monotonic_s() + REFUSAL_S
            self._refusals.warning(self._refusal)
        command.answer(self._refusal)
        self._tell_configuration()
        # told again where nothing changed: whoever sent the command shows what it asked for
        rooms.bulletin.settings(rooms.live.values, again=True)

    def _tell_configuration(self) -> None:
        """Tell what is wrong with the settings, the way that they ask for, or a command."""
        rooms = self._rooms
        self._ways_problem = rooms.ways_problem()
        # the newest comes first: a text has an end
        texts = (self._refusal, self._ways_problem, rooms.live.warnings)
        rooms.bulletin.configuration(" ".join(text for text in texts if text) or None)

    def _carry_out(self, command: Command) -> None:
        """Do what a command says; raises `OsaError` where that cannot be."""
        rooms, key = self._rooms, command.key
        if command.change is not None:
            command.change(rooms.live)
            self._go_by_settings()
            rooms.reload.on_taken()
        elif key not in COMMANDS:
            raise ConfigError(unknown(key))
        elif key == ACKNOWLEDGE:
            self._acknowledge()
        elif key == TEST_ALERT:
            rooms.alerts.test(rooms.clock.monotonic_s(), rooms.clock.now())
        elif key == DELETE_CLIPS:
            rooms.recorder.forget()
            rooms.delete_clips()
        else:
            rooms.live.set(key, command.payload)
            self._go_by_settings()

    def _go_by_settings(self) -> None:
        """Let what runs go by the settings as they are now."""
        rooms, rules = self._rooms, self._rooms.live.rules
        if self._has_alerts and not rules.alerts:
            self._withdraw()
        self._has_alerts = rules.alerts
        if self._chain is not None:
            self._chain.scorer.adopt(rules)
        rooms.tonight.adopt(rules, rooms.live.settings.journal.keep_days)
        self._permit(rooms.clock.now())
        self._rest_where_due(rooms.clock.now())
        rooms.bulletin.settings(rooms.live.values)

    def _acknowledge(self) -> None:
        """End the alert that is raised, if any: somebody took note."""
        self._rooms.alerts.acknowledge(self._rooms.clock.now())
        if self._chain is not None:
            self._tell(self._chain.scorer.acknowledge())

    def _withdraw(self) -> None:
        """End the alert that is raised, if any: nobody wants to know."""
        self._rooms.alerts.withdraw(self._rooms.clock.now())
        if self._chain is not None:
            self._tell(self._chain.scorer.withdraw())

    def _permit(self, now: datetime) -> None:
        """Let the chain raise what may be raised now."""
        if self._chain is not None:
            self._chain.scorer.permit(self._rooms.alerts.permission(now))

    def _step(self, step: Step) -> None:
        rooms = self._rooms
        rooms.bulletin.step(step)
        rooms.on_step(step)
        if step.scored.progress is Progress.OFF:
            rooms.alerts.heard(rooms.clock.now())
        self._tell(step.scored)
        rooms.tonight.step(step)
        start = rooms.clock.wall_time(step.frame.index / 5)
        rooms.minutes.step(step, rooms.tonight.tally, rooms.tonight.night, start)
        self._follow_pause(step.scored)
        for event in step.scored.events:
            self._decided(event, rooms.clock.wall_time(event.onset_s))
        rooms.traces.step(step)
        self.has_told.set()

    def _tell(self, scored: Scored) -> None:
        """Give the policy what the ladder raises and takes back, and the recorder all of it."""
        self._rooms.recorder.step(scored)
        self._rooms.alerts.step(scored, self._rooms.clock.wall_time, self._rooms.clock.now())

    def _decided(self, event: Event, onset: datetime) -> None:
        """Commit, count and send a decided event, unless the journal has it already."""
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
        if night > rooms.tonight.night:
            rooms.tonight.roll(rooms.clock.now())  # noon, or the clock was set, in this minute
        sent = rooms.outbox.put(row, payload)
        if sent is None:
            return
        rooms.tonight.add(event, night)
        rooms.alerts.event(onset + timedelta(seconds=event.duration_s))
        rooms.publisher.set_state(topics.LAST_EVENT.suffix, sent)
        rooms.tonight.tell()
        _log.info("%s of %.0f s at %s", event.type, event.duration_s, payload["onset"])

    def _follow_pause(self, scored: Scored) -> None:
        """Keep in the journal that a pause is in progress, for a restart after a crash."""
        rooms = self._rooms
        now_s = rooms.clock.monotonic_s()
        if scored.progress is Progress.ON and scored.progress_onset_s is not None:
            if self._pause_seen_s is None or now_s - self._pause_seen_s >= PAUSE_SEEN_S:
                self._pause_seen_s = now_s
                onset = rooms.clock.wall_time(scored.progress_onset_s).astimezone(UTC)
                seen = rooms.clock.wall_time((scored.index + 1) / 5).astimezone(UTC)
                rooms.store.does(lambda j: j.begin_pause(onset, seen))
        elif self._pause_seen_s is not None:
            self._pause_seen_s = None
            rooms.store.does(lambda j: j.end_pause())

    def _tick(self) -> None:
        rooms = self._rooms
        now_s = rooms.clock.monotonic_s()
        if now_s - self._ticked_s < TICK_S:
            return
        self._ticked_s = now_s
        self._steps.look()
        now = rooms.clock.now()
        rooms.outbox.pump()
        self._rest_where_due(now)
        if self._refusal_ends_s is not None and now_s >= self._refusal_ends_s:
            self._refusal_ends_s = self._refusal = None
            self._tell_configuration()
        if rooms.ways_problem() != self._ways_problem:
            self._tell_configuration()
        if not self._rests:
            self._listen(now_s)
        is_night = rooms.live.is_night(now)
        lost, unstored = rooms.bulletin.lost, rooms.store.failure
        rooms.alerts.tick(Moment(now_s, now, lost, self._rests, is_night, unstored))
        self._permit(now)
        if now_s - self._minute_s >= MINUTE_S:
            self._minute_s = now_s
            self._each_minute(now)

    def _listen(self, now_s: float) -> None:
        """Tell how the source is; where it is lost, the stream ends and an alert stays."""
        health = self._rooms.source.health()
        self._rooms.bulletin.listen(health)
        if health.state in (SourceState.STARTING, SourceState.RUNNING):
            return
        self.has_told.set()
        if self._chain is not None and now_s - self._heard_s >= LOST_S:
            self._end_stream(leave_alert=True)

    def _each_minute(self, now: datetime) -> None:
        rooms = self._rooms
        if rooms.store.retry():
            rooms.tonight.resume()
            self._recover_left_open()
        rooms.tonight.roll(now)
        rooms.tonight.minute()
        rooms.alerts.index(rooms.tonight.tally.figures().index, now)
        self._tell_configuration()  # a file that everyone could read may have been put right
        clock = rooms.tonight.tally.breath_clock
        breathing = payloads.breathing_payload(clock.rate_bpm(), is_snoring=clock.snoring)
        rooms.publisher.set_state(topics.BREATHING.suffix, breathing)
        overruns, outbox = rooms.source.health().overruns, rooms.outbox.waiting()
        rooms.publisher.set_state(
            topics.DIAGNOSTICS.suffix, rooms.diagnostics.payload(overruns, outbox)
        )

    def _rest_where_due(self, now: datetime) -> None:
        """Rest while nobody is to listen; the stream ends there and begins anew."""
        reason = self._rooms.live.rests(now)
        self._rests = reason is not None
        if reason is None:
            return
        self._end_stream()
        self._rooms.tonight.tally.interrupt()
        self._rooms.bulletin.pause(reason)
        self.has_told.set()

    def _finish(self) -> None:
        self._end_stream()
        self._rooms.alerts.finish(self._rooms.clock.now())
        self._rooms.minutes.save()
        self._rooms.tonight.save()
        self._rooms.outbox.settle(SETTLE_S)

    def _end_stream(self, *, leave_alert: bool = False) -> None:
        """Let the chain say what it still owes, and forget it.

        With `leave_alert` an alert stays until breath is heard in the next stream.
        """
        rooms = self._rooms
        if self._chain is not None:
            steps, last = self._chain.finish()
            self._chain = None
            for step in steps:
                self._step(step)
            self._close(last, leave_alert=leave_alert)
            rooms.recorder.finish()
            rooms.minutes.cut(rooms.tonight.tally, rooms.tonight.night)
            rooms.bulletin.unknown()

    def _close(self, last: Scored, *, leave_alert: bool) -> None:
        """Take what the end itself led to."""
        rooms = self._rooms
        if leave_alert:
            rooms.alerts.leave()
        self._tell(last)
        for event in last.events:
            self._decided(event, rooms.clock.wall_time(event.onset_s))
        rooms.traces.finish(last.events)
        self._pause_seen_s = None
        rooms.store.does(lambda j: j.end_pause())
