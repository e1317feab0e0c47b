"""What signals ask for is noted, and taken once."""

import signal
from collections.abc import Iterator

import pytest

from osa_daemon.service.signals import Signals


@pytest.fixture
def signals() -> Iterator[Signals]:
    """Takes this process's signals for the time of a test."""
    numbers = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)
    before = {number: signal.getsignal(number) for number in numbers}
    yield Signals.install()
    for number, handler in before.items():
        signal.signal(number, handler)


def test_many_reloads_are_one(signals: Signals):
    """It is over once it is taken, and does not end anything."""
    assert not signals.take_reload()
    for _ in range(3):
        signal.raise_signal(signal.SIGHUP)
    assert signals.take_reload()
    assert not signals.take_reload()
    assert not signals.stop


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_the_end_stays_asked_for(signals: Signals, number: signal.Signals):
    """Whatever comes after it."""
    signal.raise_signal(number)
    signal.raise_signal(signal.SIGHUP)
    assert signals.stop
