"""The microphone: a moving gain, a gate, faults of the sound card."""

from dataclasses import replace

import numpy as np
import pytest

from osa_daemon.training.simulator import Material, NightSpec, ranges, simulate
from osa_daemon.training.simulator.dynamics import AutomaticGain, Gate, automatic_gain, gate
from osa_daemon.training.simulator.faults import Faults, faulty
from osa_daemon.training.simulator.levels import band_power
from osa_daemon.training.simulator.microphone import (
    Microphone,
    draw_microphone,
    own_noise,
    record,
)

RATE_HZ = 16_000
PLAIN = Microphone((40.0, 7_600.0), -20.0, clips=False)


def test_automatic_gain_lifts_the_floor_after_a_loud_sound() -> None:
    """At once down by its depth, up again by its time constant."""
    power = np.full(400, 1.0)
    power[100:110] = 1e4
    factor_db = 20 * np.log10(automatic_gain(power, AutomaticGain(6.0, 2.0)))
    assert factor_db[50] == pytest.approx(0, abs=0.01)
    assert factor_db[105] == pytest.approx(-6)
    assert factor_db[109 + 40] == pytest.approx(-6 / np.e, rel=0.05)
    assert factor_db[-1] > -0.1


def test_a_gate_is_shut_between_sounds_and_held_after_them() -> None:
    """Sound over the threshold passes whole; `hold_s` later the noise falls by its depth."""
    power = np.full(400, 1.0)
    power[100:120] = 10.0
    power[200:220] = 1.5
    factor_db = 20 * np.log10(gate(power, Gate(3.0, 20.0, 0.5)))
    assert np.all(factor_db[100:131] == 0)
    assert np.all(factor_db[140:] == pytest.approx(-20))
    assert np.all(factor_db[:100] == pytest.approx(-20))


def test_a_gate_attenuates_every_quiet_alike() -> None:
    """Pauses between breaths are as quiet as long ones: the gate does not tell an apnea."""
    rng = np.random.default_rng(0)
    sound = rng.standard_normal(120 * RATE_HZ, dtype=np.float32)
    loud = (np.arange(len(sound)) // (2 * RATE_HZ)) % 2 == 0
    loud[60 * RATE_HZ : 80 * RATE_HZ] = False
    sound[loud] *= 10
    record(rng, sound, replace(PLAIN, gate=Gate(3.0, 25.0, 0.2)))
    power = 10 * np.log10(band_power(sound))
    short = [np.median(power[k * 80 + 55 : k * 80 + 78]) for k in range(3, 12)]
    assert np.median(short) == pytest.approx(np.median(power[1_240:1_580]), abs=1)
    assert np.median(power[: 2 * 20]) > np.median(short) + 40


def test_test_nights_have_no_gate() -> None:
    """Gates are drawn only where they are allowed."""
    rng = np.random.default_rng(0)
    assert not any(draw_microphone(rng, gates=False).gate for _ in range(300))
    assert any(draw_microphone(rng, gates=True).gate for _ in range(300))


def test_a_night_names_its_gate(nothing: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    """The facts hold the gate's depth, in training nights alone; nothing is digital silence."""
    monkeypatch.setattr(ranges, "GATE_SHARE", 1.0)
    night = simulate(NightSpec(3, "train", "synthesised", "quiet", 30), nothing)
    assert 10 <= night.facts["gate_db"] <= 40  # type: ignore[operator]
    assert np.mean(night.audio == 0) < 1e-3
    spec = NightSpec(3, "test", "synthesised", "quiet", 30)
    assert simulate(spec, Material(None, "test", "all")).facts["gate_db"] is None


def test_drift_moves_the_gain_slowly_within_its_range() -> None:
    """The level wanders by up to the drift and nowhere jumps."""
    rng = np.random.default_rng(0)
    sound = rng.standard_normal(300 * RATE_HZ, dtype=np.float32)
    drifting = sound.copy()
    record(rng, drifting, replace(PLAIN, drift_db=3.0))
    record(rng, sound, PLAIN)
    level_db = 10 * np.log10(band_power(drifting) / band_power(sound))
    assert 0.3 < np.abs(level_db).max() < 3.1
    assert np.abs(np.diff(level_db)).max() < 0.2


def test_lost_packets_are_short() -> None:
    """Some milliseconds are zeros or repeated; the length stays."""
    rng = np.random.default_rng(0)
    sound = rng.standard_normal(60 * RATE_HZ, dtype=np.float32) / 10
    made = faulty(rng, sound, Faults(lost_per_h=3_600))
    changed = made != sound
    assert made.shape == sound.shape
    assert 0.001 < changed.mean() < 0.02
    assert 0 < np.mean(made == 0) < changed.mean()


def test_an_offset_shifts_every_sample() -> None:
    """The mean is the offset, the sound else the same."""
    sound = np.zeros(100, np.float32)
    assert faulty(np.random.default_rng(0), sound, Faults(offset=0.01)) == pytest.approx(0.01)


def test_a_microphone_without_faults_changes_nothing() -> None:
    """Most sound cards are sound."""
    sound = np.ones(100, np.float32)
    assert faulty(np.random.default_rng(0), sound, Faults()) is sound


def test_hum_and_whine_lie_in_the_noise_of_the_microphone() -> None:
    """A whine of 1 kHz stands out of the hiss, a hum below 800 Hz as well."""
    rng = np.random.default_rng(0)
    own = own_noise(rng, 20 * RATE_HZ, replace(PLAIN, whine_db=-10.0, hum_db=-10.0))
    spectrum = np.abs(np.fft.rfft(own[: 10 * RATE_HZ] * np.hanning(10 * RATE_HZ)))
    assert spectrum[10_000] > 20 * np.median(spectrum)
    assert spectrum[:8_000].max() > 20 * np.median(spectrum)
