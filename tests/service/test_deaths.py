"""Threads that an exception ends: the first one is kept, and what it costs the process."""

import logging
import sys
import threading
from collections.abc import Callable

import pytest

from osa_daemon.service.deaths import Deaths


@pytest.fixture
def deaths(monkeypatch: pytest.MonkeyPatch) -> Deaths:
    """Hears of the threads of this test alone."""
    monkeypatch.setattr(threading, "excepthook", threading.excepthook)
    heard = Deaths()
    heard.install()
    return heard


def run(work: Callable[[], object], name: str) -> None:
    """Let a thread of that name do `work`, to its end."""
    thread = threading.Thread(target=work, name=name)
    thread.start()
    thread.join(10)


def fail(error: BaseException) -> Callable[[], object]:
    """Work that ends by `error`."""

    def work() -> None:
        raise error

    return work


def test_a_thread_that_ends_as_it_should_is_no_death(deaths: Deaths):
    """Nothing is noted where nothing was raised."""
    run(lambda: None, "osa-other")
    assert deaths.first is None


@pytest.mark.parametrize("error", [ZeroDivisionError("x"), SystemExit(0), KeyboardInterrupt()])
def test_any_thread_that_is_ended_counts(
    deaths: Deaths, caplog: pytest.LogCaptureFixture, error: BaseException
):
    """`sys.exit` ends the thread alone, so that it has to count, too."""
    run(fail(error), "osa-other")
    assert deaths.first is not None
    assert (deaths.first.thread, deaths.first.error) == ("osa-other", error)
    (record,) = caplog.records
    assert record.levelno == logging.CRITICAL
    assert "osa-other" in record.getMessage()


def test_the_first_one_is_kept(deaths: Deaths):
    """What dies of it later says nothing of the cause."""
    run(fail(ValueError("First.")), "osa-first")
    run(lambda: sys.exit(1), "osa-second")
    assert deaths.first is not None
    assert deaths.first.thread == "osa-first"


def test_a_network_thread_is_told_and_counts_for_nothing(
    deaths: Deaths, caplog: pytest.LogCaptureFixture
):
    """What a broker sends may end it; the publisher replaces it with its connection."""
    run(fail(ValueError("a packet")), "paho-mqtt-client-osa")
    assert deaths.first is None
    assert "ended by ValueError" in caplog.text


def test_what_ntfy_raises_is_not_repeated(deaths: Deaths, caplog: pytest.LogCaptureFixture):
    """It may hold a token or a topic: the places are told, not the words."""
    run(fail(ValueError("s3cr" + "et-topic")), "osa-ntfy")
    assert deaths.first is not None
    assert "in work" in caplog.text
    assert "s3cret-topic" not in caplog.text
