"""Mains hum: tones at the multiples of 50 or 60 Hz that are louder than all sound of breathing.

Only the band that holds breathing counts: a hum below it is not heard there, and does no harm.
"""

from typing import Final

import numpy as np
from numpy.typing import NDArray

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Samples

MAINS_HZ: Final = (50, 60)
EVERY_S: Final = 2.0  # one look at one second: 0.1 ms of CPU for each second of sound
BAND_HZ: Final = (200, 2_000)  # breath over a microphone's noise
LINE_HZ: Final = 3  # to either side: the taper's width, and mains that run 0.1 % off


class HumMeter:
    """Looks at one second of sound in two. `dominance_db` is the latest figure, None before.

    That is the power of the tones over that of all else in the band (dB), for `mains_hz`, the
    mains that fit best.
    """

    def __init__(self) -> None:
        self.dominance_db: float | None = None
        self.mains_hz: int = MAINS_HZ[0]
        self._held: list[Samples] = []
        self._count = 0
        self._taper = np.hanning(SAMPLE_RATE_HZ + 1)[:-1].astype(np.float32)
        low, high = BAND_HZ
        self._lines = {mains: _lines(mains)[low:high] for mains in MAINS_HZ}

    def push(self, samples: Samples) -> bool:
        """Take sound at 16 kHz, shape (n,); say whether there is a new figure."""
        if self._count < SAMPLE_RATE_HZ:
            self._held.append(samples[: SAMPLE_RATE_HZ - self._count])
        self._count += len(samples)
        if self._count < EVERY_S * SAMPLE_RATE_HZ:
            return False
        self._look(np.concatenate(self._held))
        self.clear()
        return True

    def clear(self) -> None:
        """What follows does not join on to what was heard."""
        self._held, self._count = [], 0

    def _look(self, second: Samples) -> None:
        spectrum = np.fft.rfft((second - second.mean()) * self._taper)
        power = (np.square(spectrum.real) + np.square(spectrum.imag))[BAND_HZ[0] : BAND_HZ[1]]
        found = {mains: _over_rest(power, lines) for mains, lines in self._lines.items()}
        self.mains_hz = max(found, key=lambda mains: found[mains])
        self.dominance_db = found[self.mains_hz]


def _lines(mains_hz: int) -> NDArray[np.bool_]:
    """Return which bins of 1 Hz belong to a multiple of `mains_hz`."""
    off = np.arange(SAMPLE_RATE_HZ // 2 + 1) % mains_hz
    return np.asarray(np.minimum(off, mains_hz - off) <= LINE_HZ)


def _over_rest(power: NDArray[np.float64], lines: NDArray[np.bool_]) -> float:
    """Return the power of the tones, without the noise under them, over all noise (dB)."""
    rest = float(power[~lines].sum())
    shared = rest * lines.sum() / (~lines).sum()
    tones = max(float(power[lines].sum()) - shared, 0.0)
    return float(10 * np.log10(max(tones, 1e-20) / max(rest + shared, 1e-20)))
