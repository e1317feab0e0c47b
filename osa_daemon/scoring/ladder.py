"""The ladder of alerts: notice, alert, urgent, over."""

from osa_daemon.scoring.event import Alert, AlertLevel, Permission, Progress
from osa_daemon.scoring.thresholds import ScoringSettings


class Ladder:
    """Climbs while a pause is in progress.

    An alert once raised stays until the pause is over, until it is acknowledged, or until the
    daemon stops; an unknown state leaves it standing. A pause is over when breath is heard; where
    the state is OFF without it, only after the merging gap of 3 s: it may go on with the same
    onset. Acknowledging silences the rest of that pause. A notice is taken back as alerts are.
    A pause that is doubted gets no alert before it is urgent. `permission` is set by whoever knows
    the time of day and what else was raised.
    """

    def __init__(self, settings: ScoringSettings) -> None:
        self.settings = settings
        self.permission = Permission.ALL
        self.active: AlertLevel | None = None
        self._shown: AlertLevel | None = None  # what was told last and is not over
        self._since_s = 0.0
        self._off_since_s: float | None = None
        self._reached: AlertLevel | None = None
        self._silenced = False
        self._alerted_s: float | None = None

    def push(
        self,
        now_s: float,
        state: Progress,
        onset_s: float | None,
        *,
        breath_heard: bool,
        doubted: bool = False,
    ) -> tuple[Alert, ...]:
        """Take the state at `now_s` (seconds since the source began); return what changed.

        `breath_heard`: breath was heard since the last pause. `doubted`: an alert has to wait;
        the notice and *urgent*, which passes every limit, do not.
        """
        if state is Progress.OFF:
            return self._off(now_s, breath_heard=breath_heard)
        self._off_since_s = None
        if state is not Progress.ON or onset_s is None:
            return ()
        if not self.settings.alerts or self._silenced:
            return ()
        return self._climb(now_s, onset_s, doubted=doubted)

    def acknowledge(self) -> tuple[Alert, ...]:
        """Someone has taken note: the alert is over and this pause raises no other."""
        if self.active is None:
            return ()
        self._silenced = True
        return self._over("The alert was acknowledged.", acknowledged=True)

    def withdraw(self) -> tuple[Alert, ...]:
        """No alert is wanted any more: one that is raised is over, though nobody took note."""
        return self._over("Alerts were switched off.")

    def finish(self) -> tuple[Alert, ...]:
        """Listening ends: nobody could take back later what was told."""
        return self._over("Listening ended before breathing was heard again.")

    def _off(self, now_s: float, *, breath_heard: bool) -> tuple[Alert, ...]:
        if self._off_since_s is None:
            self._off_since_s = now_s
        if breath_heard:
            text = "Breathing is heard again."
        elif now_s - self._off_since_s > self.settings.merge_gap_s:
            text = "The pause in breathing sound is no longer heard."
        else:
            return ()
        self._reached, self._silenced = None, False
        return self._over(text)

    def _climb(self, now_s: float, onset_s: float, *, doubted: bool) -> tuple[Alert, ...]:
        length_s = now_s - onset_s
        if length_s >= max(self.settings.urgent_s, self.settings.alert_after_s):
            permitted = self.permission is not Permission.NONE
            if permitted and self._reached is not AlertLevel.URGENT:
                return self._raise(AlertLevel.URGENT, now_s, onset_s)
        elif length_s >= self.settings.alert_after_s:
            told = self._reached in (AlertLevel.ALERT, AlertLevel.URGENT)
            if not told and not doubted and self._may_alert(now_s):
                return self._raise(AlertLevel.ALERT, now_s, onset_s)
        elif length_s >= self.settings.notice_s and self._reached is None and self.active is None:
            self._reached = self._shown = AlertLevel.NOTICE
            self._since_s = onset_s
            return (self._told(AlertLevel.NOTICE, length_s, onset_s, active=False),)
        return ()

    def _may_alert(self, now_s: float) -> bool:
        if self.active is not None or self.permission is not Permission.ALL:
            return False
        return self._alerted_s is None or now_s - self._alerted_s >= self.settings.alert_repeat_s

    def _raise(self, level: AlertLevel, now_s: float, onset_s: float) -> tuple[Alert, ...]:
        self._reached = self._shown = self.active = level
        self._since_s = onset_s
        self._alerted_s = now_s
        return (self._told(level, now_s - onset_s, onset_s, active=True),)

    def _over(self, text: str, *, acknowledged: bool = False) -> tuple[Alert, ...]:
        if self._shown is None:
            return ()
        level, self._shown, self.active = self._shown, None, None
        return (Alert(False, level, "apnea", self._since_s, text, acknowledged),)

    @staticmethod
    def _told(level: AlertLevel, length_s: float, onset_s: float, *, active: bool) -> Alert:
        text = f"No breathing sound for {length_s:.0f} s."
        return Alert(active, level, "apnea", onset_s, text)
