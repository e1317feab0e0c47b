"""Resampling as a stream: length, alignment, and no trace of how the input was cut."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from osa_daemon.audio.resample import StreamResampler, length_at_16_khz

RATES_HZ = [8_000, 11_025, 16_000, 22_050, 32_000, 44_100, 48_000, 96_000, 192_000]


def resampled(sound: np.ndarray, rate_hz: int, cuts: list[int]) -> np.ndarray:
    """Push `sound` cut at `cuts`, and finish."""
    resampler = StreamResampler(rate_hz)
    parts = [resampler.push(part) for part in np.split(sound, cuts)]
    return np.concatenate([*parts, resampler.finish()])


@pytest.mark.parametrize("rate_hz", RATES_HZ)
def test_a_click_keeps_its_time(rate_hz: int) -> None:
    """The filter's delay is taken out: what sounds at 0.5 s is at sample 8000."""
    time_s = np.arange(rate_hz) / rate_hz
    click = np.exp(-(((time_s - 0.5) / 0.002) ** 2)).astype(np.float32)
    found = resampled(click, rate_hz, [rate_hz // 3])
    assert len(found) == 16_000
    assert abs(int(found.argmax()) - 8_000) <= 1


@settings(max_examples=30, deadline=None)
@given(
    rate_hz=st.sampled_from(RATES_HZ),
    frames=st.integers(0, 30_000),
    cuts=st.lists(st.integers(0, 30_000), max_size=5),
)
def test_cuts_leave_no_trace(rate_hz: int, frames: int, cuts: list[int]) -> None:
    """Output does not depend on how the input was cut, and lasts as long as it."""
    sound = np.random.default_rng(frames).uniform(-1, 1, frames).astype(np.float32)
    found = resampled(sound, rate_hz, sorted(cuts))
    assert len(found) == length_at_16_khz(frames, rate_hz)
    assert np.array_equal(found, resampled(sound, rate_hz, []))


def test_a_tone_stays_a_tone() -> None:
    """48 kHz to 16 kHz changes a tone of 1 kHz by less than -90 dB."""
    tone = np.sin(2 * np.pi * 1000 * np.arange(96_000) / 48_000).astype(np.float32)
    found = resampled(tone, 48_000, [])
    wanted = np.sin(2 * np.pi * 1000 * np.arange(32_000) / 16_000)
    inner = slice(1_000, -1_000)  # filters ring at the ends
    assert np.abs(found[inner] - wanted[inner]).max() < 3e-5


def test_what_is_held_back_is_known() -> None:
    """`pending_s` is input time less output time."""
    resampler = StreamResampler(48_000)
    given = resampler.push(np.zeros(4_800, dtype=np.float32))
    assert resampler.pending_s == pytest.approx(0.1 - len(given) / 16_000)
