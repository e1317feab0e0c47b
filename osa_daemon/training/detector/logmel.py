"""Log-mel at the detector's frame rate: what a baseline hears in the encoder's place."""

from functools import cache

import numpy as np
import scipy.fft
from librosa.filters import mel as mel_filters
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Samples
from osa_daemon.features.features import FRAME_SAMPLES

MEL_BINS = 80
WINDOW_SAMPLES = 400  # Whisper's front end: 25 ms Hann windows every 10 ms
HOP_SAMPLES = 160
LEAST_POWER = 1e-10  # Whisper's own floor, before the logarithm
PER_FRAME = FRAME_SAMPLES // HOP_SAMPLES
_FRAMES_AT_ONCE = 300  # one minute: its spectra take 10 MB

Floats = NDArray[np.float32]
HalfFloats = NDArray[np.float16]


def log_mel_of(audio: Samples, frames: int) -> HalfFloats:
    """Return (frames, 80): log10 of Whisper's mel power, -10 or more, mean over 0.2 s.

    `audio` (n,) at 16 kHz; silence is assumed around it. As Whisper's, the windows are centred on
    multiples of 10 ms, from the first sample of a frame on. Neither clipped to the loudest nor
    scaled, and without the gain that the encoder's sound is given: `Features.noise_dbfs` tells it.
    """
    pooled = np.empty((frames, MEL_BINS), np.float16)
    padded = np.pad(audio, WINDOW_SAMPLES // 2)
    for first in range(0, frames, _FRAMES_AT_ONCE):
        count = min(_FRAMES_AT_ONCE, frames - first)
        start = first * FRAME_SAMPLES
        length = count * FRAME_SAMPLES - HOP_SAMPLES + WINDOW_SAMPLES
        piece = padded[start : start + length]
        piece = np.pad(piece, (0, length - len(piece)))
        mel = _log_mel(piece).reshape(count, PER_FRAME, MEL_BINS)
        pooled[first : first + count] = mel.mean(axis=1)
    return pooled


def _log_mel(samples: Samples) -> Floats:
    """Return (windows, 80) of the windows that lie in `samples` whole."""
    windows = sliding_window_view(samples, WINDOW_SAMPLES)[::HOP_SAMPLES]
    taper = np.hanning(WINDOW_SAMPLES + 1)[:-1].astype(np.float32)
    spectrum = scipy.fft.rfft(windows * taper, axis=1)
    power = np.square(spectrum.real) + np.square(spectrum.imag)
    mel: Floats = np.log10(np.maximum(power @ _filters(), LEAST_POWER), dtype=np.float32)
    return mel


@cache
def _filters() -> Floats:
    """Return Slaney's mel filters, (201, 80): the ones that Whisper uses."""
    filters = mel_filters(sr=SAMPLE_RATE_HZ, n_fft=WINDOW_SAMPLES, n_mels=MEL_BINS)
    return np.ascontiguousarray(filters.T, np.float32)
