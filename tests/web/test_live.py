"""What waits for a viewer: the newest of each state, a few sounds, and nothing more."""

import asyncio
import json

from osa_daemon.clock import Clock
from osa_daemon.web.live import MOST_SOUNDS, Live, event
from tests.web.fake_nights import NOW
from tests.web.fake_states import sound

LONGEST_LINE = 1 << 16  # that asyncio reads of itself, as viewers of a test do


class Hands:
    """A clock whose hands a test turns."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.clock = Clock(monotonic_s=lambda: self.now_s)


def taken(live: Live, lines: list[dict[str, object]]) -> list[bytes]:
    """What a viewer gets of lines that came while it did not read."""

    async def look() -> list[bytes]:
        with live.viewer() as mailbox:
            await mailbox.take(1.0)
            for line in lines:
                live.take(line)
            data = await mailbox.take(1.0)
            assert await mailbox.take(0.01) == b""
        return [part + b"\n\n" for part in data.split(b"\n\n")[:-1]]

    return asyncio.run(look())


def test_a_burst_of_sound_arrives_whole_and_a_night_of_it_does_not_wait():
    """Two seconds that come at once are both told; of ten thousand, the newest few."""
    sounds: list[dict[str, object]] = [{"sound": {"n": n}} for n in range(10_000)]
    assert taken(Live(), sounds[:2]) == [event("sound", {"n": 0}), event("sound", {"n": 1})]
    assert taken(Live(), sounds) == [
        event("sound", {"n": n}) for n in range(10_000 - MOST_SOUNDS, 10_000)
    ]


def test_whoever_comes_is_told_the_last_five_minutes_of_sound():
    """A second each, the oldest first; what is older, of a night or of before a rest, is gone."""
    told = sound(1, NOW, 12.5)
    hands = Hands()
    live = Live(hands.clock)

    def first() -> list[int]:
        with live.viewer() as mailbox:
            data = asyncio.run(mailbox.take(1.0))
        past = [part for part in data.split(b"\n\n") if part.startswith(b"event: sounds\n")]
        if not past:
            return []
        assert len(past[0]) < LONGEST_LINE
        sounds = json.loads(past[0].partition(b"data: ")[2])
        assert all(set(each) == {*told, "n"} - {"hears"} for each in sounds)
        return [each["n"] for each in sounds]

    assert first() == []
    for n in range(1000):
        hands.now_s += 1.0
        live.take({"sound": {**told, "n": n}})
    assert first() == list(range(700, 1000))
    hands.now_s += 100.0
    assert first() == list(range(800, 1000))
    hands.now_s += 200.0
    assert first() == []


def test_of_a_state_the_newest_value_waits_in_the_order_of_change():
    """What was in between is gone; what changed last comes last."""
    live = Live()
    states: list[dict[str, object]] = [
        {"state": "apnea", "payload": "ON"},
        {"state": "hearing", "payload": "online"},
        {"state": "apnea", "payload": "OFF"},
    ]
    assert taken(live, states) == [
        event("state", {"suffix": "hearing", "payload": "online"}),
        event("state", {"suffix": "apnea", "payload": "OFF"}),
    ]
    assert live.states == {"apnea": "OFF", "hearing": "online"}
    assert live.viewers == 0


def test_a_line_break_in_a_payload_forges_no_event():
    """Whatever the text, it stays within its own line of data."""
    data = event("state", {"suffix": "x", "payload": "a\n\nevent: states\ndata: {}\r\n"})
    assert data.count(b"\n") == 3
    assert b"\r" not in data
