#!/usr/bin/env python3
"""Judge a detector, the shipped one by default, and write figures.json, CARD.md and pictures.

The test nights of the manifest are simulated and judged once; what is finished stays in the cache.
A detector that stands before the test nights for the first time is a look, which goes into
osa_daemon/training/detector/looks.csv.

Without DATA nothing is judged: the card is written anew of the figures.json that is there, if it
is of the same detector, with comparisons, notes and the log of looks as they are now.
"""

import argparse
import json
import sys
from pathlib import Path
from typing import Any

from osa_daemon.errors import OsaError, UsageError

REPOSITORY = Path(__file__).resolve().parent.parent
TITLES = (
    "comparisons",
    "inputs",
    "precision",
    "ablations",
    "cross",
    "left_out",
    "cost",
    "training_sets",
)


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("data", metavar="DATA", nargs="?", type=Path, help="folder with sounds/ and physiology/")
    add("--cache", type=Path, default=Path("build/training"), help="default: %(default)s")
    add("--share", type=float, default=1.0, help="first part of the manifest (default 1: all)")
    add("--comparisons", type=Path, help="what scripts/compare_detectors.py wrote")
    add("--models", type=Path, help="folder of detector.onnx (default: the package's)")
    add("--jobs", type=int, default=2, help="processes (default %(default)s)")
    return parser


def make_card(options: argparse.Namespace) -> None:
    """Judge, or take what was judged before, and write what it says."""
    from osa_daemon.evaluation.card import card_of
    from osa_daemon.evaluation.store import write_whole
    from osa_daemon.training.detector.command import PACKAGE_MODELS
    from osa_daemon.training.detector.evaluate import draw, kept_figures

    folder = options.models or PACKAGE_MODELS
    figures = kept_figures(folder) if options.data is None else judged_figures(options, folder)
    if options.comparisons is not None:
        compared = json.loads(options.comparisons.read_text(encoding="utf-8"))
        if compared.get("beside", figures["detector_sha256"]) != figures["detector_sha256"]:
            raise UsageError(
                f"{options.comparisons} was made beside another detector: compare anew."
            )
        figures |= {title: compared[title] for title in TITLES if title in compared}
    pictures = draw(figures, folder / "pictures")
    card = card_of(figures["test"], figures | {"pictures": pictures})
    write_whole(folder / "figures.json", json.dumps(figures, indent=1) + "\n")
    write_whole(folder / "CARD.md", card)
    print(card)


def judged_figures(options: argparse.Namespace, folder: Path) -> dict[str, Any]:
    """Judge the detector in `folder` on test nights and on those of the repository."""
    from osa_daemon.service.bundled import KEY, bundled_rows
    from osa_daemon.service.models import load_models_with
    from osa_daemon.training.detector.command import PACKAGE_MODELS
    from osa_daemon.training.detector.evaluate import Examination, examine
    from osa_daemon.training.detector.examination import Examiner

    detector = folder / "detector.onnx"
    examiner = Examiner(options.data, PACKAGE_MODELS / "encoder.onnx", options.cache, options.jobs)
    asked = Examination(detector, share=options.share, command="scripts/make_card.py")
    _, figures = examine(asked, examiner)
    bundled = bundled_rows(REPOSITORY / "tests" / "data", load_models_with(detector))
    return figures | {KEY: bundled}


def main() -> int:
    """Read the options and make the card."""
    options = parser().parse_args()
    try:
        make_card(options)
    except OsaError as error:
        print(f"make_card: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
