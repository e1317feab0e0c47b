"""Some thousand inputs for each target; `scripts/fuzz` runs any number."""

import time
import warnings
from collections.abc import Callable

import pytest

from tests.fuzz.commands import MqttCommands
from tests.fuzz.configuration import Configuration
from tests.fuzz.engine import Target, fuzz
from tests.fuzz.sound import Sounds
from tests.fuzz.state import JournalFiles, StateFiles


@pytest.mark.parametrize(
    ("make", "count"),
    [
        (Configuration, 1_000),
        (MqttCommands, 1_500),
        (Sounds, 600),
        (StateFiles, 1_000),
        (JournalFiles, 200),
    ],
)
def test_no_input_crashes_or_hangs(make: Callable[[], Target], count: int) -> None:
    """Whatever comes is taken, or refused in a plain sentence, at once and in bounded memory."""
    target = make()
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", RuntimeWarning)  # of samples that overflow
            report = fuzz(target, count)
    finally:
        target.close()
    assert report.failures == {}
    assert report.is_well
    assert len(report.answers) > 5


class Bad:
    """A target that breaks its promises."""

    name = "bad"
    words = (b"x",)

    def __init__(self, answer: Callable[[bytes], str]) -> None:
        self.answer = answer

    def seeds(self) -> list[bytes]:
        """One."""
        return [b"abc"]

    def close(self) -> None:
        """Nothing to let go of."""


def test_a_crash_is_found_and_its_input_kept() -> None:
    """Any exception is a failure, told once for each place where it comes from."""

    def crash(data: bytes) -> str:
        if b"x" in data:
            raise KeyError(data)
        return "fine"

    report = fuzz(Bad(crash), 300)
    assert len(report.failures) == 1
    assert all(b"x" in failure.data for failure in report.failures.values())


@pytest.mark.parametrize(("limit", "pause_s"), [("LIMIT_S", 0.0), ("WAIT_S", 60.0)])
def test_a_hang_is_found(monkeypatch: pytest.MonkeyPatch, limit: str, pause_s: float) -> None:
    """What spins and what waits longer than its limit fails, though it swallows exceptions."""
    monkeypatch.setattr(f"tests.fuzz.engine.{limit}", 0.05)

    def hang(_data: bytes) -> str:
        while True:
            try:
                time.sleep(pause_s)
            except Exception:  # noqa: BLE001  # as careless code does
                continue

    report = fuzz(Bad(hang), 1)
    assert [name.split()[1] for name in report.failures] == ["Hang"]


def test_a_seed_gives_the_same_inputs() -> None:
    """Two runs of a seed meet the same inputs, another seed others."""
    met: list[list[bytes]] = []
    for seed in (1, 1, 2):
        inputs: list[bytes] = []
        fuzz(Bad(lambda data, kept=inputs: kept.append(data) or "fine"), 50, seed)  # type: ignore[misc]
        met.append(inputs)
    assert met[0] == met[1] != met[2]
