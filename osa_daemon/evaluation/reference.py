"""A night with a known truth: what every reader of recordings makes, and what evaluation takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from osa_daemon.audio.file import FileSource
from osa_daemon.audio.source import Source
from osa_daemon.scoring.matching import Span

Spans = tuple[tuple[float, float], ...]


@dataclass(frozen=True, slots=True)
class ReferenceNight:
    """A recording and its truth.

    `sound` names the night: the file that it is, or the first of them. `audible`:
    (onset_s, duration_s) in which the sleeper can be heard, None where not stated; events outside
    of it do not count. `facts`: what is known of the night (`person`, `kind`, `format` …).
    `opener` opens the sound where it is no plain sound file; it can be pickled.
    """

    sound: Path
    events: tuple[Span, ...]
    audible: Spans | None
    facts: dict[str, Any]
    opener: Callable[[], Source] | None = None

    def open_source(self) -> Source:
        """Open the night's sound from its start.

        Raises:
            InputError: it cannot be read.
        """
        return FileSource(self.sound) if self.opener is None else self.opener()


def is_heard(onset_s: float, duration_s: float, audible: Sequence[tuple[float, float]]) -> bool:
    """Return whether the middle of an event lies in one of the audible spans."""
    middle_s = onset_s + duration_s / 2
    return any(start <= middle_s < start + length for start, length in audible)


def truth_of(night: ReferenceNight) -> tuple[Span, ...]:
    """Return the true events; where NAME.json's `events` tell which ones count, it is believed."""
    listed = night.facts.get("events")
    said: dict[str, bool] = {}
    for row in listed if isinstance(listed, list) else []:
        if isinstance(row, dict) and isinstance(row.get("counts"), bool):
            said[_moment(row.get("onset_s"))] = row["counts"]
    return tuple(
        replace(span, counts=said.get(_moment(span.onset_s), span.counts)) for span in night.events
    )


def _moment(onset_s: Any) -> str:
    return f"{onset_s:.2f}" if isinstance(onset_s, int | float) else ""
