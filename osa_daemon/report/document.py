"""The report of a night for a visit to a doctor: two A4 pages as PDF, or fewer."""

import textwrap
from collections.abc import Callable, Iterator, Sequence
from datetime import date, tzinfo
from io import BytesIO
from itertools import pairwise
from typing import Any, Final

from osa_daemon.journal.rows import EventRow
from osa_daemon.report.course import course_of
from osa_daemon.report.drawing import APNEA, HYPOPNEA, LEVEL, draw, drawing, panels_of
from osa_daemon.report.index import COVERS, interval_of
from osa_daemon.report.night import Night
from osa_daemon.report.words import (
    CANNOT_KNOW,
    HOW,
    MONTHS,
    NONE_HEARD,
    NOT_A_DEVICE,
    NOT_KNOWN,
    figures_rows,
    hours_of,
    title_of,
)
from osa_daemon.scoring.night import read_figures

Figure = Any  # matplotlib.figure.Figure
Axes = Any  # matplotlib.axes.Axes

A4_IN: Final = (8.27, 11.69)
LEFT, RIGHT, TOP, BOTTOM = 0.085, 0.95, 0.955, 0.045  # of the page
OPTION: Final = "--pdf"
SMALL, NORMAL = 6.6, 8.5
LINE: Final = 0.0135  # of the page's height, a line of `SMALL`
# to be filled in by hand: nobody's name is known here
WHO: Final = "Name:  ____________________________    Born:  ______________"
NOTES: Final = (
    "When it began, how long it was, and how sure the detector is of it (0 to 1). In brackets: "
    "where breathing could hardly be heard; not counted in the events per hour. +: cut off."
)
LISTED: Final = 4  # columns of the list of events
EDGES_S: Final = (10, 15, 20, 25, 30, 40, 50, 60, 90, 120)


def document_of(night: Night, zone: tzinfo | None = None) -> bytes:
    """Return the content of a PDF; `zone` is where its clock stands, by default here.

    The same night gives the same bytes: dated is the night, not the writing.

    Raises:
        ResourceError: matplotlib is not usable.
    """
    content = BytesIO()
    about = {
        "Title": f"{title_of(night)}: pauses in breathing sound",
        "Creator": f"osa_daemon {night.about.version}",
        "Producer": None,
        "CreationDate": night.ended_utc,
    }
    with drawing(OPTION) as new_figure:
        from matplotlib.backends.backend_pdf import PdfPages  # noqa: PLC0415  # as in `drawing`

        with PdfPages(content, metadata=about) as pages:
            for page in pages_of(new_figure, night, zone):
                pages.savefig(page)
    return content.getvalue()


def pages_of(
    new_figure: Callable[..., Figure], night: Night, zone: tzinfo | None = None
) -> Iterator[Figure]:
    """Draw the pages, one after the other; `new_figure` is of `drawing`."""
    for page in (_first_page, _second_page):
        figure = new_figure(figsize=A4_IN)
        page(figure, night, zone)
        yield figure


def _first_page(figure: Figure, night: Night, zone: tzinfo | None) -> None:
    """What was measured, and when in the night."""
    figure.text(LEFT, TOP, title_of(night), fontsize=12, weight="bold", va="top")
    y = _paragraph(figure, TOP - 0.026, NOT_A_DEVICE, weight="bold")
    figure.text(LEFT, y - 0.006, WHO, fontsize=NORMAL, va="top")
    y = _figures(figure, y - 0.034, night, zone)
    _course(figure, night, zone, top=y - 0.012, bottom=0.315)
    _lengths(figure.add_axes((LEFT + 0.02, 0.09, 0.37, 0.155)), night.events)
    _nights(figure.add_axes((0.56, 0.09, RIGHT - 0.56, 0.155)), night)
    _footer(figure, night, page=1)


def _second_page(figure: Figure, night: Night, zone: tzinfo | None) -> None:
    """What sound cannot know, how good the detector is, and every event."""
    y = _heading(figure, TOP, "What sound cannot know")
    for sentence in CANNOT_KNOW:
        y = _paragraph(figure, y, f"-  {sentence}", hang=3)
    y = _heading(figure, y - 0.012, "How the figures are made, and how good they are")
    for sentence in (HOW, f"Interval: {COVERS}", night.about.measured):
        y = _paragraph(figure, y, sentence) - 0.004
    if night.alerts:
        y = _heading(figure, y - 0.008, "Alerts")
        y = _paragraph(figure, y, _alerts(night, zone))
    _list(figure, y - 0.012, night, zone)
    _footer(figure, night, page=2)


def _figures(figure: Figure, y: float, night: Night, zone: tzinfo | None) -> float:
    """Write names and values in two columns; return the place below."""
    interval = None if night.row is None else interval_of(night.row)
    rows = [*figures_rows(night, interval), ("Listened", hours_of(night, zone))]
    for number, (name, value) in enumerate(rows):
        size, weight = (11.0, "bold") if number == 0 else (NORMAL, "normal")
        figure.text(LEFT, y, name, fontsize=size, weight=weight, va="top")
        figure.text(LEFT + 0.32, y, value, fontsize=size, weight=weight, va="top")
        y -= 0.0235 if number == 0 else 0.0168
    return y


def _course(
    figure: Figure, night: Night, zone: tzinfo | None, *, top: float, bottom: float
) -> None:
    course = course_of(night, zone)
    heights = [height for _, height in panels_of(course)]
    grid = figure.add_gridspec(
        len(heights), 1, left=LEFT + 0.02, right=RIGHT, top=top, bottom=bottom,
        height_ratios=heights, hspace=0.32,
    )  # fmt: skip
    axes: list[Axes] = []
    for number in range(len(heights)):
        axes.append(figure.add_subplot(grid[number], sharex=axes[0] if axes else None))
    draw(course, axes)
    figure.align_ylabels(axes)


def _lengths(ax: Axes, events: Sequence[EventRow]) -> None:
    """Draw how many events there are of each length."""
    bins = list(pairwise(EDGES_S))
    names = [f"{low}-{high}" for low, high in bins]
    counts = {
        kind: [
            sum(e.type == kind and low <= e.duration_s < high for e in events) for low, high in bins
        ]
        for kind in ("apnea", "hypopnea")
    }
    at = range(len(names))
    ax.bar(at, counts["apnea"], color=APNEA, label="apnea")
    ax.bar(
        at, counts["hypopnea"], bottom=counts["apnea"], color=HYPOPNEA, edgecolor="#333333", lw=0.5,
        label="hypopnea",
    )  # fmt: skip
    ax.set_xticks(at, names, fontsize=6.5)
    ax.set(xlabel="length of events, s", ylabel="events")
    ax.set_ylim(0, max(4, *(a + h for a, h in zip(*counts.values(), strict=True))) * 1.05)
    ax.yaxis.get_major_locator().set_params(integer=True)
    ax.grid(visible=False, axis="x")
    ax.legend(fontsize="small", frameon=False)
    ax.set_title("How long the events were", fontsize=NORMAL, loc="left")


def _nights(ax: Axes, night: Night) -> None:
    """Draw the index of the nights up to this one, each with its interval."""
    rows = list(reversed(night.before))
    for at, row in enumerate(rows):
        figures, interval = read_figures(row.figures), interval_of(row)
        if figures is None or figures.index is None or interval is None:
            ax.text(at, 0, "?", ha="center", va="bottom", fontsize=SMALL)
            continue
        is_this = row.night == night.night
        ax.bar(at, figures.index, color=LEVEL if is_this else "#b9c7d6", width=0.7)
        ax.vlines(at, *interval, color="black", lw=0.9)
    if night.average is not None:
        ax.axhline(night.average.index, color="black", lw=0.7, ls="--")
    ax.set_xticks(range(len(rows)), _dates([row.night for row in rows]), fontsize=6.5)
    ax.set(xlim=(-0.7, max(len(rows), 1) - 0.3), ylabel="estimated events per hour")
    ax.set_ylim(bottom=0)
    ax.grid(visible=False, axis="x")
    ax.set_title(
        "Nights up to this one, 95 % interval; dashed: average", fontsize=NORMAL, loc="left"
    )


def _dates(nights: Sequence[date]) -> list[str]:
    """Return the days, the month below where it is another than before."""
    shown: list[str] = []
    for at, night in enumerate(nights):
        is_new = not at or nights[at - 1].month != night.month
        shown.append(f"{night.day}" + (f"\n{MONTHS[night.month - 1][:3]}" if is_new else ""))
    return shown


def _alerts(night: Night, zone: tzinfo | None, most: int = 20) -> str:
    raised = [alert for alert in night.alerts if alert.level != "notice"]
    told = [
        f"{alert.raised_utc.astimezone(zone):%H:%M} {alert.kind}, {alert.level}"
        f"{', acknowledged' if alert.acknowledged else ''}"
        for alert in raised[:most]
    ]
    rest = len(raised) - most
    told += [f"and {rest} more"] if rest > 0 else []
    return "; ".join(told) + "." if told else "None; notices make no sound."


def _list(figure: Figure, y: float, night: Night, zone: tzinfo | None) -> None:
    """Write the events in columns, as many as there is room for: the longest, in order."""
    events = night.events
    lines = int((y - BOTTOM - 0.07) / LINE)
    shown = _longest(events, LISTED * lines)
    all_of = "Events" if len(shown) == len(events) else f"The {len(shown)} longest"
    y = _heading(
        figure, y, f"{all_of} of {len(events)} events" if shown != list(events) else all_of
    )
    y = _paragraph(figure, y, NOTES if events else _none(night)) - 0.004
    width = (RIGHT - LEFT) / LISTED
    per_column = max(1, -(-len(shown) // LISTED))
    for number, event in enumerate(shown):
        column, line = divmod(number, per_column)
        figure.text(
            LEFT + column * width, y - line * LINE, _line(event, zone), fontsize=SMALL, va="top"
        )


def _none(night: Night) -> str:
    """Return what stands for a list without events."""
    figures = night.figures
    return NONE_HEARD if figures is not None and figures.monitorable_s > 0 else NOT_KNOWN


def _longest(events: Sequence[EventRow], most: int) -> list[EventRow]:
    kept = sorted(events, key=lambda event: -event.duration_s)[:most]
    return sorted(kept, key=lambda event: event.onset_utc)


def _line(event: EventRow, zone: tzinfo | None) -> str:
    text = (
        f"{event.onset_utc.astimezone(zone):%H:%M:%S}  {event.type}  {event.duration_s:.0f} s"
        f"{'+' if event.truncated else ''}  {event.confidence:.2f}"
    )
    return text if event.monitorable else f"({text})"


def _heading(figure: Figure, y: float, text: str) -> float:
    figure.text(LEFT, y, text, fontsize=10.5, weight="bold", va="top")
    return y - 0.022


def _paragraph(
    figure: Figure, y: float, text: str, *, hang: int = 0, weight: str = "normal"
) -> float:
    """Write a paragraph; return the place below it."""
    columns = 112 if weight == "bold" else 124
    lines = textwrap.wrap(text, columns, subsequent_indent=" " * hang)
    for line in lines:
        figure.text(LEFT, y, line, fontsize=NORMAL - 0.5, weight=weight, va="top")
        y -= LINE
    return y - 0.002


def _footer(figure: Figure, night: Night, page: int) -> None:
    about = night.about
    model = about.model_sha256[:12] or "unknown"
    text = f"osa_daemon {about.version}, detector {model}, as installed now. Page {page} of 2"
    figure.text(LEFT, BOTTOM - 0.012, text, fontsize=6.5, color="#444444", va="bottom")
