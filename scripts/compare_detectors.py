#!/usr/bin/env python3
"""Put the shipped detector beside others: baselines, other choices, other training material.

Every rival is tuned on the validation nights and judged on the test nights. What is finished is
kept in the cache, so that an interrupted run goes on; `--out` holds all results so far, for the
model card.
"""

import argparse
import sys
from pathlib import Path

from osa_daemon.errors import OsaError, UsageError

_MODELS = Path(__file__).resolve().parent.parent / "osa_daemon" / "models"


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("data", nargs="?", type=Path, help="folder with sounds/ and physiology/")
    parser.add_argument(
        "--only", nargs="+", default=(), metavar="NAME", help="groups or members; none: all"
    )
    parser.add_argument("--list", action="store_true", help="print what there is, and end")
    parser.add_argument(
        "--out",
        type=Path,
        default=Path("comparisons.json"),
        help="all results, of one share of the nights: another is refused",
    )
    parser.add_argument("--cache", type=Path, default=Path("build/training"), help="cached nights")
    parser.add_argument(
        "--model", type=Path, default=_MODELS / "detector.onnx", help="what rivals stand beside"
    )
    parser.add_argument("--whisper", default="tiny.en", help="checkpoint for other encoders")
    parser.add_argument("--material", choices=("clear", "all"), default="all", help="recordings")
    parser.add_argument(
        "--judged-on",
        choices=("test", "validation"),
        default="test",
        help="test: a look of --model, which goes into training/detector/looks.csv unless it did",
    )
    parser.add_argument("--test-share", type=float, default=1.0, help="first part of the manifest")
    parser.add_argument(
        "--scale", type=float, default=1.0, help="share of training and validation, for a trial"
    )
    parser.add_argument("--steps", type=int, help="training steps (default: of each group)")
    parser.add_argument("--jobs", type=int, default=2, help="processes")
    return parser.parse_args()


def main() -> int:
    """Compare what was asked for."""
    asked = vars(parse_arguments())
    from osa_daemon.training.detector.comparison.command import GROUPS, Options, compare_detectors
    from osa_daemon.training.detector.comparison.workshop import Workshop

    if asked.pop("list"):
        for group, members in GROUPS.items():
            print(f"{group}: {', '.join(members)}")
        return 0
    if asked["data"] is None or not asked["data"].is_dir():
        print(
            "compare_detectors: give the folder DATA with sounds/ and physiology/.", file=sys.stderr
        )
        return UsageError.exit_code
    own = {name: asked.pop(name) for name in ("model", "out", "only", "steps")}
    try:
        compare_detectors(Options(Workshop(**asked), **own | {"only": tuple(own["only"])}))
    except OsaError as error:
        print(f"compare_detectors: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
