"""The alert policy: what is raised of all that holds, and when it is over."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from osa_daemon.errors import ConfigError
from osa_daemon.publish.payloads import TEST_TEXT, DaemonState
from osa_daemon.scoring.event import Alert, AlertLevel, Permission, Scored
from osa_daemon.service.alerting.board import Board, Cause, kind_of
from osa_daemon.service.alerting.conditions import Cluster, Condition, Lasting, index_is_high
from osa_daemon.service.alerting.limits import LAST_ONE, Limits
from osa_daemon.settings.alerts import Alerts

TEST_S: Final = 10.0  # an alert for a test is over by itself
BREATH: Final = "Breathing is heard again."
ENDED: Final = "Listening ended before breathing was heard again."
_LOST: Final[tuple[DaemonState, ...]] = ("deaf", "no_microphone")


class AlertPolicy:
    """Raises alerts on a board, by the settings that `settings` gives at the time.

    Times are local wall-clock times; `now_s` is monotonic. Used by the chain's thread.
    """

    def __init__(
        self, board: Board, limits: Limits, cluster: Cluster, settings: Callable[[], Alerts]
    ) -> None:
        self._board = board
        self._limits = limits
        self._cluster = cluster
        self._settings = settings
        self._microphone, self._unheard = Lasting(), Lasting()
        self._is_monitorable = False
        self._silenced: set[Cause] = set()  # somebody took note, and it still holds
        self._pause: tuple[float, datetime] | None = None  # onset in its stream, and on the clock
        self._is_left = False  # the pause's stream ended before a breath was heard
        self._test_ends_s: float | None = None
        self._storage: str | None = None

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
            self.pause(alert, at, now)

    def heard(self, now: datetime) -> None:
        """A frame says that no pause goes on: one that was left standing is over."""
        if self._is_left:
            self._is_left = False
            self._end(Cause.PAUSE, BREATH, now)

    def pause(self, alert: Alert, at: Callable[[float], datetime], now: datetime) -> None:
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

    def leave(self) -> None:
        """The stream ends before a breath was heard: an alert of its pause stays until one is."""
        self._is_left = self._board.stands(Cause.PAUSE)

    def event(self, end: datetime) -> None:
        """Count a decided event that ended then."""
        self._cluster.add(end)

    def tick(
        self, now_s: float, now: datetime, state: DaemonState, text: str, storage: str | None
    ) -> None:
        """Look at everything that time brings; `text` is the sentence of the state."""
        if self._test_ends_s is not None and now_s >= self._test_ends_s:
            self._end_test("The test is over.", now)
        self._look_at_sound(now_s, now, state, text)
        settings = self._settings()
        cluster = self._cluster.holds(settings, now)
        self._judge(Cause.CLUSTER, cluster, "The cluster of events is over.", now)
        self._escalate(settings, now)
        if storage != self._storage:
            told = storage or "Events can be stored again."
            self._storage = storage
            self._board.notice(Alert(False, AlertLevel.NOTICE, "technical", 0.0, told), now)

    def index(self, index: float | None, now: datetime) -> None:
        """Take this night's events per hour, None while they are unknown."""
        condition = index_is_high(self._settings(), index, now)
        if self._board.stands(Cause.INDEX) or not self._limits.was_told("index", now):
            self._judge(Cause.INDEX, condition, "There are fewer events per hour now.", now)

    def acknowledge(self, now: datetime) -> None:
        """Somebody took note of all that stands."""
        self._silenced |= {standing.cause for standing in self._board.standing}
        self._silenced -= {Cause.PAUSE, Cause.TEST}  # of pauses the ladder knows which
        self._is_left, self._test_ends_s = False, None
        self._board.end_all("The alert was acknowledged.", now, acknowledged=True)

    def withdraw(self, now: datetime) -> None:
        """Nobody wants alerts any more: none stays, though nobody took note."""
        self._is_left, self._test_ends_s = False, None
        self._board.end_all("Alerts were switched off.", now)

    def test(self, now_s: float, now: datetime) -> None:
        """Raise an alert that says it is a test.

        Raises:
            ConfigError: alerts are switched off, or one is raised already.
        """
        if not self._settings().enabled:
            raise ConfigError("test_alert: alerts are switched off; switch them on for a test.")
        if self._board.standing:
            raise ConfigError("test_alert: an alert is raised already; acknowledge it first.")
        self._board.put(Cause.TEST, AlertLevel.ALERT, now, TEST_TEXT, now)
        self._test_ends_s = now_s + TEST_S

    def rest(self, now: datetime) -> None:
        """Nobody is to be listened to: what was raised of the sleeper is over."""
        self._is_left = False
        for standing in self._board.standing:
            if standing.cause is not Cause.TEST:
                self._end(standing.cause, "Listening is over for now.", now)

    def finish(self, now: datetime) -> None:
        """The daemon ends: nobody could take back later what was told."""
        self._end_test("Listening ended.", now)
        self._board.end(Cause.PAUSE, ENDED, now)
        self._board.end_all("Listening ended.", now)

    def _look_at_sound(self, now_s: float, now: datetime, state: DaemonState, text: str) -> None:
        settings = self._settings()
        self._microphone.push(now_s, now, is_so=state in _LOST)
        lost = self._microphone.holds(settings.technical_after_s, now_s, text)
        listens = state == "monitoring"
        over = "Sound arrives again." if listens else "Listening is over for now."
        self._judge(Cause.MICROPHONE, lost, over, now)
        self._unheard.push(now_s, now, is_so=listens and not self._is_monitorable)
        self._is_monitorable = False
        minutes = settings.inaudible_minutes
        unheard = self._unheard.holds(
            None if minutes is None else minutes * 60,
            now_s,
            f"Breathing could not be heard for {minutes} min.",
        )
        over = "Breathing can be heard." if listens else "Listening is over for now."
        self._judge(Cause.INAUDIBLE, unheard, over, now)

    def _judge(self, cause: Cause, condition: Condition | None, over: str, now: datetime) -> None:
        """Raise what holds, where it may be and nobody took note; end what holds no more."""
        if condition is None:
            self._silenced.discard(cause)
            self._end(cause, over, now)
        elif cause not in self._silenced and not self._board.stands(cause):
            permission = self._limits.permission(self._settings(), kind_of(cause), now)
            if permission is Permission.ALL:
                self._raise(cause, AlertLevel.ALERT, condition, now)

    def _raise(self, cause: Cause, level: AlertLevel, condition: Condition, now: datetime) -> None:
        kind, text = kind_of(cause), condition.text
        rises = self._board.stands(cause)
        if level is AlertLevel.ALERT and self._limits.left(self._settings(), kind, now) == 1:
            text += LAST_ONE
        self._board.put(cause, level, condition.since, text, now)
        if not rises:
            self._limits.count(kind, now, level)

    def _escalate(self, settings: Alerts, now: datetime) -> None:
        """Make urgent what nobody has taken note of for long."""
        if settings.escalate_minutes is None:
            return
        latest = now - timedelta(minutes=settings.escalate_minutes)
        for standing in self._board.standing:
            is_open = not standing.is_over and standing.cause is not Cause.TEST
            if is_open and standing.level is AlertLevel.ALERT and standing.raised <= latest:
                text = f"{standing.text} Nobody has taken note of it."
                self._board.put(standing.cause, AlertLevel.URGENT, standing.since, text, now)

    def _end(self, cause: Cause, text: str, now: datetime) -> None:
        self._board.end(cause, text, now, latching=self._settings().latching)

    def _end_test(self, text: str, now: datetime) -> None:
        self._test_ends_s = None
        self._board.end(Cause.TEST, text, now)
