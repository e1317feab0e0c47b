"""Names of scored events: from what scorers write to the types of contract C3."""

import re

APNEA = "apnea"
HYPOPNEA = "hypopnea"
KINDS = {
    "obstructive": "obstructive_apnea",
    "central": "central_apnea",
    "mixed": "mixed_apnea",
}
LETTERS = {letter: KINDS[name] for letter, name in zip("ocm", KINDS, strict=True)}
SHORT = {
    "oa": "obstructive_apnea",
    "osa": "obstructive_apnea",
    "ca": "central_apnea",
    "csa": "central_apnea",
    "ma": "mixed_apnea",
    "msa": "mixed_apnea",
    "a": APNEA,
    "h": HYPOPNEA,
    "hyp": HYPOPNEA,
    "hypo": HYPOPNEA,
    "hypop": HYPOPNEA,
    "hypc": HYPOPNEA,
    "hypm": HYPOPNEA,
}
# what laboratories score beside apneas and hypopneas, by parts of its name
OTHERS = (
    *("arousal", "desat", "snor", "limb", "leg", "plm", "stage", "wake", "awake", "sleep", "rem"),
    *("position", "supine", "prone", "left", "right", "light", "artifact", "artefact", "move"),
    *("heart", "cardi", "spo", "sao", "oxygen", "rera", "flow", "periodic", "cheyne", "ventil"),
    *("normal", "none", "breath", "epoch", "start", "stop", "end", "channel", "calibration"),
    *("comment", "note", "gain", "montage", "impedance", "cough", "talk", "speech", "signal"),
)
STAGES = frozenset({"w", "n", "r", "s"})  # W, N1 … N3, R, S1 … S4 without their digits
SPELLING = (("pnoea", "pnea"), ("pneas", "pnea"), ("pneic", "pnea"))


def kind_of(label: str) -> str | None:
    """Return the type of contract C3 that a scorer's label means, None where it means none.

    Capitals, spaces, signs and British spelling do not matter: `ObstructiveApnea`,
    `Apnea, obstructive`, `obstructive_apnoea` and `OA` are the same.
    """
    text = _letters(label)
    if text in SHORT:
        return SHORT[text]
    # the same said twice, as "Obstructive apnea|Obstructive Apnea" of the NSRR
    if len(text) % 2 == 0 and text[: len(text) // 2] == text[len(text) // 2 :]:
        text = text[: len(text) // 2]
    text = text.removesuffix("event")
    if HYPOPNEA in text:
        return HYPOPNEA if text.replace(HYPOPNEA, "", 1) in {"", *KINDS, *LETTERS} else None
    if APNEA in text or text in KINDS:
        rest = text.replace(APNEA, "", 1)
        return APNEA if not rest else (KINDS | LETTERS).get(rest)
    return None


def is_other(label: str) -> bool:
    """Return whether a label is of another kind than apneas and hypopneas, and known."""
    text = _letters(label)
    return text in STAGES or (not names_apnea(label) and any(part in text for part in OTHERS))


def names_apnea(label: str) -> bool:
    """Return whether a label speaks of apneas or hypopneas, understood or not."""
    text = _letters(label)
    return APNEA in text or HYPOPNEA in text


def _letters(label: str) -> str:
    text = re.sub(r"[^a-z]", "", label.lower())
    for old, new in SPELLING:
        text = text.replace(old, new)
    return text
