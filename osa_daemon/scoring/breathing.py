"""The breath clock: breaths a minute and whether there is snoring, over the last two minutes."""

from collections import deque
from typing import Final

import numpy as np
from numpy.typing import NDArray

from osa_daemon.detector.frame import Frame
from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.scoring.thresholds import ScoringSettings

WINDOW: Final = 120 * FRAME_RATE_HZ
FINER: Final = 4  # lags a frame, by band-limited interpolation
LAG_RATE_HZ: Final = FINER * FRAME_RATE_HZ
SHORTEST: Final = 2 * LAG_RATE_HZ  # 30 breaths a minute
LONGEST: Final = 10 * LAG_RATE_HZ  # 6 breaths a minute
SURE: Final = 0.25  # least autocorrelation of a rate that is told
AS_GOOD: Final = 0.85  # of the best: a multiple of the period correlates as well as it does
SNORE_HOLD: Final = 6 * FRAME_RATE_HZ  # from one snore to the next breath's


class BreathClock:
    """Follows p_breath; a frame that is not monitorable starts the window anew."""

    def __init__(self, settings: ScoringSettings) -> None:
        self.settings = settings
        self._breath: deque[float] = deque(maxlen=WINDOW)
        self._snored_at: int | None = None
        self.snoring = False

    def push(self, frame: Frame, *, monitorable: bool) -> None:
        """Take the next frame."""
        if not monitorable:
            self._breath.clear()
            self._snored_at = None
            self.snoring = False
            return
        self._breath.append(frame.breath)
        if frame.snore >= self.settings.thresholds.snore:
            self._snored_at = frame.index
        self.snoring = self._snored_at is not None and frame.index - self._snored_at < SNORE_HOLD

    def rate_bpm(self) -> float | None:
        """Breaths a minute by autocorrelation of p_breath; None if unsure or under a minute."""
        if len(self._breath) < WINDOW // 2:
            return None
        signal = np.asarray(self._breath, dtype=np.float64)
        signal -= signal.mean()
        power = float(signal @ signal)
        if power < 1e-6 * len(signal):
            return None
        spectrum = np.fft.rfft(signal, 2 * WINDOW)
        correlation = FINER * np.fft.irfft(np.abs(spectrum) ** 2, FINER * 2 * WINDOW)
        return _rate(correlation[: LONGEST + 2] / power)


def _rate(correlation: NDArray[np.float64]) -> float | None:
    """Shortest period whose peak is about as high as the highest."""
    peaks = [
        lag
        for lag in range(SHORTEST, LONGEST + 1)
        if correlation[lag - 1] < correlation[lag] >= correlation[lag + 1]
    ]
    if not peaks:
        return None
    best = max(correlation[lag] for lag in peaks)
    if best < SURE:
        return None
    lag = next(lag for lag in peaks if correlation[lag] >= AS_GOOD * best)
    return round(60.0 * LAG_RATE_HZ / lag, 1)
