"""The model card: Markdown made from the figures, so that the two cannot disagree."""

from typing import Any

EVENT_COLUMNS = (
    ("nights", "nights"),
    ("hours", "hours"),
    ("events", "events"),
    ("recall_apnea", "apneas found"),
    ("recall_hypopnea", "hypopneas found"),
    ("false", "false"),
    ("precision", "precision"),
    ("recall", "recall"),
    ("f1", "F1"),
    ("mean_iou", "mean IoU"),
)
EVENTLESS_COLUMNS = (
    ("nights", "nights"),
    ("hours", "hours"),
    ("false_per_hour", "false events per hour"),
    ("alerts_per_8h", "alerts per 8 h"),
    ("monitorable_share", "monitorable share"),
)

HEAD = """\
# Model card

The detector hears **pauses and reductions of breathing sound**. It is not a medical device, is not
intended to diagnose, treat, or aid in the management of sleep apnea, and is not for infants. The
absence of an event does not mean the absence of apnea: many events that a sleep laboratory scores
do not change the sound at all.

All figures below come from **simulated nights**: recorded and synthesised breaths laid on scored
timelines of real nights, in simulated rooms. They were not measured on people in their beds, and
not on a Raspberry Pi. This page is written by `scripts/train_detector.py`; `figures.json` holds the
same figures.
"""

DATA = """\
## Data

| part | source | licence |
|---|---|---|
| encoder | Whisper tiny.en (OpenAI), conv stem and first 2 of 4 blocks | MIT |
| event timelines | PSG-Audio (Korompili et al. 2021), phone nights (Tao et al. 2025) | CC BY 4.0 |
| event timelines | UCDDB (PhysioNet) | ODC-By 1.0 |
| breath, snore, gasp, cough, speech, pet, household and noise clips | public collections and \
repositories; {material} | {licences} |
| synthesised breaths, snores, gasps and efforts | `osa_daemon/training/synthesis` | this project |

Training, validation and test nights share no person, no recording and no timeline.
"""

MATERIAL = {
    "clear": ("only clips with a clear licence that allows it", "CC0, CC BY, CC BY-SA, MIT, BSD"),
    "all": (
        "clips with a clear licence, and public clips without a stated one; none under a "
        "non-commercial or no-derivatives licence",
        "CC0, CC BY, CC BY-SA, MIT, BSD, none stated",
    ),
}


def _table(first: str, rows: dict[str, Any], columns: tuple[tuple[str, str], ...]) -> str:
    head = f"| {first} | " + " | ".join(title for _, title in columns) + " |"
    line = "|" + "---|" * (len(columns) + 1)
    body = [
        f"| {name} | " + " | ".join(_cell(row[key]) for key, _ in columns) + " |"
        for name, row in rows.items()
        if row is not None
    ]
    return "\n".join([head, line, *body])


def _cell(value: Any) -> str:
    return "-" if value is None else str(value)


def card_of(figures: dict[str, Any]) -> str:
    """Return the card's Markdown."""
    test = figures["test"]
    quiet = test["quiet_to_moderate"]
    low, high = quiet["f1_95"]
    rows = {
        "quiet to moderately noisy rooms": quiet,
        "noisier rooms": test["noisier"],
        **{f"quiet to moderate, {g} breaths": r for g, r in test["by_generator"].items()},
    }
    material, licences = MATERIAL[figures["material"]]
    points = figures["thresholds"]
    thresholds = "\n".join(
        f"| {name} | {p['event']} | {p['in_progress']} |" for name, p in points.items()
    )
    return "\n".join(
        [
            HEAD,
            "## Events on test nights\n",
            "At `balanced`, event F1 at IoU ≥ 0.3 on nights with events in quiet to moderately "
            f"noisy rooms is **{quiet['f1']}** (95 % interval by person {low} to {high}). "
            "*Quiet to moderately noisy*: the night's median breath is at least 6 dB over the "
            "noise in 0.3-4 kHz. "
            "Hypopneas count where the breath level falls by at least 6 dB in audible time.\n",
            _table("nights with events", rows, EVENT_COLUMNS),
            "\n## Nights without events that sound can find\n",
            _table("kind", test["eventless"], EVENTLESS_COLUMNS),
            "\n## Operating points\n\nChosen on validation nights: `balanced` has the best F1; "
            "`high` may give up 8 % of its precision, `low` 8 % of its recall.\n",
            "| sensitivity | event | in progress |\n|---|---|---|\n" + thresholds + "\n",
            DATA.format(material=material, licences=licences),
            f"Trained on {figures['train_hours']} h, validated on {figures['validation_hours']} h,"
            f" tested on {figures['test_hours']} h of simulated nights; {figures['weights']} "
            f"weights; encoder {figures['encoder_sha256'][:12]}; seeds in "
            "`osa_daemon/training/detector/plan.py`.\n",
            LIMITS,
        ]
    )


def readme_table(figures: dict[str, Any]) -> str:
    """Return the figures that the README shows."""
    test = figures["test"]
    quiet = test["quiet_to_moderate"]
    low, high = quiet["f1_95"]
    kinds = test["eventless"].values()
    hours = sum(row["hours"] for row in kinds)
    false = sum(row["false_per_hour"] * row["hours"] for row in kinds) / hours
    alerts = sum(row["alerts_per_8h"] * row["hours"] for row in kinds) / hours
    rows = (
        (
            "event F1 (IoU ≥ 0.3), nights with events, quiet to moderately noisy rooms",
            f"{quiet['f1']} ({low}-{high})",
        ),
        ("apneas found there", quiet["recall_apnea"]),
        ("hypopneas found there (sound falls by 6 dB or more)", quiet["recall_hypopnea"]),
        ("event F1, nights with events, noisier rooms", (test["noisier"] or {}).get("f1")),
        (f"false events per hour, {hours:.1f} h of nights without events to find", f"{false:.2f}"),
        ("alerts per 8 h there", f"{alerts:.2f}"),
    )
    head = f"| on {figures['test_hours']} h of simulated test nights, `balanced` | |\n|---|---|\n"
    return head + "".join(f"| {name} | {_cell(value)} |\n" for name, value in rows)


LIMITS = """\
## What it cannot know, and what was not tested

- Desaturation and arousal make no sound; obstructive and central pauses cannot be told apart
  reliably from sound alone.
- Events belong to whoever is nearest the microphone; a partner's breathing can cover a pause.
- A hypopnea that hardly changes the sound is not found.
- Not tested: real nights with a scored reference, children, a Raspberry Pi, far microphones in
  large rooms, languages on television other than those of the clips.
- Published figures to stand beside, all clinical where ours are simulated: event precision 0.81 and
  sensitivity 0.78 with a non-contact microphone (Wang 2022, 59 people); five human experts with
  full polysomnography agree on single events with F1 0.55 (Thorey 2019).
"""
