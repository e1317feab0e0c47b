"""Which messages come of what is told on the topic `alert`."""

from collections.abc import Callable
from typing import Any

import pytest

from osa_daemon.publish.ntfy_settings import NtfySettings
from osa_daemon.publish.ntfy_waiting import Waiting
from osa_daemon.publish.payloads import TEST_TEXT, alert_payload
from osa_daemon.scoring.event import AlertLevel
from osa_daemon.settings.topic_address import TopicAddress
from tests.publish.conftest import alert

Make = Callable[..., Waiting]
TEST = alert(kind="technical", text=TEST_TEXT)
OVER = alert(active=False, text="Breathing is heard again.")


@pytest.fixture
def make() -> Make:
    """Makes a place for what waits."""

    def waiting(**more: Any) -> Waiting:
        address = TopicAddress.parse("https://ntfy.example.org/my-bedroom")
        return Waiting(NtfySettings(address, "Bed", "Please look in.", **more))

    return waiting


def send(waiting: Waiting) -> tuple[str, int] | None:
    """Send what waits; its text and priority."""
    job = waiting.next()
    if job is None:
        return None
    waiting.finish(job, 0.0, is_sent=True)
    return job.message.text, job.message.priority


def test_an_alert_is_sent_once(make: Make) -> None:
    """Told again with other words, and with a clock that was set by seconds, it is the same."""
    waiting = make()
    waiting.tell(alert(), 0.0)
    assert send(waiting) == ("Please look in.", 4)
    waiting.tell(alert(text="No breathing sound for 45 s."), 1.0)
    moved = {**alert(), "since": "2026-03-01T03:00:04.000+00:00"}
    waiting.tell(moved, 2.0)
    assert send(waiting) is None


def test_an_urgent_one_is_sent_again_and_louder(make: Make) -> None:
    """Once; and not because it falls back."""
    waiting = make()
    waiting.tell(alert(), 0.0)
    send(waiting)
    waiting.tell(alert("urgent"), 1.0)
    assert send(waiting) == ("Please look in.", 5)
    waiting.tell(alert(), 2.0)
    waiting.tell(alert("urgent"), 3.0)
    assert send(waiting) is None


def test_the_next_pause_is_sent(make: Make) -> None:
    """After an end, and where one alert takes another's place."""
    waiting = make()
    waiting.tell(alert(), 0.0)
    send(waiting)
    waiting.tell(alert(minute=20), 1.0)
    assert send(waiting) is not None
    waiting.tell(OVER, 2.0)
    waiting.tell(alert(minute=20), 3.0)
    assert send(waiting) is not None


@pytest.mark.parametrize(
    "payload",
    [alert_payload(None, None), alert("notice", active=False), OVER, alert(acknowledged=True)],
    ids=["none", "notice", "over", "acknowledged"],
)
def test_what_nobody_need_look_at_is_not_sent(make: Make, payload: dict[str, Any]) -> None:
    """Neither alone nor with its end told."""
    waiting = make(tell_over=True)
    waiting.tell(payload, 0.0)
    assert waiting.next() is None


def test_an_alert_that_is_over_before_it_was_sent_is_not(make: Make) -> None:
    """Nor is its end, which nobody waits for."""
    waiting = make(tell_over=True)
    waiting.tell(alert(), 0.0)
    waiting.tell(OVER, 1.0)
    assert waiting.next() is None


def test_a_notice_takes_no_alert_away(make: Make) -> None:
    """It is of another pause, and no end."""
    waiting = make()
    waiting.tell(alert(), 0.0)
    waiting.tell(alert("notice", active=False, minute=1), 1.0)
    assert send(waiting) is not None


def test_the_end_is_told_where_it_is_asked_for(make: Make) -> None:
    """Once, without hurry, and only of an alert that was sent; else not at all."""
    for tell_over in (True, False):
        waiting = make(tell_over=tell_over)
        waiting.tell(alert(), 0.0)
        send(waiting)
        waiting.tell(OVER, 1.0)
        assert send(waiting) == (("It is over.", 3) if tell_over else None)
        waiting.tell(OVER, 2.0)
        assert waiting.next() is None


def test_the_end_that_comes_while_the_alert_is_being_sent_is_told(make: Make) -> None:
    """The message had gone; where it had not, there is nothing to end."""
    for is_sent in (True, False):
        waiting = make(tell_over=True)
        waiting.tell(alert(), 0.0)
        job = waiting.next()
        assert job is not None
        waiting.tell(OVER, 1.0)
        if is_sent:
            waiting.finish(job, 2.0, is_sent=True)
        assert send(waiting) == (("It is over.", 3) if is_sent else None)


def test_only_the_latest_waits(make: Make) -> None:
    """However many are raised while nothing can be sent."""
    waiting = make()
    for minute in range(60):
        waiting.tell(alert(minute=minute), float(minute))
    job = waiting.next()
    assert job is not None
    assert job.put_s == 59.0
    send(waiting)
    assert waiting.next() is None


def test_one_that_rises_while_it_is_being_sent_is_sent_too(make: Make) -> None:
    """The first message's arrival does not take the second one away."""
    waiting = make()
    waiting.tell(alert(), 0.0)
    first = waiting.next()
    assert first is not None
    waiting.tell(alert("urgent"), 1.0)
    waiting.finish(first, 2.0, is_sent=True)
    assert send(waiting) == ("Please look in.", 5)


def test_only_urgent_ones_are_sent_where_that_is_asked_for(make: Make) -> None:
    """But a test always is, as loud as what it stands for."""
    waiting = make(least_level=AlertLevel.URGENT)
    waiting.tell(alert(), 0.0)
    assert waiting.next() is None
    waiting.tell(alert("urgent"), 1.0)
    assert send(waiting) == ("Please look in.", 5)
    waiting.tell(alert("urgent", active=False), 2.0)
    waiting.tell(TEST, 3.0)
    assert send(waiting) == ("This is a test.", 5)


def test_a_test_says_that_it_is_one(make: Make) -> None:
    """And a real alert that takes its place is sent."""
    waiting = make()
    waiting.tell(TEST, 0.0)
    assert send(waiting) == ("This is a test.", 4)
    waiting.tell(alert(), 1.0)
    assert send(waiting) == ("Please look in.", 4)


def test_a_technical_alert_does_not_send_anybody_to_the_sleeper(make: Make) -> None:
    """It names the microphone, and nothing of its text goes out."""
    waiting = make()
    waiting.tell(alert(kind="technical", text="usb:1-1.2 is gone."), 0.0)
    assert send(waiting) == ("What listens at the bedside needs a look.", 4)
