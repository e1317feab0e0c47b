"""The alert policy: what is raised of all that holds, and when it is over."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Final

from osa_daemon.errors import ConfigError
from osa_daemon.publish.payloads import TEST_TEXT
from osa_daemon.scoring.event import Alert, AlertLevel, Permission, Scored
from osa_daemon.scoring.night import night_of
from osa_daemon.service.alerting.board import Board, Cause, Standing, kind_of
from osa_daemon.service.alerting.conditions import Cluster, Condition, Lasting, index_is_high
from osa_daemon.service.alerting.limits import Limits
from osa_daemon.settings.alerts import Alerts

TEST_S: Final = 10.0  # an alert for a test is over by itself
SOUND_S: Final = 30.0  # of sound, before a microphone that failed is taken to be well
STORED_S: Final = 600.0  # of a disk that takes events: one that is full now and then is told once
BREATH: Final = "Breathing is heard again."
ENDED: Final = "Listening ended before breathing was heard again."
REST: Final = "Listening is over for now."
_LAST: Final = {
    "apnea": " No other alert of a pause comes before noon, but for urgent ones.",
    "cluster": " No other alert of this kind comes before noon.",
}


@dataclass(frozen=True, slots=True)
class Moment:
    """How it is at a tick: `now_s` is monotonic, `now` the local wall clock.

    `lost` says why the microphone is not heard, None where it is; `unstored` likewise why events
    cannot be stored. `rests`: nobody is to be listened to. `is_night`: somebody is expected to
    sleep.
    """

    now_s: float
    now: datetime
    lost: str | None
    rests: bool
    is_night: bool
    unstored: str | None = None


class AlertPolicy:
    """Raises alerts on a board, by the settings that `settings` gives at the time.

    A pause takes every other alert's place; what holds beside the one that stands is told once
    that is over. Used by the chain's thread.
    """

    def __init__(
        self, board: Board, limits: Limits, cluster: Cluster, settings: Callable[[], Alerts]
    ) -> None:
        self._board = board
        self._limits = limits
        self._cluster = cluster
        self._settings = settings
        self._microphone, self._unheard = Lasting(SOUND_S), Lasting()
        self._unstored = Lasting(STORED_S)
        self._is_monitorable = False
        self._silenced: set[Cause] = set()  # somebody knows of it, and it still holds
        self._night: date | None = None
        self._pause: tuple[float, datetime] | None = None  # onset in its stream, and on the clock
        self._is_left = False  # the pause's stream ended before a breath was heard
        self._test_ends_s: float | None = None
        self._seen: tuple[datetime, float] | None = None  # the alert that stands, since when (s)

    def permission(self, now: datetime) -> Permission:
        """Return which alerts of a pause may be raised."""
        return self._limits.permission(self._settings(), "apnea", now)

    def begin_stream(self) -> None:
        """Seconds are counted from another beginning now."""
        self._pause = None

    def step(self, scored: Scored, at: Callable[[float], datetime], now: datetime) -> None:
        """Take what a frame led to; `at` gives the wall-clock time of a second of its stream."""
        self._is_monitorable |= scored.monitorable
        for alert in scored.alerts:
            self._climb(alert, at, now)

    def heard(self, now: datetime) -> None:
        """A frame says that no pause goes on: one that was left standing is over."""
        if self._is_left:
            self._is_left = False
            self._end(Cause.PAUSE, BREATH, now)

    def leave(self) -> None:
        """The stream ends before a breath was heard: an alert of its pause stays until one is."""
        self._is_left = self._board.stands(Cause.PAUSE)

    def event(self, end: datetime) -> None:
        """Count a decided event that ended then."""
        self._cluster.add(end)

    def tick(self, moment: Moment) -> None:
        """Look at everything that time brings."""
        now = moment.now
        self._board.tick()
        if night_of(now) != self._night:
            self._night = night_of(now)
            self._silenced.clear()
        if self._test_ends_s is not None and moment.now_s >= self._test_ends_s:
            self._end_test("The test is over.", now)
        self._look_at_parts(moment)
        if moment.rests:
            self._rest(now)
            return
        cluster = self._cluster.holds(self._settings(), now)
        self._judge(Cause.CLUSTER, cluster, "The cluster of events is over.", now)
        self._escalate(moment.now_s, now)

    def index(self, index: float | None, now: datetime) -> None:
        """Take this night's events per hour, None while they are unknown; told once in a night."""
        condition = index_is_high(self._settings(), index, now)
        if self._board.stands(Cause.INDEX) or not self._limits.was_told("index", now):
            fewer = "There are fewer events per hour now."
            over = fewer if index is not None else "Another night has begun."
            self._judge(Cause.INDEX, condition, over, now)

    def acknowledge(self, now: datetime) -> None:
        """Somebody took note of the alert that stands; what else holds is told after it."""
        standing = self._board.standing
        if standing is not None and standing.cause not in (Cause.PAUSE, Cause.TEST):
            self._silenced.add(standing.cause)  # of pauses the ladder knows which
        self._is_left, self._test_ends_s = False, None
        self._board.end("The alert was acknowledged.", now, acknowledged=True)

    def withdraw(self, now: datetime) -> None:
        """Nobody wants alerts any more: none stays, though nobody took note."""
        self._is_left, self._test_ends_s = False, None
        self._board.end("Alerts were switched off.", now)

    def test(self, now_s: float, now: datetime) -> None:
        """Raise an alert that says it is a test.

        Raises:
            ConfigError: alerts are switched off, or one is raised already.
        """
        if not self._settings().enabled:
            raise ConfigError("test_alert: alerts are switched off; switch them on for a test.")
        if self._board.stands(Cause.TEST):
            raise ConfigError("test_alert: a test goes on; it ends by itself.")
        if self._board.standing is not None:
            raise ConfigError("test_alert: an alert is raised already; acknowledge it first.")
        self._board.put(Standing(Cause.TEST, AlertLevel.ALERT, now, TEST_TEXT, now), now)
        self._test_ends_s = now_s + TEST_S

    def move(self, by: timedelta, now: datetime) -> None:
        """The clock was set: what is remembered lies as far back as before, and it is `now`.

        Nothing is told of it: who was woken by an alert need not be for its date.
        """
        self._night = night_of(now)
        self._board.move(by)
        self._limits.move(by, now)
        self._cluster.move(by)
        for lasting in (self._microphone, self._unheard, self._unstored):
            lasting.move(by)
        if self._pause is not None:
            self._pause = (self._pause[0], self._pause[1] + by)
        if self._seen is not None:
            self._seen = (self._seen[0] + by, self._seen[1])

    def finish(self, now: datetime) -> None:
        """The daemon ends: nobody could take back later what was told."""
        text = ENDED if self._board.stands(Cause.PAUSE) else "Listening ended."
        self._board.end(text, now)

    def _climb(self, alert: Alert, at: Callable[[float], datetime], now: datetime) -> None:
        """Take a change of the ladder."""
        if self._pause is None or self._pause[0] != alert.since_s:
            self._pause = (alert.since_s, at(alert.since_s))
        since = self._pause[1]
        if alert.level is AlertLevel.NOTICE:
            self._board.notice(alert, since)
        elif alert.active:
            self._is_left = False
            self._raise(Cause.PAUSE, alert.level, Condition(since, alert.text), now)
        elif not self._is_left:
            self._end(Cause.PAUSE, alert.text, now)

    def _look_at_parts(self, moment: Moment) -> None:
        """Raise that the microphone or the disk fails, or no breathing is heard, in the night."""
        settings, now_s, now = self._settings(), moment.now_s, moment.now
        if not moment.rests:  # a moment out of bed repairs nothing
            self._microphone.push(now_s, now, is_so=moment.lost is not None)
            self._unheard.push(now_s, now, is_so=not self._is_monitorable)
        self._unstored.push(now_s, now, is_so=moment.unstored is not None)
        self._is_monitorable = False
        if moment.rests:
            return
        why = moment.lost or "The microphone fails again and again."
        lost = self._microphone.holds(settings.technical_after_s, now_s, why)
        minutes = settings.inaudible_minutes
        least_s = None if minutes is None else minutes * 60
        text = f"Breathing could not be heard for {minutes} min."
        unheard = self._unheard.holds(least_s, now_s, text)
        unstored = self._storage(moment, settings.technical_after_s)
        for cause, condition, over in (
            (Cause.MICROPHONE, lost, "Sound arrives again."),
            (Cause.INAUDIBLE, unheard, "Breathing can be heard."),
            (Cause.STORAGE, unstored, "Events can be stored again."),
        ):
            self._judge(
                cause,
                condition if moment.is_night else None,
                over if moment.is_night else "The night is over.",
                now,
            )

    def _storage(self, moment: Moment, least_s: float | None) -> Condition | None:
        """Return that events cannot be stored: raised while it is so, over once it was not."""
        if moment.unstored is None and not self._board.stands(Cause.STORAGE):
            return None  # it went by before it was told
        why = moment.unstored or "Events could not be stored."
        return self._unstored.holds(least_s, moment.now_s, why)

    def _rest(self, now: datetime) -> None:
        """Nobody is to be listened to: what was raised of the bed is over, the night's is not."""
        self._is_left = False
        standing = self._board.standing
        if standing is not None and standing.cause not in (Cause.TEST, Cause.INDEX):
            self._end(standing.cause, REST, now)

    def _judge(self, cause: Cause, condition: Condition | None, over: str, now: datetime) -> None:
        """Raise what holds, where it may be and nobody knows; end what holds no more."""
        if condition is None:
            self._silenced.discard(cause)
            self._end(cause, over, now)
        elif cause not in self._silenced and not self._holds(cause):
            permission = self._limits.permission(self._settings(), kind_of(cause), now)
            if permission is Permission.ALL:
                self._raise(cause, AlertLevel.ALERT, condition, now)

    def _holds(self, cause: Cause) -> bool:
        standing = self._board.standing
        return standing is not None and standing.cause is cause and not standing.is_over

    def _raise(self, cause: Cause, level: AlertLevel, condition: Condition, now: datetime) -> None:
        standing, text = self._board.standing, condition.text
        if standing is not None:
            if self._holds(cause) and standing.since == condition.since:
                self._board.rise(level, text)
                return
            if not standing.gives_way_to(cause):
                return  # it is judged again with the next tick
            if standing.cause in (Cause.CLUSTER, Cause.INDEX) and not standing.is_over:
                self._silenced.add(standing.cause)  # it was told
        kind = kind_of(cause)
        if self._limits.left(self._settings(), kind, now) == 1:
            text += _LAST.get(kind, "")
        self._board.put(Standing(cause, level, condition.since, text, now), now)
        if cause is not Cause.STORAGE:  # it must not keep back that nobody listens
            self._limits.count(kind, now)

    def _escalate(self, now_s: float, now: datetime) -> None:
        """Make urgent what nobody has taken note of for long."""
        minutes, standing = self._settings().escalate_minutes, self._board.standing
        if standing is None or standing.cause is Cause.TEST:
            self._seen = None
            return
        if self._seen is None or self._seen[0] != standing.raised:
            self._seen = (standing.raised, now_s)
        if minutes is None or now_s - self._seen[1] < minutes * 60:
            return
        if standing.level is AlertLevel.ALERT and self._limits.is_time(self._settings(), now):
            text = f"{standing.text} Nobody has taken note of it."
            self._board.rise(AlertLevel.URGENT, text)

    def _end(self, cause: Cause, text: str, now: datetime) -> None:
        if not self._board.stands(cause):
            return
        if self._settings().latching:
            self._board.latch(text)
        else:
            self._board.end(text, now)

    def _end_test(self, text: str, now: datetime) -> None:
        self._test_ends_s = None
        if self._board.stands(Cause.TEST):
            self._board.end(text, now)
