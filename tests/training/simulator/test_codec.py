"""Codecs: what comes out is as long, as loud and as late as what went in."""

import numpy as np
import pytest
from scipy import signal

from osa_daemon.training.simulator import Material, NightSpec, ranges, simulate
from osa_daemon.training.simulator.codec import Codec, coded, draw_codec
from osa_daemon.training.simulator.levels import band_power
from osa_daemon.training.simulator.night import Samples

RATE_HZ = 16_000
CODECS = (
    Codec("vorbis", 16_000, 1.0),
    Codec("mp3", 16_000, 0.9),
    Codec("opus", 16_000, 0.95),
    Codec("opus", 8_000, 0.95),
    Codec("mu_law", 8_000),
    Codec("mu_law", 16_000),
    Codec("ima_adpcm", 8_000),
    Codec("ima_adpcm", 16_000),
    Codec("vox_adpcm", 8_000),
    Codec("gsm", 8_000),
    Codec("low_rate", 8_000),
    Codec("low_rate", 11_025),
    Codec("low_rate", 12_000),
)


def breathing(seconds: float, level: float = 0.01) -> Samples:
    """Return bursts of band noise over a floor 20 dB below."""
    rng = np.random.default_rng(4)
    count = int(seconds * RATE_HZ)
    sections = signal.butter(2, (300, 2_500), "bandpass", fs=RATE_HZ, output="sos")
    noise = signal.sosfilt(sections, rng.standard_normal(count))
    bursts = 0.1 + np.clip(np.sin(2 * np.pi * np.arange(count) / RATE_HZ / 3), 0, 1) ** 2
    return np.asarray(level * noise * bursts, np.float32)


@pytest.mark.parametrize("codec", CODECS, ids=lambda c: f"{c.name}-{c.rate_hz}")
def test_a_codec_keeps_length_and_delays_by_less_than_ten_milliseconds(codec: Codec) -> None:
    """The truth of a night is right for its coded sound."""
    sound = breathing(12.34)
    made = coded(np.random.default_rng(1), sound, codec)
    assert made.shape == sound.shape
    assert made.dtype == np.float32
    lags = signal.correlation_lags(len(made), len(sound))
    lag = lags[np.argmax(signal.correlate(made, sound, method="fft"))]
    assert abs(lag) < 0.01 * RATE_HZ


@pytest.mark.parametrize("codec", CODECS, ids=lambda c: f"{c.name}-{c.rate_hz}")
def test_a_codec_keeps_the_level_and_leaves_no_digital_silence(codec: Codec) -> None:
    """Loud parts keep their level within 2 dB; a quiet recording does not turn into zeros."""
    sound = breathing(6, level=0.0005)
    made = coded(np.random.default_rng(1), sound, codec)
    before, after = band_power(sound), band_power(made)
    loud = before > np.percentile(before, 80)
    assert abs(10 * np.log10(after[loud].mean() / before[loud].mean())) < 2
    assert np.mean(made == 0) < 1e-3


def test_a_codec_is_deterministic() -> None:
    """The same sound and seed give the same samples."""
    sound = breathing(3)
    for codec in CODECS:
        first, again = (coded(np.random.default_rng(1), sound, codec) for _ in range(2))
        assert np.array_equal(first, again)


def test_most_nights_pass_through_no_codec() -> None:
    """Codecs come as often as the ranges say."""
    rng = np.random.default_rng(0)
    drawn = [draw_codec(rng) for _ in range(2_000)]
    share = np.mean([c is not None for c in drawn])
    assert share == pytest.approx(sum(ranges.CODEC_SHARES.values()), abs=0.03)
    assert {c.name for c in drawn if c} == set(ranges.CODEC_SHARES)


def test_a_night_names_its_codec(nothing: Material, monkeypatch: pytest.MonkeyPatch) -> None:
    """The facts name the codec; the night is as long as asked for and the same each time."""
    monkeypatch.setattr(ranges, "CODEC_SHARES", {"mp3": 1.0})
    spec = NightSpec(3, "train", "synthesised", "quiet", 20.1)
    first, again = simulate(spec, nothing), simulate(spec, nothing)
    assert first.facts["codec"] == "mp3"
    assert len(first.audio) == int(20.1 * RATE_HZ)
    assert np.array_equal(first.audio, again.audio)
