"""Runs a target over many inputs: no crash, no hang, no growing memory.

Inputs follow from the seed alone. What a target answers guides the search: an input whose answer
was never given before joins those that are changed further.
"""

import signal
import time
import traceback
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from types import FrameType
from typing import Protocol

from tests.fuzz.mutate import Mutator

LIMIT_S = 5.0  # of the processor for one input: a hundred times the slowest that was seen
WAIT_S = 60.0  # by the clock: a busy machine is no hang, and what waits for ever uses no processor
MOST_KNOWN = 2_000
MOST_ANSWERS = 20_000
MOST_FAILURES = 20
GROWTH_MB = 96  # of the process, from a twentieth of the inputs to the last
REPORT_EVERY = 10_000


class Target(Protocol):
    """What is given inputs."""

    name: str
    words: tuple[bytes, ...]

    def seeds(self) -> list[bytes]:
        """Return inputs to begin with."""

    def answer(self, data: bytes) -> str:
        """Give it one input; what came of it in few words. Raises where a promise is broken."""

    def close(self) -> None:
        """Let go of everything."""


class Hang(BaseException):
    """An input took longer than its limit. No `except Exception` may take it."""


@dataclass(frozen=True, slots=True)
class Failure:
    """An input that broke a promise."""

    number: int
    data: bytes
    text: str


@dataclass(slots=True)
class Report:
    """What came of a run; memory in MB."""

    inputs: int = 0
    seconds: float = 0.0
    slowest_s: float = 0.0
    early_mb: float = 0.0
    last_mb: float = 0.0
    answers: Counter[str] = field(default_factory=Counter)
    failures: dict[str, Failure] = field(default_factory=dict)

    def count(self, answer: str) -> None:
        """Count an answer, by its name while there are not too many."""
        known = answer in self.answers or len(self.answers) < MOST_ANSWERS
        self.answers[answer if known else "others"] += 1

    @property
    def is_well(self) -> bool:
        """Whether nothing failed and memory did not grow."""
        return not self.failures and self.last_mb - self.early_mb <= GROWTH_MB


def fuzz(
    target: Target,
    count: int,
    seed: int = 0,
    tell: Callable[[Report], None] = lambda _report: None,
) -> Report:
    """Give `target` so many inputs."""
    random = Random(f"{target.name} {seed}")
    mutator = Mutator(random, target.words)
    known = target.seeds()
    report = Report()
    old = {each: signal.signal(each, _on_alarm) for each in (signal.SIGALRM, signal.SIGPROF)}
    began_s = time.perf_counter()
    try:
        for number in range(count):
            data = (
                known[number]
                if number < len(known) and number < count // 10
                else mutator.change(random.choice(known), random.choice(known))
            )
            answer = _one(target, number, data, report)
            if answer not in report.answers and len(report.answers) < MOST_ANSWERS:
                _keep(known, data, random)
            report.count(answer)
            report.inputs = number + 1
            if number == count // 20:
                report.early_mb = resident_mb()
            if number % REPORT_EVERY == REPORT_EVERY - 1:
                report.seconds, report.last_mb = time.perf_counter() - began_s, resident_mb()
                tell(report)
            if len(report.failures) >= MOST_FAILURES:
                break
    finally:
        _limit(0.0, 0.0)
        for number_of, handler in old.items():
            signal.signal(number_of, handler)
    report.seconds, report.last_mb = time.perf_counter() - began_s, resident_mb()
    return report


def _one(target: Target, number: int, data: bytes, report: Report) -> str:
    began_s = time.process_time()
    try:
        _limit(LIMIT_S, WAIT_S)
        try:
            answer = target.answer(data)
        finally:
            _limit(0.0, 0.0)
    except (Exception, Hang) as error:  # noqa: BLE001  # finding any is what this is for
        where = traceback.extract_tb(error.__traceback__)[-1]
        answer = f"FAILED {type(error).__name__} {Path(where.filename).name}:{where.lineno}"
        text = "".join(traceback.format_exception(error)[-6:])
        report.failures.setdefault(answer, Failure(number, data, text))
    report.slowest_s = max(report.slowest_s, time.process_time() - began_s)
    return answer


def _limit(processor_s: float, clock_s: float) -> None:
    """Let an input take no longer; 0: no limit."""
    signal.setitimer(signal.ITIMER_PROF, processor_s)
    signal.setitimer(signal.ITIMER_REAL, clock_s)


def _keep(known: list[bytes], data: bytes, random: Random) -> None:
    if len(known) < MOST_KNOWN:
        known.append(data)
    else:
        known[random.randrange(len(known))] = data


def _on_alarm(_signal: int, _frame: FrameType | None) -> None:
    raise Hang


def resident_mb() -> float:
    """Return this process's resident memory."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) / 1024 for line in lines if line.startswith("VmRSS:"))
