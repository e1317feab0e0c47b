"""Which sound is kept: cut out around an alert or a decided event, once all of it was heard."""

import logging
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal
from uuid import uuid4

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Block
from osa_daemon.clips.clip import ClipKind, Recording
from osa_daemon.clips.preroll import PreRoll
from osa_daemon.scoring.event import Alert, AlertLevel, Scored

Keep = Literal["nothing", "alerts", "events"]

LONGEST_S: Final = 120  # of a pause: a longer one is no event, and is not kept to its end
DECIDED_AFTER_S: Final = 45  # an event is decided up to 30 s after its end, read 3 s late
MOST_WISHES: Final = 8

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be kept, with how many seconds before and after it."""

    keep: Keep = "nothing"
    before_s: int = 0
    after_s: int = 0


@dataclass(slots=True)
class _Wish:
    """Sound that is to be kept, in absolute samples."""

    kind: ClipKind
    key: str
    begin: int
    end: int


class Recorder:
    """Hears what the chain hears, and hands over what is to be kept. Used by the chain's thread.

    With `keep` "nothing" it holds no sound at all. `wall_time` gives the local time of a second
    of the stream; `hand_over` must not block.
    """

    def __init__(
        self,
        wanted: Wanted = Wanted(),
        wall_time: Callable[[float], datetime] | None = None,
        hand_over: Callable[[Recording], None] | None = None,
    ) -> None:
        self._wanted = wanted
        self._wall_time = wall_time
        self._hand_over = hand_over
        self._wishes: list[_Wish] = []
        self._alert: _Wish | None = None  # of the pause that is alerted now
        self._sound: PreRoll | None = None
        if wanted.keep != "nothing":
            length_s = wanted.before_s + LONGEST_S + DECIDED_AFTER_S + wanted.after_s
            self._sound = PreRoll(length_s * SAMPLE_RATE_HZ)

    def hear(self, block: Block) -> None:
        """Take the next block of the stream."""
        if self._sound is None:
            return
        self._sound.push(block)
        if self._alert is not None and self._sound.end >= self._alert.end:
            self._close_alert(self._alert.end)
        due = [wish for wish in self._wishes if self._sound.end >= wish.end]
        for wish in due:
            self._wishes.remove(wish)
            self._cut(wish)

    def step(self, scored: Scored) -> None:
        """Take what a frame led to."""
        if self._wanted.keep == "alerts":
            for alert in scored.alerts:
                self._follow(alert, scored)
        elif self._wanted.keep == "events":
            for event in scored.events:
                self._wish(event.type, event.id, event.onset_s, event.end_s)

    def finish(self) -> None:
        """The stream ends: what is wanted of it is kept as far as it was heard, the rest goes."""
        if self._sound is None:
            return
        if self._alert is not None:
            self._close_alert(self._sound.end)
        for wish in self._wishes:
            self._cut(wish)
        self.forget()

    def forget(self) -> None:
        """Drop all sound that was held to be kept."""
        self._wishes.clear()
        self._alert = None
        if self._sound is not None:
            self._sound.clear()

    def _follow(self, alert: Alert, scored: Scored) -> None:
        """Begin with an alert that is raised, end with it; a notice is none."""
        if alert.level is AlertLevel.NOTICE:
            return
        if alert.active:
            if self._alert is None:
                begin = self._sample(alert.since_s - self._wanted.before_s)
                end = self._sample(alert.since_s + LONGEST_S + self._wanted.after_s)
                self._alert = _Wish("alert", uuid4().hex, begin, end)
        elif self._alert is not None:
            self._close_alert(self._sample((scored.index + 1) / 5 + self._wanted.after_s))

    def _close_alert(self, end: int) -> None:
        """Let the alert's clip end there, or where it was to end at the latest."""
        assert self._alert is not None
        self._alert.end = min(end, self._alert.end)
        self._add(self._alert)
        self._alert = None

    def _wish(self, kind: ClipKind, key: str, onset_s: float, end_s: float) -> None:
        begin = self._sample(onset_s - self._wanted.before_s)
        self._add(_Wish(kind, key, begin, self._sample(end_s + self._wanted.after_s)))

    def _add(self, wish: _Wish) -> None:
        if len(self._wishes) >= MOST_WISHES:
            _log.warning("More clips at once than %d: one is not kept.", MOST_WISHES)
            return
        self._wishes.append(wish)

    def _cut(self, wish: _Wish) -> None:
        assert self._sound is not None
        begin, samples = self._sound.cut(wish.begin, wish.end)
        if len(samples) and self._wall_time is not None and self._hand_over is not None:
            start = self._wall_time(begin / SAMPLE_RATE_HZ)
            self._hand_over(Recording(wish.kind, wish.key, start, samples))

    @staticmethod
    def _sample(second: float) -> int:
        return round(second * SAMPLE_RATE_HZ)
