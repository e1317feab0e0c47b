"""The Whisper encoder as a function: normalised sound in, feature vectors at 5 Hz out."""

from pathlib import Path

from osa_daemon.audio.block import Samples
from osa_daemon.errors import ModelError
from osa_daemon.features.features import FRAME_RATE_HZ, Floats
from osa_daemon.features.runtime import open_model

FORMAT = "osa-daemon-encoder"
FORMAT_VERSION = "1"


class Encoder:
    """Runs the encoder file at `path`.

    `width`           features per frame
    `sha256`          digest of the file, hexadecimal
    `metadata`        what the file says about itself
    `samples_before`  real samples it needs before the first frame
    `samples_after`   and after the last

    Raises `ModelError` where the file is missing, damaged or not such an encoder.
    """

    def __init__(self, path: Path) -> None:
        model = open_model(path, FORMAT, FORMAT_VERSION)
        self._session = model.session
        self.sha256 = model.sha256
        self.metadata = model.metadata
        try:
            self.width = int(model.metadata["width"])
            self.samples_before = int(model.metadata["samples_before"])
            self.samples_after = int(model.metadata["samples_after"])
            rate_hz = float(model.metadata["frame_rate_hz"])
        except (KeyError, ValueError) as error:
            raise ModelError(
                f"The encoder file {path} lacks a fact about itself ({error}); export it anew."
            ) from error
        if rate_hz != FRAME_RATE_HZ:
            raise ModelError(
                f"The encoder file {path} gives {rate_hz:g} frames a second, and {FRAME_RATE_HZ} "
                "are needed; export it anew with its defaults."
            )

    def run(self, samples: Samples) -> Floats:
        """Return (frames, width) for `samples_before` + 3200 · frames + `samples_after` samples.

        The sound around a frame counts up to 1.02 s (depth 2); nearer to an end, the features
        lack what they would have heard.
        """
        features: Floats = self._session.run(None, {"audio": samples[None, :]})[0][0]
        return features
