"""Faults of the disk and of the journal on it. Mounts are private to the trial's process."""

import os
import shutil
import signal
import sqlite3
import subprocess
import time
from contextlib import closing

from osa_daemon.settings.load import OVERRIDES_NAME
from tests.daemon import DaemonProcess
from tests.faults.broker import all_arrive, decide, start
from tests.faults.fault import fault
from tests.faults.scene import Scene, payload
from tests.faults.witness import Witness
from tests.mosquitto import wait_for

TOLD_S = 60.0
OVER_S = 90.0  # a journal that could not be used is tried again every minute
GOES_ON = (
    "told on problem/storage; events go out with `durable` false while it lasts; no restart; told "
    "to be over afterwards"
)


def unstored_event(scene: Scene, witness: Witness, since_s: float) -> None:
    """An event comes that no disk holds, and says so."""
    wait_for(
        lambda: any(
            not event["durable"]
            for event, message in zip(witness.events, witness.on("/event"), strict=False)
            if message.at_s >= since_s
        ),
        TOLD_S * 2,
        "an event with durable: false",
    )
    scene.saw("events came with durable: false")


def storage(scene: Scene, witness: Witness, state: str, since_s: float, within_s: float) -> str:
    """Wait until the storage problem is told (`ON`) or over (`OFF`); its text."""
    at_s = scene.told(witness, "problem/storage", f'"{state}"', since_s, within_s)
    scene.saw(f"{'told' if state == 'ON' else 'over'} after {at_s - since_s:.0f} s")
    return str(payload(witness.last("problem/storage")).get("text", ""))


def is_up(daemon: DaemonProcess) -> None:
    """It has not ended."""
    assert daemon.process.poll() is None, f"the daemon ended with {daemon.process.poll()}"


@fault(
    injected="a state folder of 2 MB (tmpfs) filled up by another file, then freed",
    expected=GOES_ON,
)
def disk_full(scene: Scene) -> None:
    """Somebody's log has grown."""
    folder = scene.folder / "state"
    scene.mount(folder, "-t", "tmpfs", "-o", "size=2m", "tmpfs")
    broker, witness = scene.meet()
    daemon = start(scene, broker.port)
    decide(scene, 1)
    filler = folder / "filler"
    failed_s = time.monotonic()
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass  # full
    text = storage(scene, witness, "ON", failed_s, TOLD_S)
    unstored_event(scene, witness, failed_s)
    filler.unlink()
    storage(scene, witness, "OFF", time.monotonic(), OVER_S)
    decide(scene, 1)
    all_arrive(scene, witness, daemon)
    assert "full" in text, f"not named: {text}"


@fault(injected="the disk is full (tmpfs of 1 MB) before the start, freed later", expected=GOES_ON)
def disk_full_at_start(scene: Scene) -> None:
    """The journal cannot even be made."""
    folder = scene.folder / "state"
    scene.mount(folder, "-t", "tmpfs", "-o", "size=1m", "tmpfs")
    filler = folder / "filler"
    with filler.open("wb", buffering=0) as file:
        try:
            while True:
                file.write(bytes(4096))
        except OSError:
            pass  # full
    broker, witness = scene.meet()
    began_s = time.monotonic()
    daemon = start(scene, broker.port)
    daemon.wait_until_ready()
    storage(scene, witness, "ON", began_s, TOLD_S)
    unstored_event(scene, witness, began_s)
    filler.unlink()
    storage(scene, witness, "OFF", time.monotonic(), OVER_S * 2)
    decide(scene, 1)
    all_arrive(scene, witness, daemon)


@fault(
    injected="the file system (ext4) finds an error in itself and turns read-only; mended and "
    "mounted anew before the next start",
    expected="told on problem/storage; events go out with `durable` false; no restart; the journal "
    "is whole afterwards, nothing decided is lost",
)
def file_system_turns_read_only(scene: Scene) -> None:
    """What an SD card does before it dies."""
    image, folder = scene.folder / "card", scene.folder / "state"
    image.write_bytes(bytes(16 << 20))
    subprocess.run(["mkfs.ext4", "-q", "-F", image], check=True, capture_output=True)
    scene.mount(folder, "-o", "loop", str(image))
    broker, witness = scene.meet()
    daemon = start(scene, broker.port)
    decide(scene, 1)
    failed_s = time.monotonic()
    subprocess.run(["mount", "-o", "remount,abort", folder], check=True, capture_output=True)
    storage(scene, witness, "ON", failed_s, TOLD_S)
    unstored_event(scene, witness, failed_s)
    is_up(daemon)
    assert daemon.end() == 0, "SIGTERM did not end it cleanly"
    subprocess.run(["umount", folder], check=True, capture_output=True)
    subprocess.run(["e2fsck", "-fy", image], check=False, capture_output=True)
    scene.mount(folder, "-o", "loop", str(image))
    daemon = start(scene, broker.port)
    decide(scene, 1)
    all_arrive(scene, witness, daemon)
    assert '"OFF"' in witness.last("problem/storage"), "still told after the mend"
    assert daemon.end() == 0, "SIGTERM did not end it cleanly"


@fault(
    injected="another process holds the journal locked (BEGIN EXCLUSIVE) for 25 s",
    expected="monitoring goes on, no restart; told on problem/storage if an event could not be "
    "stored; nothing decided is lost",
)
def journal_locked(scene: Scene) -> None:
    """A backup, or a person with sqlite3."""
    broker, witness = scene.meet()
    daemon = start(scene, broker.port)
    decide(scene, 1)
    failed_s = time.monotonic()
    with closing(sqlite3.connect(scene.journals[0], isolation_level=None)) as db:
        db.execute("BEGIN EXCLUSIVE")
        time.sleep(25.0)
        before = len(witness.events)
        db.execute("ROLLBACK")
    scene.event_after(witness, failed_s)
    scene.saw(f"{before} events had come while it was locked")
    decide(scene, 1)
    if witness.first_after("problem/storage", '"ON"', failed_s):
        scene.saw("told on problem/storage")
        scene.told(witness, "problem/storage", '"OFF"', failed_s, OVER_S)
    all_arrive(scene, witness, daemon)


@fault(
    injected="the journal is a file of random bytes at the start",
    expected="set aside under a dated name, a clean one begun, and that is said; no event lost",
)
def journal_damaged_at_start(scene: Scene) -> None:
    """A power cut on a bad card."""
    folder = scene.folder / "state"
    folder.mkdir()
    (folder / "journal.sqlite3").write_bytes(os.urandom(100_000))
    broker, witness = scene.meet()
    daemon = start(scene, broker.port)
    scene.wait_for_log("was damaged")
    decide(scene, 1)
    all_arrive(scene, witness, daemon)
    aside = [path.name for path in folder.iterdir() if "damaged" in path.name or "-2" in path.name]
    scene.saw(f"set aside as {aside}")
    assert aside, f"nothing was set aside: {[path.name for path in folder.iterdir()]}"


@fault(
    injected="pages in the middle of the journal and its log are overwritten while it is used",
    expected="told on problem/storage or unharmed; no restart loop; events go out; at the next "
    "start it is set aside where it is damaged, and that is said",
)
def journal_damaged_while_running(scene: Scene) -> None:
    """Bits that rot."""
    broker, witness = scene.meet()
    daemon = start(scene, broker.port)
    decide(scene, 2)
    # what was acknowledged is no longer wanted: here it is destroyed
    all_arrive(scene, witness, daemon)
    folder = scene.folder / "state"
    failed_s = time.monotonic()
    for path in folder.glob("journal.sqlite3*"):
        size = path.stat().st_size
        if size and not path.name.endswith("-shm"):
            with path.open("r+b") as file:
                file.seek(100 if path.name.endswith("sqlite3") else size // 3)
                file.write(os.urandom(size // 2))
    scene.event_after(witness, failed_s)
    is_up(daemon)
    scene.saw(f"problem/storage: {payload(witness.last('problem/storage')).get('state')}")
    scene.journals.clear()  # what it holds now is noise
    daemon.end()
    daemon = start(scene, broker.port)
    decide(scene, 1)
    all_arrive(scene, witness, daemon)
    if "was damaged" in scene.daemon_log():
        scene.saw("set aside at the next start")


@fault(
    injected="the state folder is removed while the daemon runs",
    expected="events go on arriving; the next start makes a new journal",
)
def state_folder_removed(scene: Scene) -> None:
    """Somebody has cleaned up."""
    broker, witness = scene.meet()
    daemon = start(scene, broker.port)
    decide(scene, 1)
    all_arrive(scene, witness, daemon)
    failed_s = time.monotonic()
    shutil.rmtree(scene.folder / "state")
    scene.event_after(witness, failed_s)
    is_up(daemon)
    daemon.end()
    daemon = start(scene, broker.port)
    decide(scene, 1)
    all_arrive(scene, witness, daemon)


@fault(
    injected="the state folder lies under a file, so that it can neither be made nor written",
    expected="ready all the same; told on problem/storage; events go out with `durable` false",
    is_quick=True,
)
def state_folder_impossible(scene: Scene) -> None:
    """A wrong path in the settings."""
    (scene.folder / "file").write_text("no folder")
    broker, witness = scene.meet()
    began_s = time.monotonic()
    daemon = start(scene, broker.port, settings=scene.settings(state="file/state"))
    daemon.wait_until_ready()
    storage(scene, witness, "ON", began_s, TOLD_S)
    unstored_event(scene, witness, began_s)
    is_up(daemon)
    # with no journal, what is in memory must still go out before the end
    assert daemon.end() == 0, "SIGTERM did not end it cleanly"


@fault(
    injected="the journal was written by a newer version",
    expected="it is left as it is; told on problem/storage with what to do; events go out with "
    "`durable` false",
)
def journal_of_a_newer_version(scene: Scene) -> None:
    """A card that went back to an older system."""
    folder = scene.folder / "state"
    folder.mkdir()
    journal = folder / "journal.sqlite3"
    with closing(sqlite3.connect(journal)) as db:
        db.execute("CREATE TABLE migrations (version INTEGER PRIMARY KEY, applied_utc TEXT)")
        db.execute("INSERT INTO migrations VALUES (99, '2031-01-01T00:00:00+00:00')")
        db.commit()
    broker, witness = scene.meet()
    began_s = time.monotonic()
    daemon = start(scene, broker.port)
    text = storage(scene, witness, "ON", began_s, TOLD_S)
    unstored_event(scene, witness, began_s)
    is_up(daemon)
    with closing(sqlite3.connect(f"{journal.as_uri()}?mode=ro", uri=True)) as db:
        assert db.execute("SELECT version FROM migrations").fetchone() == (99,), "it was changed"
    assert "newer" in text or "version" in text, f"not named: {text}"


@fault(
    injected="the file of overrides holds random bytes at the start",
    expected="the daemon starts with the settings of the YAML file and says so; it hears",
    is_quick=True,
)
def overrides_damaged(scene: Scene) -> None:
    """A power cut while a setting was changed."""
    folder = scene.folder / "state"
    folder.mkdir()
    (folder / OVERRIDES_NAME).write_bytes(os.urandom(400))
    broker, witness = scene.meet()
    daemon = start(scene, broker.port)
    daemon.wait_until_ready()
    scene.told(witness, "problem/configuration", '"ON"', 0.0, TOLD_S)
    scene.saw(str(payload(witness.last("problem/configuration")).get("text", ""))[:200])
    decide(scene, 1)
    all_arrive(scene, witness, daemon)
    assert daemon.end(signal.SIGTERM) == 0
