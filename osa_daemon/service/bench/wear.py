"""How much a night writes to the SD card: the bedside over a played night, on a clock that flies.

    scripts/bench --wear

The bedside, the scoring, the alerts and the journal are the daemon's own, from noon to noon; sound,
detector and broker are played. What counts is what the process handed to the disk (`wchar` of
/proc/self/io: SQLite's log and its write-backs) and in how many commits, each of which waits for
the card. A file system adds its own log to it, and a card erases more than is written.
"""

import argparse
import json
import logging
import sys
import tempfile
import threading
from collections import Counter
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from datetime import datetime
from pathlib import Path
from random import Random
from typing import Final, cast

import numpy as np

from osa_daemon.audio.block import Block
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.clock import Clock
from osa_daemon.detector.frame import Delayed, Frame
from osa_daemon.detector.model import Metadata
from osa_daemon.journal.eras import Reckoning
from osa_daemon.journal.journal import Journal
from osa_daemon.publish.payloads import Value
from osa_daemon.scoring.event import Scored
from osa_daemon.scoring.scorer import Scorer
from osa_daemon.service.alerting.start import alert_policy
from osa_daemon.service.bedside import Bedside
from osa_daemon.service.bulletin import Bulletin
from osa_daemon.service.chain import Chain, Step
from osa_daemon.service.clock import StreamClock
from osa_daemon.service.commands import Commands
from osa_daemon.service.diagnostics import Diagnostics
from osa_daemon.service.live import LiveSettings
from osa_daemon.service.minutes import Minutes
from osa_daemon.service.outbox import Outbox
from osa_daemon.service.reload import Reload
from osa_daemon.service.rooms import Rooms
from osa_daemon.service.store import Store
from osa_daemon.service.tonight import Tonight
from osa_daemon.service.traces import Traces
from osa_daemon.settings.load import load

FRAME: Final = 3_200  # samples: 0.2 s
FRAME_S: Final = 0.2
DELAY: Final = 75  # frames between a frame and its delayed reading
DAY_H: Final = 24
SLEEP_H: Final = 8
RATES: Final = (0, 5, 60)  # events an hour of sleep: none, what is typical, a severe apnea
NOON: Final = datetime(2026, 11, 22, 12, 0).astimezone()
THRESHOLDS: Final = {name: {"event": 0.5} for name in ("low", "balanced", "high")}


@dataclass
class House:
    """The clock, which each frame moves, and a broker that has everything at once."""

    now_s: float = 0.0
    outbox: Outbox | None = None
    events: int = 0
    _states: dict[str, object] = field(default_factory=dict)

    def clock(self) -> Clock:
        """Return the clocks as the daemon is given them."""
        return Clock(lambda: self.now_s, lambda: NOON.timestamp() + self.now_s, self._wait)

    def _wait(self, seconds: float) -> None:
        self.now_s += seconds

    def set_state(self, suffix: str, payload: str | Mapping[str, Value]) -> None:
        """Take a state."""
        self._states[suffix] = payload

    def repeat_state(self, suffix: str) -> None:
        """Take it once more."""

    def send_event(self, event_id: str, payload: Mapping[str, Value]) -> bool:  # noqa: ARG002
        """Take an event, and acknowledge it."""
        assert self.outbox is not None
        self.events += 1
        self.outbox.acknowledged(event_id)
        return True


class Sleeper:
    """A source of sound, and a chain that hears what was planned: breathing, and pauses in it."""

    def __init__(self, house: House, hours: float, pauses: list[tuple[int, int]]) -> None:
        self._house = house
        self._frames = round(hours * 3600 / FRAME_S)
        self._is_pause = np.zeros(self._frames, bool)
        for start, length in pauses:
            self._is_pause[start : start + length] = True
        self._samples = np.zeros(FRAME, np.float32)
        self._index = 0

    def read(self, _timeout_s: float) -> Block | None:
        """Return the next frame of sound."""
        if self._index >= self._frames:
            return None
        self._house.now_s += FRAME_S
        self._index += 1
        return Block((self._index - 1) * FRAME, self._samples)

    def health(self) -> SourceHealth:
        """Return that all is well, until the day is over."""
        is_over = self._index >= self._frames
        return SourceHealth(SourceState.ENDED if is_over else SourceState.RUNNING, "A night.")

    def close(self) -> None:
        """Nothing to release."""

    def breathes(self, index: int) -> bool:
        """Return whether breath is heard in a frame."""
        return not self._is_pause[index]


class PlayedChain:
    """Stands for front end and detector; the scoring is the daemon's."""

    def __init__(self, live: LiveSettings, sleeper: Sleeper) -> None:
        self._sleeper = sleeper
        self.scorer = Scorer(live.rules, lambda onset_s: f"{round(onset_s * 5):032x}")
        self._owed: list[Delayed] = []

    def push(self, block: Block) -> list[Step]:
        """Return the one frame of a block."""
        index = block.start // FRAME
        breath = float(self._sleeper.breathes(index))
        self._owed.append(Delayed(index, 1.0, breath, 1.0 - breath, 0.0, 0.0, 0.0))
        due = self._owed.pop(0) if len(self._owed) > DELAY else None
        frame = Frame(
            index, True, -50.0, -60.0, False, False, 1.0, breath, 1.0 - breath, 0.0, 0.0, 0.0, due
        )
        return [Step(frame, self.scorer.push(frame))]

    def finish(self) -> tuple[list[Step], Scored]:
        """Return what is owed."""
        return [], self.scorer.finish(self._owed)


@dataclass(frozen=True, slots=True)
class Wear:
    """What a day and night wrote."""

    events: int
    bytes_written: int
    commits: int
    journal_bytes: int


def plan(per_hour: float, hours: float = DAY_H, seed: int = 1) -> list[tuple[int, int]]:
    """Return pauses (first frame, frames) of 12 s to 45 s in the eight hours of sleep.

    They lie in the middle; less than a day is slept through.
    """
    random, pauses = Random(seed), []
    sleep_h = SLEEP_H if hours == DAY_H else hours
    at_s = (hours - sleep_h) / 2 * 3600.0
    end_s = at_s + sleep_h * 3600.0 - 60.0
    while per_hour > 0 and (at_s := at_s + random.uniform(0.5, 1.5) * 3600 / per_hour) < end_s:
        length_s = min(45.0, random.lognormvariate(3.0, 0.35))
        pauses.append((round(at_s / FRAME_S), round(max(12.0, length_s) / FRAME_S)))
        at_s += length_s
    return pauses


def play(folder: Path, per_hour: float, hours: float = DAY_H) -> Wear:
    """Let the daemon's bedside live through a day and night; return what it wrote."""
    house = House()
    sleeper = Sleeper(house, hours, plan(per_hour, hours))
    path = folder / "journal.sqlite3"
    port = house.clock()
    clock = StreamClock(_at, monotonic=port.monotonic_s, wall=port.wall_s)
    statements: Counter[str] = Counter()

    def open_journal() -> Journal:
        journal = Journal.open(path, reckoning=Reckoning("played", clock.offset_s), clock=port)
        journal._db.set_trace_callback(lambda text: statements.update([text]))  # noqa: SLF001 it only counts
        return journal

    before = _written()
    _bedside(folder, house, sleeper, clock, Store(open_journal, _ignore, port)).run()
    written = _written() - before
    return Wear(house.events, written, statements["COMMIT"], path.stat().st_size)


def _bedside(
    folder: Path, house: House, sleeper: Sleeper, clock: StreamClock, store: Store
) -> Bedside:
    config = folder / "config.yaml"
    config.write_text(f"journal:\n  state_dir: {folder}\n")
    live = LiveSettings(
        load(config, environ={}), Metadata(DELAY, (1, 1, 1), 1, 1, THRESHOLDS, "0", {})
    )
    port, now = house.clock(), clock.now()
    bulletin = Bulletin(house, clock, "0", "played", lambda _state, _text: None)
    house.outbox = Outbox(store, house, port)
    rooms = Rooms(
        source=sleeper,
        make_chain=lambda: cast("Chain", PlayedChain(live, sleeper)),
        clock=clock,
        store=store,
        outbox=house.outbox,
        bulletin=bulletin,
        publisher=house,
        tonight=Tonight(store, bulletin, live.rules, 730, now, clock=port),
        minutes=Minutes(store),
        traces=Traces(store),
        diagnostics=Diagnostics(store, "played", port),
        commands=Commands(port),
        live=live,
        alerts=alert_policy(store, bulletin.alert, lambda: live.alerts, now),
        reload=Reload(live),
    )
    return Bedside(rooms, lambda: None, threading.Event())


def _at(sample: int) -> float:
    """Return when a sample was recorded (s, monotonic): the clock begins with the sound."""
    return sample / FRAME * FRAME_S


def _ignore(_problem: str | None) -> None:
    """Nobody is told of problems: there are none."""


def _written() -> int:
    """Return how many bytes this process has handed to files so far."""
    lines = Path("/proc/self/io").read_text().splitlines()
    return int(dict(line.split(": ") for line in lines)["wchar"])


def main(arguments: list[str] | None = None) -> int:
    """Print what a quiet, a typical and a heavy night write."""
    parser = argparse.ArgumentParser(prog="scripts/bench --wear", description=__doc__)
    parser.add_argument("--json", type=Path, help="write the figures there")
    parser.add_argument("--hours", type=float, default=DAY_H, help="of the day, from noon on (24)")
    options = parser.parse_args(arguments)
    logging.disable()
    nights = {}
    print("events an hour  events   written    a year  commits      file")
    for per_hour in RATES:
        with tempfile.TemporaryDirectory(prefix="osa-wear-") as folder:
            wear = nights[per_hour] = play(Path(folder), per_hour, options.hours)
        megabytes = wear.bytes_written / 1e6
        print(
            f"{per_hour:>14} {wear.events:>7} {megabytes:>6.1f} MB {megabytes * 0.365:>6.1f} GB "
            f"{wear.commits:>8} {wear.journal_bytes / 1e6:>6.1f} MB",
            flush=True,
        )
    if options.json is not None:
        text = json.dumps({str(rate): asdict(wear) for rate, wear in nights.items()})
        options.json.write_text(text + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
