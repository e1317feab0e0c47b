"""What an alert can be of beside a pause: each condition says in a sentence that it holds."""

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

from osa_daemon.settings.alerts import MOST_CLUSTER_EVENTS, Alerts


@dataclass(frozen=True, slots=True)
class Condition:
    """What holds, since when."""

    since: datetime
    text: str


class Cluster:
    """Many decided events in a short time. It is over where less than half of them are left."""

    def __init__(self, ends: Iterable[datetime] = ()) -> None:
        self._ends = deque(ends, maxlen=MOST_CLUSTER_EVENTS)
        self._since: datetime | None = None

    def add(self, end: datetime) -> None:
        """Count an event that ended then."""
        self._ends.append(end)

    def move(self, by: timedelta) -> None:
        """The clock was set: what was counted lies as far back as before."""
        self._ends = deque((end + by for end in self._ends), maxlen=self._ends.maxlen)
        self._since = None if self._since is None else self._since + by

    def holds(self, alerts: Alerts, now: datetime) -> Condition | None:
        """Return the condition where there are, or were, as many as the settings want."""
        wanted = alerts.cluster_events
        if wanted is None:
            self._since = None
            return None
        oldest = now - timedelta(minutes=alerts.cluster_minutes)
        recent = [end for end in self._ends if oldest < end <= now]
        if len(recent) >= wanted:
            self._since = self._since or recent[-wanted]
        elif 2 * len(recent) < wanted:
            self._since = None
        if self._since is None:
            return None
        text = f"{len(recent)} respiratory events within {alerts.cluster_minutes} min."
        return Condition(self._since, text)


def index_is_high(alerts: Alerts, index: float | None, now: datetime) -> Condition | None:
    """Return the condition where this night's index is known and above what the settings want."""
    if alerts.index_above is None or index is None or index <= alerts.index_above:
        return None
    return Condition(now, f"About {index:.0f} respiratory events per hour in this night.")


class Lasting:
    """Something that must last before it matters: a microphone that fails, breathing unheard.

    It is over once it has not been so for `over_s`: a loose contact gives a moment of sound now
    and then. Times are monotonic (s): a clock that is set does not make them shorter or longer.
    """

    def __init__(self, over_s: float = 0.0) -> None:
        self._over_s = over_s
        self._since_s: float | None = None
        self._since: datetime | None = None
        self._other_since_s: float | None = None

    def push(self, now_s: float, now: datetime, *, is_so: bool) -> None:
        """Take whether it is so at this moment."""
        if is_so:
            self._other_since_s = None
            if self._since_s is None:
                self._since_s, self._since = now_s, now
            return
        if self._other_since_s is None:
            self._other_since_s = now_s
        if now_s - self._other_since_s >= self._over_s:
            self._since_s = self._since = None

    def move(self, by: timedelta) -> None:
        """The clock was set: it has been so since another time."""
        self._since = None if self._since is None else self._since + by

    def holds(self, least_s: float | None, now_s: float, text: str) -> Condition | None:
        """Return the condition where it has lasted `least_s`; None asks for nothing."""
        if least_s is None or self._since_s is None or self._since is None:
            return None
        return Condition(self._since, text) if now_s - self._since_s >= least_s else None
