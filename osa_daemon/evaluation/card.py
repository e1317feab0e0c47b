"""The model card: Markdown made from the figures, so that the two cannot disagree."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from osa_daemon.detector.expectation import Expectation
from osa_daemon.evaluation.cells import Column, figure, grid, number, section, table, words
from osa_daemon.evaluation.references import reference_section
from osa_daemon.evaluation.sources import DIVISION, MATERIAL, SOURCES
from osa_daemon.evaluation.tables.choices import (
    ablations_section,
    cross_section,
    left_out_section,
    training_sets_part,
)
from osa_daemon.evaluation.tables.comparisons import (
    comparisons_section,
    inputs_section,
    precision_section,
)
from osa_daemon.evaluation.tables.markdown import short_of, tables_of
from osa_daemon.evaluation.tables.targets import target_table
from osa_daemon.evaluation.targets import cost_rows

Known = Mapping[str, Any]
MEASURABLE = {  # key of what the card may be told → what it lacks without
    "comparisons": "Other systems on the same nights.",
    "inputs": "The same network on other input than the encoder's.",
    "left_out": "Models like this one that never heard one of the ways to make breathing.",
    "training_sets": "Training set (a), clear licences alone, beside set (b).",
    "precision": "int8 beside fp32 on test nights.",
    "ablations": "The choices of the network and its input against others.",
}

HEAD = """\
# Model card

The detector hears **pauses and reductions of breathing sound**. It is not a medical device, is not
intended to diagnose, treat, or aid in the management of sleep apnea, and is not for infants. The
absence of an event does not mean the absence of apnea: many events that a sleep laboratory scores
do not change the sound at all.

All figures below come from **simulated nights**: recorded and synthesised breaths, and breaths
that follow real airflow, laid on scored timelines of real nights, in simulated rooms. They were
not measured on people in their beds, and not on a Raspberry Pi. This page is made from
`figures.json`, which holds the same figures; `osa-daemon evaluate` prints the same tables.
"""
TRIED = """\
What did not help unless it says so. The figures here were noted at the time, from single trials on
nights of training and validation as they then were (where one says test nights, from a look); no
command prints them again.

"""
WORDS = """\
## Words of the tables

- *IoU*: intersection over union of a true event and one that was told, in time: 1 is the same span.
- *F1*: harmonic mean of recall (share found) and precision (share of what was told that is true).
- *Airflow breaths*: breath noise that follows the airflow of real nights; *recorded* ones are cut
  from recordings, *synthesised* ones made by a source and filters, both laid on scored timelines.
- *Uncounted*: a scored event that sound cannot find; it neither counts as missed nor makes what is
  told false.
- *Kappa*: agreement beyond chance; *Brier*: mean squared error of a probability.
- *Risk against coverage*: how much goes wrong, the more of the night is judged.
"""
LIMITS = """\
## What it cannot know, and what was not tested

- Desaturation and arousal make no sound; obstructive and central pauses cannot be told apart
  reliably from sound alone.
- Events belong to whoever is nearest the microphone; a partner's breathing can cover a pause.
- A hypopnea that hardly changes the sound is not found.
- Not tested: real nights with a scored reference, children, a Raspberry Pi, far microphones in
  large rooms, languages on television other than those of the clips.
"""

WEIGHTED = (
    "Chosen on simulated validation nights. What these say of each, weighted for a night at home "
    "(the test nights above have another mixture):"
)


def card_of(figures: Known, about: Known) -> str:
    """Return the card's Markdown.

    `figures`: of the test nights (`report.figures_of`). `about`: what else is known, each part
    left out where absent; what stands under its own `about` (the model's metadata) counts too:
    `material` (clear or all), `generators`, `train_hours`, `validation_hours`, `calm_hours` (of
    nights without events on which thresholds were rated, too), `weights`, `versions`,
    `encoder_sha256`, `detector_sha256`, `manifest` (of the test nights), `cost`
    (`targets.cost_rows`); `thresholds` (sensitivity → name → value) with `calibration` (the
    model's); `training_sets` and `left_out` (name → `event_row`, with `steps`, `train_hours`; of
    sets also `f1_over_a`); `cross` (trained on → tested on → `event_row`); `comparisons`
    (`comparison.side_by_side`; `identity`, `tuned` and `effort` beside it), `inputs` (the same, of
    one network trained briefly on each input); `plan` (of training);
    `precision` (`int8`, `fp32`, `against`); `ablations` (title → name → row); `bundled` (name →
    counts of a night in the repository); `looks` (rows of the log; `note`: what each
    led to); `weakest`, `tried`, `untested` (lists of sentences); `pictures` (names of those that
    lie in `pictures/` beside the card).
    """
    told = {**about.get("about", {}), **about}
    sections: Sequence[Callable[[], str]] = (
        lambda: _model(figures, told),
        lambda: short_of(figures),
        lambda: _list("Where it is weakest", told.get("weakest", ())),
        lambda: LIMITS + _items([*_unmeasured(told), *told.get("untested", ())]),
        lambda: WORDS,
        lambda: tables_of(figures),
        lambda: _pictures(told.get("pictures", ())),
        lambda: left_out_section(told),
        lambda: cross_section(told),
        lambda: comparisons_section(told),
        lambda: inputs_section(told),
        lambda: precision_section(told),
        lambda: ablations_section(told),
        lambda: _operating(told),
        lambda: _data(told),
        lambda: _bundled(told),
        lambda: _looks(told),
        lambda: _list("What was tried", told.get("tried", ()), TRIED),
        reference_section,
    )
    texts = [HEAD, *(make() for make in sections)]
    return "\n\n".join(text.strip("\n") for text in texts if text) + "\n"


def _model(figures: Known, about: Known) -> str:
    tested = figures["set"]
    facts = {
        "tested on": f"{tested['nights']} nights, {number(float(tested['hours']), 1)} h, "
        f"{tested['nights_with_events']} of the nights with events; {tested['sounds']} sound "
        f"groups, {tested['timelines']} people's timelines",
        "test manifest": _manifest(about.get("manifest")),
        "trained on": _hours(about, "train_hours"),
        "validated on": _hours(about, "validation_hours"),
        "false events and alerts rated on": _hours(about, "calm_hours", " more without events"),
        "training material": MATERIAL.get(str(about.get("material")), about.get("material")),
        "breathing in training": ", ".join(about.get("generators", ())) or None,
        "weights": about.get("weights"),
        "versions": ", ".join(f"{n} {v}" for n, v in about.get("versions", {}).items()) or None,
        "detector": _digest(about.get("detector_sha256")),
        "encoder": _digest(about.get("encoder_sha256")),
    }
    lines = [[name, str(value)] for name, value in facts.items() if value is not None]
    cost = target_table(cost_rows(about.get("cost", {})))
    return "\n".join(part for part in (grid(["", ""], lines), cost) if part)


def _pictures(names: Sequence[str]) -> str:
    """Return the pictures, each under what its name says."""
    shown = (f"![{words(name).capitalize()}](pictures/{name}.png)" for name in names)
    return "\n\n".join(("## Pictures", *shown)) if names else ""


def _hours(about: Known, key: str, more: str = "") -> str | None:
    hours = about.get(key)
    return None if hours is None else f"{hours} h of simulated nights{more}"


def _digest(digest: str | None) -> str | None:
    return None if digest is None else f"sha256 {digest[:12]}…"


def _manifest(manifest: Known | None) -> str | None:
    if manifest is None:
        return None
    return (
        f"{manifest['nights']} of its {manifest['of']} nights, sha256 {manifest['digest'][:12]}…, "
        f"judged at `{manifest['sensitivity']}`"
    )


def _operating(about: Known) -> str:
    points = about.get("thresholds", {})
    names = sorted({name for point in points.values() for name in point})
    lines = [[s, *(number(p.get(name)) for name in names)] for s, p in points.items()]
    expectation = Expectation.of(about.get("calibration", {}))
    rows = {} if expectation is None else {s: _expected(expectation, points[s]) for s in points}
    columns = (
        Column("recall", "pauses found"),
        Column("false_events", "false events a night", 1),
        Column("told", "apneas told while they last"),
        Column("false_alerts", "false alerts a night", 2),
    )
    return section(
        "Operating points",
        WEIGHTED if rows else "",
        table("sensitivity", rows, columns),
        "Thresholds:" if lines else "",
        grid(["sensitivity", *(words(name) for name in names)], lines),
    )


def _expected(expectation: Expectation, point: Known) -> dict[str, float]:
    """Return what validation nights say of a sensitivity's thresholds."""
    found: dict[str, float] = {}
    if "event" in point:
        found |= {
            "recall": expectation.recall.at(point["event"]),
            "false_events": expectation.false_events.at(point["event"]),
        }
    if "in_progress" in point:
        found |= {
            "told": expectation.told.at(point["in_progress"]),
            "false_alerts": expectation.false_alerts.at(point["in_progress"]),
        }
    return found


def _data(about: Known) -> str:
    return section(
        "Data",
        DIVISION,
        training_sets_part(about),
        grid(["part", "source", "licence"], SOURCES),
    )


def _bundled(about: Known) -> str:
    columns = (
        Column("hours", "hours", 2),
        Column("events", "events"),
        Column("found", "found"),
        Column("false", "false"),
        Column("f1", "F1"),
        Column("mean_iou", "mean IoU"),
        Column("alerts", "alerts"),
    )
    return section(
        "Nights that travel with the repository",
        "`tests/data`, heard through the bedside's own chain. They show that an installation "
        "works, not how good the detector is; a test fails where it falls below these rows.",
        table("night", about.get("bundled", {}), columns),
    )


def _looks(about: Known) -> str:
    """Return the log of looks, and below it what each led to."""
    looks = about.get("looks", ())
    head = [name for name in looks[0] if name != "note"] if looks else []
    return section(
        "Looks at the test nights",
        "A look is a detector judged on the nights of a manifest, with what stands beside it: at "
        "most three at one manifest. The same detector judged there again is no new look. "
        "Between looks, choices were made on validation nights; what a look itself led to stands "
        "below the table.",
        grid(head, [[str(look.get(name, "-")) for name in head] for look in looks]),
        *(f"After look {look['look']}: {look['note']}" for look in looks if look.get("note")),
    )


def _unmeasured(about: Known) -> list[str]:
    return [sentence for key, sentence in MEASURABLE.items() if not about.get(key)]


def _items(sentences: Sequence[str]) -> str:
    return "".join(f"- {sentence}\n" for sentence in sentences)


def _list(title: str, sentences: Sequence[str], before: str = "") -> str:
    return f"## {title}\n\n{before}{_items(sentences)}" if sentences else ""


def _inaudible(figures: Known) -> str:
    hearing = figures.get("hearing")
    return "-" if hearing is None else figure(hearing, "inaudible_monitorable")


def _met(figures: Known) -> str:
    rows = figures["targets"]
    return f"{sum(bool(row['met']) for row in rows)} of {len(rows)}"


def readme_table(figures: Known) -> str:
    """Return the few figures that the README shows, as a Markdown table."""
    quiet, noisier = figures["events"]["quiet"], figures["events"]["noisier"]
    without = figures["eventless"]["wanted"]
    rows = (
        ("event F1 (IoU ≥ 0.3), quiet to moderately noisy rooms", figure(quiet, "f1")),
        ("apneas found there", figure(quiet, "recall_apnea")),
        (
            "hypopneas found there (sound falls by 6 dB or more)",
            figure(quiet, "recall_hypopnea"),
        ),
        *(
            (f"event F1 there, {name} breaths", figure(row, "f1"))
            for name, row in figures["generators"].items()
        ),
        ("event F1, noisier rooms", figure(noisier, "f1")),
        (
            f"false events per hour, {number(without['hours'], 0)} h of nights without events",
            figure(without, "false_per_hour", 2),
        ),
        ("false alerts per 8 h there", figure(without, "false_alerts_per_8h", 2)),
        (
            "false alerts per 8 h of nights with events, quiet to moderately noisy rooms",
            figure(figures["alerts"]["quiet"], "false_per_8h", 2),
        ),
        ("time without audible breathing that is taken for audible", _inaudible(figures)),
        ("targets of the model card that are met", _met(figures)),
    )
    head = f"on {number(figures['set']['hours'], 0)} h of simulated test nights, `balanced`"
    return grid([head, ""], [list(row) for row in rows])
