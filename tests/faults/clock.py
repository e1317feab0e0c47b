"""Wrong clocks: a Pi has none of its own. The daemon's is moved by libfaketime, nobody else's."""

import sqlite3
import time
from contextlib import closing
from datetime import UTC, datetime
from pathlib import Path

from tests.daemon import DaemonProcess
from tests.faults.fault import fault
from tests.faults.room import ROUND_PAUSE_S
from tests.faults.scene import Scene, payload
from tests.faults.witness import Message, Witness
from tests.mosquitto import wait_for

HOUR_S = 3600.0
NEAR_S = 3.0  # between where a pause begins in the sound and where the model hears it begin
LENGTHS_S = (ROUND_PAUSE_S[1] - 4, ROUND_PAUSE_S[1] + 4)
TRUE = "true lengths; right times of day for what is decided after the step; no restart, no loss"
AFTERWARDS_S = 150.0


class Clock:
    """The daemon's wall clock, `offset_s` away from the true one; its monotonic clock is true."""

    def __init__(self, folder: Path, offset_s: float = 0.0) -> None:
        self._file = folder / "offset"
        library = next(iter(Path("/usr/lib").glob("*/faketime/libfaketimeMT.so.1")), None)
        assert library is not None, "libfaketime is not installed (Debian's package faketime)"
        self.environment = {
            "LD_PRELOAD": str(library),
            "FAKETIME_TIMESTAMP_FILE": str(self._file),
            "FAKETIME_NO_CACHE": "1",
            "DONT_FAKE_MONOTONIC": "1",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
        self.set(offset_s)

    def set(self, offset_s: float) -> None:
        """Step it, so that it is `offset_s` away from the true one."""
        self.offset_s = offset_s
        new = self._file.with_suffix(".new")
        new.write_text(f"{offset_s:+.0f}s\n")
        new.replace(self._file)


def hear(scene: Scene, clock: Clock, **environment: str) -> tuple[Witness, DaemonProcess]:
    """The daemon with that clock, at the microphone."""
    broker, witness = scene.meet()
    daemon = scene.listen(broker.port, environment={**clock.environment, **environment})
    scene.hears(witness)
    return witness, daemon


def next_event(scene: Scene, witness: Witness, since_s: float) -> Message:
    """The first event that came after a moment."""
    scene.event_after(witness, since_s)
    return next(m for m in witness.on("/event") if m.at_s >= since_s)


def true_onset_s(scene: Scene, message: Message) -> float:
    """When, by the true clock, the pause began that an event tells of."""
    onset_s, length_s = ROUND_PAUSE_S
    began_s = max(b for b in scene.sleeper().began_s if b + onset_s + length_s <= message.at_s)
    return time.time() - time.monotonic() + began_s + onset_s


def is_right(scene: Scene, message: Message, offset_s: float) -> None:
    """An event's time of day and length are right, by a clock that is `offset_s` off."""
    event = payload(message.payload)
    onset_s = datetime.fromisoformat(event["onset"]).timestamp() - offset_s
    off_s = onset_s - true_onset_s(scene, message)
    scene.saw(f"onset {off_s:+.1f} s off, {event['duration_s']:.1f} s long")
    assert abs(off_s) <= NEAR_S, f"the onset is {off_s:+.0f} s off"
    low_s, high_s = LENGTHS_S
    assert low_s <= event["duration_s"] <= high_s, f"{event['duration_s']} s long"


def steps(scene: Scene, offset_s: float) -> None:
    """The clock steps while a pause is in progress."""
    clock = Clock(scene.folder)
    witness, daemon = hear(scene, clock)
    scene.told(witness, "/apnea", "ON", 0.0, 120.0)
    stepped_s = time.monotonic()
    clock.set(offset_s)
    for since_s in (stepped_s, None):
        message = next_event(scene, witness, since_s or time.monotonic())
        is_right(scene, message, offset_s)
    assert witness.deaf_s() == 0, f"said to be deaf for {witness.deaf_s():.1f} s"
    assert daemon.process.poll() is None, "the daemon ended"


@fault(injected="the clock is put forward by 2 h in the middle of a pause", expected=TRUE)
def clock_put_forward(scene: Scene) -> None:
    """The network's time comes late."""
    steps(scene, 2 * HOUR_S)


@fault(injected="the clock is put back by 3 h in the middle of a pause", expected=TRUE)
def clock_put_back(scene: Scene) -> None:
    """It was wrong the other way."""
    steps(scene, -3 * HOUR_S)


@fault(
    injected="the clock is put back by 1 s in the middle of a pause (a leap second)", expected=TRUE
)
def leap_second(scene: Scene) -> None:
    """As Linux does it."""
    steps(scene, -1.0)


@fault(
    injected="the daemon starts on 2 January 1970; the clock is set right after the first event",
    expected=f"{TRUE}; what was decided before is dated right in the journal afterwards",
    limit_s=500.0,
)
def clock_of_1970(scene: Scene) -> None:
    """A Pi without a network at first."""
    clock = Clock(scene.folder, 86_400 - time.time())
    witness, daemon = hear(scene, clock)
    first = next_event(scene, witness, 0.0)
    scene.saw(f"first dated {payload(first.payload)['onset'][:10]}")
    true_s = true_onset_s(scene, first)
    set_s = time.monotonic()
    clock.set(0.0)
    is_right(scene, next_event(scene, witness, set_s), 0.0)
    journal = scene.journals[0]
    first_id = payload(first.payload)["id"]
    wait_for(
        lambda: abs(_onsets(journal).get(first_id, true_s) - true_s) < HOUR_S,
        AFTERWARDS_S,
        "a right time in the journal",
    )
    assert first_id in _onsets(journal), "the journal has forgotten what was dated 1970"
    off_s = _onsets(journal)[first_id] - true_s
    scene.saw(f"in the journal it is {off_s:+.1f} s off afterwards")
    assert abs(off_s) <= NEAR_S, f"the first is {off_s:+.0f} s off in the journal"
    assert daemon.process.poll() is None, "the daemon ended"


def _onsets(journal: Path) -> dict[str, float]:
    """When the events of a journal began, by id."""
    with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True, timeout=5)) as db:
        rows = db.execute("SELECT id, onset_utc FROM events")
        return {name: datetime.fromisoformat(onset).timestamp() for name, onset in rows}


@fault(
    injected="summer time ends (Berlin, 25 October 2026) while it hears",
    expected="true lengths and instants; the offset in the times changes from +02:00 to +01:00",
    limit_s=400.0,
)
def summer_time_ends(scene: Scene) -> None:
    """The hour that comes twice."""
    change = datetime(2026, 10, 25, 1, 0, tzinfo=UTC).timestamp()
    # the first pause is heard about 40 s after the start, the second most of a minute later
    clock = Clock(scene.folder, change - 60.0 - time.time())
    witness, daemon = hear(scene, clock, TZ="Europe/Berlin")
    first = next_event(scene, witness, 0.0)
    is_right(scene, first, clock.offset_s)
    wait_for(
        lambda: any("+01:00" in m.payload for m in witness.on("/event")), 200, "an event afterwards"
    )
    later = next(m for m in witness.on("/event") if "+01:00" in m.payload)
    is_right(scene, later, clock.offset_s)
    assert daemon.process.poll() is None, "the daemon ended"
