"""The figures of an evaluation as Markdown, section by section, in plain words."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from osa_daemon.evaluation.cells import Column, grid, number, span, table

Figures = Mapping[str, Any]

EVENTS = (
    Column("nights", "nights"),
    Column("hours", "hours", 1),
    Column("events", "events"),
    Column("false", "false"),
    Column("f1", "F1"),
    Column("recall", "recall"),
    Column("precision", "precision"),
    Column("recall_apnea", "apneas found"),
    Column("recall_hypopnea", "hypopneas found"),
    Column("mean_iou", "mean IoU"),
)
BORDERS = (
    Column("f1_any_overlap", "F1, any overlap"),
    Column("f1", "F1, IoU ≥ 0.3"),
    Column("f1_iou_half", "F1, IoU ≥ 0.5"),
    Column("recall_any_overlap", "recall, any overlap"),
    Column("recall_iou_half", "recall, IoU ≥ 0.5"),
    Column("precision_any_overlap", "precision, any overlap"),
    Column("precision_iou_half", "precision, IoU ≥ 0.5"),
    Column("mean_duration_error_s", "error of the mean duration (s)", 2),
    Column("onset_error_mean_abs_s", "onset, mean absolute (s)", 2),
    Column("duration_error_mean_abs_s", "duration, mean absolute (s)", 2),
)
STRATA = (
    Column("nights", "nights"),
    Column("events", "events"),
    Column("f1", "F1"),
    Column("recall_apnea", "apneas found"),
    Column("recall_hypopnea", "hypopneas found"),
    Column("false_per_hour", "false per hour", 2),
    Column("mean_iou", "mean IoU"),
)
SPREAD = (
    Column("count", "count"),
    Column("mean", "mean"),
    Column("median", "median"),
    Column("10 %", "10 %"),
    Column("90 %", "90 %"),
)
EVENTLESS = (
    Column("nights", "nights"),
    Column("hours", "hours", 1),
    Column("false", "false events"),
    Column("false_per_hour", "per hour", 2),
    Column("false_per_hour_upper_95", "at most (95 %)", 2),
    Column("false_alerts", "alerts"),
    Column("false_alerts_per_8h", "per 8 h", 2),
    Column("false_alerts_per_8h_upper_95", "at most (95 %)", 2),
    Column("monitorable_share", "monitorable share"),
)
INDEX = (
    Column("nights", "nights"),
    Column("mean_true", "mean true index", 1),
    Column("mean_abs_error", "mean error", 2),
    Column("median_abs_error", "median error", 2),
    Column("mean_abs_error_of_judged", "mean error, events on uncounted ones left out", 2),
    Column("relative_error", "mean error as a share"),
    Column("bias", "bias", 2),
)
EPOCHS = (
    Column("count", "count"),
    Column("f1", "F1"),
    Column("macro_f1", "macro-F1"),
    Column("f1_none", "F1 none"),
    Column("f1_apnea", "F1 apnea"),
    Column("f1_hypopnea", "F1 hypopnea"),
    Column("sensitivity", "sensitivity"),
    Column("specificity", "specificity"),
    Column("kappa", "kappa"),
)
WAY_TITLES = {
    "generator": "what makes the breathing",
    "snr": "median breath over the noise",
    "distance": "distance of the microphone",
    "noise": "noise",
    "codec": "codec",
    "snoring": "the sleeper",
    "kind": "kind of night",
    "index": "true events per audible hour",
    "severity": "severity of the timeline",
}


def markdown_of(figures: Figures) -> str:
    """Return `report.figures_of` as Markdown: sections of the second level, tables, short words."""
    sections: list[tuple[str, Callable[[Figures], list[str]]]] = [
        ("What it must reach", _targets),
        ("Events", _events),
        ("Types", _types),
        ("Nights without events that sound can find", _eventless),
        ("Events per hour", _index),
        ("Alerts", _alerts),
        ("Whether it knows when it cannot hear", _hearing),
        ("By what a night is like", _strata),
        ("Frames and epochs", _epochs),
        ("Calibration", _calibration),
    ]
    parts = []
    for title, section in sections:
        blocks = [block for block in section(figures) if block]
        if blocks:
            parts.append("\n\n".join([f"## {title}", *(block.rstrip() for block in blocks)]))
    return "\n\n".join(parts) + "\n"


def target_table(rows: Sequence[Figures]) -> str:
    """Return targets (`targets.target_rows` and its like) as a table."""
    lines = [
        [
            row["what"],
            row["where"],
            "-" if row["value"] is None else number(row["value"]) + span(row["interval"]),
            row["target"],
            number(row["met"]),
        ]
        for row in rows
    ]
    return grid(["figure", "where", "value", "target", "met"], lines)


def _targets(figures: Figures) -> list[str]:
    rows = figures.get("targets", ())
    known = [row["met"] for row in rows if row["met"] is not None]
    return [
        f"{sum(known)} of {len(known)} targets are met, by the point estimates. In brackets: 95 % "
        "intervals, resampled by person of sound and of timeline; for false events and alerts "
        "the exact Poisson bound. A dash: nothing here to measure it on, or an endless delay.",
        target_table(rows),
    ]


def _rows(figures: Figures) -> dict[str, Any]:
    events = figures["events"]
    rows = {
        "quiet to moderately noisy rooms": events["quiet"],
        "noisier rooms": events["noisier"],
        "all rooms": events["all"],
    }
    return {name: row for name, row in rows.items() if row["nights"]}


def _events(figures: Figures) -> list[str]:
    rows = _rows(figures)
    if not rows:
        return []
    generators = {f"quiet to moderate, {n}": r for n, r in figures["generators"].items()}
    best = figures["events"]["quiet" if figures["events"]["quiet"]["nights"] else "all"]
    by_night = {f"per night: {name}": row for name, row in best["per_night"].items()}
    by_event = {f"per event: {name}": row for name, row in best["errors"].items()}
    return [
        "Nights with events that count: apneas, and hypopneas whose breath level falls by at "
        "least 6 dB, in truly audible time. One to one, intersection over union (IoU) of at "
        "least 0.3, whatever the type. *Quiet to moderately noisy*: the night's median breath "
        "is at least 6 dB over the noise (0.3-4 kHz).",
        table("nights with events", rows | generators, EVENTS),
        "Borders of events, and other ways to match:",
        table("", rows, BORDERS),
        "How figures spread over the nights and events of "
        f"{'quiet to moderately noisy' if figures['events']['quiet']['nights'] else 'all'} rooms "
        "(errors: decided minus true, s):",
        table("", by_night | by_event, SPREAD),
    ]


def _types(figures: Figures) -> list[str]:
    blocks = []
    for where, row in _rows(figures).items():
        if where == "noisier rooms":
            continue
        cells = row["types"]["table"]
        decided = ("apnea", "hypopnea", "missed")
        lines = [[t, *(number(cells[t].get(d, 0)) for d in decided)] for t in cells]
        strict = (
            Column("events", "events"),
            Column("right", "right type"),
            Column("f1", "F1"),
            Column("recall", "recall"),
            Column("precision", "precision"),
        )
        found = (Column("events", "events"), Column("found", "found"), Column("recall", "recall"))
        met = (Column("events", "events"), Column("met", "met all the same"))
        blocks += [
            f"**{where[:1].upper()}{where[1:]}.** Found by any event, by true type:",
            table("true type", row["recall_by_type"], found),
            "What true events were taken for:",
            grid(["true", *decided], lines),
            "Where the type must be right too:",
            table("type", row["types"]["strict"], strict),
            "Scored events that sound cannot find: neither missed nor false."
            * bool(row["uncounted"]),
            table("true type", row["uncounted"], met),
        ]
    return blocks


def _eventless(figures: Figures) -> list[str]:
    part = figures["eventless"]
    if not part["all"]["nights"]:
        return []
    rows = {**part["kinds"], "all kinds meant to hold none": part["wanted"]}
    noises = {f"empty room, {name}": row for name, row in part["empty_by_noise"].items()}
    generators = {f"all but empty rooms, {n}": row for n, row in part["by_generator"].items()}
    return [
        "Everything told here is false, save on scored events that sound cannot find. *At most*: "
        "exact one-sided Poisson bound.",
        table("kind", rows, EVENTLESS),
        table("more closely", generators | noises, EVENTLESS),
    ]


def _index(figures: Figures) -> list[str]:
    blocks = [
        "Decided events per monitorable hour against true events per truly audible hour, night "
        "by night (errors per hour). Limits of agreement: bias ± 1.96 standard deviations."
    ]
    for where, part in (("all rooms", "all"), ("quiet to moderately noisy rooms", "quiet")):
        figure = figures["index"][part]
        rows = {**figure["strata"], **{k: figure[k] for k in ("with events", "without events")}}
        known = {name: row for name, row in rows.items() if row["nights"]}
        if not known:
            continue
        limits = {
            name: dict(row) | {"bounds": span(row["limits"], 1).strip(" ()") or None}
            for name, row in known.items()
        }
        blocks.append(
            table(f"true index, {where}", limits, (*INDEX, Column("bounds", "limits of agreement")))
        )
    left = figures["index"]["all"]["left_out"]
    if left:
        blocks.append(f"{left} nights with less than 15 minutes to go by are left out.")
    return blocks if len(blocks) > 1 else []


def _alerts(figures: Figures) -> list[str]:
    parts = {"all rooms": figures["alerts"]["all"], "quiet to moderate": figures["alerts"]["quiet"]}
    parts = {name: part for name, part in parts.items() if part["nights"]}
    if not parts:
        return []
    after_s = next(iter(parts.values()))["after_s"]
    columns = (
        Column("due", "due"),
        Column("held_back", "held back"),
        Column("alerted", "alerted"),
        Column("share_alerted", "share"),
        Column("share_within_8_s", "share within 8 s"),
        Column("median_s", "delay, median (s)", 1),
        Column("percentile_95_s", "95 % (s)", 1),
        Column("false", "false alerts"),
        Column("false_per_8h", "per 8 h", 2),
    )
    kinds = [
        [name, kind, str(count)] for name, p in parts.items() for kind, count in p["alerts"].items()
    ]
    clear = "; ".join(
        f"{name}: {part['clear_alerted']} of {part['clear']}" for name, part in parts.items()
    )
    return [
        f"True apneas that last longer than {after_s:g} s, on nights with events; the delay runs "
        f"from {after_s:g} s after the true onset, and is endless (a dash) where no alert came. "
        "More than 2 s early is false. Repeats that the policy holds back are left out.",
        table("nights", parts, columns),
        f"Of those that last at least 2 s longer, alerted: {clear}.",
        grid(["nights", "what the alert was", "count"], kinds),
    ]


def _hearing(figures: Figures) -> list[str]:
    hearing = figures["hearing"]
    if hearing is None:
        return []
    rows = {
        "truly audible time": ("audible_hours", "audible_monitorable"),
        "truly audible event time": ("event_hours", "event_time_monitorable"),
        "inaudible time": ("inaudible_hours", "inaudible_monitorable"),
    }
    lines = [
        [name, number(hearing[hours], 1), number(hearing[key]) + span(hearing.get(f"{key}_95"))]
        for name, (hours, key) in rows.items()
    ]
    risk = (
        Column("coverage", "share of time judged"),
        Column("events", "true events in it"),
        Column("risk", "1 - F1"),
        Column("missed_share", "missed"),
        Column("false_per_hour", "false per hour", 2),
    )
    levels = {f"{row['level']:g}": row for row in hearing["risk"]}
    return [
        grid(["", "hours", "monitorable"], lines),
        "Risk against coverage: only time is judged in which the audible reading was at least "
        "this high on average over 60 s. True events here are all apneas, also those that "
        "nobody could hear, and the hypopneas that count.",
        table("audible at least", levels, risk),
    ]


def _strata(figures: Figures) -> list[str]:
    strata = figures["strata"]
    tables = [table(WAY_TITLES.get(way, way), rows, STRATA) for way, rows in strata.items()]
    return ["Nights with events, in all rooms.", *tables] if tables else []


def _epochs(figures: Figures) -> list[str]:
    titles = {
        "frames": "frames of 0.2 s",
        "epochs": "epochs of 30 s, at least 10 s of event",
        "epochs_any": "epochs of 30 s, any event",
    }
    rows = {
        f"{title}, {where}": figures["epochs"][part][name]
        for part, where in (("all", "all rooms"), ("quiet", "quiet to moderate"))
        if figures["epochs"][part]["nights"]
        for name, title in titles.items()
    }
    if not rows:
        return []
    return [
        "Nights with events; what does not count is left out. F1, sensitivity, specificity and "
        "kappa: event against none; macro-F1 and the F1 beside it: none, apnea, hypopnea, the "
        "class that has more of an epoch.",
        table("", rows, EPOCHS),
    ]


def _calibration(figures: Figures) -> list[str]:
    columns = (
        Column("probability", "mean probability"),
        Column("observed", "observed share"),
        Column("count", "count"),
    )
    blocks = []
    for part, title in (("frames", "frame in an event"), ("events", "decided event is right")):
        figure = figures["calibration"][part]
        rows = {f"{b['from']:.1f}-{b['from'] + 0.1:.1f}": b for b in figure["bins"]}
        if rows:
            blocks += [
                f"**{title[:1].upper()}{title[1:]}**: expected calibration error "
                f"{number(figure['error'])}, Brier score {number(figure['brier'])}, "
                f"base rate {number(figure['base_rate'])}.",
                table("probability", rows, columns),
            ]
    return blocks
