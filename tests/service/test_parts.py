"""Small parts of the service: heartbeats, clock, pictures."""

from datetime import UTC, datetime

from osa_daemon.service.clock import StreamClock
from osa_daemon.service.picture import bars, marks


def test_a_live_stream_is_dated_back_from_now():
    """What sounded 20 s ago is 20 s before now, by the clock as it was looked at last."""
    wall = [1_000_000.0]
    clock = StreamClock(lambda index: index / 16_000, monotonic=lambda: 50.0, wall=lambda: wall[0])
    assert clock.wall_time(30.0) == datetime.fromtimestamp(1_000_000.0 - 20.0, UTC)
    wall[0] += 3_600.0
    assert clock.look() == 3_600.0
    assert clock.wall_time(30.0) == datetime.fromtimestamp(1_003_600.0 - 20.0, UTC)


def test_a_file_begins_when_it_is_started():
    """A moment of a file lies as far after the start as in the file."""
    clock = StreamClock(wall=lambda: 1_000_000.0)
    assert clock.wall_time(12.5) == datetime.fromtimestamp(1_000_012.5, UTC)
    assert clock.wall_time(12.5).tzinfo is not None


def test_bars_span_from_lowest_to_highest():
    """The lowest mean is blank and the highest a full bar."""
    assert bars([0, 0, 10, 10], 2) == " █"


def test_marks_lie_where_the_event_lies():
    """An event from 10 s to 20 s of 40 s marks the second quarter."""
    assert marks([(10, 9, "A")], 40, 4) == "·A··"
