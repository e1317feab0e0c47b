"""Slow gain before the encoder, so that a microphone's sensitivity does not move the features.

Whisper's log-mel takes level as it comes: 6 dB more moves the features by 0.3 standard
deviations. The gain brings the room's noise floor (0.3-4 kHz, minimum statistics) to
`TARGET_DBFS`. At -65 dBFS noise lies near log10-mel -6.4, 1.6 decades above the graph's floor of
-8, so no breath sinks below it, and 60 dB remain to full scale, as in the speech that Whisper
was trained on.
"""

TARGET_DBFS = -65.0
STEP_DB = 4.0  # smaller moves of the floor are its own unrest
LEAST_DB = -40.0
MOST_DB = 60.0


class SlowGain:
    """Decides a gain for each second from the noise floor before it, in coarse steps.

    The gain moves only when it is more than 4 dB off, and then exactly to where it should be:
    the same sound at another level meets the same steps, and comes out the same.
    """

    def __init__(self) -> None:
        self.gain_db: float | None = None

    def follow(self, noise_dbfs: float) -> float:
        """Take the noise floor (dBFS) and return the gain (dB) for the next second."""
        wanted_db = min(max(TARGET_DBFS - noise_dbfs, LEAST_DB), MOST_DB)
        if self.gain_db is None or abs(wanted_db - self.gain_db) > STEP_DB:
            self.gain_db = wanted_db
        return self.gain_db
