"""Panels of a course under one another, alike for a night and for a recording.

What is told by colour is told by shape or place as well: prints are grey, and eyes differ.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from io import BytesIO
from typing import Any, Final

import numpy as np

from osa_daemon.report.course import Course, Span, ticks_of
from osa_daemon.report.extra import missing
from osa_daemon.report.words import DASH

Axes = Any  # matplotlib.axes.Axes
Figure = Any  # matplotlib.figure.Figure
Panel = tuple[Callable[[Axes, Course], None], float]  # what draws it, and its share of the height

APNEA, HYPOPNEA = "#b3263b", "#e8a838"
LEVEL, NOISE, BREATH, HEARD, LOST = "#30638e", "#8a8a8a", "#5b8c3e", "#cfdcc2", "#555555"
COLOURS = {"apnea": APNEA, "hypopnea": HYPOPNEA}
SNORING, RATE, GRID = "#9b8bb4", "#333333", "#dddddd"
STYLE: Final = {
    "font.family": "DejaVu Sans",  # matplotlib brings it: the same everywhere
    "font.size": 8.0,
    "axes.linewidth": 0.6,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.linewidth": 0.5,
    "xtick.direction": "out",
    "pdf.fonttype": 42,  # text in a PDF stays text
}
COLOUR_COUNT: Final = 64
WIDE_S: Final = 3 * 3600.0  # in a longer course an event is narrower than can be seen
NO_MINUTES: Final = "Figures of its minutes are not in the journal: they are kept for 30 nights."


@contextmanager
def drawing(option: str) -> Iterator[Callable[..., Figure]]:
    """Give what makes figures; inside they look the same whatever a user has set.

    A PDF is to be closed inside, too: its fonts are written last.

    Raises:
        ResourceError: matplotlib is not installed or not usable; `option` asked for it.
    """
    try:
        # imported here: the daemon never draws, and it takes a second
        import matplotlib as mpl  # noqa: PLC0415
        from matplotlib.figure import Figure  # noqa: PLC0415
    except ImportError as error:
        raise missing("matplotlib", option) from error
    with mpl.rc_context():
        mpl.rcdefaults()
        mpl.rcParams.update(STYLE)
        yield Figure


def png_of(figure: Figure, dpi: int) -> bytes:
    """Return a figure as PNG of few colours, a third of the bytes; nothing in it is of the day."""
    from PIL import Image  # noqa: PLC0415  # matplotlib needs it too

    pixels, content = BytesIO(), BytesIO()
    figure.savefig(pixels, dpi=dpi, format="rgba")
    width, height = (round(inches * dpi) for inches in figure.get_size_inches())
    image = Image.frombytes("RGBA", (width, height), pixels.getvalue()).convert("RGB")
    image.quantize(COLOUR_COUNT, dither=Image.Dither.NONE).save(content, "PNG", optimize=True)
    return content.getvalue()


def panels_of(course: Course) -> list[Panel]:
    """Return what there is to draw of a course, from top to bottom."""
    if not len(course.at_s):
        return [(draw_level, 1.0), (draw_events, 2.2)]
    panels: list[Panel] = [(draw_level, 3.0)]
    if course.pause is not None:
        panels.append((draw_chances, 2.0))
    panels.append((draw_hearing, 1.0))
    if course.rate_bpm is not None:
        panels.append((draw_rate, 1.4))
    return [*panels, (draw_events, 2.2)]


def draw(course: Course, axes: Mapping[str, Axes] | list[Axes]) -> None:
    """Draw the panels of `panels_of` into as many axes, which share their time axis."""
    each_axes = list(axes.values()) if isinstance(axes, Mapping) else axes
    at_s, labels, name = ticks_of(course)
    for (panel, _), ax in zip(panels_of(course), each_axes, strict=True):
        panel(ax, course)
        ax.set_xlim(0, max(course.length_s, 1.0))
        ax.set_xticks(at_s, labels)
        ax.tick_params(labelbottom=ax is each_axes[-1], length=2)
    each_axes[-1].set_xlabel(name)


def draw_level(ax: Axes, course: Course) -> None:
    """Draw level and noise floor."""
    width = 0.9 if course.step_s >= 60 else 0.4
    ax.plot(course.at_s, course.level_dbfs, lw=width, color=LEVEL, label="level")
    ax.plot(course.at_s, course.noise_dbfs, lw=1.0, color=NOISE, ls="--", label="noise floor")
    ax.set_ylabel("sound, dBFS\n(0.3-4 kHz)")
    if len(course.at_s):
        _legend(ax)
    else:
        ax.set_yticks([])
        lacking = NO_MINUTES if course.clock is not None else "nothing was heard"
        ax.text(0.5, 0.5, lacking, transform=ax.transAxes, ha="center", va="center")


def draw_chances(ax: Axes, course: Course) -> None:
    """Draw what the detector took for breath, and for a pause that goes on."""
    ax.fill_between(course.at_s, 0, course.breath, color=BREATH, alpha=0.45, lw=0, label="breath")
    ax.plot(course.at_s, course.pause, lw=1.0, color=APNEA, label="pause of 10 s or more")
    ax.set(ylim=(0, 1), yticks=[0, 0.5, 1], ylabel="probability")
    _legend(ax, above=True)


def draw_hearing(ax: Axes, course: Course) -> None:
    """Draw in which share of the time breathing could be heard, and where sound was lost."""
    kwargs = {"step": "post", "lw": 0}
    ax.fill_between(
        course.at_s, 0, course.heard, color=HEARD, label="breathing can be heard", **kwargs
    )
    if course.snoring is not None:
        ax.fill_between(course.at_s, 0, course.snoring, color=SNORING, label="snoring", **kwargs)
    if np.nansum(course.lost) > 0:
        top = 1 - course.lost
        ax.fill_between(course.at_s, top, 1, color=LOST, label="sound was lost", **kwargs)
    ax.set(ylim=(0, 1), yticks=[0, 1], yticklabels=["0 %", "100 %"], ylabel="heard")
    _legend(ax, above=True)


def draw_rate(ax: Axes, course: Course) -> None:
    """Draw the breathing rate, where it was known."""
    ax.plot(course.at_s, course.rate_bpm, ".", ms=1.6, color=RATE)
    ax.set_ylabel("breaths\na minute")
    known = (
        [] if course.rate_bpm is None else course.rate_bpm[np.isfinite(course.rate_bpm)].tolist()
    )
    ax.set_ylim(min([8, *known]) - 1, max([21, *known]) + 1)


def draw_events(ax: Axes, course: Course) -> None:
    """Draw events, each as high as it is long, and alerts above them.

    Over a night they are lines: apneas end in a dot, hypopneas in a ring.
    """
    mark = _stems if course.length_s > WIDE_S else _bars
    for kind in ("apnea", "hypopnea"):
        spans = [event for event in course.events if event.type == kind]
        mark(ax, [span for span in spans if span.monitorable], COLOURS[kind], kind)
        mark(ax, [span for span in spans if not span.monitorable], NOISE, None)
    top = 1.25 * max([20.0, *(event.duration_s for event in course.events)])
    if course.alerts_s:
        heights = [top * 0.94] * len(course.alerts_s)
        ax.plot(course.alerts_s, heights, "v", color="black", ms=4, label="alert")
    ax.set(ylim=(0, top), ylabel="events:\nlength, s")
    ax.grid(visible=False, axis="x")
    if course.events or course.alerts_s:
        _legend(ax, above=True)
    else:
        # that none was heard says something only where one could have been
        none = "none heard" if np.nansum(course.heard) > 0 else DASH
        ax.text(0.5, 0.5, none, transform=ax.transAxes, ha="center", va="center")


def _bars(ax: Axes, spans: list[Span], colour: str, name: str | None) -> None:
    """Draw events as wide as they are long; an apnea is filled, a hypopnea framed."""
    onsets, lengths = [span.onset_s for span in spans], [span.duration_s for span in spans]
    frame = {"edgecolor": "#333333", "lw": 0.6} if name == "hypopnea" else {"lw": 0}
    if spans:
        ax.bar(onsets, lengths, lengths, align="edge", facecolor=colour, label=name, **frame)


def _stems(ax: Axes, spans: list[Span], colour: str, name: str | None) -> None:
    onsets, lengths = [span.onset_s for span in spans], [span.duration_s for span in spans]
    fill = colour if name == "apnea" else "white"
    if spans:
        ax.vlines(onsets, 0, lengths, color=colour, lw=1.1)
        ax.plot(
            onsets, lengths, "o", ms=3, mfc=fill, mec=colour if name else NOISE, mew=0.9, label=name
        )


def _legend(ax: Axes, *, above: bool = False) -> None:
    place = (
        {"loc": "lower right", "bbox_to_anchor": (1.0, 0.94)} if above else {"loc": "upper right"}
    )
    ax.legend(
        fontsize="small", ncols=4, frameon=not above, framealpha=0.8, edgecolor="none",
        borderaxespad=0.1, handlelength=1.4, columnspacing=1.2, **place,
    )  # fmt: skip
