"""What the detector must reach, beside what it reaches."""

from collections.abc import Iterator, Mapping
from typing import Any

from osa_daemon.evaluation.figures.eventless import is_empty, is_wanted

QUIET = "quiet to moderately noisy rooms"
ALL = "all rooms"
NO_MORE, NO_LESS = "≤", "≥"
EVENT_BOUNDS = {  # what, on generators trained on, on generators left out of training
    "f1": ("event F1", 0.92, 0.85),
    "recall_apnea": ("recall of apneas", 0.97, 0.92),
    "recall_hypopnea": ("recall of hypopneas", 0.80, 0.60),
}


def target_rows(figures: Mapping[str, Any], unseen: tuple[str, ...] = ()) -> list[dict[str, Any]]:
    """Return one row for each target: `what`, `where`, `value`, `interval`, `target`, `met`.

    `unseen`: generators that the model was not trained on. Targets hold for the point estimates;
    `met` is None where there is no value.
    """
    return [
        *_events(figures, unseen),
        *_eventless(figures["eventless"]),
        *_index(figures["index"]),
        *_alerts(figures["alerts"]),
        *_hearing(figures["hearing"]),
        *_shapes(figures["events"]),
    ]


def _row(
    what: str,
    where: str,
    row: Mapping[str, Any] | None,
    key: str,
    target: tuple[str, float],
    *,
    interval: list[float] | None = None,
) -> dict[str, Any]:
    """Return one target's row; the value is `row[key]`, its interval `row[key_95]`."""
    value = None if row is None else row.get(key)
    known = interval if row is None or interval is not None else row.get(f"{key}_95")
    sign, bound = target
    met = None if value is None else (value >= bound if sign == NO_LESS else value <= bound)
    return {
        "what": what,
        "where": where,
        "value": value,
        "interval": known,
        "target": f"{sign} {bound:g}",
        "met": met,
    }


def _events(figures: Mapping[str, Any], unseen: tuple[str, ...]) -> Iterator[dict[str, Any]]:
    for key, (what, seen, left_out) in EVENT_BOUNDS.items():
        yield _row(what, QUIET, figures["seen"], key, (NO_LESS, seen))
        for name, row in figures["generators"].items():
            bound = left_out if name in unseen else seen
            where = f"{QUIET}, {name} breaths" + (", not trained on" if name in unseen else "")
            yield _row(what, where, row, key, (NO_LESS, bound))


def left_out_rows(rows: Mapping[str, Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Return targets of models that were trained without a generator: its name → `event_row`.

    Each row is of nights of that generator in quiet to moderately noisy rooms.
    """
    return [
        _row(what, f"{QUIET}, {name} breaths, left out of training", row, key, (NO_LESS, bound))
        for key, (what, _, bound) in EVENT_BOUNDS.items()
        for name, row in rows.items()
    ]


def cost_rows(cost: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return targets of size and cost: `size_mb`, `cpu_ms_per_s`, `int8_f1_difference`.

    The difference may have a sign; its size counts.
    """
    cost = {k: abs(value) if isinstance(value, float) else value for k, value in cost.items()}
    bounds = {
        "int8_f1_difference": ("F1, int8 against fp32: absolute difference", ALL, 0.01),
        "size_mb": ("size of the detector (MB)", "detector.onnx", 2.0),
        "cpu_ms_per_s": ("cost of the detector (ms of CPU per second of sound)", "here", 1.0),
    }
    return [
        _row(what, where, cost, key, (NO_MORE, bound))
        for key, (what, where, bound) in bounds.items()
        if key in cost
    ]


def _eventless(figures: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for kind, row in figures["kinds"].items():
        if not is_wanted(kind):
            continue
        bound = 0.1 if is_empty(kind) else 0.3
        yield _upper("false events per hour", kind, row, "false_per_hour", bound)
        if is_empty(kind):
            yield _row("monitorable share", kind, row, "monitorable_share", (NO_MORE, 0.05))
    yield _upper("false alerts per 8 h", "all kinds", figures["wanted"], "false_alerts_per_8h", 0.3)
    for kind, row in figures["kinds"].items():
        if is_wanted(kind):
            yield _upper("false alerts per 8 h", kind, row, "false_alerts_per_8h", 1.0)


def _upper(
    what: str, kind: str, row: Mapping[str, Any] | None, key: str, bound: float
) -> dict[str, Any]:
    """Return a rate's row; its interval ends at the upper bound of 95 %."""
    high = None if row is None else row.get(f"{key}_upper_95")
    interval = None if high is None else [0.0, high]
    return _row(what, f"without events: {kind}", row, key, (NO_MORE, bound), interval=interval)


def _index(figures: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for where, part in ((ALL, figures["all"]), (QUIET, figures["quiet"])):
        strata = part["strata"]
        for name, stratum, bound in (
            ("below 15", part["below 15"], 2.0),
            ("15-30", strata["15-30"], 3.0),
        ):
            what = f"index error per hour, {name}"
            yield _row(what, where, stratum, "mean_abs_error", (NO_MORE, bound))
        high = strata["above 30"]
        yield _row(
            "index error as a share, 30 and above", where, high, "relative_error", (NO_MORE, 0.12)
        )


def _alerts(figures: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for where, part in ((ALL, figures["all"]), (QUIET, figures["quiet"])):
        for what, key, bound in (
            ("alert delay, median (s)", "median_s", 4.0),
            ("alert delay, 95 % (s)", "percentile_95_s", 8.0),
        ):
            row = _row(what, where, part, key, (NO_MORE, bound))
            # a delay without value is an endless one, where an alert was due
            yield row | {"met": False} if part["due"] and row["value"] is None else row


def _hearing(figures: Mapping[str, Any] | None) -> Iterator[dict[str, Any]]:
    bounds = {
        "audible_monitorable": ("truly audible time that is monitorable", NO_LESS, 0.95),
        "event_time_monitorable": ("truly audible event time that is monitorable", NO_LESS, 0.95),
        "inaudible_monitorable": ("inaudible time that is monitorable", NO_MORE, 0.10),
    }
    for key, (what, sign, bound) in bounds.items():
        yield _row(what, "all nights", figures, key, (sign, bound))


def _shapes(figures: Mapping[str, Any]) -> Iterator[dict[str, Any]]:
    for where, row in ((QUIET, figures["quiet"]), (ALL, figures["all"])):
        yield _row("mean IoU of matched events", where, row, "mean_iou", (NO_LESS, 0.82))
        yield _row(
            "error of the mean duration (s)", where, row, "mean_duration_error_s", (NO_MORE, 1.7)
        )
