"""All figures of an evaluation, from its judged nights to plain JSON."""

from collections.abc import Sequence
from typing import Any

import numpy as np

from osa_daemon.evaluation.figures.alerts import Policy, alert_figures, false_alerts
from osa_daemon.evaluation.figures.calibration import calibration_figures
from osa_daemon.evaluation.figures.epochs import epoch_figures
from osa_daemon.evaluation.figures.eventless import eventless_figures, rows_by
from osa_daemon.evaluation.figures.events import event_figures, event_row
from osa_daemon.evaluation.figures.hearing import hearing_figures
from osa_daemon.evaluation.figures.index import index_figures, indices_of
from osa_daemon.evaluation.figures.matched import (
    MatchedNight,
    hours_of,
    match_nights,
    people_of,
)
from osa_daemon.evaluation.figures.strata import strata_figures
from osa_daemon.evaluation.night import JudgedNight
from osa_daemon.evaluation.targets import target_rows

DIGITS = 4


def figures_of(
    nights: Sequence[JudgedNight], policy: Policy | None = None, unseen: Sequence[str] = ()
) -> dict[str, Any]:
    """Return every figure of judged nights as plain JSON (None where there is no value).

    `policy`: of alerts, as the nights were judged. `unseen`: generators that the model was not
    trained on; they have bounds of their own among the targets.
    """
    matched = match_nights(nights)
    having = [one for one in matched if one.has_events]
    quiet = [one for one in having if one.is_quiet]
    policy = policy or Policy()
    figures: dict[str, Any] = {
        "set": _set(matched),
        "events": {
            "quiet": event_figures(quiet),
            "noisier": event_figures([one for one in having if one.is_quiet is False]),
            "all": event_figures(having),
        },
        "seen": event_row([one for one in quiet if one.generator not in unseen]),
        "generators": rows_by(quiet, lambda one: one.generator, event_row),
        "eventless": eventless_figures(matched, policy),
        "index": {
            "all": index_figures(matched),
            "quiet": index_figures([one for one in matched if one.is_quiet]),
        },
        "alerts": {"all": alert_figures(having, policy), "quiet": alert_figures(quiet, policy)},
        "hearing": hearing_figures(matched),
        "epochs": {"all": epoch_figures(having), "quiet": epoch_figures(quiet)},
        "calibration": calibration_figures(matched),
        "strata": strata_figures(matched),
        "nights": {one.night.name: _night(one, policy) for one in matched},
    }
    figures["targets"] = target_rows(figures, tuple(unseen))
    plain: dict[str, Any] = plain_of(figures)
    return plain


def _set(nights: Sequence[MatchedNight]) -> dict[str, Any]:
    having = [one for one in nights if one.has_events]
    people = people_of(having)
    return {
        "nights": len(nights),
        "hours": hours_of(nights),
        "nights_with_events": len(having),
        "hours_with_events": hours_of(having),
        "sounds": len({name.rpartition("/")[0] or name for name in people}),
        "timelines": len({name.rpartition("/")[2] for name in people}),
        "snr_known": sum(one.snr_db is not None for one in nights),
        "audible_known": sum(one.night.rows.audible is not None for one in nights),
    }


def _night(one: MatchedNight, policy: Policy) -> dict[str, Any]:
    """Return one night's line."""
    matches, indices = one.matches, indices_of(one)
    return {
        "kind": one.kind,
        "generator": one.generator,
        "snr_db": one.snr_db,
        "hours": one.night.hours,
        "events": len(matches.pairs) + len(matches.missed),
        "found": len(matches.pairs),
        "false": len(matches.false),
        "f1": matches.f1,
        "alerts": len(one.night.alerts),
        "false_alerts": false_alerts(one.night, policy),
        "monitorable_share": float(one.night.rows.monitorable.mean())
        if len(one.night.rows.monitorable)
        else None,
        "index_true": None if indices is None else indices.true,
        "index": None if indices is None else indices.decided,
    }


def plain_of(figure: Any) -> Any:
    """Return a figure as plain JSON: floats rounded, what is not finite as None."""
    if isinstance(figure, dict):
        return {str(name): plain_of(value) for name, value in figure.items()}
    if isinstance(figure, list | tuple):
        return [plain_of(value) for value in figure]
    if isinstance(figure, bool | np.bool_):
        return bool(figure)
    if isinstance(figure, int | np.integer):
        return int(figure)
    if isinstance(figure, float | np.floating):
        return round(float(figure), DIGITS) if np.isfinite(figure) else None
    return figure
