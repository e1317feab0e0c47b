"""The plain data that leaves this room: rows as they lie in the journal.

All times are UTC and aware; `night` is the date of the evening (C5).
"""

from dataclasses import dataclass
from datetime import date, datetime

from osa_daemon.scoring.event import AlertKind, Character, EventType


@dataclass(frozen=True, slots=True)
class EventRow:
    """A decided event (C4 `event`). `durable` is False only where committing it failed."""

    id: str
    type: EventType
    onset_utc: datetime
    end_utc: datetime
    duration_s: float
    confidence: float
    character: Character
    monitorable: bool
    truncated: bool
    night: date
    durable: bool = True


@dataclass(frozen=True, slots=True)
class NightRow:
    """A night so far: what is told of it, and the counts that go on after a restart, as JSON."""

    night: date
    started_utc: datetime
    updated_utc: datetime
    figures: str
    counts: str


@dataclass(frozen=True, slots=True)
class MinuteRow:
    """What a minute held: seconds of it, mean levels, breaths a minute or None."""

    start_utc: datetime
    night: date
    heard_s: float
    monitorable_s: float
    snoring_s: float
    gap_s: float
    level_dbfs: float
    noise_dbfs: float
    breathing_rate_bpm: float | None


@dataclass(frozen=True, slots=True)
class TraceRow:
    """The course of an event, a value a second; no clock is in it, so that none can be wrong.

    Its first second begins `before_s` before the event's onset. Levels are None where there was
    no sound; probabilities, 0 to 1, are causal. A value is the mean of its second.
    """

    event_id: str
    before_s: float
    level_dbfs: tuple[float | None, ...]
    noise_dbfs: tuple[float | None, ...]
    breath: tuple[float, ...]
    apnea: tuple[float, ...]
    hypopnea: tuple[float, ...]
    audible: tuple[bool, ...]


@dataclass(frozen=True, slots=True)
class AlertRow:
    """An alert that was raised (C4 `alert`), named by when and of what kind.

    `level` is the highest that it reached, `text` the last sentence; `ended_utc` is None while it
    lasts, and where the daemon ended with it.
    """

    raised_utc: datetime
    ended_utc: datetime | None
    night: date
    kind: AlertKind
    level: str
    text: str
    acknowledged: bool


@dataclass(frozen=True, slots=True)
class OutboxRow:
    """A message that waits to be sent and acknowledged; `payload` is JSON."""

    id: int
    kind: str
    payload: str
    created_utc: datetime


@dataclass(frozen=True, slots=True)
class OpenPause:
    """A pause in progress, of at least 10 s; `seen_utc` is when it was last seen going on."""

    onset_utc: datetime
    seen_utc: datetime
