"""What a linear probe that heard only synthetic sounds makes of real ones."""

from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from osa_daemon.audio.block import Samples
from osa_daemon.features.encoder import Encoder
from osa_daemon.training.synthesis import Phase, breath, draw_voice, gasp, snore
from osa_daemon.training.synthesis.babble import babble
from osa_daemon.training.synthesis.compare import encoded, in_room
from osa_daemon.training.synthesis.household import household_makers
from osa_daemon.training.synthesis.likeness import auc, ridge
from osa_daemon.training.synthesis.music import tones
from osa_daemon.training.synthesis.noises import noise_makers, room_tone
from osa_daemon.training.synthesis.recordings import (
    Floor,
    Recording,
    measure_floor,
    read_others,
    read_recordings,
)
from osa_daemon.training.synthesis.shaping import Floats, shaped_noise

SLEEPER = ("breath", "snore", "gasp")
FOLDS = 5


@dataclass(frozen=True, slots=True)
class CarryOver:
    """AUC of one real class against all other real sounds, by what the probe was trained on."""

    label: str
    sounds: int
    others: int
    synthetic_only: float
    real_only: float
    both: float


def carry_over(data: Path, most: int, seed: int, encoder: Encoder) -> list[CarryOver]:
    """Train probes "a sleeper or something else" on synthetic and real sounds, test on real ones.

    Probes that heard real sounds are tested on groups they did not hear (five folds).
    """
    rng = np.random.default_rng(seed)
    found = read_recordings(data, most, seed)
    sleeper = [sound for label in SLEEPER for sound in found[label]]
    others = read_others(data, seed)
    real = _features(rng, sleeper, encoder), _features(rng, others, encoder)
    made = _synthetic(rng, most, encoder)
    groups = [sound.group for sound in (*sleeper, *others)]
    alone = ridge(*made)
    scores = {
        "synthetic": alone(np.concatenate(real)),
        "real": _cross_scored(rng, groups, real, None),
        "both": _cross_scored(rng, groups, real, made),
    }
    labels = np.asarray([sound.label for sound in (*sleeper, *others)])
    rest = ~np.isin(labels, SLEEPER)
    return [
        CarryOver(
            label,
            int(np.sum(labels == label)),
            int(np.sum(rest)),
            *(auc(score[labels == label], score[rest]) for score in scores.values()),
        )
        for label in SLEEPER
    ]


def carry_over_text(results: list[CarryOver]) -> str:
    """Return the results as lines."""
    title = "carry-over: AUC of a linear probe on the encoder, real sounds against other real ones"
    return "\n".join([title, *(_line(each) for each in results)])


def _line(result: CarryOver) -> str:
    return (
        f"  {result.label:<7} ({result.sounds} against {result.others})  trained on synthetic "
        f"{result.synthetic_only:.3f}   on real {result.real_only:.3f}   on both {result.both:.3f}"
    )


def _features(rng: np.random.Generator, sounds: list[Recording], encoder: Encoder) -> Floats:
    return np.stack([encoded(rng, sound.samples, sound.floor, encoder) for sound in sounds])


def _synthetic(rng: np.random.Generator, most: int, encoder: Encoder) -> tuple[Floats, Floats]:
    """Return features of synthetic sleepers, and of synthetic talkers, music, noises, household."""
    sleeper: list[Samples] = []
    for _ in range(most):
        voice, effort = draw_voice(rng), float(np.exp(rng.normal(0.1, 0.4)))
        phase: Phase = "inhale" if rng.uniform() < 0.5 else "exhale"
        length_s = float(rng.uniform(0.5, 2.0))
        sleeper.append(breath(voice, rng, length_s, phase=phase, effort=effort))
        sleeper.append(snore(voice, rng, length_s, effort=effort))
        sleeper.append(gasp(voice, rng, float(rng.uniform(0.3, 1.5)), effort=effort))
    makers = [babble, tones] * 4 + [*noise_makers().values(), *household_makers().values()]
    others = [makers[k % len(makers)](rng, float(rng.uniform(0.4, 2.0))) for k in range(3 * most)]
    laid = ([_lay(rng, each, encoder) for each in sounds] for sounds in (sleeper, others))
    first, second = (np.stack(features) for features in laid)
    return first, second


def _lay(rng: np.random.Generator, sound: Samples, encoder: Encoder) -> Floats:
    """Lay a sound in a room, 5 to 45 dB over a room's own noise."""
    sound = in_room(rng, sound)
    level = float(np.sqrt(np.mean(sound.astype(np.float64) ** 2)))
    tone = measure_floor(room_tone(rng, 1.0))
    floor: Floor = replace(tone, rms=level * 10.0 ** (-rng.uniform(5.0, 45.0) / 20.0))
    noise = shaped_noise(rng, len(sound), floor.gain_db) * np.float32(floor.rms)
    return encoded(rng, sound + noise, floor, encoder)


def _cross_scored(
    rng: np.random.Generator,
    groups: list[str],
    real: tuple[Floats, Floats],
    more: tuple[Floats, Floats] | None,
) -> Floats:
    names = {name: int(rng.integers(FOLDS)) for name in sorted(set(groups))}
    fold = np.asarray([names[group] for group in groups])
    everything = np.concatenate(real)
    ours = np.arange(len(everything)) < len(real[0])
    scores = np.zeros(len(everything))
    for number in range(FOLDS):
        known = fold != number
        first, second = everything[known & ours], everything[known & ~ours]
        if more is not None:
            first, second = np.concatenate([first, more[0]]), np.concatenate([second, more[1]])
        scores[~known] = ridge(first, second)(everything[~known])
    return scores
