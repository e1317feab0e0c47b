"""The one alert that the house sees, of all that stand."""

import logging
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import datetime
from enum import Enum
from typing import Protocol

from osa_daemon.scoring.event import Alert, AlertKind, AlertLevel

_log = logging.getLogger(__name__)


class Cause(Enum):
    """Why an alert is raised, the weightiest first; several can stand at once."""

    PAUSE = "a pause in breathing sound"
    MICROPHONE = "the microphone fails"
    INAUDIBLE = "breathing is not heard"
    CLUSTER = "many events in a short time"
    INDEX = "many events in this night"
    TEST = "a test"


_KINDS: dict[Cause, AlertKind] = {
    Cause.PAUSE: "apnea",
    Cause.CLUSTER: "cluster",
    Cause.INDEX: "index",
}
_RANKS = {cause: rank for rank, cause in enumerate(Cause)}
_WEIGHTS = {AlertLevel.URGENT: 0, AlertLevel.ALERT: 1, AlertLevel.NOTICE: 2}


def kind_of(cause: Cause) -> AlertKind:
    """Return the kind as subscribers see it: what is no pause and no count is technical."""
    return _KINDS.get(cause, "technical")


@dataclass(frozen=True, slots=True)
class Standing:
    """An alert that is raised. `since`: of its condition; `raised`: when it was told first."""

    cause: Cause
    level: AlertLevel
    since: datetime
    text: str
    raised: datetime
    is_over: bool = False  # its condition; it stays until somebody takes note


class Log(Protocol):
    """Where it is kept that an alert was raised, rose, and ended."""

    def raised(self, standing: Standing) -> None:
        """An alert is raised, or raised further."""

    def ended(self, standing: Standing, now: datetime, *, acknowledged: bool) -> None:
        """It is over; `text` says why."""


Tell = Callable[[Alert, datetime], None]


class Board:
    """Holds what stands, one alert for each cause, and tells of the weightiest.

    `tell` is given each change of what the house sees, and the time since when that is so. An
    alert that ends while a weightier one stands is not told of.
    """

    def __init__(self, tell: Tell, log: Log) -> None:
        self._tell = tell
        self._log = log
        self._standing: dict[Cause, Standing] = {}
        self._told: Standing | None = None

    @property
    def standing(self) -> tuple[Standing, ...]:
        """What stands, the weightiest first."""
        return tuple(sorted(self._standing.values(), key=_weight))

    def stands(self, cause: Cause) -> bool:
        """Whether an alert of this cause is raised, and its condition not over."""
        standing = self._standing.get(cause)
        return standing is not None and not standing.is_over

    def notice(self, alert: Alert, since: datetime) -> None:
        """Tell of what makes no sound, or that it is over; it takes no alert's place."""
        if not self._standing:
            _log.info("%s: %s", alert.level.value, alert.text)
            self._tell(alert, since)

    def put(
        self, cause: Cause, level: AlertLevel, since: datetime, text: str, now: datetime
    ) -> None:
        """Raise an alert, or the one of this cause that stands: to another level or anew."""
        before = self._standing.get(cause)
        keeps = before is not None and not before.is_over and before.since == since
        raised = before.raised if keeps and before is not None else now
        standing = Standing(cause, level, since, text, raised)
        if before is not None and not keeps:
            self._log.ended(before, now, acknowledged=False)
        self._standing[cause] = standing
        _log.warning("%s on: %s", level.value, text)
        self._log.raised(standing)
        self._show()

    def end(
        self,
        cause: Cause,
        text: str,
        now: datetime,
        *,
        acknowledged: bool = False,
        latching: bool = False,
    ) -> None:
        """End the alert of this cause, if it stands; with `latching` it stays, but says so."""
        standing = self._standing.get(cause)
        if standing is None or (latching and standing.is_over):
            return
        if latching:
            kept = f"{text} Nobody has taken note of the alert yet."
            self._standing[cause] = replace(standing, text=kept, is_over=True)
            self._show()
            return
        del self._standing[cause]
        over = replace(standing, text=text)
        _log.info("%s over: %s", standing.level.value, text)
        self._log.ended(over, now, acknowledged=acknowledged)
        self._show(over, acknowledged=acknowledged)

    def end_all(self, text: str, now: datetime, *, acknowledged: bool = False) -> None:
        """End whatever stands; what the house saw is what it is told the end of."""
        for standing in reversed(self.standing):
            self.end(standing.cause, text, now, acknowledged=acknowledged)

    def _show(self, over: Standing | None = None, *, acknowledged: bool = False) -> None:
        first = next(iter(self.standing), None)
        if first is not None:
            if first != self._told:
                self._tell(_alert(first, active=True), first.since)
        elif over is not None:
            self._tell(_alert(over, active=False, acknowledged=acknowledged), over.since)
        self._told = first


def _weight(standing: Standing) -> tuple[int, int]:
    return _WEIGHTS[standing.level], _RANKS[standing.cause]


def _alert(standing: Standing, *, active: bool, acknowledged: bool = False) -> Alert:
    kind = kind_of(standing.cause)
    return Alert(active, standing.level, kind, 0.0, standing.text, acknowledged)
