"""The one alert that stands, as the house sees it."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import Enum
from typing import Final, Protocol

from osa_daemon.scoring.event import Alert, AlertKind, AlertLevel

HANDOVER_TICKS: Final = 2  # so that the end of one alert is sent before the next begins

_log = logging.getLogger(__name__)


class Cause(Enum):
    """Why an alert is raised, the weightiest first."""

    PAUSE = "a pause in breathing sound"
    MICROPHONE = "the microphone fails"
    INAUDIBLE = "breathing is not heard"
    STORAGE = "events cannot be stored"
    CLUSTER = "many events in a short time"
    INDEX = "many events in this night"
    TEST = "a test"


_KINDS: Final[dict[Cause, AlertKind]] = {
    Cause.PAUSE: "apnea",
    Cause.CLUSTER: "cluster",
    Cause.INDEX: "index",
}
_RANKS: Final = {cause: rank for rank, cause in enumerate(Cause)}


def kind_of(cause: Cause) -> AlertKind:
    """Return the kind as subscribers see it: what is no pause and no count is technical."""
    return _KINDS.get(cause, "technical")


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert that is raised. `since`: of its condition; `raised`: when it was told first.

    `is_over`: its condition is; it stays until somebody takes note.
    """

    cause: Cause
    level: AlertLevel
    since: datetime
    text: str
    raised: datetime
    is_over: bool = False

    def gives_way_to(self, cause: Cause) -> bool:
        """Whether an alert of that cause takes this one's place: a pause always does."""
        return self.is_over or cause is Cause.PAUSE or _RANKS[cause] < _RANKS[self.cause]


class Log(Protocol):
    """Where it is kept that an alert was raised, rose, and ended."""

    def raised(self, standing: Standing) -> None:
        """An alert is raised, or raised further."""

    def ended(self, standing: Standing, now: datetime, *, acknowledged: bool) -> None:
        """It is over; `text` says why."""


Tell = Callable[[Alert, datetime], None]


class Board:
    """Holds the alert that stands, and tells of it: `tell` is given each change, and since when.

    Where one alert takes another's place, the end of the first is told at once and the second
    after `HANDOVER_TICKS`: whoever waits for an alert to begin must see it begin.
    """

    def __init__(self, tell: Tell, log: Log) -> None:
        self._tell = tell
        self._log = log
        self._ticks_left = 0
        self.standing: Standing | None = None

    def stands(self, cause: Cause) -> bool:
        """Whether the alert that stands is of this cause."""
        return self.standing is not None and self.standing.cause is cause

    def notice(self, alert: Alert, since: datetime) -> None:
        """Tell of what makes no sound, or that it is over; it takes no alert's place."""
        if self.standing is None:
            _log.info("%s: %s", alert.level.value, alert.text)
            self._tell(alert, since)

    def put(self, standing: Standing, now: datetime) -> None:
        """Raise an alert; one that stands is over."""
        if self.standing is not None:
            self.end("Another alert takes its place.", now)
            self._ticks_left = HANDOVER_TICKS
        self.standing = standing
        _log.warning("%s on: %s", standing.level.value, standing.text)
        self._log.raised(standing)
        self._show()

    def rise(self, level: AlertLevel, text: str) -> None:
        """Raise the alert that stands to another level."""
        assert self.standing is not None
        self.standing = replace(self.standing, level=level, text=text)
        _log.warning("%s on: %s", level.value, text)
        self._log.raised(self.standing)
        self._show()

    def end(self, text: str, now: datetime, *, acknowledged: bool = False) -> None:
        """End the alert that stands, if one does."""
        if self.standing is None:
            return
        over = replace(self.standing, text=text)
        self.standing = None
        _log.info("%s over: %s", over.level.value, text)
        self._log.ended(over, now, acknowledged=acknowledged)
        if self._ticks_left == 0:  # else nobody knows of it yet
            self._tell(_alert(over, active=False, acknowledged=acknowledged), over.since)
        self._ticks_left = 0

    def latch(self, text: str) -> None:
        """The condition of the alert that stands is over; the alert stays, and says so."""
        if self.standing is not None and not self.standing.is_over:
            kept = f"{text} Nobody has taken note of the alert yet."
            self.standing = replace(self.standing, text=kept, is_over=True)
            self._show()

    def move(self, by: timedelta) -> None:
        """The clock was set: the alert that stands was raised at another time. It is not told."""
        if self.standing is not None:
            since, raised = self.standing.since + by, self.standing.raised + by
            self.standing = replace(self.standing, since=since, raised=raised)

    def tick(self) -> None:
        """Tell what takes another's place, once it is time."""
        if self._ticks_left > 0:
            self._ticks_left -= 1
            self._show()

    def _show(self) -> None:
        if self.standing is not None and self._ticks_left == 0:
            self._tell(_alert(self.standing, active=True), self.standing.since)


def _alert(standing: Standing, *, active: bool, acknowledged: bool = False) -> Alert:
    kind = kind_of(standing.cause)
    return Alert(active, standing.level, kind, 0.0, standing.text, acknowledged)
