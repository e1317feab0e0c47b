"""The course of each decided event, second by second, for whoever looks at it afterwards."""

from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from osa_daemon.detector.frame import Frame
from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.journal.rows import TraceRow
from osa_daemon.scoring.event import Event
from osa_daemon.service.chain import Step
from osa_daemon.service.store import Store

BEFORE_S: Final = 120
AFTER_S: Final = 60
LONGEST_S: Final = 180  # of an event that is merged of two; of a longer one the end is kept
KEPT_S: Final = BEFORE_S + LONGEST_S + AFTER_S
MOST_WAITING: Final = 32  # events that end within `AFTER_S` are fewer


@dataclass(frozen=True, slots=True)
class _Second:
    """Means of a second; levels are None where there was no sound."""

    number: int
    level_dbfs: float | None
    noise_dbfs: float | None
    breath: float
    apnea: float
    hypopnea: float
    audible: bool


class Traces:
    """Keeps the last `KEPT_S` seconds, and commits those around an event once it is over.

    `BEFORE_S` before its onset to `AFTER_S` after its end, as far as the stream has them. What
    the disk does not take is dropped: the event itself was committed long before. Used by the
    chain's thread.
    """

    def __init__(self, store: Store) -> None:
        self._store = store
        self._seconds: deque[_Second] = deque(maxlen=KEPT_S)
        self._frames: list[tuple[Frame, bool]] = []  # of the second that is not over
        self._waiting: deque[Event] = deque(maxlen=MOST_WAITING)

    def step(self, step: Step) -> None:
        """Take one frame; its events were committed."""
        if self._frames and _second(step.frame) != _second(self._frames[0][0]):
            self._end_second()
        self._frames.append((step.frame, step.scored.audible))
        self._waiting.extend(step.scored.events)

    def finish(self, last: Sequence[Event]) -> None:
        """Commit what waits: the stream ends, which decided `last`."""
        self._waiting.extend(last)
        if self._frames:
            self._end_second()
        self._commit(list(self._waiting))
        self._waiting.clear()
        self._seconds.clear()

    def _end_second(self) -> None:
        self._seconds.append(_mean(self._frames))
        self._frames.clear()
        now_s = self._seconds[-1].number + 1
        due = [event for event in self._waiting if event.end_s + AFTER_S <= now_s]
        if due:
            kept = [event for event in self._waiting if event not in due]
            self._waiting.clear()
            self._waiting.extend(kept)
            self._commit(due)

    def _commit(self, events: Sequence[Event]) -> None:
        traces = (self._cut(event) for event in events)
        rows = [trace for trace in traces if trace is not None]
        if rows:
            self._store.does(lambda j: j.record_traces(rows))

    def _cut(self, event: Event) -> TraceRow | None:
        """Return the seconds around an event; those that a gap swallowed are without sound."""
        first, last = int(event.onset_s - BEFORE_S), int(event.end_s + AFTER_S)
        found = {each.number: each for each in self._seconds if first <= each.number <= last}
        if not found:
            return None
        begin, end = min(found), max(found)
        seconds = [found.get(number, _empty(number)) for number in range(begin, end + 1)]
        return TraceRow(
            event.id,
            round(event.onset_s - begin, 1),
            level_dbfs=tuple(each.level_dbfs for each in seconds),
            noise_dbfs=tuple(each.noise_dbfs for each in seconds),
            breath=tuple(each.breath for each in seconds),
            apnea=tuple(each.apnea for each in seconds),
            hypopnea=tuple(each.hypopnea for each in seconds),
            audible=tuple(each.audible for each in seconds),
        )


def _second(frame: Frame) -> int:
    return frame.index // FRAME_RATE_HZ


def _mean(frames: Sequence[tuple[Frame, bool]]) -> _Second:
    heard = [frame for frame, _ in frames if frame.valid]
    number = _second(frames[0][0])
    if not heard:
        return _empty(number)
    rows = [
        (each.level_dbfs, each.noise_dbfs, each.breath, each.apnea, each.hypopnea) for each in heard
    ]
    level, noise, breath, apnea, hypopnea = (
        sum(column) / len(rows) for column in zip(*rows, strict=True)
    )
    is_audible = 2 * sum(audible for _, audible in frames) > len(frames)
    return _Second(number, level, noise, breath, apnea, hypopnea, is_audible)


def _empty(number: int) -> _Second:
    return _Second(number, None, None, 0.0, 0.0, 0.0, False)
