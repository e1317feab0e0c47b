"""Which recordings to learn from, and which to judge by: people are held out, not nights."""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from osa_daemon.errors import UsageError
from osa_daemon.training.detector.corpus import FeatureNight


@dataclass(frozen=True, slots=True)
class Division:
    """Nights to train on and nights held out, by `unit`: person, or night where there is one."""

    train: tuple[FeatureNight, ...]
    held_out: tuple[FeatureNight, ...]
    unit: str


def divide(nights: Sequence[FeatureNight], share: float, seed: int) -> Division:
    """Hold out a share of the people, at least one; of one person's recordings, a share of these.

    Raises:
        UsageError: one recording alone, or no event to learn from or to judge by.
    """
    unit = "person" if len({str(n.facts["person"]) for n in nights}) > 1 else "night"
    keys = [str(n.facts["person"]) if unit == "person" else n.name for n in nights]
    names = sorted(set(keys))
    if len(names) < 2:
        raise UsageError(
            "--finetune needs at least two recordings, one to learn from and one to judge by; "
            f"here is {len(names)}."
        )
    np.random.default_rng(seed).shuffle(names)
    out = set(names[: min(max(1, round(share * len(names))), len(names) - 1)])
    pairs = list(zip(nights, keys, strict=True))
    parts = [tuple(n for n, key in pairs if (key in out) is held) for held in (False, True)]
    for part, purpose in zip(parts, ("to learn from", "to judge by"), strict=True):
        if not any(counts for night in part for *_, counts in night.events):
            raise UsageError(
                f"The {len(part)} recordings {purpose} hold no event that counts; "
                "add recordings with events of more people."
            )
    return Division(parts[0], parts[1], unit)
