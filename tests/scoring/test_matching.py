"""Matching of decided with reference events."""

from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.scoring.matching import Span, iou, match, pool

spans = st.lists(
    st.builds(
        Span,
        st.floats(0, 500),
        st.floats(10, 60),
        st.just("apnea"),
        st.booleans(),
    ),
    max_size=12,
)


def test_iou_of_half_overlap_is_a_third():
    """Two spans of 20 s that share 10 s have an IoU of 1/3."""
    assert iou(Span(0, 20, "apnea"), Span(10, 20, "apnea")) == 10 / 30


def test_a_decided_event_takes_the_best_free_reference():
    """The reference with the larger overlap is taken, the other is missed."""
    result = match(
        [Span(10, 20, "apnea")], [Span(0, 15, "apnea"), Span(11, 20, "hypopnea")], min_iou=0.1
    )
    assert result.pairs == ((Span(10, 20, "apnea"), Span(11, 20, "hypopnea")),)
    assert result.missed == (Span(0, 15, "apnea"),)


def test_uncounted_references_neither_miss_nor_make_false():
    """An event on a reference that does not count is dropped from the counts."""
    result = match([Span(0, 20, "apnea")], [Span(0, 20, "hypopnea", counts=False)])
    assert (result.pairs, result.missed, result.false) == ((), (), ())
    assert result.f1 is None


@given(spans, spans)
def test_every_event_is_counted_once(decided: list[Span], reference: list[Span]):
    """No reference is found twice and no decided event is both right and false."""
    result = match(decided, reference)
    counted = [span for span in reference if span.counts]
    assert len(result.pairs) + len(result.missed) == len(counted)
    assert len(result.pairs) + len(result.false) <= len(decided)
    assert all(iou(a, b) >= 0.3 for a, b in result.pairs)


def test_pooling_adds_up():
    """Pooled precision comes from pooled counts."""
    good = match([Span(0, 20, "apnea")], [Span(0, 20, "apnea")])
    bad = match([Span(0, 20, "apnea")], [])
    assert pool([good, bad]).precision == 0.5
