"""Trying many faults side by side, each in a process of its own; the report of all."""

import argparse
import json
import os
import signal
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor, as_completed
from datetime import datetime
from pathlib import Path

from tests.faults import report
from tests.faults.catalogue import catalogue, group_of
from tests.faults.fault import Fault
from tests.faults.row import Row

CHECKOUT = Path(__file__).resolve().parents[2]
MACHINES = 2  # each takes 20 s to make, and its trials come one after the other
JOBS = 6  # they mostly wait
GRACE_S = 180.0  # beside the limits of the trials: installing, and cleaning up
# mounts of a trial end with it, whatever becomes of it
PRIVATE = ("unshare", "--mount", "--propagation", "private", "--")


def main(arguments: Sequence[str]) -> int:
    """Try them; 1 where one failed."""
    options = _parser().parse_args(arguments)
    if options.go_on and options.keep is None:
        sys.exit("scripts/faults: --go-on needs --keep DIR of the run before.")
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    faults = _selected(options)
    if options.list:
        print("\n".join(f"{group_of(fault):12}{fault.name}" for fault in faults))
        return 0
    began = datetime.now().astimezone()
    known = passed_before(options.keep) if options.go_on else {}
    tried = run([each for each in faults if each.name not in known], options.jobs, options.keep)
    found = known | {row.name: row for row in tried}
    rows = [found[fault.name] for fault in faults]
    text = report.markdown(rows, began, failed_before(options.keep) if options.go_on else ())
    if options.report is not None:
        options.report.write_text(text)
    print(report.summary(rows))
    return exit_code(rows)


def exit_code(rows: Sequence[Row]) -> int:
    """0 where every fault was survived as expected; 1 also where none was tried."""
    return 0 if rows and all(row.has_passed for row in rows) else 1


def passed_before(folder: Path) -> dict[str, Row]:
    """Rows by name that passed in an earlier run with this folder."""
    return {row.name: row for row in _rows_in(folder) if row.has_passed}


def failed_before(folder: Path) -> list[Row]:
    """Rows that failed in any run with this folder."""
    return [row for row in _rows_in(folder) if not row.has_passed]


def _rows_in(folder: Path) -> list[Row]:
    return [row for path in sorted(folder.glob("*.jsonl")) for row in _read(path).values()]


def run(faults: Sequence[Fault], jobs: int = JOBS, keep: Path | None = None) -> list[Row]:
    """Try faults; their rows in the order given."""
    folder = Path(tempfile.mkdtemp(prefix="osa-faults-")) if keep is None else keep
    folder.mkdir(parents=True, exist_ok=True)
    found: dict[str, Row] = {}
    running: set[subprocess.Popen[bytes]] = set()
    with ThreadPoolExecutor(jobs) as pool:
        waiting = [pool.submit(_try, batch, folder, running) for batch in _batches(faults)]
        try:
            for done in as_completed(waiting):
                for row in done.result():
                    found[row.name] = row
                    print(_told(row), flush=True)
        except BaseException:
            # we are to end: so are they, each with what it has started
            pool.shutdown(wait=False, cancel_futures=True)
            for process in list(running):
                process.terminate()
            raise
    print(f"Logs of what failed: {folder}")
    return [found[fault.name] for fault in faults]


def _batches(faults: Sequence[Fault]) -> list[list[Fault]]:
    """What is tried by one process: trials on a machine share it, others are alone.

    What takes longest comes first.
    """
    served = [fault for fault in faults if fault.place == "machine"]
    alone = [[fault] for fault in faults if fault.place != "machine"]
    alone.sort(key=lambda batch: -batch[0].limit_s)
    machines = [served[number::MACHINES] for number in range(MACHINES)]
    return [*(batch for batch in machines if batch), *alone]


def _try(batch: Sequence[Fault], folder: Path, running: set[subprocess.Popen[bytes]]) -> list[Row]:
    out = folder / f"{abs(hash(batch[0].name)):x}.jsonl"
    private = PRIVATE if os.geteuid() == 0 else ()
    command = [*private, sys.executable, "-m", "tests.faults.trial", str(out)]
    with out.with_suffix(".console").open("wb") as console:
        process = subprocess.Popen(
            [*command, *(fault.name for fault in batch)],
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            stdin=subprocess.DEVNULL,
            stdout=console,
            stderr=console,
            start_new_session=True,
        )
        running.add(process)
        try:
            process.wait(sum(fault.limit_s for fault in batch) + GRACE_S * (1 + len(batch)))
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
        finally:
            running.discard(process)
    told = _read(out)
    last = out.with_suffix(".console").read_text(errors="replace").strip().splitlines()[-1:]
    why = f"the trial itself ended ({process.returncode}): {' '.join(last)}"
    return [told.get(fault.name) or _untried(fault, why) for fault in batch]


def _told(row: Row) -> str:
    why = "" if row.has_passed else f": {row.failure or f'{len(row.lost)} events lost'}"
    return f"{'passed' if row.has_passed else 'FAILED'} {row.name} ({row.took_s:.0f} s){why}"


def _read(path: Path) -> dict[str, Row]:
    lines = path.read_text().splitlines() if path.exists() else []
    rows = [json.loads(line) for line in lines]
    return {row["name"]: Row(**{**row, "lost": tuple(row["lost"])}) for row in rows}


def _untried(fault: Fault, why: str) -> Row:
    return Row(
        name=fault.name,
        group=group_of(fault),
        injected=fault.injected,
        expected=fault.expected,
        observed="",
        decided=0,
        lost=(),
        deaf_s=None,
        took_s=0.0,
        failure=why,
        commit=report.commit(),
    )


def _selected(options: argparse.Namespace) -> list[Fault]:
    faults = catalogue()
    if options.quick:
        faults = [fault for fault in faults if fault.is_quick]
    if options.only:
        wanted = [word.replace("_", " ") for word in options.only]
        faults = [f for f in faults if any(w in f.name or w == group_of(f) for w in wanted)]
        if not faults:
            sys.exit("scripts/faults: no fault or group has such a name; --list names them.")
    return faults


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        prog="scripts/faults",
        description=__doc__,
    )
    parser.add_argument("--report", type=Path, metavar="OUT.md", help="write the report here")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="names, parts of them, or groups")
    parser.add_argument("--list", action="store_true", help="print the names and stop")
    parser.add_argument("--quick", action="store_true", help="what takes less than half a minute")
    parser.add_argument("--jobs", type=int, default=JOBS, help=f"side by side (default {JOBS})")
    parser.add_argument("--keep", type=Path, metavar="DIR", help="where logs of failed ones go")
    parser.add_argument(
        "--go-on", action="store_true", help="try what has not passed in --keep DIR"
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
