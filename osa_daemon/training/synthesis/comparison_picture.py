"""A picture of real and synthetic sounds side by side: one row a class."""

from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from osa_daemon.training.synthesis import likeness
from osa_daemon.training.synthesis.compare import Comparison
from osa_daemon.training.synthesis.comparison_table import curve
from osa_daemon.training.synthesis.measures import BANDS_HZ, ENVELOPE_POINTS, MODULATION_HZ
from osa_daemon.training.synthesis.shaping import Floats

REAL, SYNTHETIC = "tab:blue", "tab:orange"


def draw(comparisons: list[Comparison], path: Path) -> None:
    """Write a PNG: medians and 10-90 % bands of each measure, and the encoder's first two axes."""
    figure = Figure(figsize=(18, 3.6 * len(comparisons)), layout="constrained")
    grid = figure.subplots(len(comparisons), 4, squeeze=False)
    middles = np.sqrt(np.asarray(MODULATION_HZ[:-1]) * np.asarray(MODULATION_HZ[1:]))
    across = {
        "spectrum": (BANDS_HZ, "Hz (third octaves, dB re sum)"),
        "envelope": (np.linspace(0.0, 1.0, ENVELOPE_POINTS), "share of the sound's length"),
        "modulation": (middles, "Hz (modulation, dB)"),
    }
    for row, comparison in zip(grid, comparisons, strict=True):
        for axes, (name, (at, title)) in zip(row, across.items(), strict=False):
            _bands(axes, at, curve(comparison.real, name), REAL, "real")
            _bands(axes, at, curve(comparison.synthetic, name), SYNTHETIC, "synthetic")
            axes.set(title=f"{comparison.label}: {name}", xlabel=title)
            if name != "envelope":
                axes.set_xscale("log")
        row[0].legend()
        _scatter(row[3], comparison)
    figure.savefig(path, dpi=70)


def _bands(axes: Axes, at: Floats, values: Floats, colour: str, label: str) -> None:
    low, middle, high = np.percentile(values, (10, 50, 90), axis=0)
    axes.plot(at, middle, color=colour, label=label)
    axes.fill_between(at, low, high, color=colour, alpha=0.2)


def _scatter(axes: Axes, comparison: Comparison) -> None:
    axes.set_title(f"{comparison.label}: encoder, first two principal axes")
    real, made = comparison.real_features, comparison.synthetic_features
    if real is None or made is None or len(real) < 3:
        return
    for values, colour in zip(likeness.principal(real, made), (REAL, SYNTHETIC), strict=True):
        axes.scatter(values[:, 0], values[:, 1], s=9, color=colour, alpha=0.6)
