"""Two systems on the same nights."""

from dataclasses import replace

import pytest

from osa_daemon.errors import InputError
from osa_daemon.evaluation.comparison import compare, side_by_side
from tests.evaluation.judged import apnea, night

TRUTH = [apnea(100.0 * i) for i in range(1, 11)]


def nights(found: int, *, false: int = 0, kind: str = "events") -> list:
    """Twelve nights of twelve people with ten events each, `found` of them decided."""
    extra = [apnea(2000.0 + 50 * i) for i in range(false)]
    return [
        night(
            TRUTH if kind == "events" else [],
            [*TRUTH[:found], *extra],
            name=f"{kind} {i}",
            kind=kind,
            person=f"person {i}",
        )
        for i in range(12)
    ]


def test_a_difference_on_every_night_is_clear():
    """Nine of ten against seven of ten on each night: recall is 0.2 better, without doubt."""
    row = compare(nights(9), nights(7))["quiet"]["recall"]
    assert row["difference"] == pytest.approx(0.2)
    assert row["difference_95"] == pytest.approx([0.2, 0.2])
    assert row["clearly"] == "better"


def test_more_false_events_are_worse():
    """Where less is better, a positive difference is worse."""
    row = compare(nights(9, false=3), nights(9))["all"]["false_per_hour"]
    assert (row["difference"], row["clearly"]) == (3.0, "worse")


def test_the_same_system_is_not_clearly_better():
    """No difference leaves zero in the interval."""
    row = compare(nights(9), nights(9))["quiet"]["f1"]
    assert (row["difference"], row["clearly"]) == (0.0, None)


def test_pairing_takes_out_what_nights_share():
    """Nights of very different difficulty: an event more on each is clear all the same."""
    ours = [replace(one, decided=one.decided[: i % 9 + 2]) for i, one in enumerate(nights(10))]
    theirs = [replace(one, decided=one.decided[:-1]) for one in ours]
    assert compare(ours, theirs)["quiet"]["recall"]["clearly"] == "better"


def test_the_order_of_nights_does_not_matter():
    """Nights are paired by name."""
    ours, theirs = nights(9), nights(7)
    assert compare(ours, theirs) == compare(ours, theirs[::-1])


def test_other_nights_cannot_be_compared():
    """A night that only one system has judged is told by its name."""
    with pytest.raises(InputError, match="events 11"):
        compare(nights(9), nights(9)[:-1])


def test_kinds_are_compared_apart():
    """Where the identity of a sound matters can be seen kind by kind."""
    found = compare(
        nights(9) + nights(0, kind="television"), nights(9) + nights(0, false=2, kind="television")
    )
    assert found["kinds"]["events"]["f1"]["clearly"] is None
    assert found["eventless_kinds"]["television"]["false_per_hour"]["clearly"] == "better"
    assert found["eventless"]["false_per_hour"]["difference"] == -2.0


def test_systems_stand_side_by_side():
    """Each system has its rows, and each other one is compared with ours."""
    table = side_by_side({"ours": nights(9), "rule": nights(7)}, "ours")
    assert table["systems"]["rule"]["quiet"]["recall"] == pytest.approx(0.7)
    assert list(table["against"]) == ["rule"]
