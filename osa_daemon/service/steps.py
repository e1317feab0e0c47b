"""The wall clock is set while the daemon runs: what was dated before is dated anew.

A Pi has no clock of its own: it begins with a wrong time and learns the right one from the network.
Durations are counted in samples and cannot be wrong. What has been sent is final; the journal, and
the retained states that are made of it, are put right.
"""

import logging
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import Final, Protocol

from osa_daemon.publish import topics
from osa_daemon.publish.payloads import Payload
from osa_daemon.report.recount import recount
from osa_daemon.scoring.night import night_of
from osa_daemon.service.clock import StreamClock, iso
from osa_daemon.service.minutes import Minutes
from osa_daemon.service.outbox import Outbox
from osa_daemon.service.store import Store
from osa_daemon.service.tonight import Tonight

AGAIN_S: Final = 30.0  # between tries where the journal cannot be written

_log = logging.getLogger(__name__)


class Moved(Protocol):
    """What keeps wall-clock times in memory."""

    def move(self, by: timedelta, now: datetime) -> None:
        """Move them: the clock was set, and it is `now` by the new time."""


class Steps:
    """Looks whether the wall clock was set, and puts right what follows from it.

    `others` keep times in memory; `tell_last` is given the last event's payload, dated anew.
    """

    def __init__(
        self,
        clock: StreamClock,
        store: Store,
        outbox: Outbox,
        minutes: Minutes,
        tonight: Tonight,
        *,
        others: tuple[Moved, ...],
        tell: Callable[[str, Payload], None],
    ) -> None:
        self._clock = clock
        self._store = store
        self._outbox = outbox
        self._minutes = minutes
        self._tonight = tonight
        self._others = others
        self._tell = tell
        self._nights: set[date] = set()  # whose figures are to be counted anew
        self._due_s: float | None = clock.monotonic_s()  # a step may have come before a restart

    def look(self) -> None:
        """Do what is due; called every second or so."""
        moved_s = self._clock.look()
        if moved_s is not None:
            self._move(timedelta(seconds=moved_s))
        if self._due_s is not None and self._clock.monotonic_s() >= self._due_s:
            self._put_right()

    def _move(self, by: timedelta) -> None:
        now = self._clock.now()
        _log.warning(
            "The clock was set by %+.0f s: what was dated since the start is put right.",
            by.total_seconds(),
        )
        self._minutes.move(by)
        self._outbox.move(by)
        self._nights.add(self._tonight.night)
        self._tonight.move(by, now)
        self._nights.add(self._tonight.night)
        for other in self._others:
            other.move(by, now)
        self._minutes.cut(self._tonight.tally, self._tonight.night)
        self._minutes.save()
        self._tonight.tell()
        if self._outbox.last is not None:
            self._outbox.last = dated_anew(self._outbox.last, by)
            self._tell(topics.LAST_EVENT.suffix, self._outbox.last)
        self._due_s = self._clock.monotonic_s()

    def _put_right(self) -> None:
        others = frozenset(self._nights)
        changed = None
        if self._outbox.store():  # or a night that is read anew would lack what memory alone has
            changed = self._store.use(lambda j: j.put_right(night_of, recount, others))
        if changed is None:
            self._due_s = self._clock.monotonic_s() + AGAIN_S
            return
        self._due_s = None
        self._nights.clear()
        if changed or others:
            self._tonight.read_again(self._clock.now())


def dated_anew(event: Payload, by: timedelta) -> Payload:
    """Return a decided event's payload with its times moved; all else stays as it was sent."""
    onset, end = (datetime.fromisoformat(str(event[name])) + by for name in ("onset", "end"))
    local = onset.astimezone()
    times = {
        "onset": iso(local),
        "end": iso(end.astimezone()),
        "night": night_of(local).isoformat(),
    }
    return event | times
