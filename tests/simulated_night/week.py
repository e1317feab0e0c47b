"""`scripts/week`: days and nights in one process, with a real broker: what grows?

Frames are scripted, the clock is simulated: a week of sound would cost the real front end hours.
Scoring, journal (on the disk in memory), publisher with its threads, and mosquitto are real.
"""

import argparse
import gc
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any
from zoneinfo import ZoneInfo

from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import NightRow
from osa_daemon.publish.mqtt import MqttPublisher
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.scoring.night import night_of
from osa_daemon.service.bedside import Bedside
from osa_daemon.service.outbox import Outbox
from tests.fuzz.engine import resident_mb
from tests.mosquitto import Mosquitto, Subscriber
from tests.simulated_night.microphone import ScriptedChain, SimulatedMicrophone
from tests.simulated_night.night import simulation, wire
from tests.simulated_night.plan import ZONE, make_sleep
from tests.simulated_night.sleeper import Sleeper
from tests.simulated_night.world import World

BEGAN = datetime(2026, 3, 26, 21, 0, tzinfo=ZoneInfo(ZONE))  # the clocks change on the 29th
LOOP_S = 7_200.0  # of sleep, over and over
KEEP_DAYS = 30
GROWTH = 1.10  # of memory, from the first night to the last
SETTINGS = """\
journal:
  state_dir: {folder}
  keep_days: {days}
monitoring:
  hours: {hours}
"""


@dataclass(frozen=True, slots=True)
class Look:
    """How the process is, in the morning of a night."""

    night: str
    memory_mb: float
    objects: int
    files: int
    threads: int
    journal_kb: float
    outbox: int
    events: int


@dataclass(frozen=True, slots=True)
class Week:
    """What came of it. `missing`: events in the journal that the subscriber never got."""

    looks: tuple[Look, ...]
    missing: int
    old_nights: int
    seconds: float

    @property
    def is_well(self) -> bool:
        """Whether nothing grew, and nothing was lost."""
        first, last = self.looks[0], self.looks[-1]
        return (
            last.memory_mb <= GROWTH * first.memory_mb
            and last.files <= first.files
            and last.threads <= first.threads
            and self.missing == self.old_nights == 0
            and not any(look.outbox for look in self.looks)
        )


def live_through(days: int, hours: str = "22:00-08:00") -> Week:
    """Let the daemon live for so many days and nights, then stop it."""
    began_s = time.perf_counter()
    looks: list[Look] = []
    with simulation() as folder, broker_in(folder) as mosquitto:
        subscriber = Subscriber(mosquitto.port, "osa_daemon/bedside/event", client_id="week")
        world, stop = World(BEGAN.timestamp()), threading.Event()
        _add_old_night(folder / "journal.sqlite3")
        bedside, publisher, outbox = _make(world, folder, mosquitto.port, hours, stop)
        for day in range(1, days + 1):
            noon = BEGAN.replace(hour=12, minute=30) + timedelta(days=day)  # by the clock there
            at_s = noon.timestamp() - BEGAN.timestamp()
            world.at(at_s, lambda: looks.append(_look(world, folder, outbox)))
        world.at(at_s + 60, stop.set)
        bedside.run()
        publisher.stop(10)
        with Journal.open(folder / "journal.sqlite3") as journal:
            nights = journal.last_nights(days + 5)
            ids = {event.id for night in nights for event in journal.events_of(night.night)}
            old = sum(night.night < BEGAN.date() - timedelta(days=KEEP_DAYS) for night in nights)
        got = {text.partition('"id":')[2][:40].split('"')[1] for text in subscriber.on("/event")}
        subscriber.close()
    return Week(tuple(looks), len(ids - got), old, time.perf_counter() - began_s)


@contextmanager
def broker_in(folder: Path) -> Iterator[Mosquitto]:
    """A private mosquitto."""
    place = folder / "broker"
    place.mkdir()
    place.chmod(0o777)
    mosquitto = Mosquitto(place).start()
    try:
        yield mosquitto
    finally:
        mosquitto.stop()


def _add_old_night(path: Path) -> None:
    with Journal.open(path) as journal:
        old = BEGAN - timedelta(days=KEEP_DAYS - 1)  # old before the week is over
        journal.record_night(NightRow(night_of(old), old, old, "{}", "{}"))


def _make(
    world: World, folder: Path, port: int, hours: str, stop: threading.Event
) -> tuple[Bedside, MqttPublisher, Outbox]:
    config = folder / "config.yaml"
    config.write_text(SETTINGS.format(folder=folder, days=KEEP_DAYS, hours=hours))
    acknowledged: list[Outbox] = []
    publisher = MqttPublisher(
        MqttSettings("127.0.0.1", port),
        lambda event_id: acknowledged[0].acknowledged(event_id),  # noqa: PLW0108  # made below
        None,
    )
    random = Random("week")
    sleeper = Sleeper(make_sleep(random, LOOP_S))
    microphone = SimulatedMicrophone(world, (), 0.0)

    def chain(rules: Any) -> ScriptedChain:
        return ScriptedChain(rules, microphone, sleeper, lambda _at: "well", random, _ignore)

    rooms, outbox = wire(
        clock=world.clock(),
        config=config,
        microphone=microphone,
        make_chain=chain,
        publisher=publisher,
        open_journal=lambda reckoning: Journal.open(
            folder / "journal.sqlite3", reckoning=reckoning, clock=world.clock()
        ),
    )
    acknowledged.append(outbox)
    publisher.start()
    return Bedside(rooms, lambda: None, stop), publisher, outbox


def _look(world: World, folder: Path, outbox: Outbox) -> Look:
    until_s = time.monotonic() + 20
    while outbox.waiting() and time.monotonic() < until_s:
        time.sleep(0.02)  # a night passes in seconds: give the broker its time
        outbox.pump()
    gc.collect()
    now = datetime.fromtimestamp(world.wall_s_at(world.now_s), ZoneInfo(ZONE))
    night = night_of(now) - timedelta(days=1)
    store = outbox._store
    parts = list(folder.glob("journal.sqlite3*"))
    return Look(
        night=f"{night}",
        memory_mb=resident_mb(),
        objects=len(gc.get_objects()),
        files=len(list(Path("/proc/self/fd").iterdir())),
        threads=threading.active_count(),
        journal_kb=sum(part.stat().st_size for part in parts) / 1024,
        outbox=outbox.waiting(),
        events=len(store.look(lambda j: j.events_of(night)) or ()),
    )


def _ignore(_event: object, _onset_s: float) -> None:
    """What was decided is in the journal."""


def main() -> int:
    """Print a line for each night, then how the last compares to the first."""
    parser = argparse.ArgumentParser(prog="scripts/week", description=__doc__)
    parser.add_argument("--days", type=int, default=7, help="default 7")
    options = parser.parse_args()
    week = live_through(options.days)
    print("night        memory MB   objects  files  threads  journal kB  outbox  events")
    for look in week.looks:
        print(
            f"{look.night}  {look.memory_mb:9.1f} {look.objects:9d} {look.files:6d} "
            f"{look.threads:8d} {look.journal_kb:11.0f} {look.outbox:7d} {look.events:7d}"
        )
    first, last = week.looks[0], week.looks[-1]
    print(
        f"last night to first: memory {last.memory_mb / first.memory_mb:.3f}, objects "
        f"{last.objects / first.objects:.3f}, files {last.files}/{first.files}, threads "
        f"{last.threads}/{first.threads}; {week.missing} events missing at the subscriber; "
        f"{week.seconds:.0f} s; {'well' if week.is_well else 'NOT WELL'}"
    )
    return int(not week.is_well)


if __name__ == "__main__":
    sys.exit(main())
