"""The figures in plain words."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.evaluation.plain import SHARES, count_in_words, in_plain_words, share_in_words
from osa_daemon.evaluation.report import figures_of
from tests.evaluation.judged import alert, apnea, night

VALUES = {words: share for share, words in SHARES.items()} | {"none": 0.0, "all": 1.0}


@given(st.floats(0, 1))
def test_words_for_a_share_are_near_it(share: float):
    """Whoever takes them at their word is off by 0.05 at most; none and all are meant so."""
    words = share_in_words(share)
    assert abs(VALUES[words] - share) <= 0.0501
    assert (words == "none") == (share == 0)
    assert (words == "all") == (share == 1)


@pytest.mark.parametrize(
    ("count", "words"),
    [
        (0.0, "no false alert"),
        (0.25, "about one false alert in 4 such nights"),
        (0.64, "about one false alert in 2 such nights"),
        (0.66, "about 1 false alert"),
        (1.38, "about 1.5 false alerts"),
        (8.28, "about 8 false alerts"),
    ],
)
def test_counts_of_a_night_are_said_as_people_say_them(count: float, words: str):
    """Whole numbers, halves where there are few, nights where there is less than one."""
    assert count_in_words(count, "false alert") == words


def test_the_paragraph_follows_the_figures():
    """Other nights, other words: nothing in it is written by hand."""
    good = [night([apnea(100)], [apnea(100)], name=f"{i}", person=f"p{i}") for i in range(4)]
    bad = [
        night([apnea(100)], [apnea(100)] * (i == 0) + [apnea(300)], name=f"{i}", person=f"p{i}")
        for i in range(4)
    ]
    calm = [night(name="q", kind="quiet")]
    restless = [night([], [apnea(100), apnea(200)], name="t", kind="talk"), *calm]
    first = in_plain_words(figures_of([*good, *calm]))
    second = in_plain_words(figures_of([*bad, *restless]))
    assert "it finds all." in " ".join(first.split())
    assert "gets no false event and no false alert." in " ".join(first.split())
    assert "it finds about one in four." in " ".join(second.split())
    assert "False events are most frequent beside talk." in " ".join(second.split())


def test_long_pauses_that_are_not_told_are_told_of():
    """Whether pauses that pass the alert's threshold are alerted stands there."""
    nights = [night([apnea(100, 40)], [apnea(100, 40)], name="n")]
    assert "longer than 30 s, none are alerted, while they last" in " ".join(
        in_plain_words(figures_of(nights)).split()
    )


def test_nothing_measured_says_nothing():
    """Without nights there is no paragraph."""
    assert in_plain_words(figures_of([])) == ""


def test_false_alerts_of_nights_with_events_are_told():
    """They are the reader's own nights; most of them on a shorter pause."""
    truth = [apnea(100.0 * k, 20.0) for k in range(1, 30)]
    raised = [alert(100.0 * k + 15.0, 100.0 * k) for k in (1, 12, 23)]
    nights = [night(truth, truth, name="n", alerts=raised)]
    text = " ".join(in_plain_words(figures_of(nights)).split())
    assert "Where the sleeper does have such events, a night of 8 h gets about" in text
    assert "most of them on a shorter pause or a reduction of breathing" in text


def test_the_way_to_make_breathing_that_is_found_least_is_named():
    """Where the share differs by more than a tenth; else nothing is said of it."""
    found = [night([apnea(100)], [apnea(100)], name="r", generator="recorded")]
    missed = [night([apnea(100)], [], name="a", generator="airflow")]
    text = " ".join(in_plain_words(figures_of([*found, *missed])).split())
    assert "Events of breath that follows real airflow are found least, none;" in text
    assert "least" not in in_plain_words(figures_of(found))
