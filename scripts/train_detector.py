#!/usr/bin/env python3
"""Train the detector on simulated nights, or adapt it to recordings (needs the `train` extra).

Training goes from the data folder to detector.onnx: nights are simulated and passed through the
front end once, then cached; training goes on from its last checkpoint; thresholds are chosen on
validation nights. A run that was interrupted is started again with the same options, and goes on.
The model goes into build/detector; with --ship into the package, in place of the one there. With
--card it is judged on the test nights afterwards, and its card is written beside it: each such
judging is a look, see scripts/make_card.py.

With --finetune the detector that is shipped, or the one of --from, adapts to a folder of scored
recordings as `osa-daemon evaluate` reads them. Some of the people are held out; they choose the
best step and the thresholds, and figures.json tells what it did to them before and after. With
DATA, as many hours of simulated nights are mixed in, so that less of what was learned is lost.
"""

import argparse
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

from osa_daemon.errors import OsaError, ResourceError, UsageError

OUT = Path("build/detector")
MAKE_CARD = Path(__file__).resolve().with_name("make_card.py")


def parser() -> argparse.ArgumentParser:
    """Describe the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    add = parser.add_argument
    add("data", metavar="DATA", nargs="?", type=Path, help="folder with sounds/ and physiology/")
    add("--out", type=Path, help=f"folder for the model (default {OUT}; --finetune needs it)")
    add("--ship", action="store_true", help="replace the package's model in place of --out")
    add("--card", action="store_true", help="judge test nights at the end, write the model's card")
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
    add(
        "--jobs",
        type=int,
        default=2,
        help="processes that make nights and train networks (default %(default)s)",
    )
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


def train(options: argparse.Namespace) -> int:
    """Train from the beginning; return the exit code."""
    if options.data is None:
        raise UsageError("Training needs the folder DATA; only --finetune does without.")
    if options.model is not None:
        raise UsageError("--from belongs to --finetune: training begins with random weights.")
    if options.ship and options.out is not None:
        raise UsageError("--ship writes into the package: leave out --out, or --ship.")

    from osa_daemon.training.detector.command import PACKAGE_MODELS, Options, train_detector

    out = PACKAGE_MODELS if options.ship else options.out or OUT
    names = ("data", "cache", "material", "scale", "steps", "jobs", "dask")
    path = train_detector(Options(out=out, **{name: getattr(options, name) for name in names}))
    print(f"The detector stands in {path}.", flush=True)
    return make_card(options, out) if options.card else 0


def make_card(options: argparse.Namespace, models: Path) -> int:
    """Judge the model in `models` and write its card there; return the exit code."""
    places = ("--models", str(models), "--cache", str(options.cache), "--jobs", str(options.jobs))
    # a process of its own imports the rooms that training may not
    command = [sys.executable, str(MAKE_CARD), str(options.data), *places]
    return subprocess.run(command, check=False).returncode


def finetune(options: argparse.Namespace) -> int:
    """Adapt a trained detector; return the exit code."""
    if options.ship or options.card:
        raise UsageError("--ship and --card belong to training, not to --finetune.")
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
    return 0


def main() -> int:
    """Read the options and train."""
    options = parser().parse_args()
    try:
        return (train if options.finetune is None else finetune)(options)
    except OsaError as error:
        print(f"train_detector: {error}", file=sys.stderr)
        return error.exit_code
    except ModuleNotFoundError as error:
        print(
            f"train_detector: {error.name} is not installed: install what training needs with "
            "`pip install -e '.[train]'`, in the environment that runs this.",
            file=sys.stderr,
        )
        return ResourceError.exit_code


if __name__ == "__main__":
    sys.exit(main())
