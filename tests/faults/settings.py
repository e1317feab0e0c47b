"""Settings that are changed while the daemon runs, well or badly."""

import signal
import time

from osa_daemon.errors import EXIT_USAGE
from tests.daemon import DaemonProcess
from tests.faults.broker import all_arrive, decide, start
from tests.faults.fault import fault
from tests.faults.scene import Scene, payload
from tests.faults.witness import Witness
from tests.mosquitto import wait_for

TAKEN_S = 20.0


def rewrite(daemon: DaemonProcess, more: str) -> None:
    """Put other lines behind the settings that the daemon was started with."""
    config = daemon.folder / "config.yaml"
    kept = config.with_name("first.yaml")
    if not kept.exists():
        kept.write_text(config.read_text())
    new = config.with_name("new.yaml")
    new.write_text(kept.read_text() + more)
    new.replace(config)


def reload(daemon: DaemonProcess, more: str) -> float:
    """Change the settings and ask for them to be read; when."""
    rewrite(daemon, more)
    asked_s = time.monotonic()
    daemon.process.send_signal(signal.SIGHUP)
    return asked_s


def sensitivity(level: str) -> str:
    """A setting that can change live."""
    return f"detection:\n  sensitivity: {level}\n"


def begin(scene: Scene) -> tuple[Witness, DaemonProcess]:
    """A daemon that hears."""
    broker, witness = scene.meet()
    daemon = start(scene, broker.port)
    daemon.wait_until_ready()
    decide(scene, 1)
    return witness, daemon


def ends_well(scene: Scene, witness: Witness, daemon: DaemonProcess) -> None:
    """It still hears, and nothing was lost."""
    assert daemon.process.poll() is None, f"the daemon ended with {daemon.process.poll()}"
    decide(scene, 1)
    all_arrive(scene, witness, daemon)


@fault(
    injected="sensitivity changed in the file, SIGHUP",
    expected="taken up within 20 s without a gap; systemd is told RELOADING, then READY",
    is_quick=True,
)
def reload_good(scene: Scene) -> None:
    """The plain case."""
    witness, daemon = begin(scene)
    asked_s = reload(daemon, sensitivity("high"))
    told_s = scene.told(witness, "/settings", '"sensitivity":"high"', asked_s, TAKEN_S)
    scene.saw(f"taken up after {told_s - asked_s:.1f} s")
    wait_for(lambda: "RELOADING=1" in daemon.notified, TAKEN_S, "RELOADING=1")
    wait_for(lambda: daemon.notified.count("READY=1") >= 2, TAKEN_S, "READY=1 again")
    ends_well(scene, witness, daemon)


@fault(
    injected="a file with a good and a wrong value, SIGHUP; then one that is no YAML; then none",
    expected="nothing changes, the good value neither; the wrong key is named on "
    "problem/configuration; no restart",
    is_quick=True,
)
def reload_bad(scene: Scene) -> None:
    """All or nothing."""
    witness, daemon = begin(scene)
    asked_s = reload(daemon, sensitivity("high") + "alerts:\n  after_s: soon\n")
    scene.told(witness, "problem/configuration", '"ON"', asked_s, TAKEN_S)
    text = str(payload(witness.last("problem/configuration"))["text"])
    scene.saw(text[:200])
    assert "alerts.after_s" in text, f"the key is not named: {text}"
    for harm in ("- no: [yaml", None):
        if harm is None:
            (daemon.folder / "config.yaml").unlink()
            daemon.process.send_signal(signal.SIGHUP)
        else:
            reload(daemon, harm)
        time.sleep(2.0)  # it would have taken it up
        told = payload(witness.last("/settings"))
        assert told["sensitivity"] == "balanced", f"half of it was taken up: {told}"
        assert daemon.process.poll() is None, f"the daemon ended with {daemon.process.poll()}"
    ends_well(scene, witness, daemon)


@fault(
    injected="40 SIGHUPs in 4 s, good and bad files in turn, the last one good",
    expected="the last file is in force within 20 s; no restart, no loss",
)
def reload_in_quick_succession(scene: Scene) -> None:
    """An editor that saves at every key."""
    witness, daemon = begin(scene)
    for number in range(40):
        good = sensitivity("high" if number % 4 == 0 else "low")
        asked_s = reload(daemon, good if number % 2 == 0 else "alerts:\n  after_s: soon\n")
        time.sleep(0.1)
    asked_s = reload(daemon, sensitivity("high"))
    wait_for(
        lambda: payload(witness.last("/settings")).get("sensitivity") == "high",
        TAKEN_S,
        "the last file in force",
    )
    scene.saw(f"in force {time.monotonic() - asked_s:.1f} s after the last")
    wait_for(
        lambda: payload(witness.last("problem/configuration")).get("state") == "OFF",
        TAKEN_S,
        "no problem any more",
    )
    ends_well(scene, witness, daemon)


@fault(
    injected="another microphone and another broker in the file, SIGHUP",
    expected="it says that these need a restart, and goes on as it was",
)
def reload_of_what_needs_a_restart(scene: Scene) -> None:
    """Not everything can change live."""
    witness, daemon = begin(scene)
    asked_s = reload(daemon, "microphone:\n  device: name:another\n")
    scene.told(witness, "problem/configuration", "restart", asked_s, TAKEN_S)
    scene.saw(str(payload(witness.last("problem/configuration"))["text"])[:200])
    ends_well(scene, witness, daemon)


@fault(
    injected="a wrong value in the file at the start",
    expected=f"exit code {EXIT_USAGE} (which systemd does not try again), and a sentence that "
    "names the key",
    is_quick=True,
)
def wrong_value_at_start(scene: Scene) -> None:
    """Only a person can put it right."""
    daemon = start(scene, 1, settings=scene.settings(more="alerts:\n  after_s: soon\n"))
    code = daemon.wait(60)
    log = daemon.log.read_text()
    scene.saw(f"exit code {code}: {log.strip().splitlines()[-1][:160]}")
    assert code == EXIT_USAGE, f"exit code {code}"
    assert "alerts.after_s" in log and "Traceback" not in log, log[-300:]
