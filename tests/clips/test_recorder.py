"""Which sound is kept: around an alert or an event, once it has all been heard, and no other."""

from datetime import datetime, timedelta

import numpy as np
import pytest

from osa_daemon.audio.block import Block
from osa_daemon.clips.clip import Recording
from osa_daemon.clips.recorder import MOST_WISHES, Recorder, Wanted
from osa_daemon.scoring.event import Alert, AlertLevel, Event, Progress, Scored

RATE = 16_000
BEGAN = datetime(2026, 3, 1, 23, 0).astimezone()
ALERTS, EVENTS = Wanted("alerts", 5, 3), Wanted("events", 5, 3)


class Bed:
    """A recorder that hears a second at a time; each second's samples are its number."""

    def __init__(self, wanted: Wanted) -> None:
        self.kept: list[Recording] = []
        self.recorder = Recorder(wanted, lambda s: BEGAN + timedelta(seconds=s), self.kept.append)
        self.heard_s = 0

    def hear(self, seconds: int) -> None:
        """Let so many seconds pass."""
        for _ in range(seconds):
            samples = np.full(RATE, (self.heard_s + 1) / 32767, np.float32)
            self.recorder.hear(Block(self.heard_s * RATE, samples))
            self.heard_s += 1

    def step(self, *, alerts: tuple[Alert, ...] = (), events: tuple[Event, ...] = ()) -> None:
        """A frame that ends where the sound does."""
        index = self.heard_s * 5 - 1
        self.recorder.step(
            Scored(index, True, True, Progress.ON, None, bool(alerts), alerts, events)
        )

    def seconds(self) -> list[list[int]]:
        """The numbers of the seconds that each kept recording holds."""
        return [(np.unique(kept.samples) - 1).tolist() for kept in self.kept]


def alert(since_s: float, *, active: bool, level: AlertLevel = AlertLevel.ALERT) -> Alert:
    """A change of the ladder."""
    return Alert(active, level, "apnea", since_s, "A sentence.")


def event(onset_s: float, duration_s: float, key: str = "6d1c1d0e4c8b") -> Event:
    """A decided event."""
    return Event(key, "hypopnea", onset_s, duration_s, 0.9, "unknown", True, False)


def test_an_event_is_kept_with_what_lies_around_it() -> None:
    """From 5 s before its onset to 3 s after its end, with its type, id and wall-clock time."""
    bed = Bed(EVENTS)
    bed.hear(60)
    bed.step(events=(event(20.0, 12.0),))
    bed.hear(1)
    assert bed.seconds() == [list(range(15, 35))]
    (kept,) = bed.kept
    assert len(kept.samples) == 20 * RATE
    assert kept.start == BEGAN + timedelta(seconds=15)
    assert kept.name == "2026-03-01T230015_hypopnea_6d1c1d0e.flac"


def test_what_has_not_been_heard_yet_is_waited_for() -> None:
    """An event whose last seconds are still to come is kept when they have come."""
    bed = Bed(EVENTS)
    bed.hear(33)
    bed.step(events=(event(20.0, 12.0),))
    bed.hear(1)
    assert bed.kept == []
    bed.hear(1)
    assert bed.seconds() == [list(range(15, 35))]


def test_an_alert_is_kept_until_it_is_over() -> None:
    """From 5 s before the pause began to 3 s after the alert's end; urgent makes no second clip."""
    bed = Bed(ALERTS)
    bed.hear(50)
    bed.step(alerts=(alert(20.0, active=True),))
    bed.hear(30)
    bed.step(alerts=(alert(20.0, active=True, level=AlertLevel.URGENT),))
    bed.hear(10)
    bed.step(alerts=(alert(20.0, active=False, level=AlertLevel.URGENT),))
    bed.hear(5)
    assert bed.seconds() == [list(range(15, 93))]
    assert bed.kept[0].kind == "alert"


def test_an_alert_that_stays_is_kept_no_longer_than_an_event_can_last() -> None:
    """Somebody who has left the bed is not recorded until morning."""
    bed = Bed(ALERTS)
    bed.hear(50)
    bed.step(alerts=(alert(20.0, active=True),))
    bed.hear(300)
    assert bed.seconds() == [list(range(15, 143))]
    bed.step(alerts=(alert(20.0, active=False),))
    bed.hear(10)
    assert len(bed.kept) == 1


@pytest.mark.parametrize("wanted", [Wanted(), ALERTS, EVENTS])
def test_nothing_else_is_kept(wanted: Wanted) -> None:
    """By default nothing; of alerts no event and no notice; of events no alert."""
    bed = Bed(wanted)
    bed.hear(60)
    if wanted is not ALERTS:
        bed.step(alerts=(alert(20.0, active=True),))
    if wanted is not EVENTS:
        bed.step(events=(event(20.0, 12.0),))
    bed.step(alerts=(alert(20.0, active=False, level=AlertLevel.NOTICE),))
    bed.hear(60)
    bed.recorder.finish()
    assert bed.kept == []


def test_by_default_no_sound_is_held() -> None:
    """There is no memory for it."""
    bed = Bed(Wanted())
    bed.hear(2)
    assert bed.recorder._sound is None


def test_the_end_of_the_stream_keeps_what_was_heard() -> None:
    """What is wanted is kept as far as it goes; then all sound is gone from memory."""
    bed = Bed(ALERTS)
    bed.hear(50)
    bed.step(alerts=(alert(20.0, active=True),))
    bed.recorder.finish()
    assert bed.seconds() == [list(range(15, 50))]
    assert bed.recorder._sound is not None
    assert not bed.recorder._sound._ring.any()


def test_what_is_forgotten_is_not_kept_later() -> None:
    """Sound that waited for its last seconds is dropped with the rest."""
    bed = Bed(EVENTS)
    bed.hear(33)
    bed.step(events=(event(20.0, 12.0),))
    bed.recorder.forget()
    bed.hear(60)
    assert bed.kept == []


def test_no_more_wait_than_there_is_room_for(caplog: pytest.LogCaptureFixture) -> None:
    """Of many events at once the first are kept, and the log says that one was not."""
    bed = Bed(EVENTS)
    bed.hear(40)
    bed.step(events=tuple(event(20.0, 19.0, f"{n}") for n in range(MOST_WISHES + 1)))
    bed.hear(3)
    assert len(bed.kept) == MOST_WISHES
    assert "one is not kept" in caplog.text
