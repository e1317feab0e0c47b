"""What systemd is sent, heard on a real datagram socket."""

import socket
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from osa_daemon.service import notify


@pytest.fixture
def heard(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[], list[str]]]:
    """Gives the lines of the next message."""
    with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as server:
        server.settimeout(10)
        server.bind(str(tmp_path / "notify"))
        monkeypatch.setenv("NOTIFY_SOCKET", str(tmp_path / "notify"))
        yield lambda: server.recv(4096).decode().split("\n")


def test_a_status_is_one_line_of_bounded_length(heard: Callable[[], list[str]]):
    """A line break in a device's name must not become a message of its own."""
    notify.status("Hearing nothing:\nWATCHDOG=1\n" + "x" * 1000)
    (line,) = heard()
    assert line.startswith("STATUS=Hearing nothing: WATCHDOG=1 xxx")
    assert len(line) == len("STATUS=") + notify.LONGEST


def test_a_reload_says_when_it_began(heard: Callable[[], list[str]]):
    """By CLOCK_MONOTONIC in microseconds, as sd_notify(3) asks for."""
    before_s = time.monotonic()
    notify.reloading()
    told, stamp = heard()
    assert told == "RELOADING=1"
    name, _, number = stamp.partition("=")
    assert name == "MONOTONIC_USEC"
    assert before_s - 1 <= int(number) / 1e6 <= time.monotonic()
    notify.ready("Listening")
    assert heard() == ["READY=1", "STATUS=Listening"]


def test_more_time_is_asked_for_in_microseconds(heard: Callable[[], list[str]]):
    """For a start or an end that takes long."""
    notify.extend_timeout(2.5)
    assert heard() == ["EXTEND_TIMEOUT_USEC=2500000"]


@pytest.mark.parametrize(
    ("patience", "every_s"),
    [(None, 10.0), ("60000000", 10.0), ("2000000", 0.5), ("nonsense", 10.0)],
)
def test_the_watchdog_is_fed_four_times_within_its_patience(
    monkeypatch: pytest.MonkeyPatch, patience: str | None, every_s: float
):
    """However short a drop-in makes it; and seldom enough for a Pi to rest."""
    if patience is None:
        monkeypatch.delenv("WATCHDOG_USEC", raising=False)
    else:
        monkeypatch.setenv("WATCHDOG_USEC", patience)
    assert notify.alive_every_s() == every_s


def test_without_systemd_nothing_is_sent(monkeypatch: pytest.MonkeyPatch):
    """In a terminal there is nobody to tell."""
    monkeypatch.delenv("NOTIFY_SOCKET", raising=False)
    notify.ready("Listening")
    notify.alive()
    assert notify.daemon.notify("STATUS=x") is False
