"""Nights with faults from a seed: nothing is lost, nothing is made up, and all of it repeats."""

import pytest

from osa_daemon.service.bulletin import Bulletin
from osa_daemon.service.outbox import Outbox
from osa_daemon.service.tonight import Tonight
from osa_daemon.service.traces import Traces
from tests.simulated_night.__main__ import digest
from tests.simulated_night.checks import complaints
from tests.simulated_night.night import play
from tests.simulated_night.plan import FAULTS, make_plan
from tests.simulated_night.week import live_through

HOURS = 0.5


def digests(seed: int) -> list[str]:
    """Play a night; it is well."""
    found = []
    for played in play(make_plan(seed, HOURS)):
        assert complaints(played) == []
        assert len(played.ledger.lives) > 0
        found.append(digest(played))
    return found


@pytest.mark.parametrize("seed", [1, 7, 24])
def test_a_night_with_faults_is_well(seed: int) -> None:
    """Whatever the plan does: events, states, alerts and figures hold what they promise."""
    digests(seed)


def test_a_seed_is_one_night() -> None:
    """The same seed gives the same course to the byte, another one another."""
    assert digests(3) == digests(3) != digests(4)


def test_plans_hold_every_fault() -> None:
    """A handful of nights meets everything that can go wrong."""
    met = {fault.kind for seed in range(40) for fault in make_plan(seed, 2).faults}
    assert set(FAULTS) <= met


@pytest.mark.parametrize(
    ("room", "name", "check"),
    [
        (Outbox, "_send_stored", "nothing_lost"),
        (Bulletin, "_hear_nothing", "hearing_is_true"),
        (Tonight, "add", "figures_agree"),
        (Traces, "_commit", "courses_are_kept"),
    ],
)
def test_a_daemon_that_forgets_is_found_out(
    room: type, name: str, check: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A room that leaves out its work is complained of."""
    monkeypatch.setattr(room, name, lambda *_arguments: None)
    for played in play(make_plan(1, HOURS)):
        assert any(told.startswith(check) for told in complaints(played))


def test_a_day_and_a_night_leave_nothing_behind() -> None:
    """A short night with a real broker, and noon: everything arrives, the outbox is empty."""
    week = live_through(days=1, hours="22:00-23:00")
    assert week.is_well
    assert week.looks[0].events > 5
