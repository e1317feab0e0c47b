"""Pictures of a night: rows of characters for a terminal, and a PNG where matplotlib is there."""

import sys
from collections.abc import Sequence
from importlib.util import find_spec
from io import BytesIO

import numpy as np
from numpy.typing import NDArray

from osa_daemon.errors import ResourceError
from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.scoring.event import Event
from osa_daemon.service.chain import Step

BARS = " ▁▂▃▄▅▆▇█"
COLOURS = {"apnea": "#d1495b", "hypopnea": "#edae49"}
MAX_HOURS = 24

Floats = NDArray[np.float64]


class NightPicture:
    """Collects one row a second, bounded to a day, and draws it.

    Raises:
        ResourceError: matplotlib is not installed; told before anything is collected.
    """

    def __init__(self) -> None:
        if find_spec("matplotlib") is None:
            raise _no_matplotlib()
        self._rows: list[tuple[float, float, float, float, float]] = []
        self._events: list[Event] = []

    def add(self, step: Step | None, events: Sequence[Event]) -> None:
        """Take one frame and the events decided with it."""
        self._events += events
        if step is None or step.frame.index % FRAME_RATE_HZ != FRAME_RATE_HZ - 1:
            return
        if len(self._rows) < MAX_HOURS * 3600:
            frame, scored = step.frame, step.scored
            event = max(frame.apnea, frame.hypopnea)
            level = frame.level_dbfs if frame.valid else np.nan
            noise = frame.noise_dbfs if frame.valid else np.nan
            self._rows.append((level, noise, frame.breath, event, float(scored.monitorable)))

    def png(self) -> bytes:
        """Draw the night; return the content of a PNG file.

        Raises:
            ResourceError: matplotlib is not usable.
        """
        try:
            from matplotlib.figure import Figure  # noqa: PLC0415  # not on the Pi
        except ImportError as error:
            raise _no_matplotlib() from error
        rows = np.array(self._rows, dtype=float).reshape(-1, 5)
        minutes = np.arange(len(rows)) / 60
        figure = Figure(figsize=(11, 5), layout="constrained")
        level, chance, events = figure.subplots(3, 1, sharex=True, height_ratios=(3, 2, 1))
        level.plot(minutes, rows[:, 0], lw=0.5, color="#30638e", label="level")
        level.plot(minutes, rows[:, 1], lw=1, color="#888888", label="noise floor")
        level.set_ylabel("dB full scale\n(0.3-4 kHz)")
        level.legend(loc="upper right", fontsize="small")
        chance.plot(minutes, rows[:, 2], lw=0.3, color="#7aa95c", label="breath")
        chance.plot(minutes, rows[:, 3], lw=1, color="#d1495b", label="pause of 10 s or more")
        chance.set_ylabel("probability")
        chance.legend(loc="upper right", fontsize="small")
        events.fill_between(minutes, 0, rows[:, 4], step="mid", color="#dde5d4", lw=0)
        for event in self._events:
            start, end = event.onset_s / 60, event.end_s / 60
            events.axvspan(start, end, color=COLOURS[event.type], lw=0)
        events.set(yticks=[], ylim=(0, 1), ylabel="events", xlabel="minutes")
        events.set_title(
            "red: apnea, yellow: hypopnea, green: breathing can be heard", fontsize="small"
        )
        content = BytesIO()
        figure.savefig(content, dpi=100, format="png")
        return content.getvalue()


def _no_matplotlib() -> ResourceError:
    return ResourceError(
        "The picture needs matplotlib, which is not installed or not usable: "
        f"{sys.executable} -m pip install matplotlib, or leave --picture out."
    )


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
