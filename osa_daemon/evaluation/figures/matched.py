"""A judged night with its events matched, and what the tables sort nights by."""

import math
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from osa_daemon.evaluation.night import JudgedNight
from osa_daemon.scoring.matching import MIN_IOU, Matches, Span, match

ANY_OVERLAP = sys.float_info.min  # IoU > 0
HALF = 0.5
QUIET_SNR_DB = 6.0  # median breath over the noise, 0.3-4 kHz: quiet to moderately noisy rooms
APNEAS = ("obstructive_apnea", "central_apnea", "mixed_apnea", "apnea")
NO_PERSON = {"", "nobody", "none", "written", "None"}


@dataclass(frozen=True, slots=True)
class MatchedNight:
    """A night and its matches: IoU of at least 0.3 (`matches`), any (`touching`), 0.5 (`half`)."""

    night: JudgedNight
    matches: Matches
    touching: Matches
    half: Matches

    @property
    def has_events(self) -> bool:
        """Whether the truth holds events that count, on a night that is meant to hold some.

        A healthy sleeper's pause that happens to last 10 s is neither missed nor false.
        """
        if self.night.facts.get("severity") == "none":
            return False
        return any(span.counts for span in self.night.truth)

    @property
    def kind(self) -> str:
        """Kind of night, "unknown" where nothing says it."""
        return str(self.night.facts.get("kind") or "unknown")

    @property
    def generator(self) -> str | None:
        """What made the breathing, None where not known."""
        return text_of(self.night.facts.get("generator"))

    @property
    def snr_db(self) -> float | None:
        """Median breath over the noise (dB), None where not known."""
        return number_of(self.night.facts.get("snr_db"))

    @property
    def is_quiet(self) -> bool | None:
        """Whether the room is quiet to moderately noisy, None where not known."""
        return None if self.snr_db is None else self.snr_db >= QUIET_SNR_DB


def match_nights(nights: Sequence[JudgedNight]) -> list[MatchedNight]:
    """Match decided with true events, night by night."""
    return [_matched(night) for night in nights]


def _matched(night: JudgedNight) -> MatchedNight:
    decided = [event.span for event in night.decided]
    at = [match(decided, night.truth, bound) for bound in (MIN_IOU, ANY_OVERLAP, HALF)]
    return MatchedNight(night, *at)


def people_of(nights: Sequence[MatchedNight]) -> list[str]:
    """Return "sound group/timeline person" of each night, for the intervals.

    Where there is nobody, or no timeline, the night stands for itself.
    """
    people = []
    for at, one in enumerate(nights):
        sound, slash, timeline = str(one.night.facts.get("person") or "").rpartition("/")
        parts = (sound, timeline) if slash else (timeline,)
        people.append("/".join(f"night {at}" if p in NO_PERSON else p for p in parts))
    return people


def hours_of(nights: Sequence[MatchedNight]) -> float:
    """Return the length of nights together (h)."""
    return sum(one.night.hours for one in nights)


def is_apnea(span: Span) -> bool:
    """Return whether a span is an apnea of any kind."""
    return span.type in APNEAS


def number_of(fact: Any) -> float | None:
    """Return a fact as a finite number, None where it is none."""
    if isinstance(fact, bool) or not isinstance(fact, int | float):
        return None
    try:
        number = float(fact)
    except OverflowError:  # JSON knows no largest integer
        return None
    return number if math.isfinite(number) else None


def text_of(fact: Any) -> str | None:
    """Return a fact as text, None where it is absent."""
    return None if fact is None else str(fact)
