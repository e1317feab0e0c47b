"""A real wall clock that is set under the running daemon (libfaketime), from 1970 to a night."""

import json
import os
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from osa_daemon.journal.journal import Journal
from tests.daemon import DaemonProcess
from tests.mosquitto import Mosquitto, Subscriber

Start = Callable[..., DaemonProcess]
Subscribe = Callable[..., Subscriber]

FAKETIME = Path("/usr/lib") / f"{os.uname().machine}-linux-gnu" / "faketime/libfaketimeMT.so.1"
NIGHT = date(2026, 11, 29)
TWO = datetime(2026, 11, 30, 2, 0).astimezone()


# libfaketime spoils the absolute times that Python's time.sleep waits for
RUN = """
import sys, threading, time
time.sleep = lambda seconds: threading.Event().wait(seconds)
from osa_daemon.cli import main
sys.exit(main(['run', *sys.argv[1:]]))
"""


class WallClock:
    """Says what time it is to a process that libfaketime is loaded into."""

    def __init__(self, file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._file = file
        monkeypatch.setenv("LD_PRELOAD", str(FAKETIME))
        monkeypatch.setenv("FAKETIME_TIMESTAMP_FILE", str(file))
        monkeypatch.setenv("FAKETIME_NO_CACHE", "1")
        for name in ("DONT_FAKE_MONOTONIC", "FAKETIME_DONT_FAKE_MONOTONIC"):
            monkeypatch.setenv(name, "1")

    def set_to(self, moment: datetime) -> None:
        """Set it."""
        new = self._file.with_suffix(".new")
        new.write_text(f"{(moment - datetime.now(UTC)).total_seconds():+.0f}s")
        new.replace(self._file)


@pytest.mark.skipif(not FAKETIME.exists(), reason="libfaketime is not here")
def test_a_night_that_began_in_1970(
    mosquitto: Mosquitto,
    subscribe: Subscribe,
    start_daemon: Start,
    data: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
):
    """Both events, the one before the step and the one after, lie in the night that it was."""
    subscriber = subscribe(mosquitto.port)
    clock = WallClock(tmp_path / "time", monkeypatch)
    clock.set_to(datetime(1970, 1, 1, 0, 5, tzinfo=UTC))
    script = tmp_path / "run.py"
    script.write_text(RUN)
    night = f"file:{data / 'night.ogg'}"
    daemon = start_daemon(
        mosquitto.port, "--source", night, "--speed", "30", command=(str(script),)
    )
    monkeypatch.delenv("LD_PRELOAD")
    subscriber.wait_for(lambda: len(subscriber.on("/event")) >= 1, 60.0)
    first = json.loads(subscriber.on("/event")[0])
    assert first["onset"].startswith(("1970-01-01", "1969-12-31"))
    clock.set_to(TWO)
    subscriber.wait_for(
        lambda: json.loads(subscriber.last("/night/current"))["night"] == NIGHT.isoformat(), 30.0
    )
    known = len(subscriber.on("/event"))
    subscriber.wait_for(lambda: len(subscriber.on("/event")) > known, 60.0)
    assert daemon.end() == 0, daemon.log.read_text()
    sent = [json.loads(text) for text in subscriber.on("/event")]
    last = json.loads(subscriber.last("/last_event"))
    assert datetime.fromisoformat(last["onset"]) > TWO - timedelta(hours=1)
    with Journal.open(daemon.folder / "state" / "journal.sqlite3") as journal:
        events = {event.id: event for event in journal.events_of(NIGHT)}
        assert [row.night for row in journal.last_nights(9)] == [NIGHT]
    assert set(events) == {event["id"] for event in sent}
    for event in sent:
        stored = events[event["id"]]
        assert abs((stored.onset_utc - TWO).total_seconds()) < 3600
        assert stored.duration_s == pytest.approx(event["duration_s"], abs=0.01)
