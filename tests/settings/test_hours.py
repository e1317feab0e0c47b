"""Spans of the day."""

from datetime import time

import pytest

from osa_daemon.settings.hours import Hours


def test_a_span_may_pass_midnight() -> None:
    """22:00-09:00 holds 23:59 and 8:59, not 9:00 and 21:59."""
    span = Hours.parse("22:00-09:00")
    assert time(23, 59) in span
    assert time(8, 59) in span
    assert time(9, 0) not in span
    assert time(21, 59) not in span


def test_a_span_within_a_day_holds_its_start_alone() -> None:
    """The start belongs to the span, the end does not."""
    span = Hours.parse("9:30 - 17:00")
    assert time(9, 30) in span
    assert time(17, 0) not in span


@pytest.mark.parametrize("text", ["22:00", "22-9", "24:00-09:00", "22:60-09:00", "", "22:00-22:00"])
def test_what_is_no_span_is_refused(text: str) -> None:
    """Anything but two different times of day raises."""
    with pytest.raises(ValueError, match=r"^$|the same"):
        Hours.parse(text)
