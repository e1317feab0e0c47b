#!/usr/bin/env python3
"""Judge a detector, the shipped one by default, and write figures.json, CARD.md and pictures.

The test nights of the manifest are simulated and judged once; what is finished stays in the cache.
A detector that stands before the test nights for the first time is a look, which goes into
osa_daemon/training/detector/looks.csv.
"""

import argparse
import json
import sys
from pathlib import Path

from osa_daemon.errors import OsaError

REPOSITORY = Path(__file__).resolve().parent.parent
TITLES = ("comparisons", "precision", "ablations", "cross", "left_out", "cost", "training_sets")


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("data", metavar="DATA", type=Path, help="folder with sounds/ and physiology/")
    add("--cache", type=Path, default=Path("build/training"), help="default: %(default)s")
    add("--share", type=float, default=1.0, help="first part of the manifest (default 1: all)")
    add("--comparisons", type=Path, help="what scripts/compare_detectors.py wrote")
    add("--models", type=Path, help="folder of detector.onnx (default: the package's)")
    add("--jobs", type=int, default=2, help="processes (default %(default)s)")
    return parser


def make_card(options: argparse.Namespace) -> None:
    """Judge, and write what the judging says."""
    from osa_daemon.evaluation.card import card_of
    from osa_daemon.evaluation.store import write_whole
    from osa_daemon.service.bundled import KEY, bundled_rows
    from osa_daemon.service.models import load_models_with
    from osa_daemon.training.detector.command import PACKAGE_MODELS
    from osa_daemon.training.detector.evaluate import Examination, draw, examine
    from osa_daemon.training.detector.examination import Examiner

    folder = options.models or PACKAGE_MODELS
    detector = folder / "detector.onnx"
    examiner = Examiner(options.data, PACKAGE_MODELS / "encoder.onnx", options.cache, options.jobs)
    asked = Examination(detector, share=options.share, command="scripts/make_card.py")
    _, figures = examine(asked, examiner)
    figures[KEY] = bundled_rows(REPOSITORY / "tests" / "data", load_models_with(detector))
    if options.comparisons is not None:
        compared = json.loads(options.comparisons.read_text(encoding="utf-8"))
        figures |= {title: compared[title] for title in TITLES if title in compared}
    card = card_of(figures["test"], figures)
    write_whole(folder / "figures.json", json.dumps(figures, indent=1) + "\n")
    write_whole(folder / "CARD.md", card)
    draw(figures, folder / "pictures")
    print(card)


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
