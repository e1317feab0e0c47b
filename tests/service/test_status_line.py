"""The line of `systemctl status`: one that a person understands, of bounded length."""

from datetime import datetime, timedelta

import pytest

from osa_daemon.service.status_line import StatusLine


class Room:
    """A status line whose clocks a test moves."""

    def __init__(self) -> None:
        self.passed = timedelta()
        began = datetime(2026, 3, 1, 22, 14).astimezone()
        self.status = StatusLine(lambda: began + self.passed, self._seconds)

    def _seconds(self) -> float:
        return self.passed.total_seconds()

    def line(self, events: int | None = 0, *, connected: bool = True, **more: object) -> str:
        """The line now."""
        return self.status.line(events, is_connected=connected, **more)  # type: ignore[arg-type]


def test_a_night_that_goes_well():
    """Since when it listens, and what came of it."""
    room = Room()
    assert room.line(None, starting="loading the models") == "Starting: loading the models"
    room.status.tell("monitoring", "The microphone is open.")
    assert room.line(3) == "Listening since 22:14; 3 events tonight"
    assert room.line(1).endswith("; 1 event tonight")


def test_since_when_is_that_of_the_state_not_of_its_text():
    """Another cause of the same state does not begin it anew; another day is told."""
    room = Room()
    room.status.tell("no_microphone", "The microphone 'usb:1-1.2' was unplugged.")
    room.passed = timedelta(minutes=30)
    room.status.tell("no_microphone", "No microphone usb:1-1.2 is connected.")
    assert room.line() == (
        "Hearing nothing since 22:14: No microphone usb:1-1.2 is connected; 0 events tonight"
    )
    room.passed = timedelta(days=2)
    assert "since 2026-03-01 22:14" in room.line()


@pytest.mark.parametrize(
    ("away", "words"),
    [
        (timedelta(seconds=10), ""),
        (timedelta(seconds=20), "; broker away"),
        (timedelta(minutes=5), "; broker away for 5 min"),
        (timedelta(hours=2), "; broker away for 2 h"),
    ],
)
def test_how_long_the_broker_is_away(away: timedelta, words: str):
    """A moment is not worth a word; what is, is told in steps that do not change all the time."""
    room = Room()
    room.status.tell("paused", "Nobody is in bed")
    room.line()
    room.passed = away
    expected = f"Not listening since 22:14: Nobody is in bed; 0 events tonight{words}"
    assert room.line(connected=False) == expected
    assert room.line(connected=True) == expected.removesuffix(words)


def test_what_is_wrong_comes_last_and_a_long_cause_is_cut():
    """However long a sentence is, the rest of the line stays in sight."""
    room = Room()
    room.status.tell("deaf", "very " * 100)
    line = room.line(troubles=("events are not stored",))
    assert line.endswith("0 events tonight; events are not stored")
    assert len(line) < 200
