"""Matching decided events with reference events, one to one, and the counts that follow.

The rule: decided events in order of onset each take the free reference event with the best
overlap, if its intersection over union (IoU) reaches the bound. Types do not matter for the match.
Reference events marked `counts=False` (scored, but not to be found by sound) are neither missed
nor do they make a decided event false.
"""

from collections.abc import Sequence
from dataclasses import dataclass

MIN_IOU = 0.3  # after Thorey et al. 2019 (arXiv 1906.09936) and the event-scoring literature


@dataclass(frozen=True, slots=True)
class Span:
    """An event to be matched: seconds from the start of the recording."""

    onset_s: float
    duration_s: float
    type: str
    counts: bool = True

    @property
    def end_s(self) -> float:
        """End, seconds from the start of the recording."""
        return self.onset_s + self.duration_s


@dataclass(frozen=True, slots=True)
class Matches:
    """What was found: pairs of (decided, reference), what was missed and what was false."""

    pairs: tuple[tuple[Span, Span], ...]
    missed: tuple[Span, ...]
    false: tuple[Span, ...]

    @property
    def precision(self) -> float | None:
        """Share of decided events that are right; None without decided events."""
        return _share(len(self.pairs), len(self.pairs) + len(self.false))

    @property
    def recall(self) -> float | None:
        """Share of reference events that were found; None without reference events."""
        return _share(len(self.pairs), len(self.pairs) + len(self.missed))

    @property
    def f1(self) -> float | None:
        """Harmonic mean of precision and recall; None without any event."""
        return _share(2 * len(self.pairs), 2 * len(self.pairs) + len(self.false) + len(self.missed))


def _share(part: int, whole: int) -> float | None:
    return part / whole if whole else None


def iou(a: Span, b: Span) -> float:
    """Return intersection over union of two spans, 0 … 1."""
    both = min(a.end_s, b.end_s) - max(a.onset_s, b.onset_s)
    if both <= 0:
        return 0.0
    return both / (a.duration_s + b.duration_s - both)


def match(decided: Sequence[Span], reference: Sequence[Span], min_iou: float = MIN_IOU) -> Matches:
    """Match decided events with reference events; see the module's docstring."""
    free = list(reference)
    pairs: list[tuple[Span, Span]] = []
    false: list[Span] = []
    for event in sorted(decided, key=lambda span: span.onset_s):
        best = max(free, key=lambda span: iou(event, span), default=None)
        if best is None or iou(event, best) < min_iou:
            false.append(event)
            continue
        free.remove(best)
        if best.counts:
            pairs.append((event, best))
    missed = tuple(span for span in free if span.counts)
    return Matches(tuple(pairs), missed, tuple(_outside_uncounted(false, reference)))


def _outside_uncounted(false: Sequence[Span], reference: Sequence[Span]) -> list[Span]:
    """Drop decided events that lie mostly on events that do not count."""
    uncounted = [span for span in reference if not span.counts]
    return [
        event
        for event in false
        if not any(
            min(event.end_s, span.end_s) - max(event.onset_s, span.onset_s) > event.duration_s / 2
            for span in uncounted
        )
    ]


def pool(matches: Sequence[Matches]) -> Matches:
    """Pool the matches of several nights."""
    return Matches(
        tuple(pair for m in matches for pair in m.pairs),
        tuple(span for m in matches for span in m.missed),
        tuple(span for m in matches for span in m.false),
    )
