"""scripts/load_beds: what it measures can go wrong, and then it says so."""

from dataclasses import replace

import pytest

from osa_daemon.service.load.__main__ import measure
from osa_daemon.service.load.figures import Figures, Steady

GOOD = Figures(
    beds=2,
    speed=1.0,
    seconds=60.0,
    steady=Steady(messages_per_s=40.0, cpu_share=0.012, memory_mb=12.0),
    start_s=0.2,
    back_s=3.0,
    latencies_s=(0.001, 0.002, 0.004),
    events=3,
    lost=0,
    duplicates=1,
    unacknowledged=0,
    answers_s=(1.5, 4.5),
)


def test_a_score_of_beds_loses_nothing_when_the_broker_is_killed() -> None:
    """All come back by themselves, each answers a birth in its own time, every event arrives."""
    figures = measure(beds=20, speed=60.0, seconds=6.0)
    assert figures.events >= 20
    assert figures.lost == 0
    assert figures.unacknowledged == 0
    assert figures.back_s < 60
    assert len(figures.answers_s) == 20
    assert figures.answers_s[-1] - figures.answers_s[0] > 1.0  # not all at once
    assert figures.steady.messages_per_s > 50
    assert figures.is_good


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"lost": 1}, "3 sent, 1 lost"),
        ({"unacknowledged": 1}, "1 not acknowledged"),
        ({"back_s": float("inf")}, "all online inf s"),
        ({"answers_s": (1.5,)}, "1 beds answered"),
        ({"events": 0}, "0 sent"),
    ],
)
def test_a_run_that_falls_short_is_not_good(changed: dict[str, object], words: str) -> None:
    """Each loss makes the run fail, and stands in its lines."""
    assert GOOD.is_good
    bad = replace(GOOD, **changed)  # type: ignore[arg-type]  # on purpose
    assert not bad.is_good
    assert any(words in line for line in bad.lines())


def test_the_lines_tell_every_figure() -> None:
    """Rates, cost, latency, return, answers and events."""
    text = "\n".join(GOOD.lines())
    for words in (
        "40 a second",
        "1.2% of a core",
        "median 2.0 ms",
        "3.0 s after",
        "last after 4.5",
    ):
        assert words in text
