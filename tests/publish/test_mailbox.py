"""What waits to be sent."""

from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.publish.mailbox import Mailbox, Message


def state(
    value: str, topic: str = "t", *, expiry_s: int | None = None, min_interval_s: float = 0.0
) -> Message:
    """A retained state."""
    return Message(topic, value, 1, True, expiry_s, min_interval_s)


def values(mailbox: Mailbox, now_s: float = 0.0) -> list[str]:
    """The payloads that are due."""
    return [message.payload for message in mailbox.take_states(now_s)]


def test_latest_value_wins() -> None:
    """Of several values that wait on one topic only the last is sent."""
    mailbox = Mailbox()
    for value in ("ON", "OFF", "None"):
        mailbox.put_state(state(value))
    assert values(mailbox) == ["None"]
    assert values(mailbox) == []


def test_equal_value_is_not_sent_again_unless_it_expires() -> None:
    """An equal value makes no message; one with an expiry does, or it would vanish."""
    mailbox = Mailbox()
    for _ in range(2):
        mailbox.put_state(state("a"))
        mailbox.put_state(state("b", "expiring", expiry_s=180))
        sent = values(mailbox)
    assert sent == ["b"]


def test_interval_holds_a_new_value_back() -> None:
    """Within the interval a new value waits; the latest goes when it is over."""
    mailbox = Mailbox()
    mailbox.put_state(state("1", min_interval_s=10))
    assert values(mailbox, 0.0) == ["1"]
    mailbox.put_state(state("2", min_interval_s=10))
    mailbox.put_state(state("3", min_interval_s=10))
    assert values(mailbox, 9.9) == []
    assert mailbox.next_due_s() == 10.0
    assert values(mailbox, 10.0) == ["3"]


def test_hurry_drops_intervals() -> None:
    """The last values go at once."""
    mailbox = Mailbox()
    mailbox.put_state(state("1", min_interval_s=60))
    values(mailbox)
    mailbox.put_state(state("2", min_interval_s=60))
    mailbox.hurry()
    assert values(mailbox, 1.0) == ["2"]


def test_repeat_is_for_retained_states_only() -> None:
    """What is not retained was for those who listened then."""
    mailbox = Mailbox()
    mailbox.put_state(state("kept"))
    mailbox.put_state(Message("level", "-60", 0, is_retained=False))
    values(mailbox)
    mailbox.repeat_states()
    assert values(mailbox) == ["kept"]


def test_value_does_not_outlive_its_expiry() -> None:
    """A value is not sent once its expiry is over, nor repeated: its time would begin anew."""
    mailbox = Mailbox()
    mailbox.put_state(state("old", expiry_s=180), now_s=0.0)
    assert values(mailbox, 180.0) == []
    mailbox.put_state(state("new", expiry_s=180), now_s=200.0)
    assert values(mailbox, 201.0) == ["new"]
    mailbox.return_all()
    assert values(mailbox, 202.0) == []


def test_value_that_is_not_retained_does_not_wait_for_a_new_link() -> None:
    """A sound level of before the interruption tells nobody anything."""
    mailbox = Mailbox()
    mailbox.put_state(Message("level", "-60", 0, is_retained=False))
    mailbox.return_all()
    assert values(mailbox) == []


def test_event_is_queued_once() -> None:
    """An id that waits or is underway is not queued a second time."""
    mailbox = Mailbox()
    event = Message("event", "{}", 1, is_retained=False)
    assert mailbox.put_event("a", event)
    assert mailbox.put_event("a", event)
    assert len(mailbox.take_events(5)) == 1
    assert mailbox.put_event("a", event)
    assert mailbox.take_events(5) == []
    assert mailbox.waiting_events == 1


@given(
    st.lists(st.sampled_from(["put", "take", "finish", "return", "lose"]), max_size=80),
    st.integers(1, 5),
)
def test_no_event_is_lost_doubled_or_overtaken(steps: list[str], limit: int) -> None:
    """Whatever happens, every event taken in is finished or still waits, in its order."""
    mailbox = Mailbox(event_limit=10)
    put: list[str] = []
    underway: list[str] = []
    finished: list[str] = []
    for number, step in enumerate(steps):
        if step == "put":
            if mailbox.put_event(str(number), Message("event", "", 1, is_retained=False)):
                put.append(str(number))
        elif step == "take":
            underway += [event_id for event_id, _ in mailbox.take_events(limit)]
        elif step == "finish" and underway:
            finished.append(underway.pop(0))
            mailbox.finish_event(finished[-1])
        elif step == "return" and underway:
            mailbox.return_event(underway.pop())
        elif step == "lose":
            mailbox.return_all()
            underway = []
        assert mailbox.waiting_events == len(put) - len(finished) <= 10
        assert len(underway) <= limit
    mailbox.return_all()
    left = [event_id for event_id, _ in mailbox.take_events(100)]
    assert finished + left == put
