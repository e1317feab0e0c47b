"""The manifest of the test nights: written once, committed before the training it judges.

Nights of 2 h. With events: every timeline of the test split once for each generator, its runs of
events thinned so that each stratum of the index is filled. Without events: 60 h of empty room and
30 h of every other kind. Any first part of the manifest holds the whole mixture.
"""

import csv
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

import numpy as np

from osa_daemon.errors import InputError
from osa_daemon.training.simulator import Material, NightSpec
from osa_daemon.training.simulator.night import Generator, Kind, Severity

MANIFEST = Path(__file__).with_name("test_nights.csv")
SEED = 20289
NIGHT_S = 7_200.0
EMPTY_HOURS, EVENTLESS_HOURS = 60.0, 30.0
GENERATORS: tuple[Generator, ...] = ("recorded", "synthesised", "airflow")
EVENTLESS: tuple[Kind, ...] = (
    "snorer",
    "quiet",
    "talk",
    "television",
    "pets",
    "partner",
    "gets_up",
    "turns_away",
)
STRATA: tuple[tuple[Severity, float | None], ...] = (  # index that runs are thinned to; None: not
    ("mild", 4.0),
    ("moderate", 13.0),
    ("severe", 28.0),
    ("severe", None),
)
KINDS_WITH_EVENTS: tuple[Kind, ...] = (  # one each in ten nights with events
    "partner_events",
    "television",
    "turns_away",
    "gets_up",
)
COLUMNS = ("seed", "generator", "kind", "severity", "timeline", "index_per_h", "duration_s")
LARGEST_INDEX_PER_H = 120.0


def draw_manifest(timelines: Sequence[str]) -> list[NightSpec]:
    """Draw the manifest from the seed and the names of the test split's timelines."""
    rng = np.random.default_rng(SEED)
    groups: dict[tuple[object, ...], list[NightSpec]] = {}
    for spec in [*_with_events(sorted(timelines)), *_without_events()]:
        group = (spec.severity, spec.index_per_h, spec.kind if spec.severity == "none" else "")
        groups.setdefault(group, []).append(spec)
    placed = [
        ((rank + float(rng.random())) / len(specs), spec)
        for specs in groups.values()
        for rank, spec in enumerate(specs[int(k)] for k in rng.permutation(len(specs)))
    ]
    return [spec for _, spec in sorted(placed, key=lambda pair: pair[0])]


def _with_events(timelines: Sequence[str]) -> Iterator[NightSpec]:
    for number, (name, generator) in enumerate((n, g) for n in timelines for g in GENERATORS):
        severity, index_per_h = STRATA[
            (number // len(GENERATORS) + number % len(GENERATORS)) % len(STRATA)
        ]
        special = number % 10
        yield NightSpec(
            seed=SEED * 1_000 + number,
            split="test",
            generator=generator,
            kind=KINDS_WITH_EVENTS[special] if special < len(KINDS_WITH_EVENTS) else "events",
            duration_s=NIGHT_S,
            severity=severity,
            timeline=name,
            index_per_h=LARGEST_INDEX_PER_H if index_per_h is None else index_per_h,
        )


def _without_events() -> Iterator[NightSpec]:
    number = 500
    for kind in ("empty", *EVENTLESS):
        hours = EMPTY_HOURS if kind == "empty" else EVENTLESS_HOURS
        for _ in range(round(hours * 3600 / NIGHT_S)):
            yield NightSpec(
                seed=SEED * 1_000 + number,
                split="test",
                generator=GENERATORS[number % len(GENERATORS)],
                kind=kind,
                duration_s=NIGHT_S,
            )
            number += 1


def write_manifest(data: Path, path: Path = MANIFEST) -> None:
    """Draw the manifest for a data folder and write it."""
    names = [night.name for night in Material(data, "test", "all").timelines]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(COLUMNS)
        for spec in draw_manifest(names):
            row = [getattr(spec, column) for column in COLUMNS]
            writer.writerow(["" if cell is None else cell for cell in row])


def read_manifest(path: Path = MANIFEST) -> list[NightSpec]:
    """Return the test nights in the manifest's order.

    Raises:
        InputError: the manifest is missing or a line of it is none.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            return list(_specs(csv.DictReader(file)))
    except (OSError, KeyError, ValueError) as error:
        raise InputError(f"The manifest {path} cannot be read ({error}).") from error


def first_part(specs: Sequence[NightSpec], share: float) -> list[NightSpec]:
    """Return the first `share` (0-1) of a manifest: at least one night."""
    return list(specs[: max(1, round(share * len(specs)))])


def _specs(rows: Iterable[dict[str, str]]) -> Iterator[NightSpec]:
    for row in rows:
        yield NightSpec(
            seed=int(row["seed"]),
            split="test",
            generator=row["generator"],  # type: ignore[arg-type]  # a word of the manifest
            kind=row["kind"],  # type: ignore[arg-type]
            duration_s=float(row["duration_s"]),
            severity=row["severity"],  # type: ignore[arg-type]
            timeline=row["timeline"] or None,
            index_per_h=float(row["index_per_h"]) if row["index_per_h"] else None,
        )
