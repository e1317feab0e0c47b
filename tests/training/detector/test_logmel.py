"""Log-mel at 5 Hz against Whisper's own, and its edges."""

import numpy as np
import pytest

pytest.importorskip("librosa")

from osa_daemon.training.detector.logmel import log_mel_of

pytestmark = pytest.mark.train


def noise(seconds: int) -> np.ndarray:
    """White noise at -40 dBFS."""
    rng = np.random.default_rng(0)
    return (0.01 * rng.standard_normal(16_000 * seconds)).astype(np.float32)


def test_it_is_whispers_before_its_scaling():
    """Mean over 0.2 s of what Whisper computes, but for float16."""
    torch = pytest.importorskip("torch")
    whisper = pytest.importorskip("whisper")
    audio = noise(10)
    window = torch.hann_window(400)
    spectrum = torch.stft(torch.from_numpy(audio), 400, 160, window=window, return_complex=True)
    power = whisper.audio.mel_filters("cpu", 80) @ spectrum[:, :1000].abs() ** 2
    expected = power.clamp(min=1e-10).log10().T.reshape(50, 20, 80).mean(1).numpy()
    found = log_mel_of(audio, 50).astype(np.float32)
    # the first and last window of a night hear silence, Whisper's a mirror of the sound
    np.testing.assert_allclose(found[1:-1], expected[1:-1], atol=3e-3)


def test_pieces_leave_no_mark():
    """A night is worked on minute by minute, and each frame is as if it were alone."""
    audio = noise(121)
    whole = log_mel_of(audio, 605)
    around = log_mel_of(audio[16_000 * 59 : 16_000 * 62], 15)
    np.testing.assert_array_equal(whole[296:309], around[1:14])


def test_silence_lies_on_the_floor():
    """Digital silence, and what lies behind the end, is -10."""
    assert (log_mel_of(np.zeros(3_200, np.float32), 3) == -10).all()
