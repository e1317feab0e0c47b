"""`scripts/fuzz`: many inputs for each target; what it prints is the report."""

import argparse
import logging
import resource
import sys
from pathlib import Path

from tests.fuzz.chain import WholeChain
from tests.fuzz.commands import MqttCommands
from tests.fuzz.configuration import Configuration
from tests.fuzz.engine import GROWTH_MB, Report, Target, fuzz
from tests.fuzz.sound import Sounds
from tests.fuzz.state import JournalFiles, StateFiles

TARGETS: dict[str, type[Target]] = {
    each.name: each
    for each in (Configuration, MqttCommands, Sounds, StateFiles, JournalFiles, WholeChain)
}
MOST_BYTES = 3 << 30  # of address space: an input that wants more fails, and not the computer
SHOWN = 5  # answers


def main() -> int:
    """Run what the command line asks for; the exit status tells whether all is well."""
    parser = argparse.ArgumentParser(prog="scripts/fuzz", description=__doc__)
    parser.add_argument("targets", nargs="*", metavar="TARGET", help=", ".join(TARGETS))
    parser.add_argument("--inputs", type=int, default=10_000, help="for each (default 10000)")
    parser.add_argument("--seed", type=int, default=0, help="another one, other inputs (default 0)")
    parser.add_argument("--keep", type=Path, default=Path("build/fuzz"), help="where failures go")
    parser.add_argument("--repeat", type=Path, help="give one TARGET the input in this file")
    options = parser.parse_args()
    unknown = [name for name in options.targets if name not in TARGETS]
    if unknown:
        parser.error(f"there is no target {unknown[0]}; there are {', '.join(TARGETS)}")
    if options.repeat is not None and len(options.targets) != 1:
        parser.error("--repeat needs the one TARGET that the input is for")
    logging.disable(logging.CRITICAL)
    resource.setrlimit(resource.RLIMIT_AS, (MOST_BYTES, resource.RLIM_INFINITY))
    if options.repeat is not None:
        return _repeat(TARGETS[options.targets[0]](), options.repeat)
    names = options.targets or list(TARGETS)
    well = [_run(name, options) for name in names]  # all of them, whatever the first says
    return int(not all(well))


def _repeat(target: Target, file: Path) -> int:
    try:
        print(target.answer(file.read_bytes()))
    finally:
        target.close()
    return 0


def _run(name: str, options: argparse.Namespace) -> bool:
    target: Target = TARGETS[name]()
    try:
        report = fuzz(target, options.inputs, options.seed, lambda now: _progress(name, now))
    finally:
        target.close()
    for answer, failure in report.failures.items():
        options.keep.mkdir(parents=True, exist_ok=True)
        file = options.keep / f"{name}-{options.seed}-{failure.number}.bin"
        file.write_bytes(failure.data)
        print(f"{answer}, input {failure.number}, kept as {file}\n{failure.text}")
    print(_summary(name, options.seed, report), flush=True)
    return report.is_well


def _progress(name: str, report: Report) -> None:
    rate = report.inputs / max(report.seconds, 1e-9)
    failed = len(report.failures)
    print(f"{name}: {report.inputs} inputs, {rate:.0f} a second, {failed} failures", flush=True)


def _summary(name: str, seed: int, report: Report) -> str:
    often = report.answers.most_common(SHOWN)
    shown = "".join(f"\n    {count:8d}  {answer[:100]}" for answer, count in often)
    return (
        f"{name}, seed {seed}: {report.inputs} inputs in {report.seconds:.0f} s "
        f"({report.inputs / max(report.seconds, 1e-9):.0f} a second), "
        f"{len(report.answers)} different answers, {len(report.failures)} failures, "
        f"slowest {report.slowest_s:.3f} s, memory {report.early_mb:.0f} → {report.last_mb:.0f} MB "
        f"({GROWTH_MB} MB more are allowed); most often:{shown}"
    )


if __name__ == "__main__":
    sys.exit(main())
