"""The model card: Markdown made from the figures, so that the two cannot disagree."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from osa_daemon.evaluation.cells import Column, grid, number, span, table
from osa_daemon.evaluation.references import reference_section
from osa_daemon.evaluation.tables.markdown import markdown_of
from osa_daemon.evaluation.tables.rows import EVENTS
from osa_daemon.evaluation.tables.targets import target_table
from osa_daemon.evaluation.targets import cost_rows, left_out_rows

About = Mapping[str, Any]

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
LIMITS = """\
## What it cannot know, and what was not tested

- Desaturation and arousal make no sound; obstructive and central pauses cannot be told apart
  reliably from sound alone.
- Events belong to whoever is nearest the microphone; a partner's breathing can cover a pause.
- A hypopnea that hardly changes the sound is not found.
- Not tested: real nights with a scored reference, children, a Raspberry Pi, far microphones in
  large rooms, languages on television other than those of the clips.
"""
MATERIAL = {
    "clear": "set (a): only sounds with a clear licence that allows it, and what is synthesised",
    "all": (
        "set (b): as (a), and public recordings without a stated licence; none under a "
        "non-commercial or no-derivatives licence"
    ),
}
COMPARED = (
    Column("f1", "F1"),
    Column("recall_apnea", "apneas found"),
    Column("recall_hypopnea", "hypopneas found"),
    Column("false_per_hour", "false per hour", 2),
    Column("mean_iou", "mean IoU"),
)
DIFFERENCE = (
    Column("ours", "this model"),
    Column("theirs", "the other"),
    Column("difference", "difference"),
    Column("clearly", "this model is clearly"),
)


def card_of(figures: Mapping[str, Any], about: About) -> str:
    """Return the card's Markdown.

    `figures`: of the test nights (`report.figures_of`). `about`, each part left out where absent:
    `material` (clear or all), `train_hours`, `validation_hours`, `weights`, `versions`,
    `encoder_sha256`, `detector_sha256`; `cost` (`targets.cost_rows`); `thresholds` (sensitivity →
    name → value) and `operating` (sensitivity → figures on validation nights); `training_sets`
    and `left_out` (name → `event_row`); `cross` (trained on → tested on → `event_row`);
    `comparisons` (`comparison.side_by_side`); `ablations` (title → name → row); `sources` (list
    of part, source, licence); `looks` (list of date, commit, what for); `weakest`, `tried`,
    `untested` (lists of sentences).
    """
    sections: Sequence[Callable[[], str]] = (
        lambda: _model(figures, about),
        lambda: markdown_of(figures),
        lambda: _left_out(about),
        lambda: _cross(about),
        lambda: _comparisons(about),
        lambda: _ablations(about),
        lambda: _operating(about),
        lambda: _data(about),
        lambda: _looks(about),
        lambda: LIMITS + _items(about.get("untested", ())),
        lambda: _list("Where it is weakest", about.get("weakest", ())),
        lambda: _list("What was tried and did not help", about.get("tried", ())),
        reference_section,
    )
    texts = [HEAD, *(section() for section in sections)]
    return "\n\n".join(text.strip("\n") for text in texts if text) + "\n"


def _model(figures: Mapping[str, Any], about: About) -> str:
    tested = figures["set"]
    facts = {
        "nights tested": f"{tested['nights']} of {number(tested['hours'], 1)} h in all, "
        f"{tested['nights_with_events']} of them with events; {tested['people']} pairs of a "
        "person's sounds and a person's timeline",
        "trained on": _hours(about, "train_hours"),
        "validated on": _hours(about, "validation_hours"),
        "training material": MATERIAL.get(str(about.get("material")), about.get("material")),
        "weights": about.get("weights"),
        "versions": ", ".join(f"{n} {v}" for n, v in about.get("versions", {}).items()) or None,
        "detector": _digest(about, "detector_sha256"),
        "encoder": _digest(about, "encoder_sha256"),
    }
    lines = [[name, str(value)] for name, value in facts.items() if value is not None]
    cost = target_table(cost_rows(about.get("cost", {})))
    return "\n".join(part for part in (grid(["", ""], lines), cost) if part)


def _hours(about: About, key: str) -> str | None:
    hours = about.get(key)
    return None if hours is None else f"{hours} h of simulated nights"


def _digest(about: About, key: str) -> str | None:
    digest = about.get(key)
    return None if digest is None else f"sha256 {str(digest)[:12]}…"


def _section(title: str, *blocks: str) -> str:
    """Return a section; "" where no block but the first, its words, holds anything."""
    return "\n\n".join([f"## {title}", *(b.strip("\n") for b in blocks if b)]) if blocks[-1] else ""


def _left_out(about: About) -> str:
    rows = about.get("left_out", {})
    return _section(
        "Generators left out of training",
        "Models that never heard one of the ways to make breathing, tested on it alone, in quiet "
        "to moderately noisy rooms.",
        table("left out and tested on", rows, EVENTS),
        target_table(left_out_rows(rows)),
    )


def _cross(about: About) -> str:
    cross = about.get("cross", {})
    tested = sorted({name for row in cross.values() for name in row})
    blocks = []
    for key, title in (
        ("f1", "Event F1"),
        ("recall_apnea", "Apneas found"),
        ("recall_hypopnea", "Hypopneas found"),
    ):
        lines = [
            [trained, *(_figure(rows.get(name), key) for name in tested)]
            for trained, rows in cross.items()
        ]
        blocks.append(f"{title}:\n\n{grid(['trained on', *tested], lines)}" if lines else "")
    return _section("Trained on one, tested on each", *blocks)


def _figure(row: Mapping[str, Any] | None, key: str, digits: int = 3) -> str:
    if row is None or row.get(key) is None:
        return "-"
    return number(row[key], digits) + span(row.get(f"{key}_95"), digits)


def _comparisons(about: About) -> str:
    comparisons = about.get("comparisons", {})
    systems = comparisons.get("systems", {})
    blocks = []
    for part, title in (("quiet", "quiet to moderately noisy rooms"), ("all", "all rooms")):
        rows = {name: system.get(part) for name, system in systems.items()}
        blocks.append(table(f"nights with events, {title}", rows, COMPARED))
    rows = {name: system.get("eventless") for name, system in systems.items()}
    columns = (
        Column("false_per_hour", "false events per hour", 2),
        Column("false_per_hour_upper_95", "at most (95 %)", 2),
        Column("false_alerts_per_8h", "false alerts per 8 h", 2),
        Column("monitorable_share", "monitorable share"),
    )
    blocks.append(table("nights without events", rows, columns))
    blocks += [_against(name, parts) for name, parts in comparisons.get("against", {}).items()]
    return _section(
        "Side by side, on the same nights",
        "All with the same effort in tuning, on the same validation nights. *Clearly*: the paired "
        "95 % interval of the difference leaves out zero.",
        *blocks,
    )


def _against(name: str, parts: Mapping[str, Any]) -> str:
    rows: dict[str, Any] = {}
    for part, title in (
        ("quiet", "quiet to moderate"),
        ("all", "all rooms"),
        ("eventless", "without events"),
    ):
        rows |= {f"{_words(key)}, {title}": row for key, row in parts.get(part, {}).items()}
    for kind, figures in parts.get("kinds", {}).items():
        rows[f"F1, kind {kind}"] = figures.get("f1")
    for kind, figures in parts.get("eventless_kinds", {}).items():
        rows[f"false per hour, kind {kind} without events"] = figures.get("false_per_hour")
    return f"**Against {name}**\n\n" + table("figure", rows, DIFFERENCE)


def _words(key: str) -> str:
    return key.removesuffix("_s").replace("f1", "F1").replace("_", " ").replace("iou", "IoU")


def _ablations(about: About) -> str:
    blocks = []
    for title, rows in about.get("ablations", {}).items():
        keys = list(dict.fromkeys(key for row in rows.values() for key in row))
        shown = [key for key in keys if not key.endswith("_95")]
        columns = [Column(key, _words(key)) for key in shown]
        blocks.append(f"**{title}**\n\n" + table("", rows, columns))
    return _section("Choices, on validation nights", *blocks) if blocks else ""


def _operating(about: About) -> str:
    points = about.get("thresholds", {})
    names = sorted({name for point in points.values() for name in point})
    lines = [[s, *(number(p.get(name)) for name in names)] for s, p in points.items()]
    operating = about.get("operating", {})
    keys = list(dict.fromkeys(key for row in operating.values() for key in row))
    expected = table("on validation nights", operating, [Column(k, _words(k)) for k in keys])
    thresholds = grid(["sensitivity", *(_words(name) for name in names)], lines)
    if not (thresholds or expected):
        return ""
    return _section("Operating points", *(block for block in (expected, thresholds) if block))


def _data(about: About) -> str:
    sources = about.get("sources", ())
    lines = [[str(row[k]) for k in ("part", "source", "licence")] for row in sources]
    sets = table("training set", about.get("training_sets", {}), EVENTS)
    sets_text = "Trained on each of the two sets, tested on the same nights:\n\n" + sets
    blocks = [grid(["part", "source", "licence"], lines), sets_text if sets else ""]
    if not any(blocks):
        return ""
    text = "Training, validation and test nights share no person, no recording and no timeline."
    return _section("Data", *(block for block in blocks if block), text)


def _looks(about: About) -> str:
    lines = [
        [str(at), *(str(look.get(k, "-")) for k in ("date", "commit", "what for"))]
        for at, look in enumerate(about.get("looks", ()), 1)
    ]
    return _section(
        "Looks at the test nights",
        "At most three; every choice was made on validation nights.",
        grid(["look", "date", "commit", "what for"], lines),
    )


def _items(sentences: Sequence[str]) -> str:
    return "".join(f"- {sentence}\n" for sentence in sentences)


def _list(title: str, sentences: Sequence[str]) -> str:
    return f"## {title}\n\n{_items(sentences)}" if sentences else ""


def readme_table(figures: Mapping[str, Any]) -> str:
    """Return the few figures that the README shows, as a Markdown table."""
    quiet, noisier = figures["events"]["quiet"], figures["events"]["noisier"]
    without = figures["eventless"]["wanted"]
    rows = (
        ("event F1 (IoU ≥ 0.3), quiet to moderately noisy rooms", _figure(quiet, "f1")),
        ("apneas found there", _figure(quiet, "recall_apnea")),
        (
            "hypopneas found there (sound falls by 6 dB or more)",
            _figure(quiet, "recall_hypopnea"),
        ),
        ("event F1, noisier rooms", _figure(noisier, "f1")),
        (
            f"false events per hour, {number(without['hours'], 0)} h of nights without events",
            _figure(without, "false_per_hour", 2),
        ),
        ("false alerts per 8 h there", _figure(without, "false_alerts_per_8h", 2)),
    )
    head = f"on {number(figures['set']['hours'], 0)} h of simulated test nights, `balanced`"
    return grid([head, ""], [list(row) for row in rows])
