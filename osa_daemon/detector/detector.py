"""Runs the detector's network over a stream of features, keeping its memory."""

from collections import deque
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osa_daemon.detector.frame import Delayed, Frame
from osa_daemon.detector.model import Metadata, read_metadata
from osa_daemon.errors import ModelError
from osa_daemon.features.features import Features

Array = NDArray[np.float32]


class Detector:
    """Features in, one `Frame` per 0.2 s out; cost and memory do not grow with the stream.

    `session` runs the ONNX network (an onnxruntime.InferenceSession), `properties` are those of
    its file, `path` is named in errors. `encoder_sha256` is the digest of the encoder that makes
    the features, `level_width` how many columns of levels come with them.

    Raises:
        ModelError: the model is damaged, of another version, belongs to another encoder or wants
            more levels.
    """

    def __init__(
        self,
        session: Any,
        properties: Mapping[str, str],
        path: Path,
        encoder_sha256: str,
        level_width: int,
    ) -> None:
        self.metadata: Metadata = read_metadata(properties, path)
        if self.metadata.encoder_sha256 != encoder_sha256:
            raise ModelError(
                f"{path} belongs to the encoder {self.metadata.encoder_sha256[:12]}, but the "
                f"encoder here is {encoder_sha256[:12]}: use the pair of one release."
            )
        if self.metadata.level_width > level_width:
            raise ModelError(
                f"{path} wants {self.metadata.level_width} levels, but the front end here makes "
                f"{level_width}: install the release that the model belongs to, or use its own."
            )
        self._session = session
        self._next = -1
        self._state: Array = np.zeros(self.metadata.state_shape, np.float32)
        # one flag for each frame whose delayed reading is still to come
        self._waiting: deque[tuple[int, bool]] = deque()

    def push(self, features: Features) -> list[Frame]:
        """Return the frames of `features`; a jump of the index begins anew after a long gap."""
        if not len(features):
            return []
        if features.index != self._next:
            self._state = np.zeros(self.metadata.state_shape, np.float32)
            self._waiting.clear()
        self._next = features.index + len(features)
        known = features.levels[:, : self.metadata.level_width]
        causal, delayed = self._run(features.encoder, known, features.valid)
        readings = self._read_delayed(features, delayed)
        rows = causal.tolist()
        levels = zip(
            features.valid.tolist(),
            features.level_dbfs.tolist(),
            features.noise_dbfs.tolist(),
            features.clipped.tolist(),
            features.silent.tolist(),
            strict=True,
        )
        return [
            _frame(features.index + i, (*level, *row, reading))
            for i, (level, row, reading) in enumerate(zip(levels, rows, readings, strict=True))
        ]

    def flush(self) -> list[Delayed]:
        """Return the delayed readings still owed at the end of a stream; nothing may follow."""
        count = len(self._waiting)
        if not count:
            return []
        # lost sound follows the end: the network was taught such frames as gaps
        pad = self.metadata.delay_frames
        encoder = np.zeros((pad, self.metadata.encoder_width), np.float32)
        levels = np.zeros((pad, self.metadata.level_width), np.float32)
        _, delayed = self._run(encoder, levels, np.zeros(pad, np.bool_))
        rows = delayed[pad - count :].tolist()
        return [self._delayed_of(row) for row in rows]

    def _run(self, encoder: Array, levels: Array, valid: NDArray[np.bool_]) -> tuple[Array, Array]:
        """Run the network; return causal and delayed probabilities, (frames, classes) each."""
        causal, delayed, self._state = self._session.run(
            ("causal", "delayed", "state_out"),
            {
                "encoder": encoder[None],
                "levels": levels[None],
                "valid": valid.astype(np.float32)[None, :, None],
                "state_in": self._state,
            },
        )
        causal = causal[0] * valid[:, None]
        return causal, delayed[0]

    def _read_delayed(self, features: Features, delayed: Array) -> list[Delayed | None]:
        readings: list[Delayed | None] = []
        for i, (valid, row) in enumerate(zip(features.valid, delayed.tolist(), strict=True)):
            self._waiting.append((features.index + i, bool(valid)))
            full = len(self._waiting) > self.metadata.delay_frames
            readings.append(self._delayed_of(row) if full else None)
        return readings

    def _delayed_of(self, row: list[float]) -> Delayed:
        index, valid = self._waiting.popleft()
        return Delayed(index, *(row if valid else [0.0] * len(row)))


def _frame(index: int, values: tuple[Any, ...]) -> Frame:
    return Frame(index, *values)
