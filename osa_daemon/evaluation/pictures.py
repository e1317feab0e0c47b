"""Pictures of an evaluation as PNG, made from its figures, where matplotlib is there."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from io import BytesIO
from typing import Any

from osa_daemon.report.extra import missing

BLUE, RED, YELLOW, GREY = "#30638e", "#d1495b", "#edae49", "#888888"
OPTION = "--pictures"
SIZE_INCHES = (7.0, 4.5)
DOTS_PER_INCH = 110
STEP_S = 0.5  # of the histogram of alert delays
LEAST_APART = 0.03  # coverage of points whose numbers can both be read

Axes = Any  # matplotlib.axes.Axes
Figures = Mapping[str, Any]


def pictures_of(figures: Figures) -> Iterator[tuple[str, bytes]]:
    """Return name and PNG of each picture that `figures` (of `figures_of`) hold numbers for.

    Raises:
        ResourceError: matplotlib is not usable.
    """
    try:
        from matplotlib.figure import Figure  # noqa: PLC0415  # not on the Pi
    except ImportError as error:
        raise missing("matplotlib", OPTION) from error
    for name, draw in PICTURES.items():
        figure = Figure(figsize=SIZE_INCHES, layout="constrained")
        if not draw(figure.add_subplot(), figures):
            continue
        content = BytesIO()
        # without its version, the same numbers give the same file
        figure.savefig(content, dpi=DOTS_PER_INCH, format="png", metadata={"Software": None})
        yield name, content.getvalue()


def draw_reliability(axes: Axes, figures: Figures) -> bool:
    """Draw how often it was so against how likely it was said to be; return whether it could."""
    kinds = {
        "frames: inside an event": ("frames", BLUE),
        "decided events: right": ("events", RED),
    }
    calibration = figures["calibration"]
    if not any(calibration[key]["bins"] for key, _ in kinds.values()):
        return False
    axes.plot((0, 1), (0, 1), color=GREY, lw=1, ls="--")
    for label, (key, colour) in kinds.items():
        part = calibration[key]
        said = [each["probability"] for each in part["bins"]]
        seen = [each["observed"] for each in part["bins"]]
        if said:
            error = f"{label} (n = {part['count']:,}, error {part['error']:.3f})"
            axes.plot(said, seen, color=colour, marker="o", label=error)
    axes.set(title="Reliability", xlabel="probability", ylabel="share observed")
    axes.set(xlim=(0, 1.02), ylim=(0, 1.02))
    axes.legend(loc="upper left", fontsize="small")
    return True


def draw_agreement(axes: Axes, figures: Figures) -> bool:
    """Draw the index's error against its mean (Bland and Altman 1986)."""
    part = figures["index"]["all"]
    pairs = part["pairs"]
    if not pairs:
        return False
    means = [(true + decided) / 2 for _, true, decided in pairs]
    axes.scatter(means, [decided - true for _, true, decided in pairs], s=14, color=BLUE, alpha=0.6)
    row = part["with events"]
    lines = [(row["bias"], "bias", "-"), *((at, "95 % limits", "--") for at in row["limits"] or ())]
    for at, label, style in lines:
        if at is not None:
            axes.axhline(at, color=RED, lw=1, ls=style)
            axes.annotate(
                f"{label} {at:+.1f}",
                (1, at),
                xycoords=("axes fraction", "data"),
                ha="right",
                va="bottom",
                fontsize="small",
                color=RED,
            )
    axes.axhline(0, color=GREY, lw=0.5)
    axes.set(title=f"Events per hour, {len(pairs)} nights (lines: those with events)")
    axes.set(xlabel="mean of decided and true index", ylabel="decided minus true")
    return True


def draw_risk(axes: Axes, figures: Figures) -> bool:
    """Draw the risk of judging against the share of time that is judged."""
    hearing = figures["hearing"]
    known = [] if hearing is None else [r for r in hearing["risk"] if r["risk"] is not None]
    if not known:
        return False
    coverage = [each["coverage"] for each in known]
    axes.plot(coverage, [each["risk"] for each in known], color=BLUE, marker="o")
    shown: list[float] = []
    for each in known:
        if all(abs(each["coverage"] - other) > LEAST_APART for other in shown):
            shown.append(each["coverage"])
            place = (each["coverage"], each["risk"])
            axes.annotate(f" {each['level']:g}", place, fontsize="small", va="bottom")
    axes.set(title="Risk against coverage (numbers: least audibility of the minute before)")
    axes.set(xlabel="share of time judged", ylabel="risk: 1 minus F1 of the events in it")
    axes.set(xlim=(0, 1.02), ylim=(0, None))
    return True


def draw_delays(axes: Axes, figures: Figures) -> bool:
    """Draw how late alerts came, against the moment at which they were due."""
    part = figures["alerts"]["all"]
    delays = part["delays_s"]
    if not delays:
        return False
    first = min(0.0, min(delays) // STEP_S * STEP_S)
    steps = int((max(delays) - first) / STEP_S) + 2
    axes.hist(delays, bins=[first + STEP_S * i for i in range(steps)], color=BLUE)
    axes.axvline(0, color=GREY, lw=1)
    share = f"{part['alerted']} of {part['due']} came"
    axes.set(title=f"Alerts: delay from onset + {part['after_s']:g} s ({share})")
    axes.set(xlabel="seconds", ylabel="alerts")
    return True


def draw_recall(axes: Axes, figures: Figures) -> bool:
    """Draw which share of events is found, by how far the breath stands over the noise."""
    rows = figures["strata"].get("snr")
    if not rows:
        return False
    for key, label, colour, shift in (
        ("recall_apnea", "apneas", RED, -0.08),
        ("recall_hypopnea", "hypopneas", YELLOW, 0.08),
    ):
        _draw_shares(
            axes,
            [(row[key], row[f"{key}_95"]) for row in rows.values()],
            shift,
            {"color": colour, "label": label},
        )
    names = [f"{name}\n{row['events']} events" for name, row in rows.items()]
    axes.set_xticks(range(len(names)), names, fontsize="small")
    axes.set(title="Events found, by median breath over the noise (0.3-4 kHz)")
    axes.set(ylabel="recall (95 % interval)", ylim=(0, 1.02))
    axes.legend(loc="lower right", fontsize="small")
    return True


def _draw_shares(
    axes: Axes,
    shares: Sequence[tuple[float | None, Sequence[float] | None]],
    shift: float,
    look: Mapping[str, Any],
) -> None:
    """Draw points with their intervals, one a place on the axis; absent ones are left out."""
    known = [(at + shift, s, i or (s, s)) for at, (s, i) in enumerate(shares) if s is not None]
    below = [max(0.0, share - low) for _, share, (low, _) in known]
    above = [max(0.0, high - share) for _, share, (_, high) in known]
    places, points = [at for at, _, _ in known], [share for _, share, _ in known]
    axes.errorbar(places, points, yerr=(below, above), marker="o", capsize=3, **look)


PICTURES: Mapping[str, Callable[[Axes, Figures], bool]] = {
    "reliability": draw_reliability,
    "agreement": draw_agreement,
    "risk": draw_risk,
    "alert_delay": draw_delays,
    "recall_by_snr": draw_recall,
}
