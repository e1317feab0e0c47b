"""A whole night of the real daemon's rooms in simulated time, through every fault of a plan."""

import json
import logging
import os
import re
import shutil
import tempfile
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from typing import Any

from osa_daemon.clock import Clock
from osa_daemon.detector.model import Metadata
from osa_daemon.journal.eras import Reckoning
from osa_daemon.journal.journal import Journal
from osa_daemon.publish.mqtt import MqttPublisher
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.scoring.event import Event
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.alerting.start import alert_policy
from osa_daemon.service.bedside import Bedside
from osa_daemon.service.bulletin import Bulletin
from osa_daemon.service.clock import StreamClock
from osa_daemon.service.commands import Commands
from osa_daemon.service.diagnostics import Diagnostics
from osa_daemon.service.live import LiveSettings
from osa_daemon.service.minutes import Minutes
from osa_daemon.service.outbox import EventSender, Outbox
from osa_daemon.service.reload import Reload
from osa_daemon.service.rooms import Rooms
from osa_daemon.service.store import Store
from osa_daemon.service.tonight import Tonight
from osa_daemon.service.traces import Traces
from osa_daemon.settings.load import load
from tests.simulated_night.broker import Broker
from tests.simulated_night.disk import Disk
from tests.simulated_night.ledger import Decided, Ledger, Life, Put
from tests.simulated_night.microphone import ScriptedChain, SimulatedMicrophone
from tests.simulated_night.plan import ZONE, Fault, Plan
from tests.simulated_night.sleeper import Sleeper
from tests.simulated_night.world import Killed, World

AFTER_S = 400.0  # after the night, without faults: for what is still on its way
STOP_S = 5.0
RESTART_S = 1.0
SETTINGS = """\
journal:
  state_dir: {folder}
mqtt:
  host: localhost
alerts:
  latching: false
  inaudible_minutes: 20
  cluster_events: 12
  cluster_minutes: 30
"""
FOLDER = re.compile(r"/\S*osa-night-\w+")  # differs from run to run
SENSITIVITIES = {"low": {"event": 0.6}, "balanced": {"event": 0.5}, "high": {"event": 0.4}}
METADATA = Metadata(100, (1, 1, 1), 1, 1, SENSITIVITIES, "0", {})


@dataclass(frozen=True, slots=True)
class Played:
    """A night that was played, for the checks."""

    plan: Plan
    world: World
    broker: Broker
    disk: Disk
    ledger: Ledger


class WatchedPublisher:
    """The real publisher, of which it is noted what it is given; its thread comes at any time."""

    def __init__(
        self, publisher: MqttPublisher, world: World, ledger: Ledger, random: Random
    ) -> None:
        self._publisher, self._world, self._ledger = publisher, world, ledger
        self._random = random

    def set_state(self, suffix: str, payload: str | Mapping[str, Any]) -> None:
        """Note a state and pass it on."""
        self._world.touch()
        if suffix not in ("level", "diagnostics"):
            self._ledger.told.append((self._world.now_s, suffix, payload))
            told = payload if isinstance(payload, str) else json.dumps(payload)
            self._world.note(f"{suffix} {FOLDER.sub('…', told)}")
        self._publisher.set_state(suffix, payload)
        self._perhaps_step()

    def repeat_state(self, suffix: str) -> None:
        """Pass it on."""
        self._publisher.repeat_state(suffix)

    def send_event(self, event_id: str, payload: Mapping[str, Any]) -> bool:
        """Pass it on."""
        self._world.touch()
        is_taken = self._publisher.send_event(event_id, payload)
        self._perhaps_step()
        return is_taken

    def _perhaps_step(self) -> None:
        if self._random.random() < 0.2:
            self._publisher.step()


class WatchedOutbox(Outbox):
    """The real outbox, of which it is noted what it is given."""

    def __init__(
        self, store: Store, sender: EventSender, clock: Clock, ledger: Ledger, world: World
    ) -> None:
        super().__init__(store, sender, clock)
        self.ledger, self.world = ledger, world

    def put(self, row: Any, payload: dict[str, Any]) -> dict[str, Any] | None:
        """Note an event and pass it on."""
        sent = super().put(row, payload)
        life = len(self.ledger.lives) - 1
        now_s, wall_error_s = self.world.now_s, self.world.wall_error_s
        self.ledger.put.append(Put(row.id, sent, now_s, life, wall_error_s))
        return sent


class Player:
    """Plays one plan."""

    def __init__(self, plan: Plan, folder: Path) -> None:
        self._plan = plan
        self._random = Random(f"course of night {plan.seed}")
        self._ids = Random(f"ids of night {plan.seed}")
        self._world = World(plan.began_utc_s, wall_error_s=plan.wall_error_s)
        self._disk = Disk(self._world, plan.faults, folder)
        self._broker = Broker(self._world, plan.faults, self._random)
        self._world.on_kill = self._disk.keep
        self._ledger = Ledger()
        self._sleeper = Sleeper(plan.sleep)
        self._spoiled = [fault for fault in plan.faults if fault.kind in ("zeros", "clipped")]
        self._spoiled_at = 0
        self._stop = threading.Event()
        self._down_s = RESTART_S
        self._ends_s = plan.length_s + AFTER_S
        for fault in plan.faults:
            self._schedule(fault)
        self._world.at(self._ends_s, self._stop.set)

    def play(self) -> Played:
        """Let the daemon live, and live again, until the night and what follows is over."""
        world = self._world
        while world.now_s < self._ends_s:
            self._live()
            world.turn = lambda: None
            self._broker.drop_links()
            if world.now_s < self._ends_s:
                world.advance_to(min(world.now_s + self._down_s, self._ends_s))
            self._down_s = RESTART_S
            world.revive()
            self._stop.clear()
        return Played(self._plan, world, self._broker, self._disk, self._ledger)

    def _schedule(self, fault: Fault) -> None:
        world = self._world
        match fault.kind:
            case "killed" | "killed, journal damaged":
                world.at(fault.start_s, lambda: self._kill(fault))
            case "stopped":
                world.at(fault.start_s, lambda: self._end(fault))
            case "command":
                assert fault.command is not None
                key, payload = fault.command
                world.at(fault.start_s, lambda: self._broker.send(key, payload))
            case "clock stepped":
                world.at(fault.start_s, lambda: self._step_clock(fault))
            case "clock set right":
                world.at(fault.start_s, self._set_clock_right)

    def _kill(self, fault: Fault) -> None:
        self._down_s = fault.end_s - fault.start_s
        self._disk.is_worn = "damaged" in fault.kind
        self._world.kill_after(1 + fault.number % 400)

    def _end(self, fault: Fault) -> None:
        self._down_s = fault.end_s - fault.start_s
        self._stop.set()

    def _step_clock(self, fault: Fault) -> None:
        steps_s = (-1.0, 1.0, -30.0, 30.0, -3_600.0, 3_600.0, 17_000.0)
        self._world.wall_error_s += steps_s[fault.number % len(steps_s)]
        self._ledger.wall_errors_s.append(self._world.wall_error_s)
        self._world.note(f"wall clock is {self._world.wall_error_s:.0f} s off")

    def _set_clock_right(self) -> None:
        self._world.wall_error_s = 0.0
        self._world.note("wall clock is right")

    def _sound(self, moment_s: float) -> str:
        """Return what has become of the sound of a moment; moments never go back."""
        for fault in self._spoiled:
            if fault.start_s <= moment_s < fault.end_s:
                return fault.kind
        return "well"

    def _live(self) -> None:
        """One process, from its start to its end."""
        world, life = self._world, Life(self._world.now_s)
        self._ledger.lives.append(life)
        world.note("the daemon starts")
        microphone = SimulatedMicrophone(world, self._plan.faults, world.now_s)
        try:
            bedside, publisher, bulletin = self._make(microphone, life)
            bedside.run()
            status = bulletin.end()
            publisher.stop(STOP_S, status)
            world.sleep(STOP_S)
            life.end = "stopped"
        except Killed:
            life.end = "killed"
        world.note(f"the daemon is {life.end}")
        life.ended_s = world.now_s
        life.lost = microphone.lost

    def _make(
        self, microphone: SimulatedMicrophone, life: Life
    ) -> tuple[Bedside, MqttPublisher, Bulletin]:
        """Wire the rooms as `service.run` does, with the ports of this world."""
        world, ledger, clock = self._world, self._ledger, self._world.clock()
        config = self._disk.folder / "config.yaml"
        config.write_text(SETTINGS.format(folder=self._disk.folder))
        acknowledged: list[Outbox] = []
        commands = Commands(clock)
        real = MqttPublisher(
            MqttSettings("localhost"),
            lambda event_id: acknowledged[0].acknowledged(event_id),  # noqa: PLW0108  # made below
            commands.put,
            random=self._random,
            clock=clock,
            connect=self._broker.connect,
        )

        def chain(rules: ScoringSettings) -> ScriptedChain:
            return ScriptedChain(
                rules, microphone, self._sleeper, self._sound, self._ids, self._decided
            )

        rooms, outbox = wire(
            clock=clock,
            config=config,
            microphone=microphone,
            make_chain=chain,
            publisher=WatchedPublisher(real, world, ledger, self._random),
            open_journal=self._disk.open_journal,
            commands=commands,
            make_outbox=lambda store, sender: WatchedOutbox(store, sender, clock, ledger, world),
        )
        acknowledged.append(outbox)
        beat_s = [world.now_s]

        def beat() -> None:
            life.longest_beat_s = max(life.longest_beat_s, world.now_s - beat_s[0])
            beat_s[0] = world.now_s
            ledger.keep_most("unstored", len(outbox._unstored))
            ledger.keep_most("sent and not acknowledged", len(outbox._rows))
            ledger.keep_most("topics", len(real._mailbox._slots))
            ledger.keep_most("reports", len(real._reports))
            if bedside.has_told.is_set() and life.ready_s is None:
                life.ready_s = world.now_s

        bedside = Bedside(rooms, beat, self._stop)
        world.turn = _turns(real)
        return bedside, real, rooms.bulletin

    def _decided(self, event: Event, onset_s: float) -> None:
        end_s = onset_s + event.duration_s
        self._ledger.decided.append(Decided(event.id, onset_s, end_s, self._world.now_s))


def wire(
    *,
    clock: Clock,
    config: Path,
    microphone: SimulatedMicrophone,
    make_chain: Callable[[ScoringSettings], ScriptedChain],
    publisher: Any,
    open_journal: Callable[[Reckoning], Journal],
    commands: Commands | None = None,
    make_outbox: Callable[[Store, EventSender], Outbox] | None = None,
) -> tuple[Rooms, Outbox]:
    """Wire the rooms as `service.run` does, on the ports that are given."""
    live = LiveSettings(load(config, environ={}), METADATA)
    stream = StreamClock(microphone.monotonic_at, monotonic=clock.monotonic_s, wall=clock.wall_s)
    bulletin = Bulletin(publisher, stream, "0", "m", lambda _state, _text: None)
    reckoning = Reckoning("this run of the machine", stream.offset_s)
    store = Store(lambda: open_journal(reckoning), bulletin.storage, clock)
    outbox = (make_outbox or (lambda its, sender: Outbox(its, sender, clock)))(store, publisher)
    rooms = Rooms(
        source=microphone,
        make_chain=lambda: make_chain(live.rules),  # type: ignore[arg-type, return-value]
        clock=stream,
        store=store,
        outbox=outbox,
        bulletin=bulletin,
        publisher=publisher,
        tonight=Tonight(
            store,
            bulletin,
            live.rules,
            load(config, environ={}).settings.journal.keep_days,
            stream.now(),
            clock=clock,
        ),
        minutes=Minutes(store),
        traces=Traces(store),
        diagnostics=Diagnostics(store, "m", clock),
        commands=commands or Commands(clock),
        live=live,
        alerts=alert_policy(store, bulletin.alert, lambda: live.alerts, stream.now()),
        reload=Reload(live),
    )
    return rooms, outbox


def _turns(publisher: MqttPublisher) -> Any:
    """Let the publisher's thread go round; within its turn no other begins."""
    is_in = [False]

    def turn() -> None:
        if not is_in[0]:
            is_in[0] = True
            try:
                publisher.step()
            finally:
                is_in[0] = False

    return turn


@contextmanager
def simulation() -> Iterator[Path]:
    """A folder in memory, a quiet log, and the time zone that the nights are in."""
    before, shm = os.environ.get("TZ"), Path("/dev/shm")
    os.environ["TZ"] = ZONE
    time.tzset()
    logging.disable(logging.CRITICAL)
    folder = Path(tempfile.mkdtemp(prefix="osa-night-", dir=shm if shm.is_dir() else None))
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)
        logging.disable(logging.NOTSET)
        if before is None:
            del os.environ["TZ"]
        else:
            os.environ["TZ"] = before
        time.tzset()


def play(plan: Plan) -> Iterator[Played]:
    """Play a night; its journal is there until the iteration goes on."""
    with simulation() as folder:
        yield Player(plan, folder).play()
