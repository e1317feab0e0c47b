#!/usr/bin/env python3
"""Train the detector on simulated nights, or adapt it to recordings (needs the `train` extra).

Training goes from the data folder to detector.onnx: nights are simulated and passed through the
front end once, then cached; training goes on from its last checkpoint; thresholds are chosen on
validation nights. A run that was interrupted is started again with the same options, and goes on.

With --finetune the detector that is shipped, or the one of --from, adapts to a folder of scored
recordings as `osa-daemon evaluate` reads them. Some of the people are held out; they choose the
best step and the thresholds, and figures.json tells what it did to them before and after. With
DATA, as many hours of simulated nights are mixed in, so that less of what was learned is lost.
"""

import argparse
import sys
from dataclasses import replace
from pathlib import Path

from osa_daemon.errors import OsaError, UsageError


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("data", metavar="DATA", nargs="?", type=Path, help="folder with sounds/ and physiology/")
    add("--out", type=Path, help="folder for the model (default: the package's; not --finetune)")
    add(
        "--cache",
        type=Path,
        default=Path("build/training"),
        help="folder of nights and checkpoints; may be deleted (default %(default)s)",
    )
    add(
        "--material",
        choices=("clear", "all"),
        default="all",
        help="sounds of clear licences only, or all that may be trained on (default %(default)s)",
    )
    add("--scale", type=float, default=1.0, help="share of the simulated nights, for a trial")
    add("--steps", type=int, help="training steps (default: the plan's)")
    add("--jobs", type=int, default=2, help="processes that make nights (default %(default)s)")
    add(
        "--dask",
        metavar="ADDRESS",
        help="make nights and hear recordings on the workers of this Dask scheduler, such as "
        "tcp://host:8786; they need this version of osa_daemon, and DATA and the cache under the "
        "same paths on a file system that they share",
    )
    add("--finetune", metavar="RECORDINGS", type=Path, help="adapt to the recordings in a folder")
    add("--from", dest="model", metavar="MODEL", type=Path, help="detector.onnx to adapt")
    add(
        "--held-out",
        type=float,
        default=0.25,
        help="share of the people that --finetune holds out (default %(default)s)",
    )
    return parser


def train(options: argparse.Namespace) -> None:
    """Train from the beginning."""
    if options.data is None:
        raise UsageError("Training needs the folder DATA; only --finetune does without.")
    if options.model is not None:
        raise UsageError("--from belongs to --finetune: training begins with random weights.")

    from osa_daemon.training.detector.command import Options, train_detector

    names = ("data", "out", "cache", "material", "scale", "steps", "jobs", "dask")
    train_detector(Options(**{name: getattr(options, name) for name in names}))


def finetune(options: argparse.Namespace) -> None:
    """Adapt a trained detector."""
    if options.out is None:
        raise UsageError("--finetune needs --out FOLDER: the model that is shipped is left as is.")

    from osa_daemon.training.detector.finetune import PLAN, FinetuneOptions, finetune
    from osa_daemon.training.detector.improvement import summary
    from osa_daemon.training.detector.workers import Workers

    figures = finetune(
        FinetuneOptions(
            recordings=options.finetune,
            out=options.out,
            cache=options.cache,
            workers=Workers(options.jobs, options.dask),
            model=options.model,
            data=options.data,
            material=options.material,
            plan=PLAN if options.steps is None else replace(PLAN, steps=options.steps),
            held_out=options.held_out,
        )
    )
    print(summary(figures))


def main() -> int:
    """Read the options and train."""
    options = parser().parse_args()
    try:
        (train if options.finetune is None else finetune)(options)
    except OsaError as error:
        print(f"train_detector: {error}", file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
