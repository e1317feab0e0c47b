"""What a network is given of a night: all of it, or less, or log-mel in the encoder's place."""

from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from osa_daemon.errors import UsageError
from osa_daemon.features.features import Features
from osa_daemon.features.levels import BANDS
from osa_daemon.training.detector.corpus import FeatureNight

BROAD_COLUMNS = (3 * BANDS, 3 * BANDS + 1, 4 * BANDS + 2)  # of `Features.levels`: 0.3-4 kHz
BAND_BLOCKS = (0, BANDS, 2 * BANDS, 3 * BANDS + 2)  # where the columns of all bands begin
POWERS = 2  # of these blocks hold powers of sound; the others, floors

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class View:
    """What is left of a night.

    `sound`: the encoder's features, log-mel in their place, or `none`. `bands`: 16 as they are
    measured, 8 (pairs together), 1 (0.3-4 kHz alone) or 0 (no levels). `fast_floor`: whether the
    columns of the fast floor are there.
    """

    sound: Literal["encoder", "logmel", "none"] = "encoder"
    bands: Literal[16, 8, 1, 0] = 16
    fast_floor: bool = True

    @property
    def is_whole(self) -> bool:
        """Whether nothing is left out."""
        return self == View()


def seen(night: FeatureNight, view: View) -> FeatureNight:
    """Return the night as `view` leaves it; columns that are left out are one of zeros.

    Raises:
        UsageError: log-mel is asked for and was not loaded.
    """
    if view.is_whole:
        return night
    features = replace(night.features, encoder=_sound(night, view), levels=_levels(night, view))
    return replace(night, features=features, logmel=None)


def _sound(night: FeatureNight, view: View) -> Floats:
    features = night.features
    if view.sound == "encoder":
        return features.encoder
    if view.sound == "none":
        return np.zeros((len(features), 1), np.float32)
    if night.logmel is None:
        raise UsageError(f"The night {night.name} has no log-mel: load it with `logmel=True`.")
    return over_floor(night.logmel, features)


def over_floor(logmel: NDArray[np.floating], features: Features) -> Floats:
    """Return log-mel (frames, 80) over the floor of 0.3-4 kHz, blind to the microphone's gain.

    In units of 10 dB; the encoder's sound is evened out too. Rows of lost sound hold zeros.
    """
    floor = features.noise_dbfs[:, None] / 10
    return ((logmel.astype(np.float32) - floor) * features.valid[:, None]).astype(np.float32)


def _levels(night: FeatureNight, view: View) -> Floats:
    levels = night.features.levels
    if view.bands == 0:
        return np.zeros((len(levels), 1), np.float32)
    last = len(BAND_BLOCKS) if view.fast_floor else len(BAND_BLOCKS) - 1
    broad = levels[:, [c for c in BROAD_COLUMNS[: last - 1] if c < levels.shape[1]]]
    if view.bands == 1:
        return broad
    blocks = [levels[:, at : at + BANDS] for at in BAND_BLOCKS[:last]]
    if view.bands == BANDS // 2:
        blocks = [_paired(block, number < POWERS) for number, block in enumerate(blocks)]
    return np.concatenate([*blocks, broad], axis=1)


def _paired(block: Floats, is_power: bool) -> Floats:  # noqa: FBT001 - a plain property of it
    """Return each two neighbouring bands as one: mean power, or mean of floors in dB."""
    pairs = block.reshape(len(block), -1, 2)
    if not is_power:
        return pairs.mean(axis=2)
    mean: Floats = np.log10(np.power(10, pairs.astype(np.float32)).mean(axis=2))
    return mean
