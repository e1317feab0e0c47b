"""The picture of a night: the same bytes for the same night, and something for every night."""

from dataclasses import replace
from datetime import datetime, timedelta, tzinfo
from itertools import pairwise
from zoneinfo import ZoneInfo

import matplotlib as mpl
import numpy as np
import pytest

from osa_daemon.report.course import Course, course_of, ticks_of
from osa_daemon.report.night import Night
from osa_daemon.report.picture import draw_course, picture_of

BERLIN = ZoneInfo("Europe/Berlin")


def test_the_same_night_is_the_same_picture(night: Night):
    """Byte for byte, whatever a user has set for other drawings; it is small."""
    first = picture_of(night, BERLIN)
    with mpl.rc_context({"lines.linewidth": 9, "font.size": 30, "axes.facecolor": "black"}):
        second = picture_of(night, BERLIN)
    assert first == second
    assert first.startswith(b"\x89PNG")
    assert len(first) < 100_000


@pytest.mark.parametrize(
    "lacking",
    [{"minutes": ()}, {"events": ()}, {"alerts": ()}, {"row": None, "minutes": (), "alerts": ()}],
    ids=["minutes", "events", "alerts", "all but events"],
)
def test_a_night_of_which_less_is_known_is_drawn(night: Night, lacking: dict[str, object]):
    """Minutes are forgotten after 30 nights, others never were."""
    picture = picture_of(replace(night, **lacking), BERLIN)  # type: ignore[arg-type]
    assert picture != picture_of(night, BERLIN)


def test_a_rest_is_not_bridged(night: Night):
    """Where nobody listened for two hours there is no line; levels of no sound are none."""
    after = replace(night.minutes[-1], start_utc=night.minutes[-1].start_utc + timedelta(hours=2))
    silent = replace(night.minutes[0], heard_s=0.0)
    course = course_of(replace(night, minutes=(silent, *night.minutes[1:], after)))
    assert np.isnan(course.level_dbfs[[0, -2]]).all()
    assert np.isfinite(course.level_dbfs[[1, -3, -1]]).all()


def course(length_s: float, began: datetime | None, zone: tzinfo | None = None) -> Course:
    """A course in which nothing was heard."""
    none = np.zeros(0)

    def clock(second: float) -> datetime:
        assert began is not None
        return datetime.fromtimestamp(began.timestamp() + second, zone)

    return Course(
        length_s, 1.0, none, none, none, none, none, (), clock=None if began is None else clock
    )


def test_the_axis_tells_the_local_hours_of_a_night_with_a_change_of_the_clock():
    """At 3:00 it is 2:00 once more, an hour of true time later."""
    began = datetime(2026, 10, 24, 23, 40, tzinfo=BERLIN)
    at_s, labels, name = ticks_of(course(6 * 3600, began, BERLIN))
    assert [label for label in labels if label.endswith(":00")] == [
        "00:00", "01:00", "02:00", "02:00", "03:00", "04:00"
    ]  # fmt: skip
    assert {round(b - a) for a, b in pairwise(at_s)} == {1800}
    assert (labels[0], at_s[0], name) == ("00:00", 20 * 60, "local time")


@pytest.mark.parametrize(("length_s", "last"), [(18 * 60, "18"), (8 * 3600, "480")])
def test_the_axis_of_a_recording_counts_minutes(length_s: float, last: str):
    """From its beginning, in steps that can be read."""
    _, labels, name = ticks_of(course(length_s, None))
    assert (labels[0], labels[-1], name) == ("0", last, "minutes")
    assert len(labels) <= 13


def test_a_recording_in_which_nothing_was_heard_is_drawn():
    """An empty file is no error."""
    assert draw_course(course(0.0, None), "empty.ogg", "--picture").startswith(b"\x89PNG")
