"""The model files of the package (contract C6): found, verified, loaded."""

from dataclasses import dataclass
from importlib.resources import files
from pathlib import Path

from osa_daemon.detector.detector import Detector
from osa_daemon.detector.model import DIGESTS, FORMAT, FORMAT_VERSION, file_sha256, read_digests
from osa_daemon.errors import ModelError
from osa_daemon.features.encoder import Encoder
from osa_daemon.features.levels import LEVEL_WIDTH
from osa_daemon.features.runtime import OnnxModel, open_model


@dataclass(frozen=True, slots=True)
class Models:
    """The loaded pair: the encoder, and the detector's network with its path."""

    encoder: Encoder
    network: OnnxModel
    network_path: Path

    def detector(self) -> Detector:
        """Return a detector with an empty memory, for a new stream.

        Raises:
            ModelError: the pair does not fit together, or not this release's front end.
        """
        return Detector(
            self.network.session,
            self.network.metadata,
            self.network_path,
            self.encoder.sha256,
            LEVEL_WIDTH,
        )


def models_folder() -> Path:
    """Return the folder of the package's model files."""
    return Path(str(files("osa_daemon") / "models"))


def load_models(folder: Path | None = None) -> Models:
    """Verify and load the model files in `folder` (default: the package's own).

    Raises:
        ModelError: a file is missing, damaged or of another version.
    """
    folder = folder or models_folder()
    verify(folder)
    path = folder / "detector.onnx"
    return Models(Encoder(folder / "encoder.onnx"), open_model(path, FORMAT, FORMAT_VERSION), path)


def load_models_with(detector: Path) -> Models:
    """Load a detector that is not the package's, with the encoder beside it or the package's own.

    Raises:
        ModelError: a file is missing, damaged or of another version.
    """
    beside = detector.with_name("encoder.onnx")
    encoder = Encoder(beside if beside.is_file() else models_folder() / "encoder.onnx")
    return Models(encoder, open_model(detector, FORMAT, FORMAT_VERSION), detector)


def verify(folder: Path) -> None:
    """Compare each model file with its digest.

    Raises:
        ModelError: a file or the list of digests is missing, or a file is not what it was.
    """
    for name, digest in read_digests(folder / DIGESTS).items():
        path = folder / name
        if not path.is_file():
            raise ModelError(f"The model file {path} is missing: install the package again.")
        found = file_sha256(path)
        if found != digest:
            raise ModelError(
                f"The model file {path} is damaged or of another version (SHA-256 {found[:12]}…, "
                f"expected {digest[:12]}…): install the package again."
            )
