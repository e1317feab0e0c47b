"""`osa-daemon evaluate` on the folder of training data: the test nights, and the model card."""

import json
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any, get_args

from osa_daemon.detector.model import Metadata, file_sha256, read_metadata
from osa_daemon.detector.properties import read_properties
from osa_daemon.errors import UsageError
from osa_daemon.evaluation.card import card_of
from osa_daemon.evaluation.night import JudgedNight
from osa_daemon.evaluation.pictures import pictures_of
from osa_daemon.evaluation.report import figures_of
from osa_daemon.evaluation.store import make_folder, write_whole
from osa_daemon.training.detector.command import PACKAGE_MODELS
from osa_daemon.training.detector.examination import Examiner, manifest_digest
from osa_daemon.training.detector.looks import LOOKS, Look, log_look, read_looks
from osa_daemon.training.detector.testing import first_part, read_manifest
from osa_daemon.training.simulator.night import Generator

NOTES = Path(__file__).with_name("notes.json")
DEFAULT_CACHE = Path("build/training")
JOBS = 2


@dataclass(frozen=True, slots=True)
class Examination:
    """Which detector stands before how much of the manifest, at which sensitivity.

    `command`: what the log of looks says of it.
    """

    model: Path
    sensitivity: str = "balanced"
    share: float = 1.0
    command: str = "osa-daemon evaluate"


def evaluate_command(args: Namespace) -> int:
    """Judge the test nights and print the model card; see the module's docstring."""
    asked = Examination(
        args.model or PACKAGE_MODELS / "detector.onnx",
        args.sensitivity or "balanced",
        args.share,
    )
    examiner = Examiner(
        args.data, PACKAGE_MODELS / "encoder.onnx", args.cache or DEFAULT_CACHE, JOBS
    )
    _, figures = examine(asked, examiner)
    print(card_of(figures["test"], figures))
    if args.json is not None:
        write_whole(args.json, json.dumps(figures, indent=1) + "\n")
    if args.pictures is not None:
        draw(figures, args.pictures)
    return 0


def examine(
    asked: Examination, examiner: Examiner, log: Path = LOOKS
) -> tuple[list[JudgedNight], dict[str, Any]]:
    """Judge the first part of the manifest; return its nights and all figures of the card.

    That is a look at test nights, which goes into the `log`.
    """
    metadata = metadata_of(asked.model)
    if asked.sensitivity not in metadata.thresholds:
        raise UsageError(
            f'The model knows no sensitivity "{asked.sensitivity}"; it knows '
            f"{', '.join(metadata.thresholds)}."
        )
    manifest = read_manifest()
    specs = first_part(manifest, asked.share)
    judged = examiner.judge(asked.model, metadata.thresholds[asked.sensitivity], specs)
    digest, detector = manifest_digest(manifest), file_sha256(asked.model)
    looks = log_look(Look(digest, detector, len(specs), asked.command), log)
    figures = {
        "test": figures_of(judged, unseen=unseen_by(metadata)),
        "about": dict(metadata.about),
        "thresholds": {name: dict(row) for name, row in metadata.thresholds.items()},
        "calibration": dict(metadata.calibration),
        "encoder_sha256": metadata.encoder_sha256,
        "detector_sha256": detector,
        "manifest": {
            "nights": len(specs),
            "of": len(manifest),
            "digest": digest,
            "sensitivity": asked.sensitivity,
        },
        "looks": looks,
        **_notes(),
    }
    return judged, figures


def kept_figures(models: Path, log: Path = LOOKS) -> dict[str, Any]:
    """Return the figures beside the detector in `models`, with today's notes and log of looks.

    Raises:
        UsageError: there are none, or they are of another detector.
    """
    path, detector = models / "figures.json", models / "detector.onnx"
    try:
        figures: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError) as error:
        raise UsageError(
            f"{path} cannot be read ({error}): give the folder DATA, and the detector is judged."
        ) from error
    if figures.get("detector_sha256") != file_sha256(detector):
        raise UsageError(
            f"{path} holds figures of another detector than {detector}: give the folder DATA, and "
            "this one is judged."
        )
    return figures | {"looks": read_looks(log), **_notes()}


def _notes() -> dict[str, Any]:
    """Return what is known but not measured, as the card takes it."""
    notes: dict[str, Any] = json.loads(NOTES.read_text(encoding="utf-8"))
    return notes


def unseen_by(metadata: Metadata) -> list[str]:
    """Return the generators that a model was not trained on; none where it does not say."""
    known = metadata.about.get("generators", get_args(Generator))
    return [name for name in get_args(Generator) if name not in known]


def draw(figures: dict[str, Any], folder: Path) -> list[str]:
    """Draw the card's pictures into `folder`; return their names, without `.png`."""
    make_folder(folder)
    drawn = dict(pictures_of(figures["test"]))
    for name, content in drawn.items():
        write_whole(folder / f"{name}.png", content)
    return list(drawn)


def metadata_of(model: Path) -> Metadata:
    """Read what a detector's file says of itself."""
    return read_metadata(read_properties(model), model)
