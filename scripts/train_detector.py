#!/usr/bin/env python3
"""Train the detector on simulated nights: from the data folder to the shipped ONNX and its card.

Nights are simulated and passed through the front end once, then cached; training goes on from its
last checkpoint. Thresholds are chosen on validation nights; test nights are only reported.
"""

import argparse
from pathlib import Path


def main() -> None:
    """Read the options and train."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="folder with sounds/ and physiology/")
    parser.add_argument("--out", type=Path, help="folder for the model (default: the package's)")
    parser.add_argument("--cache", type=Path, default=Path("build/training"), help="cached nights")
    parser.add_argument("--material", choices=("clear", "all"), default="all", help="recordings")
    parser.add_argument("--scale", type=float, default=1.0, help="share of the nights, for a trial")
    parser.add_argument("--steps", type=int, help="training steps, for a trial")
    parser.add_argument("--jobs", type=int, default=2, help="processes that make nights")
    options = parser.parse_args()

    from osa_daemon.training.detector.command import Options, train_detector

    train_detector(Options(**vars(options)))


if __name__ == "__main__":
    main()
