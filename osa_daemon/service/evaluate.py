"""`osa-daemon evaluate`: the shipped model on nights with a known truth (contract C3)."""

import argparse
import json
from collections.abc import Sequence
from contextlib import ExitStack
from typing import Any

from osa_daemon.audio.block import SAMPLE_RATE_HZ
from osa_daemon.evaluation.corpora.folder import read_folder
from osa_daemon.evaluation.reference import ReferenceNight
from osa_daemon.scoring.event import AlertLevel
from osa_daemon.scoring.matching import Matches, Span, iou, match, pool
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.chain import Chain, ids_of
from osa_daemon.service.models import Models, load_models
from osa_daemon.service.outputs import whole_file
from osa_daemon.service.replay import replay
from osa_daemon.service.rules import scoring_settings
from osa_daemon.settings.load import load

HEADER = ("night", "hours", "events", "found", "false", "F1", "IoU", "alerts")


def evaluate_command(args: argparse.Namespace) -> int:
    """Run `osa-daemon evaluate`; see the module's docstring."""
    nights = read_folder(args.data)
    with ExitStack() as files:
        # opened first: what cannot be written is told before hours of sound are heard
        out = files.enter_context(whole_file(args.json)) if args.json is not None else None
        models = load_models()
        rules = scoring_settings(load(args.config).settings, models.detector().metadata)
        figures = evaluate(nights, models, rules)
        if out is not None:
            out.write(json.dumps(figures, indent=1) + "\n")
    return 0


def evaluate(
    nights: Sequence[ReferenceNight], models: Models, rules: ScoringSettings
) -> dict[str, Any]:
    """Run all nights, print a line for each, and return the figures."""
    rows: dict[str, dict[str, Any]] = {}
    everything: list[Matches] = []
    print(" ".join(f"{name:>10}" for name in HEADER))
    for night in nights:
        matches, row = evaluate_night(night, models, rules)
        everything.append(matches)
        rows[night.sound.stem] = row
        print(_line(night.sound.stem, row))
    total = figures_of(pool(everything), sum(row["hours"] for row in rows.values()))
    total["alerts"] = sum(row["alerts"] for row in rows.values())
    print(_line("all", total))
    return {"nights": rows, "all": total}


def evaluate_night(
    night: ReferenceNight, models: Models, rules: ScoringSettings
) -> tuple[Matches, dict[str, Any]]:
    """Run one night through the bedside's chain and match its events with the truth."""
    source = night.open_source()
    chain = Chain(models, rules, ids_of(night.sound.name))
    decided: list[Span] = []
    alerts = 0
    for outcome in replay(source, chain):
        decided += (Span(e.onset_s, e.duration_s, e.type) for e in outcome.events)
        if outcome.step is not None:
            raised = outcome.step.scored.alerts
            alerts += sum(a.active and a.level is not AlertLevel.NOTICE for a in raised)
    source.close()
    matches = match(decided, night.events)
    return matches, figures_of(matches, chain.end / SAMPLE_RATE_HZ / 3600) | {"alerts": alerts}


def figures_of(matches: Matches, hours: float) -> dict[str, Any]:
    """Return the figures of matched events as plain JSON."""
    overlaps = [iou(a, b) for a, b in matches.pairs]
    return {
        "hours": round(hours, 3),
        "events": len(matches.pairs) + len(matches.missed),
        "found": len(matches.pairs),
        "false": len(matches.false),
        "precision": matches.precision,
        "recall": matches.recall,
        "f1": matches.f1,
        "mean_iou": sum(overlaps) / len(overlaps) if overlaps else None,
    }


def _line(name: str, row: dict[str, Any]) -> str:
    keys = ("hours", "events", "found", "false", "f1", "mean_iou", "alerts")
    cells = (row[key] for key in keys)
    shown = ("-" if c is None else f"{c:.2f}" if isinstance(c, float) else str(c) for c in cells)
    return " ".join([f"{name[-10:]:>10}", *(f"{cell:>10}" for cell in shown)])
