"""A night with a known truth: what every reader of recordings makes, and what evaluation takes."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
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
