"""What holds for every sound of a synthetic sleeper."""

from dataclasses import replace

import numpy as np
import pytest

from osa_daemon.training.synthesis import breath, draw_voice, effort_sound, gasp, snore

PEOPLE = 20


def rms(samples):
    """Return the RMS of a sound."""
    return float(np.sqrt(np.mean(samples.astype(np.float64) ** 2)))


def level_db(samples, voice):
    """Return the level of a sound over an ordinary breath of that person, dB."""
    return 20.0 * np.log10(rms(samples) / voice.level)


def people():
    """Yield voices, each with its generator."""
    for seed in range(PEOPLE):
        rng = np.random.default_rng(seed)
        yield draw_voice(rng), rng


def test_same_seed_same_person():
    """A voice is a function of the generator's state alone."""
    assert draw_voice(np.random.default_rng(7)) == draw_voice(np.random.default_rng(7))


def test_same_seed_same_sound(body):
    """The same generator state gives the same samples."""
    voice = draw_voice(np.random.default_rng(1))
    one, two = (body(voice, np.random.default_rng(2)) for _ in range(2))
    np.testing.assert_array_equal(one, two)


def test_next_sound_differs(body):
    """One person never makes the same sound twice."""
    voice, rng = draw_voice(np.random.default_rng(1)), np.random.default_rng(2)
    one, two = body(voice, rng), body(voice, rng)
    assert len(one) != len(two) or not np.allclose(one, two)


def test_sound_is_plain(body):
    """Sounds are finite float32 without a mean, and no sample towers over the rest."""
    for voice, rng in people():
        sound = body(voice, rng)
        assert sound.dtype == np.float32
        assert np.isfinite(sound).all()
        assert abs(float(sound.mean(dtype=np.float64))) < 1e-3 * rms(sound)
        assert np.abs(sound).max() < 50.0 * rms(sound)


def test_ends_are_silent(body):
    """A sound may be added to a track anywhere without a click at its ends."""
    for voice, rng in people():
        sound = body(voice, rng)
        assert max(abs(sound[0]), abs(sound[-1])) < 0.1 * rms(sound)


@pytest.mark.parametrize("duration_s", [0.05, 0.3, 1.0, 3.7])
def test_duration(duration_s):
    """Breath, snore and gasp last as long as asked, to the sample."""
    voice, rng = draw_voice(np.random.default_rng(3)), np.random.default_rng(4)
    sounds = (
        breath(voice, rng, duration_s, phase="inhale", effort=1.0),
        snore(voice, rng, duration_s, effort=1.0),
        gasp(voice, rng, duration_s, effort=1.0),
    )
    assert {len(sound) for sound in sounds} == {round(duration_s * 16000)}


def test_blocked_effort_is_short():
    """A blocked effort lasts 0.1 to 0.4 s."""
    lengths = [len(effort_sound(voice, rng, effort=1.0)) / 16000 for voice, rng in people()]
    assert min(lengths) >= 0.1
    assert max(lengths) <= 0.4


def test_breath_of_effort_one_has_the_persons_level():
    """At effort 1 a breath has the RMS that the voice states, in either phase."""
    for voice, rng in people():
        for phase in ("inhale", "exhale"):
            sound = breath(voice, rng, 1.5, phase=phase, effort=1.0)
            assert rms(sound) == pytest.approx(voice.phase_level(phase), rel=1e-3)
        assert max(voice.phase_level("inhale"), voice.phase_level("exhale")) == voice.level


def test_flow_makes_loudness():
    """Half the effort is quieter by the person's own exponent."""
    for voice, rng in people():
        half = breath(voice, rng, 1.0, phase="inhale", effort=0.5)
        expected = voice.phase_level("inhale") * 0.5**voice.flow_exponent
        assert rms(half) == pytest.approx(expected, rel=1e-3)


@pytest.mark.parametrize(
    ("name", "lowest", "highest"),
    [("snore", 10.0, 30.0), ("gasp", 10.0, 25.0), ("effort", -5.0, 20.0)],
)
def test_gain_over_breath(name, lowest, highest):
    """Snores, gasps and blocked efforts lie as far over a breath as documented, ±12 dB at most.

    The spread from sound to sound is normal with 2 or 3 dB, hence the margin; the median of
    many people must lie inside the range itself.
    """
    makers = {
        "snore": lambda v, r: snore(v, r, 1.2, effort=1.0),
        "gasp": lambda v, r: gasp(v, r, 1.0, effort=1.0),
        "effort": lambda v, r: effort_sound(v, r, effort=1.0),
    }
    levels = [level_db(makers[name](voice, rng), voice) for voice, rng in people()]
    assert lowest < np.median(levels) < highest
    assert lowest - 12.0 < min(levels)
    assert max(levels) < highest + 12.0


def test_snorers_and_others_are_drawn():
    """Both people who snore and people who do not come out of the draw."""
    assert {voice.snorer for voice, _ in people()} == {True, False}


def test_fainter_phase_may_be_either():
    """In some people inhaling is heard better, in others exhaling."""
    louder = {
        max(("inhale", "exhale"), key=voice.phase_level)
        for voice, _ in people()
        if voice.inhale_level != voice.exhale_level
    }
    assert louder == {"inhale", "exhale"}


def test_pitch_of_a_rattling_snore():
    """A palatal snore's pulses come at the person's rate, 20 to 120 a second."""
    found = []
    for voice, rng in people():
        habit = replace(
            voice.snore, hiss=0.0, voiced_hz=None, jitter=0.01, shimmer=0.05, breathiness_db=-22.0
        )
        sound = snore(replace(voice, snore=habit), rng, 2.0, effort=1.0)
        power = np.square(sound[8000:24000].astype(np.float64)).reshape(-1, 16).mean(axis=1)
        power -= power.mean()
        spectrum = np.abs(np.fft.rfft(power)) ** 2
        correlation = np.fft.irfft(np.abs(np.fft.rfft(power, 2 * len(power))) ** 2)
        lags = np.arange(8, 56)
        rate_hz = 1000.0 / lags[np.argmax(correlation[lags])]
        assert spectrum.sum() > 0.0
        found.append(rate_hz / habit.f0_hz)
    nearest = np.abs(np.log2(found) - np.round(np.log2(found)))
    assert np.median(nearest) < 0.25  # an octave up or down counts as found
