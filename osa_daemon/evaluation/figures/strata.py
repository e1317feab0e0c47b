"""The same row of events by what a night is like: noise, distance, codec, person, severity."""

from collections.abc import Callable, Sequence
from itertools import pairwise
from typing import Any

from osa_daemon.evaluation.figures.eventless import rows_by
from osa_daemon.evaluation.figures.events import event_row
from osa_daemon.evaluation.figures.index import STRATA as INDEX_STRATA
from osa_daemon.evaluation.figures.index import stratum_of, true_hours
from osa_daemon.evaluation.figures.matched import MatchedNight, number_of, text_of

Label = Callable[[MatchedNight], str | None]
SNR_EDGES_DB = (0.0, 3.0, 6.0, 10.0, 15.0)
DISTANCE_EDGES_M = (0.7, 1.5)


def band_of(value: float | None, edges: Sequence[float], unit: str) -> str | None:
    """Return the name of the band that holds a value; None without a value."""
    if value is None:
        return None
    if value < edges[0]:
        return f"below {edges[0]:g} {unit}"
    for low, high in pairwise(edges):
        if value < high:
            return f"{low:g} to {high:g} {unit}"
    return f"{edges[-1]:g} {unit} and more"


def bands_of(edges: Sequence[float], unit: str) -> list[str]:
    """Return the names of all bands in order."""
    at = [edges[0] - 1, *edges]
    return [name for value in at if (name := band_of(value, edges, unit)) is not None]


def _fact(name: str) -> Label:
    return lambda one: text_of(one.night.facts.get(name))


def _snorer(one: MatchedNight) -> str | None:
    snores = one.night.facts.get("snores")
    return None if snores is None else ("snores" if snores else "never snores")


def _codec(one: MatchedNight) -> str | None:
    return str(one.night.facts["codec"] or "none") if "codec" in one.night.facts else None


def _gate(one: MatchedNight) -> str | None:
    if "gate_db" not in one.night.facts:
        return None
    return "without" if one.night.facts["gate_db"] is None else "with"


def _index(one: MatchedNight) -> str | None:
    hours = true_hours(one.night)
    return stratum_of(sum(s.counts for s in one.night.truth) / hours) if hours else None


def _snr(one: MatchedNight) -> str | None:
    return band_of(one.snr_db, SNR_EDGES_DB, "dB")


def _distance(one: MatchedNight) -> str | None:
    return band_of(number_of(one.night.facts.get("distance_m")), DISTANCE_EDGES_M, "m")


WAYS: dict[str, Label] = {
    "generator": _fact("generator"),
    "snr": _snr,
    "distance": _distance,
    "noise": _fact("noise"),
    "codec": _codec,
    "gate": _gate,
    "snoring": _snorer,
    "kind": lambda one: one.kind,
    "index": _index,
    "severity": _fact("severity"),
}
ORDER: dict[str, list[str]] = {
    "snr": bands_of(SNR_EDGES_DB, "dB"),
    "distance": bands_of(DISTANCE_EDGES_M, "m"),
    "index": [name for name, _, _ in INDEX_STRATA],
}


def strata_figures(nights: Sequence[MatchedNight]) -> dict[str, Any]:
    """Return `event_row` of nights with events by each of `WAYS` that is known of any night."""
    having = [one for one in nights if one.has_events]
    figures = {}
    for way, label in WAYS.items():
        rows = rows_by(having, label, event_row)
        order = ORDER.get(way, list(rows))
        if rows:
            figures[way] = {name: rows[name] for name in order if name in rows}
    return figures
