"""The numbers that scoring goes by: probabilities from the model, durations from the field."""

from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from typing import Self

from osa_daemon.errors import ModelError


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Probabilities (0 to 1) at which a reading counts; one set per sensitivity.

    They come from the detector's metadata, fitted on validation nights.
    """

    event: float = 0.5
    """Delayed apnea + hypopnea: inside a respiratory event."""
    in_progress: float = 0.5
    """Causal apnea: one of at least 10 s is going on."""
    release: float = 0.3
    """Causal apnea below this: it goes on no longer."""
    audible: float = 0.5
    """Breathing is audible: a pause could be heard."""
    breath: float = 0.5
    """A breath sounds."""
    snore: float = 0.5
    """A snore sounds."""
    gasp: float = 0.5
    """A gasp or recovery breath sounds."""

    def __post_init__(self) -> None:
        """Refuse what cannot be a threshold."""
        for each in fields(self):
            value = getattr(self, each.name)
            if not 0.0 < value < 1.0:
                msg = f"The model's threshold {each.name} is {value}; it must lie between 0 and 1."
                raise ModelError(msg)
        if self.release > self.in_progress:
            msg = (
                f"The model's threshold release is {self.release}; it must not be above "
                f"in_progress, which is {self.in_progress}."
            )
            raise ModelError(msg)

    @classmethod
    def of(cls, metadata: Mapping[str, float]) -> Self:
        """Read one sensitivity's thresholds from the model's metadata; absent ones are default.

        Raises:
            ModelError: an unknown name, or a value outside 0 to 1.
        """
        known = {each.name for each in fields(cls)}
        for name in metadata:
            if name not in known:
                msg = (
                    f"The model has a threshold named {name}, which this version does not know; "
                    f"it knows {', '.join(sorted(known))}."
                )
                raise ModelError(msg)
        return cls(**{name: float(value) for name, value in metadata.items()})


@dataclass(frozen=True, slots=True)
class ScoringSettings:
    """Rules of scoring; all durations in seconds."""

    thresholds: Thresholds = field(default_factory=Thresholds)

    min_event_s: float = 10.0
    """Shortest respiratory event (AASM manual: at least 10 s)."""
    unknown_after_s: float = 120.0
    """A pause this long is no event: a sleeper who got up sounds the same (DESIGN 6)."""
    merge_gap_s: float = 3.0
    """Events closer than this are one if the breath between them is doubtful (DESIGN 6)."""
    click_s: float = 0.6
    """Sounds up to this long are no breath: blocked efforts click for 0.1-0.4 s (DESIGN 5)."""
    hysteresis: float = 0.7
    """An event's edges lie where its probability falls below this share of the threshold."""
    audible_before_s: float = 60.0
    """Breathing must have been audible this shortly before an event (DESIGN 6)."""
    audible_after_s: float = 30.0
    """And must be audible again this soon after it, unless it is truncated."""

    warm_up_s: float = 5.0
    """No state is told this long after the start (at most 30: DESIGN 6)."""
    onset_search_s: float = 14.0
    """A pause that is noticed is dated back to the last breath, at most this far."""
    release_s: float = 1.4
    """The causal apnea must stay below `release` this long to end a pause in progress."""
    doubt_s: float = 3.0
    """It ends too where the causal apnea stays below `in_progress` this long."""

    monitorable_hold_s: float = 90.0
    """Time stays monitorable this long after breathing was audible (DESIGN 6)."""
    cover_db: float = 6.0
    """Sound this far over the floor, while breathing is not audible, covers it."""
    silent_after_s: float = 5.0
    """Digital silence this long means a muted or dead microphone."""

    doubted_below: float = 0.5
    """An alert waits while the delayed reading calls the pause an event with less probability
    than this, or than `in_progress` where that is lower (`doubt`)."""

    alerts: bool = True
    """Whether the ladder raises notices and alerts."""
    notice_s: float = 20.0
    """Notice without sound (DESIGN 6)."""
    alert_after_s: float = 30.0
    """Alert (DESIGN 6; setting `alerts.after_s`)."""
    urgent_s: float = 60.0
    """Urgent: passes the pause between alerts (DESIGN 6)."""
    alert_repeat_s: float = 600.0
    """Least time from one alert to the next (FIELD 1: once a night in the median)."""
