"""`osa-daemon evaluate`: a model on nights with a known truth, heard as the bedside hears them."""

import argparse
import json
import math
import sys
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from osa_daemon import __version__
from osa_daemon.errors import InputError, UsageError
from osa_daemon.evaluation.corpora.folder import read_folder
from osa_daemon.evaluation.figures.alerts import Policy
from osa_daemon.evaluation.night import JudgedNight
from osa_daemon.evaluation.pictures import OPTION, pictures_of
from osa_daemon.evaluation.reference import ReferenceNight
from osa_daemon.evaluation.report import figures_of, plain_of
from osa_daemon.evaluation.store import NightStore, make_folder
from osa_daemon.evaluation.tables import markdown_of
from osa_daemon.report.extra import check_drawing
from osa_daemon.scoring.matching import Matches, iou, match, pool
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.judge import judge, judged_key, names_of
from osa_daemon.service.models import Models, load_models, load_models_with
from osa_daemon.service.outputs import whole_bytes, whole_file
from osa_daemon.service.replay import rules_of

HEADER = ("night", "hours", "events", "found", "false", "F1", "IoU", "alerts")
NAME_COLUMNS = 24
LONGEST_S = ScoringSettings().unknown_after_s


def evaluate_command(args: argparse.Namespace) -> int:
    """Run `osa-daemon evaluate`; see the module's docstring."""
    nights = read_folder(args.data, args.channel)
    nights = nights[: max(1, round(args.share * len(nights)))]
    check_sounds(nights)
    _check_json(args.json, nights)
    store = None if args.cache is None else NightStore(args.cache)
    with ExitStack() as files:
        # opened first: what cannot be written is told before hours of sound are heard
        out = files.enter_context(whole_file(args.json)) if args.json is not None else None
        if args.pictures is not None:
            check_drawing(OPTION)
            make_folder(args.pictures)
        if store is not None:
            make_folder(store.folder)
        models = load_models() if args.model is None else load_models_with(args.model)
        rules = rules_of(args, models)
        judged = judge_all(nights, models, rules, store)
        figures = all_figures(judged, models, rules)
        if out is not None:
            out.write(json.dumps(figures, indent=1) + "\n")
    if args.pictures is not None:
        for name, content in pictures_of(figures["figures"]):
            with whole_bytes(args.pictures / f"{name}.png") as picture:
                picture.write(content)
    # last: who closes the pipe early (`| head`) still has the files
    print(_line("all", figures["all"]), markdown_of(figures["figures"]), sep="\n\n")
    return 0


def check_sounds(nights: Sequence[ReferenceNight]) -> None:
    """Open every sound once, before hours of them are heard.

    Raises:
        InputError: one cannot be read, or all events of a night begin after its end: it would pass
            for a night without events.
    """
    for night in nights:
        source = night.open_source()
        length_s = getattr(source, "duration_s", math.inf)  # of sounds that know their length
        source.close()
        if night.events and all(event.onset_s >= length_s for event in night.events):
            raise InputError(
                f"{night.sound.name}: all of its events ({len(night.events)}) begin after its end, "
                f"at {length_s:.0f} s: are their times seconds from the start of the sound?"
            )


def _check_json(path: Path | None, nights: Sequence[ReferenceNight]) -> None:
    """Refuse to write figures over what the nights are read from."""
    for night in nights if path is not None else ():
        assert path is not None
        if path.resolve() in {night.sound.resolve(), night.sound.with_suffix(".json").resolve()}:
            raise UsageError(f"--json {path} belongs to a night of DATA: give it another name.")


def judge_all(
    nights: Sequence[ReferenceNight],
    models: Models,
    rules: ScoringSettings,
    store: NightStore | None = None,
) -> list[JudgedNight]:
    """Hear all nights, save those that `store` knows, and print a line for each as it is done.

    Raises:
        InputError: the sound of a night cannot be read.
        StorageError: a night cannot be kept.
    """
    print(_cells(HEADER))
    judged: list[JudgedNight] = []
    for name, night in zip(names_of(nights), nights, strict=True):
        key = judged_key(night, models, rules, name)
        known = None if store is None else store.find(name, key)
        one = known or judge(night, models, rules, name)
        if store is not None and known is None:
            store.keep(key, one)
        judged.append(_within(one))
        remark = f"  {len(judged)} of {len(nights)}{', from the cache' if known else ''}"
        print(_line(name, night_row(judged[-1])) + remark, flush=True)
    return judged


def _within(night: JudgedNight) -> JudgedNight:
    """Leave out true events that begin after the end of the sound, and say so."""
    inside = tuple(span for span in night.truth if span.onset_s < night.hours * 3600)
    if long := sum(span.duration_s >= LONGEST_S for span in inside):
        print(
            f"{night.name}: {long} of its {len(night.truth)} events last {LONGEST_S:g} s or "
            "longer: a pause of that length is never told as an event.",
            file=sys.stderr,
        )
    if outside := len(night.truth) - len(inside):
        print(
            f"{night.name}: {outside} of its {len(night.truth)} events begin after the end of its "
            f"sound, at {night.hours * 3600:.0f} s, and are left out.",
            file=sys.stderr,
        )
    return replace(night, truth=inside)


def all_figures(
    judged: Sequence[JudgedNight], models: Models, rules: ScoringSettings
) -> dict[str, Any]:
    """Return all figures as plain JSON.

    `nights` and `all`: counts of each night by name, and of all together; `figures`: everything
    else, as the model card has it; `with`: what they were made with.
    """
    total = counts_of(pool([matches_of(n) for n in judged]), sum(n.hours for n in judged))
    total["alerts"] = sum(len(night.alerts) for night in judged)
    return {
        "with": {
            "osa_daemon": __version__,
            "detector_sha256": models.network.sha256,
            "encoder_sha256": models.encoder.sha256,
            "rules": asdict(rules),
        },
        "nights": {night.name: night_row(night) for night in judged},
        "all": total,
        "figures": figures_of(judged, Policy(rules.alert_after_s, rules.alert_repeat_s)),
    }


def night_row(night: JudgedNight) -> dict[str, Any]:
    """Return the counts of one night, and what is known of it."""
    counts = counts_of(matches_of(night), night.hours)
    return counts | {"alerts": len(night.alerts), "facts": plain_of(night.facts)}


def matches_of(night: JudgedNight) -> Matches:
    """Match what was decided on a night with its truth."""
    return match([decided.span for decided in night.decided], night.truth)


def counts_of(matches: Matches, hours: float) -> dict[str, Any]:
    """Return the counts of matched events as plain JSON."""
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
    return _cells((name, *shown))


def _cells(cells: Sequence[str]) -> str:
    name, *rest = cells
    return " ".join([f"{name[-NAME_COLUMNS:]:>{NAME_COLUMNS}}", *(f"{cell:>7}" for cell in rest)])
