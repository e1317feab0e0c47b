"""Sentences of a report, for people who have not read the manual."""

from collections.abc import Sequence
from datetime import timedelta, tzinfo
from typing import Final

from osa_daemon.report.index import Average
from osa_daemon.report.night import Night
from osa_daemon.scoring.night import NightFigures

DASH: Final = "\N{EN DASH}"  # what is not known
NOT_A_DEVICE: Final = (
    "osa_daemon is not a medical device, and this is no diagnosis. A microphone beside the bed "
    "heard pauses in the sound of breathing. A night without pauses here does not mean a night "
    "without sleep apnea."
)
CANNOT_KNOW: Final = (
    "Oxygen: no drop of blood oxygen is measured.",
    "Effort: whether the airway is blocked or the effort to breathe stops (obstructive or "
    "central) cannot be told from sound. Which of the two types an event has here, apnea or "
    "hypopnea, is often wrong.",
    "Sleep: no arousal and no stage of sleep is known. Hours are hours of listening in which "
    "breathing could be heard, not hours of sleep.",
    "Reductions of airflow that do not change the sound: a laboratory scores many of them.",
    "Quiet breathing: where it is fainter than the room, nothing is reported.",
    "Who it was: a partner or a pet nearer to the microphone may be heard in the sleeper's place.",
    "Pauses of two minutes and longer: somebody who left the bed sounds the same; they are left "
    "out.",
)
HOW: Final = (
    "An apnea here is a pause in the sound of breathing of at least 10 s, a hypopnea a clear "
    "reduction of that sound of at least 10 s. Estimated events per hour: events in time in which "
    "breathing could be heard, divided by that time; it is not the index of a sleep study."
)
NONE_HEARD: Final = "None was heard. That says no more than what could be heard."
NOT_KNOWN: Final = "Not known: breathing could not be heard."
WEEKDAYS: Final = ("Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday")
MONTHS: Final = (
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
)  # fmt: skip


def title_of(night: Night) -> str:
    """Return the name of a night."""
    first, second = night.night, night.night + timedelta(days=1)
    month = f" {MONTHS[first.month - 1]}" if first.month != second.month else ""
    year = f" {first.year}" if first.year != second.year else ""
    return (
        f"Night of {WEEKDAYS[first.weekday()]} {first.day}{month}{year} to "
        f"{WEEKDAYS[second.weekday()]} {second.day} {MONTHS[second.month - 1]} {second.year}"
    )


def hours_of(night: Night, zone: tzinfo | None = None) -> str:
    """Return from when to when something is known of a night."""
    began, ended = night.began_utc.astimezone(zone), night.ended_utc.astimezone(zone)
    return f"{began:%H:%M} to {ended:%H:%M}"


def figures_rows(night: Night, interval: tuple[float, float] | None) -> list[tuple[str, str]]:
    """Return names and values of what was measured, the most asked for first."""
    figures = night.figures
    if figures is None:
        return [("Events", f"{len(night.events)}; no figures of this night are in the journal")]
    reason = (
        [] if figures.index is not None else [("", figures.index_reason or "nothing was heard")]
    )
    return [
        ("Estimated events per hour", _index(figures, interval)),
        *reason,
        ("Average of 14 nights", average_text(night.average)),
        ("Events", events_text(figures)),
        ("Longest apnea", longest_text(figures)),
        (
            "Breathing could be heard",
            f"{figures.monitorable_s / 3600:.1f} of {figures.listened_s / 3600:.1f} h "
            f"({100 * figures.monitorable_share:.0f} %)",
        ),
        ("Snoring", _snoring(figures)),
        ("Breathing rate", _rate(figures.breathing_rate_bpm)),
        ("Sound lost", _duration(figures.gap_s)),
        ("Alerts", _alerts([alert.level for alert in night.alerts])),
    ]


def events_text(figures: NightFigures) -> str:
    """Return how many events a night had; of one that could not be heard that is not known."""
    if not figures.events:
        return _none_heard(figures)
    apneas, hypopneas = figures.apneas, figures.hypopneas
    return f"{figures.events}: {counted(apneas, 'apnea')}, {counted(hypopneas, 'hypopnea')}"


def counted(number: int, one: str) -> str:
    """Return a number and what it counts, `one` being the name of one."""
    return f"{number} {one}" if number == 1 else f"{number} {one}s"


def longest_text(figures: NightFigures) -> str:
    """Return how long the longest apnea was."""
    return f"{figures.longest_apnea_s:.0f} s" if figures.apneas else _none_heard(figures)


def _none_heard(figures: NightFigures) -> str:
    return "none heard" if figures.monitorable_s > 0 else DASH


def average_text(average: Average | None) -> str:
    """Return the average with the nights that it is of, and how far they lie apart."""
    if average is None:
        return "unknown: none of these nights has a figure"
    if average.nights == 1:
        return f"{average.index:.1f}, of one night alone"
    return (
        f"{average.index:.1f}, of {average.nights} nights with a figure "
        f"({average.least:.1f} to {average.most:.1f})"
    )


def _index(figures: NightFigures, interval: tuple[float, float] | None) -> str:
    if figures.index is None or interval is None:
        return "unknown"
    return f"{figures.index:.1f}  (95 %: {interval[0]:.1f} to {interval[1]:.1f})"


def _snoring(figures: NightFigures) -> str:
    is_known = figures.monitorable_s > 0
    return f"{100 * figures.snoring_share:.0f} % of that time" if is_known else DASH


def _rate(rate_bpm: float | None) -> str:
    return "unknown" if rate_bpm is None else f"{rate_bpm:.1f} breaths a minute on average"


def _duration(seconds: float) -> str:
    return f"{seconds:.0f} s" if seconds < 90 else f"{seconds / 60:.0f} min"


def _alerts(levels: Sequence[str]) -> str:
    raised = [level for level in levels if level != "notice"]
    urgent = raised.count("urgent")
    if not raised:
        return "none"
    return f"{len(raised)}, {urgent} of them urgent" if urgent else f"{len(raised)}"
