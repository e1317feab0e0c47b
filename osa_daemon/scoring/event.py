"""The plain data that leaves this room: decided events, the state in progress, alerts."""

from dataclasses import dataclass
from enum import Enum
from typing import Literal

EventType = Literal["apnea", "hypopnea"]
Character = Literal["silent", "with_effort", "unknown"]
AlertKind = Literal["apnea", "cluster", "index", "technical"]


@dataclass(frozen=True, slots=True)
class Event:
    """A decided respiratory event; final, published once.

    Times are seconds since the source began (frame index / 5). `confidence` is the mean delayed
    probability inside the event. `truncated`: the recording or the daemon ended inside it.
    """

    id: str
    type: EventType
    onset_s: float
    duration_s: float
    confidence: float
    character: Character
    monitorable: bool
    truncated: bool

    @property
    def end_s(self) -> float:
        """End of the event, seconds since the source began."""
        return self.onset_s + self.duration_s


class Progress(Enum):
    """State of the topic `apnea`."""

    ON = "ON"
    OFF = "OFF"
    UNKNOWN = "None"


class AlertLevel(Enum):
    """The ladder of DESIGN 6 above the plain log: notice makes no sound."""

    NOTICE = "notice"
    ALERT = "alert"
    URGENT = "urgent"


class Permission(Enum):
    """Which alerts may be raised now; a notice, which makes no sound, always may."""

    ALL = "all"
    URGENT = "urgent"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Alert:
    """A change of the alert: raised (`active`), raised further, or over.

    `since_s` is the onset of the pause that it tells of, seconds since the source began.
    A notice is published with `active=False`. `acknowledged`: someone ended it by taking note.
    """

    active: bool
    level: AlertLevel
    kind: AlertKind
    since_s: float
    text: str
    acknowledged: bool = False


@dataclass(frozen=True, slots=True)
class Scored:
    """What one frame led to.

    `audible`, `monitorable`: of this frame. `progress`, `alert_active`: the state after it.
    `progress_onset_s`: onset of the pause in progress or None. `alerts`: changes, in order.
    `events`: decided now, in order of onset.
    """

    index: int
    audible: bool
    monitorable: bool
    progress: Progress
    progress_onset_s: float | None
    alert_active: bool
    alerts: tuple[Alert, ...]
    events: tuple[Event, ...]
