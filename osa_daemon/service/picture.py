"""Pictures of a recording: rows of characters for a terminal, and a PNG by the room `report`."""

from collections.abc import Sequence

import numpy as np

from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.report.course import Course, Span
from osa_daemon.report.extra import check_drawing
from osa_daemon.report.picture import draw_course
from osa_daemon.scoring.event import Event
from osa_daemon.service.chain import Step

BARS = " ▁▂▃▄▅▆▇█"
MAX_HOURS = 24
OPTION = "--picture"


class NightPicture:
    """Collects one row a second, bounded to a day, and draws it under the title.

    Raises:
        ResourceError: matplotlib is not installed; told before anything is collected.
    """

    def __init__(self, title: str) -> None:
        check_drawing(OPTION)
        self._title = title
        self._rows: list[tuple[float, float, float, float, float, float, float]] = []
        self._events: list[Event] = []

    def add(self, step: Step | None, events: Sequence[Event]) -> None:
        """Take one frame and the events decided with it."""
        self._events += events
        if step is None or step.frame.index % FRAME_RATE_HZ != FRAME_RATE_HZ - 1:
            return
        if len(self._rows) < MAX_HOURS * 3600:
            frame, scored = step.frame, step.scored
            self._rows.append(
                (
                    frame.index // FRAME_RATE_HZ,
                    frame.level_dbfs if frame.valid else np.nan,
                    frame.noise_dbfs if frame.valid else np.nan,
                    frame.breath,
                    max(frame.apnea, frame.hypopnea),
                    float(scored.monitorable),
                    float(not frame.valid),
                )
            )

    def png(self) -> bytes:
        """Draw the night; return the content of a PNG file.

        Raises:
            ResourceError: matplotlib is not usable.
        """
        at_s, level, noise, breath, pause, heard, lost = (
            np.array(self._rows, dtype=float).reshape(-1, 7).T
        )
        ends_s = [event.end_s for event in self._events]
        course = Course(
            length_s=max([*at_s[-1:] + 1, *ends_s], default=0.0),
            step_s=1.0,
            at_s=at_s,
            level_dbfs=level,
            noise_dbfs=noise,
            heard=heard,
            lost=lost,
            events=tuple(
                Span(event.onset_s, event.duration_s, event.type, event.monitorable)
                for event in self._events
            ),
            breath=breath,
            pause=pause,
        )
        return draw_course(course, self._title, OPTION)


def bars(values: Sequence[float], columns: int) -> str:
    """Return `values` as a row of `columns` bars, each the mean of its share."""
    array = np.asarray(values, dtype=float)
    parts = np.array_split(array, columns)
    means = np.array([np.nanmean(p) if np.isfinite(p).any() else np.nan for p in parts])
    low, high = np.nanmin(means), np.nanmax(means)
    scaled = (means - low) / (high - low if high > low else 1) * (len(BARS) - 1)
    return "".join(" " if np.isnan(v) else BARS[round(float(v))] for v in scaled)


def marks(spans: Sequence[tuple[float, float, str]], seconds: float, columns: int) -> str:
    """Return a row with a letter where each (onset_s, duration_s, letter) lies."""
    row = ["·"] * columns
    for onset_s, duration_s, letter in spans:
        first = int(onset_s / seconds * columns)
        last = int((onset_s + duration_s) / seconds * columns)
        for at in range(first, min(last, columns - 1) + 1):
            row[at] = letter
    return "".join(row)
