"""What of a daemon dates things, over a real journal, and clocks that a test sets."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from osa_daemon.clock import Clock
from osa_daemon.journal.eras import Reckoning
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import EventRow, MinuteRow
from osa_daemon.scoring.event import Event
from osa_daemon.scoring.night import night_of
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.alerting.start import alert_policy
from osa_daemon.service.bulletin import Bulletin
from osa_daemon.service.clock import StreamClock
from osa_daemon.service.minutes import Minutes
from osa_daemon.service.outbox import Outbox
from osa_daemon.service.steps import Steps
from osa_daemon.service.store import Store
from osa_daemon.service.tonight import Tonight
from osa_daemon.settings.alerts import Alerts


@dataclass
class House:
    """A machine's clocks, and what the publisher was given."""

    now_s: float = 60.0
    wall_s: float = 60.0
    states: dict[str, Any] = field(default_factory=dict)
    events: list[Mapping[str, Any]] = field(default_factory=list)

    @property
    def port(self) -> Clock:
        """The clocks as the daemon is given them."""
        return Clock(lambda: self.now_s, lambda: self.wall_s, self.wait)

    def wait(self, seconds: float) -> None:
        """Let time pass."""
        self.now_s += seconds
        self.wall_s += seconds

    def set_to(self, moment: datetime) -> None:
        """Set the wall clock."""
        self.wall_s = moment.timestamp()

    def set_state(self, suffix: str, payload: Any) -> None:
        """Note a state."""
        self.states[suffix] = payload

    def send_event(self, event_id: str, payload: Mapping[str, Any]) -> bool:
        """Note an event."""
        self.events.append(payload)
        return True


class Bed:
    """What of a daemon dates things, over a real journal; each is one start of it."""

    def __init__(self, house: House, path: Path, boot: str = "boot") -> None:
        self.house = house
        self.broken = False
        self.clock = StreamClock(monotonic=house.port.monotonic_s, wall=house.port.wall_s)
        self.began_s = house.now_s
        bulletin = Bulletin(house, self.clock, "0", "m", lambda _state, _text: None)
        reckoning = Reckoning(boot, self.clock.offset_s)
        self.store = Store(
            lambda: Journal.open(path, reckoning=reckoning, clock=house.port),
            bulletin.storage,
            house.port,
        )
        self.outbox = Outbox(self.store, house, house.port)
        self.minutes = Minutes(self.store)
        self.tonight = Tonight(
            self.store, bulletin, ScoringSettings(), 730, self.clock.now(), clock=house.port
        )
        self.alerts = alert_policy(self.store, bulletin.alert, Alerts, self.clock.now())
        self.steps = Steps(
            self.clock, self.store, self.outbox, self.minutes, self.tonight,
            others=(self.alerts, bulletin), tell=house.set_state,
        )  # fmt: skip
        self.steps.look()

    def decide(self, name: str, duration_s: float = 20.0) -> datetime:
        """Let an apnea be decided that has just ended; return when it began by the clock."""
        self.house.wait(duration_s)
        onset = self.clock.now() - timedelta(seconds=duration_s)
        row = EventRow(
            name, "apnea", onset.astimezone(UTC), self.clock.now().astimezone(UTC), duration_s,
            0.9, "silent", True, False, night_of(onset),
        )  # fmt: skip
        end = self.clock.now().isoformat()
        payload = {"id": name, "onset": onset.isoformat(), "end": end, "durable": True}
        assert self.outbox.put(row, payload) is not None
        event = Event(name, "apnea", 0.0, duration_s, 0.9, "silent", True, False)
        self.tonight.add(event, night_of(onset))
        self.outbox.acknowledged(name)
        self.outbox.pump()
        return onset

    def listen(self, minutes: int) -> None:
        """Let minutes of good sound pass."""
        for _ in range(minutes):
            start = self.clock.now().astimezone(UTC)
            self.house.wait(60.0)
            row = MinuteRow(start, self.tonight.night, 60.0, 60.0, 0.0, 0.0, -50.0, -60.0, 14.0)
            self.store.does(lambda j, row=row: j.record_minutes([row]))

    def close(self) -> None:
        """End without a word, as a kill does."""
        self.store.close()
