"""Random stretches of nights as batches for training."""

from collections.abc import Iterable
from dataclasses import fields
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from osa_daemon.training.detector.corpus import FeatureNight
from osa_daemon.training.detector.network import DELAY_FRAMES
from osa_daemon.training.detector.targets import Targets, targets_of

Array = NDArray[Any]

CROP_FRAMES = 1_500  # 300 s: twice what the network sees back
START_SHARE = 0.15  # crops that begin where a night begins: the floor is still unknown there
GAP_SHARE = 0.1  # crops into which lost sound is cut
GAP_FRAMES = (2, 60)
SPREAD_STRIDE = 7  # frames
APNEA_AND_HYPOPNEA = slice(2, 4)  # of the causal reading


class Crops:
    """Draws batches of equal stretches from nights, by a seed.

    Nights are taken one by one and kept as small as they are stored: `names` tells which. An hour
    takes about 20 MB.
    """

    def __init__(
        self, nights: Iterable[FeatureNight], seed: int, delay_frames: int = DELAY_FRAMES
    ) -> None:
        self._rng = np.random.default_rng(seed)
        self._delay = delay_frames
        self.names: list[str] = []
        self._rows = [self._padded(night) for night in nights]
        lengths = np.array([len(valid) for _, _, valid, _ in self._rows], float)
        self._share = lengths / lengths.sum()

    def _padded(self, night: FeatureNight) -> tuple[Array, Array, Array, Targets]:
        delay, f = self._delay, night.features
        self.names.append(night.name)
        pad = ((0, max(delay, CROP_FRAMES - len(f))), (0, 0))
        valid = np.pad(f.valid, pad[0])
        targets = targets_of(
            {n: np.pad(row, pad[0])[:-delay] for n, row in night.labels.items()},
            valid[:-delay],
            delay,
        )
        encoder = np.pad(f.encoder.astype(np.float16), pad)
        return encoder, np.pad(f.levels.astype(np.float16), pad), valid, targets

    def spread(self) -> dict[str, tuple[Array, Array]]:
        """Return mean and standard deviation of the columns of `encoder` and `levels`.

        Over every `SPREAD_STRIDE`th frame of each night that holds sound.
        """
        heard = []
        for encoder, levels, valid, _ in self._rows:
            rows = np.flatnonzero(valid)[::SPREAD_STRIDE]  # a slice would keep all rows alive
            heard.append((encoder[rows], levels[rows]))
        spread = {}
        for name, parts in zip(("encoder", "levels"), zip(*heard, strict=True), strict=True):
            values = np.concatenate(parts).astype(np.float32)
            spread[name] = values.mean(0), values.std(0)
        return spread

    def state(self) -> dict[str, Any]:
        """Return the state of the draw, to go on from it."""
        return dict(self._rng.bit_generator.state)

    def restore(self, state: dict[str, Any]) -> None:
        """Go on from `state`."""
        self._rng.bit_generator.state = state

    def draw(self, count: int) -> dict[str, Tensor]:
        """Return `count` crops: (count, CROP_FRAMES, …) tensors by name."""
        picks = self._rng.choice(len(self._rows), count, p=self._share)
        crops = [self._crop(int(pick)) for pick in picks]
        return {name: torch.from_numpy(np.stack([c[name] for c in crops])) for name in crops[0]}

    def _crop(self, pick: int) -> dict[str, Array]:
        encoder, levels, valid, targets = self._rows[pick]
        last = len(valid) - CROP_FRAMES
        start = 0 if self._rng.random() < START_SHARE else int(self._rng.integers(0, last + 1))
        span = slice(start, start + CROP_FRAMES)
        crop = {f.name: getattr(targets, f.name)[span].copy() for f in fields(Targets)}
        crop["encoder"] = encoder[span].astype(np.float32)
        crop["levels"] = levels[span].astype(np.float32)
        crop["valid"] = valid[span, None].astype(np.float32)
        for name in ("delayed_weight", "event_weight"):
            crop[name][: self._delay] = 0  # belongs to frames before the crop
        if start > 0:
            self._forgive(crop)
        if self._rng.random() < GAP_SHARE:
            self._lose(crop)
        return crop

    def _forgive(self, crop: dict[str, Array]) -> None:
        """Ask nothing of an event that began before the crop: what it follows was not heard."""
        inside = crop["event"][self._delay :] != 0
        length = len(inside) if inside.all() else int(inside.argmin())
        crop["causal_weight"][:length, APNEA_AND_HYPOPNEA] = 0
        crop["event_weight"][self._delay : self._delay + length] = 0

    def _lose(self, crop: dict[str, Array]) -> None:
        """Cut lost sound into a crop."""
        length = int(self._rng.integers(*GAP_FRAMES))
        at = int(self._rng.integers(0, CROP_FRAMES - length))
        crop["valid"][at : at + length] = 0
        crop["causal_weight"][at : at + length] = 0
        behind = slice(at + self._delay, at + length + self._delay)
        crop["delayed_weight"][behind] = 0
        crop["event_weight"][behind] = 0
