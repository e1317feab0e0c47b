"""The room's noise: steady or changing, and what its changes do to the truth."""

import numpy as np
import pytest

from osa_daemon.training.simulator import Material, NightSpec, ranges, simulate
from osa_daemon.training.simulator.backdrop import backdrop
from osa_daemon.training.simulator.levels import band_power
from osa_daemon.training.simulator.steps import Step, draw_steps, rise_db

RATE_HZ = 16_000


def test_noise_has_a_median_power_of_one(nothing: Material) -> None:
    """Whatever changes in it, the noise is of unit level at half of the time."""
    for seed in range(6):
        track, _ = backdrop(np.random.default_rng(seed), nothing, 60 * RATE_HZ, recorded=False)
        assert track.dtype == np.float32
        assert np.median(band_power(track)) == pytest.approx(1, abs=0.1)


def test_a_step_rises_and_falls_by_its_ramp() -> None:
    """The rise is full after the ramp, half in its middle, and gone after the end."""
    rise = rise_db((Step(10.0, 20.0, 12.0, 2.0),), 40.0)
    assert rise[9 * 20] == 0
    assert rise[11 * 20] == pytest.approx(6)
    assert rise[20 * 20] == pytest.approx(12)
    assert rise[29 * 20] == pytest.approx(6)
    assert rise[31 * 20] == 0


def test_steps_stay_within_their_ranges() -> None:
    """A switch takes at most five seconds, a step rises by 3 to 15 dB."""
    rng = np.random.default_rng(1)
    for _ in range(50):
        steps = draw_steps(rng, 900.0, slow=False)
        assert steps
        assert all(s.ramp_s <= 5 and 3 <= s.rise_db <= 15 for s in steps)


def test_a_louder_room_hides_breath(nothing: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    """Breath that is heard over the noise is not audible while the noise is as loud or louder."""
    rise = ranges.Range(14.0, 15.0, "test")
    length = ranges.LogNormal(np.log(60), 0.01, 50.0, 70.0, "test")
    monkeypatch.setattr(ranges, "NOISE_STEPS_SHARE", 1.0)
    monkeypatch.setattr(ranges, "NOISE_STEP_DB", rise)
    monkeypatch.setattr(ranges, "NOISE_STEP_S", length)
    steady = ranges.LogNormal(np.log(130), 0.01, 120.0, 140.0, "test")
    monkeypatch.setattr(ranges, "NOISE_STEADY_S", steady)
    spec = NightSpec(3, "train", "synthesised", "quiet", 400, snr_db=11)
    night = simulate(spec, nothing)
    steps = [s for s in night.facts["noise_steps"] if s[0] > 0]  # type: ignore[attr-defined]
    assert steps
    for start_s, length_s, _ in steps:
        loud = night.labels.audible[int(5 * (start_s + 20)) : int(5 * (start_s + length_s - 20))]
        assert loud.mean() < 0.2
    assert night.labels.audible.mean() > 0.3


def test_an_empty_room_may_hold_waves(nothing: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    """A noise machine swells near the rate of breathing and nothing is audible."""
    monkeypatch.setattr(ranges, "WAVES_SHARE_EMPTY", 1.0)
    night = simulate(NightSpec(2, "train", "synthesised", "empty", 60), nothing)
    assert night.facts["noise"] == "sea_waves"
    assert night.audible == ()
