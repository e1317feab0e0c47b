"""`kill -9` at any moment: what was decided arrives all the same."""

import os
import random
import signal
import sqlite3
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from pathlib import Path

from tests.daemon import DaemonProcess
from tests.faults.broker import sleep_sounds
from tests.faults.decided import waiting
from tests.faults.fault import fault
from tests.faults.scene import EVENT_S, Scene
from tests.mosquitto import wait_for

KILLS, BEDS, SEED = 200, 4, 9
STRUCK_IN_START = 0.2  # of the lives
STRUCK_AT_AN_EVENT = 0.4  # of the lives, within NEAR_S of a commit: where the most is at stake
NEAR_S = 0.3
LONGEST_LIFE_S = 4.0  # of the others, once ready
KILL_SPEED = 50
EVENTS_LEAST = KILLS // 4  # else nothing was tried
LAST_S = 60.0


@fault(
    injected=f"SIGKILL at {KILLS} random moments (seed {SEED}) of {BEDS} daemons over sound "
    "that runs 50 times as fast: in the start, near the commit of an event, at any time",
    expected="no decided event is lost over all of them",
    limit_s=1500.0,
)
def killed_at_random_moments(scene: Scene) -> None:
    """Between any two instructions, commit and send among them."""
    broker, witness = scene.meet()
    sleep_sounds(scene)
    seeds = random.Random(SEED)
    with ThreadPoolExecutor(BEDS) as pool:
        lives = [
            pool.submit(_live_and_die, scene, broker.port, bed, seeds.randrange(1 << 30))
            for bed in range(BEDS)
        ]
        caught = [life.result() for life in lives]
    scene.saw(f"{sum(kills for kills, _ in caught)} kills")
    scene.saw(f"{sum(left for _, left in caught)} of them left events behind unsent")
    ids = set().union(*(scene.decided_ids(journal) for journal in scene.journals))
    wait_for(lambda: ids <= witness.event_ids, LAST_S, "every event")
    doubles = len(witness.events) - len(witness.event_ids)
    late = sum("recovered" in each for each in ids)
    scene.saw(f"{len(ids)} events, {doubles} came twice, {late} were decided late from the journal")
    assert len(ids) >= EVENTS_LEAST, f"only {len(ids)} events were decided: nothing was tried"


def _wait_for_the_moment(
    scene: Scene, daemon: DaemonProcess, journal: Path, chance: random.Random
) -> None:
    """Wait until it is to be killed: in its start, near the commit of an event, or at any time."""
    fate = chance.random()
    if fate < STRUCK_IN_START:
        time.sleep(chance.uniform(0.0, 1.5))
        return
    daemon.wait_until_ready()
    if fate < STRUCK_IN_START + STRUCK_AT_AN_EVENT:
        before = len(scene.decided_ids(journal))
        wait_for(
            lambda: len(scene.decided_ids(journal)) > before or daemon.process.poll() is not None,
            EVENT_S,
            "an event",
        )
        time.sleep(chance.uniform(0.0, NEAR_S))
    else:
        time.sleep(chance.uniform(0.0, LONGEST_LIFE_S))


def _live_and_die(scene: Scene, port: int, bed: int, seed: int) -> tuple[int, int]:
    """Kill one bed's daemon again and again; how often, and how often it left events unsent."""
    chance = random.Random(seed)
    kills = left = 0
    options = ("--source", f"file:{scene.folder / 'rounds.flac'}", "--speed", str(KILL_SPEED))
    name = f"bed{bed}"
    more = f"  device_id: bed_{bed}\n" + scene.settings(state=f"state{bed}")
    journal = scene.folder / f"state{bed}" / "journal.sqlite3"
    while kills < KILLS // BEDS:
        daemon = scene.start(port, *options, settings=more, name=name)
        _wait_for_the_moment(scene, daemon, journal, chance)
        daemon.process.send_signal(signal.SIGKILL)
        daemon.wait(20)
        kills += 1
        left += waiting(journal) > 0
    last = scene.start(port, *options, settings=more, name=name)
    last.wait_until_ready()
    wait_for(lambda: waiting(journal) == 0 or last.process.poll() is not None, LAST_S, "the outbox")
    assert last.end() == 0, "the last daemon did not end cleanly"
    return kills, left


@fault(
    injected="SIGKILL in the middle of a pause, started again after 3 s",
    expected="the pause is decided late, from its journalled beginning, marked truncated",
)
def killed_in_a_pause(scene: Scene) -> None:
    """It must not vanish with the process."""
    broker, witness = scene.meet()
    daemon = scene.listen(broker.port)
    on_s = scene.told(witness, "/apnea", "ON", 0.0, 120.0)
    journal = scene.journals[0]
    wait_for(lambda: _has_open_pause(journal), 20.0, "the pause in the journal")
    os.kill(daemon.process.pid, signal.SIGKILL)
    daemon.wait(20)
    killed_s = time.monotonic()
    time.sleep(3.0)
    scene.listen(broker.port)
    back_s = scene.hears(witness, killed_s)
    scene.was_deaf(back_s - killed_s)
    decided_s = scene.event_after(witness, killed_s)
    (event,) = [e for e in witness.events if e["truncated"]]
    wall_s = datetime.fromisoformat(event["onset"]).timestamp()
    began_s = wall_s - (time.time() - time.monotonic())
    scene.saw(f"decided {decided_s - killed_s:.1f} s after the kill")
    scene.saw(f"begun {on_s - began_s:.0f} s before it was told to be in progress")
    assert 5 < on_s - began_s < 25, f"the onset is wrong: {event}"


def _has_open_pause(journal: Path) -> bool:
    try:
        with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as db:
            return bool(db.execute("SELECT 1 FROM open_pause").fetchone())
    except sqlite3.Error:
        return False
