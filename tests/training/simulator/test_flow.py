"""Real airflow as the driver of loudness, on a made-up trace."""

import numpy as np
import pytest

from osa_daemon.training.simulator.events import PlannedEvent
from osa_daemon.training.simulator.flow import Breaths, cut, lay_events
from osa_daemon.training.simulator.material import Airflow, Scored
from osa_daemon.training.simulator.moving_air import hold
from osa_daemon.training.simulator.own_events import own_events
from osa_daemon.training.simulator.turning import Turn
from osa_daemon.training.simulator.wind import blow


@pytest.fixture
def trace() -> Airflow:
    """Five minutes of flow at 15 breaths a minute, with a pause from 200 to 216 s."""
    t = np.arange(0, 300, 1 / 8)
    flow = np.sin(2 * np.pi * t / 4)
    flow[(t >= 200) & (t < 216)] = 0.01
    return Airflow("somebody", 8.0, flow.astype(np.float32), ())


def test_breaths_are_counted(trace: Airflow) -> None:
    """Each upward crossing of zero begins a breath; a pause has none."""
    breaths = cut(trace.flow, 8.0)
    assert len(breaths.spans) == pytest.approx(71, abs=2)
    assert np.max(np.diff(breaths.spans[:, 0])) == pytest.approx(20, abs=1)


@pytest.mark.parametrize("kind", ["obstructive", "central", "mixed", "hypopnea"])
def test_events_are_laid_between_breaths(trace: Airflow, kind: str) -> None:
    """A scored event lowers the flow between two breaths near its times."""
    breaths = cut(trace.flow, 8.0)
    rng = np.random.default_rng(0)
    curve, events, _ = lay_events(rng, breaths, [Scored(80, 16, kind)], ())
    assert len(events) == 1
    onset_s, end_s = borders(breaths, events[0].before, events[0].after)
    assert onset_s == pytest.approx(80, abs=4)
    assert end_s - onset_s == pytest.approx(16, abs=4)
    assert np.all(curve[int(onset_s * 8) + 1 : int(end_s * 8) - 1] < 0.8)


def borders(breaths: Breaths, before: int, after: int) -> tuple[float, float]:
    """Return end of the breath before and start of the one after."""
    return float(breaths.spans[before, 2]), float(breaths.spans[after, 0])


def test_sound_follows_the_flow(trace: Airflow) -> None:
    """The track is loud where air flows and silent in the trace's own pause."""
    rng = np.random.default_rng(1)
    track, heard, _ = blow(rng, trace, [], (), snores=False, duration_s=300)
    assert len(heard) > 100
    power = track[: 300 * 16_000].reshape(-1, 1_600).astype(np.float64).var(axis=1)
    assert power[2_020:2_120].mean() < 0.01 * power.mean()


def test_own_events_lie_where_the_flow_stands_still(trace: Airflow) -> None:
    """A scored apnea takes its borders from the pause in the flow, a hypopnea the scored ones."""
    breaths = cut(trace.flow, 8.0)
    scored = [Scored(60, 14, "hypopnea"), Scored(203, 12, "obstructive")]
    hypopnea, apnea = own_events(breaths, scored)
    assert borders(breaths, apnea.before, apnea.after) == pytest.approx((200, 216), abs=2)
    assert borders(breaths, hypopnea.before, hypopnea.after) == pytest.approx((60, 74), abs=4)


def test_breath_is_held_for_less_than_an_event(trace: Airflow) -> None:
    """Who turns over stops breathing for whole breaths, never for ten seconds."""
    breaths = cut(trace.flow, 8.0)
    turn = Turn(100.0, 2.0, 7.0, 2.0, 0.0, 0.0)
    curve = np.ones(len(breaths.flow))
    hold(curve, breaths, [], [turn], 0.0)
    held_s = float(np.sum(curve < 1)) / 8
    assert 2 < held_s < 9.5
    beside = np.ones(len(breaths.flow))
    number = int(np.searchsorted(breaths.spans[:, 0], 100.0))
    event = PlannedEvent("obstructive_apnea", number - 1, number + 3)
    hold(beside, breaths, [event], [turn], 0.0)
    assert np.all(beside == 1)
