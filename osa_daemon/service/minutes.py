"""Per-minute figures, committed in batches: an SD card wears with every write."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import numpy as np

from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.journal.rows import MinuteRow
from osa_daemon.scoring.night import NightTally, night_of
from osa_daemon.service.chain import Step
from osa_daemon.service.store import Store

MINUTE_FRAMES = 60 * FRAME_RATE_HZ
BATCH_MINUTES = 5


class Minutes:
    """Gathers frames into minutes and minutes into batches."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._rows: list[MinuteRow] = []
        self._frames: list[tuple[bool, bool, bool, float, float]] = []
        self._start: datetime | None = None

    def step(self, step: Step, tally: NightTally, night: date, start: datetime) -> None:
        """Take one frame; `start` is the wall-clock time of the frame."""
        frame, scored = step.frame, step.scored
        snoring = tally.breath_clock.snoring
        row = (frame.valid, scored.monitorable, snoring, frame.level_dbfs, frame.noise_dbfs)
        self._frames.append(row)
        if self._start is None:
            self._start = start
        if len(self._frames) >= MINUTE_FRAMES:
            self.cut(tally, night)
        if len(self._rows) >= BATCH_MINUTES:
            self.save()

    def cut(self, tally: NightTally, night: date) -> None:
        """End the minute that is going on: it is full, or the stream ends."""
        if self._start is not None:
            self._rows.append(self._minute(tally, night, self._start))
            self._frames.clear()
            self._start = None

    def move(self, by: timedelta) -> None:
        """The clock was set: what is not committed yet is dated anew."""
        moved = [(row, row.start_utc + by) for row in self._rows]
        self._rows = [
            replace(row, start_utc=start, night=night_of(start.astimezone()))
            for row, start in moved
        ]
        self._start = None if self._start is None else self._start + by

    def save(self) -> None:
        """Commit what is gathered; where that fails it is dropped, never piled up."""
        rows, self._rows = self._rows, []
        if rows:
            self._store.use(lambda j: j.record_minutes(rows))

    def _minute(self, tally: NightTally, night: date, start: datetime) -> MinuteRow:
        table = np.array(self._frames, dtype=float)
        heard = table[table[:, 0] > 0]
        level, noise = heard[:, 3:].mean(0).tolist() if len(heard) else (-120.0, -120.0)
        seconds = (table[:, :3].sum(0) / FRAME_RATE_HZ).tolist()
        return MinuteRow(
            start.astimezone(UTC),
            night,
            heard_s=seconds[0],
            monitorable_s=seconds[1],
            snoring_s=seconds[2],
            gap_s=len(self._frames) / FRAME_RATE_HZ - seconds[0],
            level_dbfs=level,
            noise_dbfs=noise,
            breathing_rate_bpm=tally.breath_clock.rate_bpm(),
        )
