"""Reads a Whisper checkpoint: the encoder's weights and sizes, from a name or a file."""

import hashlib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
import whisper
from numpy.typing import NDArray

from osa_daemon.errors import ModelError

Weights = dict[str, NDArray[np.float32]]

_DEFAULT_CACHE = Path("~/.cache/whisper")  # where openai-whisper itself keeps its downloads


@dataclass(frozen=True, slots=True)
class Checkpoint:
    """The encoder half of a Whisper model.

    `weights` are float32, named as in openai-whisper without the leading `encoder.`;
    `mel_filters` is (mel_bins, 201), Whisper's own; `sha256` is of the whole file read.
    """

    name: str
    sha256: str
    mel_bins: int
    context: int
    width: int
    heads: int
    layers: int
    weights: Weights
    mel_filters: NDArray[np.float32]


def read_checkpoint(model: str, cache: Path = _DEFAULT_CACHE) -> Checkpoint:
    """Read `model`: a name openai-whisper knows (downloaded into `cache`) or a checkpoint file.

    The file may be a full checkpoint or hold the encoder alone. Raises `ModelError`.
    """
    path = _locate(model, cache.expanduser())
    raw = path.read_bytes()
    content = _load(path)
    try:
        dims = content["dims"]
        weights = {
            key.removeprefix("encoder."): tensor.float().numpy()
            for key, tensor in content["model_state_dict"].items()
            if key.startswith("encoder.")
        }
        checkpoint = Checkpoint(
            name=path.name if Path(model) == path else model,
            sha256=hashlib.sha256(raw).hexdigest(),
            mel_bins=int(dims["n_mels"]),
            context=int(dims["n_audio_ctx"]),
            width=int(dims["n_audio_state"]),
            heads=int(dims["n_audio_head"]),
            layers=int(dims["n_audio_layer"]),
            weights=weights,
            mel_filters=whisper_mel_filters(int(dims["n_mels"])),
        )
    except (KeyError, TypeError, AttributeError, ValueError) as error:
        raise _not_whisper(path, f"{error} is missing or wrong in it") from error
    _check_shapes(path, checkpoint)
    return checkpoint


def whisper_mel_filters(mel_bins: int) -> NDArray[np.float32]:
    """Return Whisper's mel filters, (mel_bins, 201); `ValueError` unless 80 or 128."""
    if mel_bins not in {80, 128}:
        raise ValueError(f"{mel_bins} mel bins (Whisper has 80 or 128)")
    filters: NDArray[np.float32] = whisper.audio.mel_filters("cpu", mel_bins).numpy()
    return filters


def _locate(model: str, cache: Path) -> Path:
    """Return the checkpoint file for a name or path."""
    names = whisper.available_models()
    if model in names:
        return _download(model, cache)
    path = Path(model)
    if path.is_file():
        return path
    raise ModelError(
        f"There is no Whisper model named '{model}' and no file of that name; "
        f"give a checkpoint file or one of {', '.join(names)}."
    )


def _download(name: str, cache: Path) -> Path:
    """Let openai-whisper fetch `name` (checked by its digest), or find it in `cache`."""
    url = whisper._MODELS[name]  # noqa: SLF001 - load_model would build the decoder as well
    try:
        return Path(whisper._download(url, str(cache), False))  # noqa: SLF001 - see above
    except (OSError, RuntimeError) as error:
        raise ModelError(
            f"Whisper model '{name}' could not be downloaded to {cache} ({error}); "
            "check the internet connection or give the path of a checkpoint file."
        ) from error


def _load(path: Path) -> dict[str, Any]:
    try:
        content = torch.load(path, map_location="cpu", weights_only=True)
    # on what is no checkpoint its unpickler fails in any way, IndexError among them
    except Exception as error:
        raise _not_whisper(path, "PyTorch cannot read it") from error
    if not isinstance(content, dict):
        raise _not_whisper(path, "it holds no dictionary")
    return content


def _check_shapes(path: Path, checkpoint: Checkpoint) -> None:
    """Raise unless the weights fit the sizes that the checkpoint names."""
    width = checkpoint.width
    expected = {
        "conv1.weight": (width, checkpoint.mel_bins, 3),
        "conv2.weight": (width, width, 3),
        "positional_embedding": (checkpoint.context, width),
        f"blocks.{checkpoint.layers - 1}.mlp.2.weight": (width, 4 * width),
    }
    for name, shape in expected.items():
        found = checkpoint.weights.get(name)
        if found is None or found.shape != shape:
            what = "missing" if found is None else f"of shape {found.shape}"
            raise _not_whisper(path, f"encoder.{name} is {what}, not {shape}")


def _not_whisper(path: Path, reason: str) -> ModelError:
    return ModelError(
        f"{path} is not a Whisper checkpoint: {reason}; "
        "give a file in openai-whisper's format ('dims' and 'model_state_dict')."
    )
