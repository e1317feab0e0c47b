"""The plain data that leaves this room: features on a fixed grid of 5 frames a second."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FRAME_RATE_HZ = 5
FRAME_SAMPLES = 3_200  # 0.2 s at 16 kHz

Floats = NDArray[np.float32]
Flags = NDArray[np.bool_]


@dataclass(frozen=True, slots=True)
class Features:
    """Consecutive frames; frame k holds samples 3200·k … 3200·(k+1)-1 of the stream.

    `index`       absolute index of the first frame
    `encoder`     (frames, encoder_width) Whisper encoder output, pooled to 5 Hz
    `levels`      (frames, level_width) band levels, see `levels.py` for the columns
    `valid`       (frames,) False where sound was lost (a gap); the rows there hold zeros
    `level_dbfs`  (frames,) level of the frame, 0.3-4 kHz, dB re full scale
    `noise_dbfs`  (frames,) running noise floor in the same band, dB re full scale
    `clipped`     (frames,) samples at full scale
    `silent`      (frames,) digital silence (all samples equal)
    """

    index: int
    encoder: Floats
    levels: Floats
    valid: Flags
    level_dbfs: Floats
    noise_dbfs: Floats
    clipped: Flags
    silent: Flags

    def __len__(self) -> int:
        """Return the number of frames."""
        return len(self.valid)
