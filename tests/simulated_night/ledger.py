"""What happened in a night, written down beside the daemon."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True, slots=True)
class Decided:
    """An event that scoring decided, and when it truly began (s since the night began)."""

    id: str
    onset_s: float
    end_s: float
    at_s: float


@dataclass(frozen=True, slots=True)
class Put:
    """An event that was given to the outbox: what was sent, None where it was known already."""

    id: str
    sent: dict[str, Any] | None
    at_s: float
    life: int
    wall_error_s: float


@dataclass(slots=True)
class Life:
    """One process of the daemon: from when to when (s), and how it ended."""

    began_s: float
    ended_s: float = 0.0
    end: str = ""
    ready_s: float | None = None
    longest_beat_s: float = 0.0
    lost: list[tuple[float, float]] = field(default_factory=list)


@dataclass(slots=True)
class Ledger:
    """Everything that the checks go by. `told`: time, topic, payload, as the daemon told them.

    `wall_errors_s`: how far off the wall clock was, one after the other.
    """

    decided: list[Decided] = field(default_factory=list)
    put: list[Put] = field(default_factory=list)
    told: list[tuple[float, str, Any]] = field(default_factory=list)
    lives: list[Life] = field(default_factory=list)
    health: list[tuple[float, str]] = field(default_factory=list)
    most_kept: dict[str, int] = field(default_factory=dict)
    wall_errors_s: list[float] = field(default_factory=list)

    def keep_most(self, name: str, count: int) -> None:
        """Note how much of something was ever kept."""
        self.most_kept[name] = max(self.most_kept.get(name, 0), count)
