"""Events found, missed and false."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.evaluation.figures.events import (
    event_figures,
    event_row,
    spread_of,
    types_of,
    uncounted_of,
)
from osa_daemon.scoring.matching import Span
from tests.evaluation.judged import apnea, hypopnea, matched, night

spans = st.lists(
    st.builds(
        Span,
        st.floats(0, 3000),
        st.floats(10, 60),
        st.sampled_from(["apnea", "hypopnea"]),
        st.booleans(),
    ),
    max_size=12,
)


def test_counts_of_a_row_are_pooled():
    """Two found, one missed, one false over two nights: precision, recall and F1 are 2/3."""
    row = event_row(
        matched(
            night([apnea(100), apnea(200)], [apnea(100)], name="a"),
            night([hypopnea(100)], [hypopnea(100), apnea(500)], name="b"),
        )
    )
    assert (row["events"], row["found"], row["missed"], row["false"]) == (3, 2, 1, 1)
    assert row["f1"] == row["recall"] == row["precision"] == pytest.approx(2 / 3)
    assert (row["nights"], row["hours"], row["false_per_hour"]) == (2, 2.0, 0.5)


def test_recall_by_class_is_of_true_events():
    """An apnea that was decided as hypopnea is a found apnea."""
    row = event_row(matched(night([apnea(100), hypopnea(200)], [hypopnea(100)])))
    assert (row["recall_apnea"], row["recall_hypopnea"]) == (1.0, 0.0)


def test_what_there_is_none_of_has_no_figure():
    """Without hypopneas their recall is None, not 0 or 1."""
    row = event_row(matched(night([apnea(100)], [apnea(100)])))
    assert row["recall_hypopnea"] is None
    assert event_row([])["f1"] is None


def test_overlap_bounds_sort_events():
    """IoU 0.2 is found at any overlap only, IoU 0.4 also at 0.3, and neither at 0.5."""
    row = event_row(
        matched(night([apnea(100, 30), apnea(500, 20)], [apnea(120, 30), apnea(500, 50)]))
    )
    assert (row["f1_any_overlap"], row["f1"], row["f1_iou_half"]) == (1.0, 0.5, 0.0)


def test_touching_is_no_overlap():
    """An event that begins where another ends does not meet it."""
    row = event_row(matched(night([apnea(100, 20)], [apnea(120, 20)])))
    assert row["f1_any_overlap"] == 0.0


def test_errors_of_borders():
    """Late by 2 s and early by 1 s: onset 1.5 s, durations off by 2 and 1, the mean by 0.5."""
    truth, decided = [apnea(100, 20), apnea(200, 20)], [apnea(102, 18), apnea(199, 21)]
    row = event_row(matched(night(truth, decided)))
    assert row["onset_error_mean_abs_s"] == 1.5
    assert row["duration_error_mean_abs_s"] == 1.5
    assert row["mean_duration_error_s"] == 0.5
    assert row["mean_iou"] == pytest.approx((18 / 20 + 20 / 21) / 2)


def test_the_mean_duration_of_all_holds_missed_and_false():
    """Decided 20 and 40 s, true 20 and 30 s: matched alone agree, all differ by 5 s."""
    row = event_row(
        matched(night([apnea(100, 20), apnea(300, 30)], [apnea(100, 20), apnea(900, 40)]))
    )
    assert row["mean_duration_error_s"] == 0.0
    assert row["mean_duration_error_of_all_s"] == 5.0


def test_per_night_figures_weigh_nights_alike():
    """A night with one event counts as much as one with three."""
    many = [apnea(100 * i) for i in range(1, 4)]
    figures = event_figures(matched(night(many, many, name="a"), night([apnea(100)], [], name="b")))
    assert figures["per_night"]["recall"]["mean"] == 0.5
    assert figures["recall"] == 0.75


def test_recall_by_true_type():
    """Each scored type has its own recall; types that do not count are not among them."""
    truth = [
        Span(100, 20, "central_apnea"),
        Span(200, 20, "obstructive_apnea"),
        Span(300, 20, "obstructive_apnea"),
        Span(400, 20, "mixed_apnea", counts=False),
    ]
    rows = event_figures(matched(night(truth, [apnea(200)])))["recall_by_type"]
    assert set(rows) == {"central_apnea", "obstructive_apnea"}
    assert (rows["central_apnea"]["recall"], rows["obstructive_apnea"]["recall"]) == (0.0, 0.5)
    assert rows["obstructive_apnea"]["events"] == 2


def test_the_table_of_types_holds_every_event_once():
    """Found, missed and false events each stand in their cell."""
    (one,) = matched(
        night([apnea(100), hypopnea(200), hypopnea(300)], [apnea(100), apnea(200), apnea(900)])
    )
    assert types_of(one.matches)["table"] == {
        "apnea": {"apnea": 1},
        "hypopnea": {"apnea": 1, "missed": 1},
        "no event": {"apnea": 1},
    }


def test_the_wrong_type_is_missed_and_false():
    """Where types must agree, a hypopnea taken for an apnea helps neither."""
    (one,) = matched(night([apnea(100), hypopnea(200)], [apnea(100), apnea(200)]))
    strict = types_of(one.matches)["strict"]
    assert (strict["apnea"]["recall"], strict["apnea"]["precision"]) == (1.0, 0.5)
    assert (strict["hypopnea"]["recall"], strict["hypopnea"]["precision"]) == (0.0, None)


def test_uncounted_events_have_their_own_table():
    """How many scored events sound cannot find, and how many were met all the same."""
    truth = [hypopnea(100, counts=False), hypopnea(200, counts=False), apnea(300)]
    rows = uncounted_of(matched(night(truth, [hypopnea(100), apnea(300)])))
    assert rows == {"hypopnea": {"events": 2, "met": 1}}


def test_spread_names_the_middle():
    """Mean, median and the middle 80 % of 0 … 10."""
    spread = spread_of([float(i) for i in range(11)])
    assert spread == {"count": 11, "mean": 5.0, "median": 5.0, "10 %": 1.0, "90 %": 9.0}
    assert spread_of([]) is None


@given(spans, spans)
def test_a_row_adds_up(truth: list[Span], decided: list[Span]):
    """Counts agree with each other, shares lie between 0 and 1, and a lower bound finds no less."""
    row = event_row(matched(night(truth, decided)))
    assert row["found"] + row["missed"] == row["events"] == sum(span.counts for span in truth)
    assert row["apneas"] + row["hypopneas"] == row["events"]
    for name in ("f1", "recall", "precision", "mean_iou"):
        assert row[name] is None or 0.0 <= row[name] <= 1.0 + 1e-9


@given(spans)
def test_a_perfect_detector_has_perfect_figures(truth: list[Span]):
    """Deciding exactly the truth, laid apart, gives 1 everywhere and no error."""
    apart = [Span(100.0 * i, s.duration_s, s.type) for i, s in enumerate(truth)]
    row = event_row(matched(night(apart, apart)))
    if apart:
        assert row["f1"] == row["f1_iou_half"] == 1.0
        assert row["mean_iou"] == pytest.approx(1.0)
        assert row["mean_duration_error_s"] == row["onset_error_mean_abs_s"] == 0.0
