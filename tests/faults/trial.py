"""Trying faults, one after the other, in this process: `python -m tests.faults.trial OUT NAME…`.

Each row is written as a line of JSON as soon as it is known.
"""

import json
import shutil
import signal
import sys
import tempfile
import time
import traceback
from collections.abc import Iterator, Sequence
from contextlib import ExitStack, closing, contextmanager
from dataclasses import asdict
from pathlib import Path
from types import FrameType

from tests.faults import report
from tests.faults.catalogue import group_of, named
from tests.faults.fault import Fault
from tests.faults.installed import InstalledService
from tests.faults.row import Row
from tests.faults.scene import Scene

SENTENCE_CHARACTERS = 600


def try_fault(fault: Fault, folder: Path, service: InstalledService | None = None) -> Row:
    """Bring a fault about; the row says how it went. Nothing that fails in it is raised."""
    began_s = time.monotonic()
    scene = Scene(folder, service)
    failure: str | None = None
    count = None
    try:
        with _deadline(fault.limit_s):
            try:
                fault.act(scene)
            except Exception as error:  # noqa: BLE001  # whatever happens in a trial is its outcome
                failure = _sentence(error)
                (folder / "traceback.txt").write_text(traceback.format_exc())
            count = scene.count()
    except TimeoutError as error:
        failure = failure or str(error)
    finally:
        deaf_s = scene.longest_deaf_s()  # before it is ended: who has ended is deaf, too
        (folder / "daemon-all.log").write_text(scene.daemon_log())
        (folder / "witness.log").write_text(scene.transcript())
        try:
            scene.close()
        except Exception as error:  # noqa: BLE001  # a trial that cannot be ended has failed
            failure = failure or f"what was started could not be ended: {_sentence(error)}"
    return Row(
        name=fault.name,
        group=group_of(fault),
        injected=fault.injected,
        expected=fault.expected,
        observed="; ".join(scene.observed),
        decided=count.decided if count is not None else 0,
        lost=tuple(sorted(count.lost)) if count is not None else (),
        deaf_s=deaf_s,
        took_s=time.monotonic() - began_s,
        failure=failure,
        commit=report.commit(),
    )


@contextmanager
def _deadline(limit_s: float) -> Iterator[None]:
    """Raise TimeoutError in the main thread where what is inside takes longer."""

    def late(_number: int, _frame: FrameType | None) -> None:
        raise TimeoutError(f"the trial took longer than {limit_s:.0f} s")

    before = signal.signal(signal.SIGALRM, late)
    signal.setitimer(signal.ITIMER_REAL, limit_s)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


def _sentence(error: Exception) -> str:
    """What failed, in one line."""
    text = " ".join(str(error).split()) or type(error).__name__
    kind = "" if isinstance(error, AssertionError) else f"{type(error).__name__}: "
    return (kind + text)[:SENTENCE_CHARACTERS]


def main(arguments: Sequence[str]) -> int:
    """Try what is named; 0 where that was possible, whatever came of it."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    out, *names = arguments
    faults = [named(name) for name in names]
    with ExitStack() as stack, Path(out).open("a", buffering=1) as file:
        base = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="osa-faults-")))
        service = None
        if any(fault.place == "machine" for fault in faults):
            (base / "machine").mkdir()
            service = stack.enter_context(closing(InstalledService(base / "machine")))
        for number, fault in enumerate(faults):
            folder = base / f"{number}"
            folder.mkdir()
            if service is not None:
                service.clear_state()
            row = try_fault(fault, folder, service)
            file.write(json.dumps(asdict(row)) + "\n")
            if not row.has_passed:
                _keep(folder, Path(out).parent / fault.name.replace(" ", "_"))
            shutil.rmtree(folder, ignore_errors=True)
    return 0


def _keep(folder: Path, kept: Path) -> None:
    """Keep the logs of what failed."""
    kept.mkdir(exist_ok=True)
    for path in (*folder.rglob("*.log"), *folder.glob("*.txt")):
        shutil.copy(path, kept / path.name)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
