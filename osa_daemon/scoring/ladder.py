"""The ladder of alerts: notice, alert, urgent, over."""

from osa_daemon.scoring.event import Alert, AlertLevel, Progress
from osa_daemon.scoring.thresholds import ScoringSettings


class Ladder:
    """Climbs while a pause is in progress.

    An alert once raised stays until breath is heard (state OFF), until it is acknowledged, or
    until the daemon stops; an unknown state leaves it standing. Acknowledging silences the rest
    of that pause.
    """

    def __init__(self, settings: ScoringSettings) -> None:
        self.settings = settings
        self.active: AlertLevel | None = None
        self._since_s = 0.0
        self._reached: AlertLevel | None = None
        self._silenced = False
        self._alerted_s: float | None = None

    def push(self, now_s: float, state: Progress, onset_s: float | None) -> tuple[Alert, ...]:
        """Take the state at `now_s` (seconds since the source began); return what changed."""
        if state is Progress.OFF:
            self._reached, self._silenced = None, False
            return self._over("Breathing is heard again.") if self.active else ()
        if state is not Progress.ON or onset_s is None:
            return ()
        if not self.settings.alerts or self._silenced:
            return ()
        return self._climb(now_s, onset_s)

    def acknowledge(self) -> tuple[Alert, ...]:
        """Someone has taken note: the alert is over and this pause raises no other."""
        if self.active is None:
            return ()
        self._silenced = True
        return self._over("The alert was acknowledged.", acknowledged=True)

    def finish(self) -> tuple[Alert, ...]:
        """Listening ends: nobody could take the alert back later."""
        if self.active is None:
            return ()
        return self._over("Listening ended before breathing was heard again.")

    def _climb(self, now_s: float, onset_s: float) -> tuple[Alert, ...]:
        length_s = now_s - onset_s
        if length_s >= max(self.settings.urgent_s, self.settings.alert_after_s):
            if self._reached is not AlertLevel.URGENT:
                return self._raise(AlertLevel.URGENT, now_s, onset_s)
        elif length_s >= self.settings.alert_after_s:
            if self._reached not in (AlertLevel.ALERT, AlertLevel.URGENT) and self._may_alert(
                now_s
            ):
                return self._raise(AlertLevel.ALERT, now_s, onset_s)
        elif length_s >= self.settings.notice_s and self._reached is None and self.active is None:
            self._reached = AlertLevel.NOTICE
            return (self._told(AlertLevel.NOTICE, length_s, onset_s, active=False),)
        return ()

    def _may_alert(self, now_s: float) -> bool:
        if self.active is not None:
            return False
        return self._alerted_s is None or now_s - self._alerted_s >= self.settings.alert_repeat_s

    def _raise(self, level: AlertLevel, now_s: float, onset_s: float) -> tuple[Alert, ...]:
        self._reached = self.active = level
        self._since_s = onset_s
        self._alerted_s = now_s
        return (self._told(level, now_s - onset_s, onset_s, active=True),)

    def _over(self, text: str, *, acknowledged: bool = False) -> tuple[Alert, ...]:
        assert self.active is not None
        level, self.active = self.active, None
        return (Alert(False, level, "apnea", self._since_s, text, acknowledged),)

    @staticmethod
    def _told(level: AlertLevel, length_s: float, onset_s: float, *, active: bool) -> Alert:
        text = f"No breathing sound for {length_s:.0f} s."
        return Alert(active, level, "apnea", onset_s, text)
