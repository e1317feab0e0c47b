"""Faults under a real systemd: the installed service with its unit, watched, limited, restarted."""

import os
import signal
import time

from tests.faults.fault import fault
from tests.faults.installed import SERVICE
from tests.faults.microphone import lost, no_event_between
from tests.faults.scene import Scene
from tests.faults.witness import Witness
from tests.mosquitto import Mosquitto, wait_for

SCRIPTS = "/srv/checkout/tests/faults/injected"
ONCE = "/var/lib/osa-daemon/done"
WATCHDOG_S = 10
BACK_AGAIN = "systemd starts it again; it hears within 30 s; nothing decided is lost"
AGAIN_S = 30.0


def replaced_by(scene: Scene, script: str, **environment: str) -> str:
    """Lines of a drop-in that let a script of `injected/` run the daemon."""
    given = "".join(f"Environment={name}={value}\n" for name, value in environment.items())
    config = "--config /etc/osa-daemon/config.yaml"
    return f"ExecStart=\nExecStart={scene.service.python} {SCRIPTS}/{script} {config}\n{given}"


def hear(scene: Scene, unit: str = "") -> tuple[Mosquitto, Witness]:
    """The service runs and hears a sleeper."""
    broker, witness = scene.meet()
    scene.sleeper()
    scene.serve(broker.port, unit=unit)
    scene.hears(witness)
    scene.service.wait_until_active()  # a moment later; systemd drops a reload that comes before
    return broker, witness


def comes_back(scene: Scene, witness: Witness, failed_s: float, within_s: float = AGAIN_S) -> None:
    """It is started again, hears in time, and decides the next pause."""
    back_s = scene.hears(witness, failed_s + 0.1)
    scene.saw(f"heard {back_s - failed_s:.1f} s later, {scene.service.restarts} restarts")
    scene.was_deaf(back_s - failed_s)
    assert scene.service.restarts >= 1, "it was not started again"
    scene.event_after(witness, back_s + 1.0)
    assert back_s - failed_s <= within_s, f"heard only {back_s - failed_s:.1f} s later"


@fault(injected="the daemon ended by SIGKILL", expected=BACK_AGAIN, place="machine")
def service_killed(scene: Scene) -> None:
    """The plain case."""
    _, witness = hear(scene)
    scene.event_after(witness, 0.0)
    failed_s = time.monotonic()
    os.kill(scene.service.main_pid, signal.SIGKILL)
    comes_back(scene, witness, failed_s)


@fault(
    injected=f"the daemon halted (SIGSTOP); watchdog set to {WATCHDOG_S} s",
    expected="the watchdog ends it, stacks in the journal; " + BACK_AGAIN.replace("30 s", "60 s"),
    place="machine",
)
def watchdog(scene: Scene) -> None:
    """Nothing inside can notice that."""
    _, witness = hear(scene, f"WatchdogSec={WATCHDOG_S}\n")
    failed_s = time.monotonic()
    os.kill(scene.service.main_pid, signal.SIGSTOP)
    comes_back(scene, witness, failed_s, 60.0)
    log = scene.daemon_log()
    assert "Watchdog timeout" in log, "it was not the watchdog"
    assert "hread 0x" in log, "no stacks in the journal"


@fault(
    injected=f"a thread loops in C and keeps Python's lock; watchdog set to {WATCHDOG_S} s",
    expected="the watchdog ends it, stacks in the journal; " + BACK_AGAIN.replace("30 s", "60 s"),
    place="machine",
)
def interpreter_hangs(scene: Scene) -> None:
    """The watching thread hangs with it."""
    unit = replaced_by(scene, "spinning.py", ONCE=ONCE) + f"WatchdogSec={WATCHDOG_S}\n"
    _, witness = hear(scene, unit)
    failed_s = scene.told(witness, "/availability", "offline", 0.0, 120.0)
    comes_back(scene, witness, failed_s, 60.0)
    log = scene.daemon_log()
    assert "Watchdog timeout" in log, "it was not the watchdog"
    assert "hread 0x" in log, "no stacks in the journal"


@fault(
    injected="the chain hangs in a call for ever (its deadline set to 3 s)",
    expected="exit code 5 and stacks in the journal; " + BACK_AGAIN,
    place="machine",
)
def service_whose_chain_hangs(scene: Scene) -> None:
    """Found by its own deadline, before the watchdog's."""
    _, witness = hear(scene, replaced_by(scene, "hanging_chain.py", ONCE=ONCE))
    failed_s = scene.told(witness, "/availability", "offline", 0.0, 120.0)
    comes_back(scene, witness, failed_s)
    log = scene.daemon_log()
    assert "status=5" in log, "not with exit code 5"
    assert "hread 0x" in log, "no stacks in the journal"


@fault(
    injected="an error is raised in the chain's thread",
    expected=BACK_AGAIN,
    place="machine",
)
def service_whose_thread_raises(scene: Scene) -> None:
    """A dying thread ends the process."""
    _, witness = hear(scene, replaced_by(scene, "dying_thread.py", DIES="chain", ONCE=ONCE))
    failed_s = scene.told(witness, "/availability", "offline", 0.0, 120.0)
    comes_back(scene, witness, failed_s)


@fault(
    injected="the daemon asks for 1 GB; its limit is 512 MB",
    expected="the kernel ends it, not the machine; " + BACK_AGAIN,
    place="machine",
)
def out_of_memory(scene: Scene) -> None:
    """A leak must not take the Pi along."""
    _, witness = hear(scene, replaced_by(scene, "greedy.py", ONCE=ONCE))
    failed_s = scene.told(witness, "/availability", "offline", 0.0, 120.0)
    comes_back(scene, witness, failed_s)


def starved(scene: Scene, quota: str, seconds: float) -> None:
    """Little of one core is left, for a while."""
    _, witness = hear(scene)
    scene.event_after(witness, 0.0)
    failed_s = time.monotonic()
    limit = ("systemctl", "set-property", "--runtime", SERVICE)
    assert scene.service.machine.run(*limit, f"CPUQuota={quota}").returncode == 0
    try:
        time.sleep(seconds)
    finally:
        scene.service.machine.run(*limit, "CPUQuota=")
    freed_s = time.monotonic()
    told = [m.payload for m in witness.on("/status") if m.at_s > failed_s]
    scene.saw(f"{len(told)} changes of status meanwhile")
    # what was lost within two minutes counts (audio/backlog.py), so that it does not flicker
    wait_for(lambda: witness.last("/hearing") == "online", 150.0, "hearing")
    scene.saw(f"heard {max(0.0, time.monotonic() - freed_s):.0f} s after its end at the latest")
    scene.event_after(witness, freed_s + 10.0)
    no_event_between(witness, freed_s, freed_s)
    assert scene.service.restarts == 0, f"{scene.service.restarts} restarts"


@fault(
    injected="5 % of one core (CPUQuota) for 60 s",
    expected="no restart; sound is heard or a gap is told; the next pause decided",
    place="machine",
)
def five_percent_of_a_core(scene: Scene) -> None:
    """A Pi that is busy with something else."""
    starved(scene, "5%", 60.0)


@fault(
    injected="1 % of one core (CPUQuota) for 60 s",
    expected="told within 60 s that it does not keep up; no restart; deaf for two minutes after "
    "30 s were lost; the next pause decided",
    place="machine",
)
def one_percent_of_a_core(scene: Scene) -> None:
    """Slower than real time: nothing piles up."""
    began_s = time.monotonic()
    starved(scene, "1%", 60.0)
    (witness,) = scene.witnesses
    assert witness.deaf_s() > 0 or witness.first_after("problem/", '"ON"', began_s), "not told"


@fault(
    injected="the microphone is away for 40 s",
    expected="told; nothing is restarted; heard within 5 s of its return, the next pause decided",
    place="machine",
)
def service_without_a_microphone(scene: Scene) -> None:
    """A state, not a failure."""
    _, witness = hear(scene)
    scene.event_after(witness, 0.0)
    lost(scene, witness, scene.sound.unplug, scene.sound.plug_in, 40.0)
    assert scene.service.restarts == 0, f"{scene.service.restarts} restarts"


@fault(
    injected="the capture process ended by SIGKILL, within the unit's limits",
    expected="replaced; nothing is restarted; heard within 10 s, the next pause decided",
    place="machine",
)
def service_whose_capture_is_killed(scene: Scene) -> None:
    """The unit must let a new one be started."""
    _, witness = hear(scene)
    (pid, *_) = scene.service.children(scene.service.main_pid)
    failed_s = time.monotonic()
    os.kill(pid, signal.SIGKILL)
    scene.told(witness, "/hearing", "offline", failed_s, 30.0)
    back_s = scene.hears(witness, failed_s)
    scene.was_deaf(back_s - failed_s)
    scene.event_after(witness, back_s + 1.0)
    assert scene.service.restarts == 0, f"{scene.service.restarts} restarts"
    assert back_s - failed_s < 10, f"heard only {back_s - failed_s:.1f} s later"


@fault(
    injected="no broker for 60 s",
    expected="nothing is restarted; every event arrives when it is back",
    place="machine",
)
def service_without_a_broker(scene: Scene) -> None:
    """A state, not a failure."""
    broker, witness = hear(scene)
    broker.stop()
    time.sleep(60.0)
    assert scene.service.restarts == 0, f"{scene.service.restarts} restarts"
    broker.start()
    back_s = time.monotonic()
    scene.event_after(witness, back_s)


@fault(
    injected="no sound server at the start of the service; it comes after 20 s",
    expected="active at once, told; nothing is restarted; heard within 5 s of its start",
    place="machine",
)
def service_before_its_sound_server(scene: Scene) -> None:
    """The order of a boot."""
    broker, witness = scene.meet()
    scene.sleeper()
    scene.sound.kill()
    scene.serve(broker.port)
    scene.service.wait_until_active()
    scene.told(witness, "problem/microphone", '"ON"', 0.0, 60.0)
    time.sleep(20.0)
    mended_s = time.monotonic()
    scene.sound.start()
    back_s = scene.hears(witness, mended_s)
    scene.saw(f"heard {back_s - mended_s:.1f} s after its start")
    scene.event_after(witness, back_s)
    assert scene.service.restarts == 0, f"{scene.service.restarts} restarts"
    assert back_s - mended_s <= 5, f"heard only {back_s - mended_s:.1f} s after its start"


@fault(
    injected="one bit of the detector's file is wrong for 20 s of starts",
    expected="each start ends with exit code 4 and a sentence that names the file; at most one "
    "start a second, and never given up; heard within 30 s of the mend",
    place="machine",
)
def service_with_a_damaged_model(scene: Scene) -> None:
    """Neither a fire nor a lockout."""
    path = scene.service.models / "detector.onnx"
    good = path.read_bytes()
    bad = bytearray(good)
    bad[len(bad) // 2] ^= 1
    path.write_bytes(bad)
    broker, witness = scene.meet()
    scene.sleeper()
    began_s = time.monotonic()
    try:
        scene.serve(broker.port)
        scene.wait_for_log("status=4", 60.0)
        time.sleep(20.0)
        tried_s = time.monotonic() - began_s
        tries = scene.service.restarts + 1
    finally:
        path.write_bytes(good)
    mended_s = time.monotonic()
    back_s = scene.hears(witness, mended_s, 90.0)
    scene.saw(f"{tries} starts in {tried_s:.0f} s, heard {back_s - mended_s:.1f} s after the mend")
    log = scene.daemon_log()
    scene.event_after(witness, back_s)
    assert "detector.onnx" in log and "Traceback" not in log, "not named in a sentence"
    assert 2 <= tries <= tried_s, f"{tries} starts in {tried_s:.0f} s"
    assert back_s - mended_s <= AGAIN_S, f"heard only {back_s - mended_s:.1f} s after the mend"


@fault(
    injected="60 starts that fail at once",
    expected="systemd never gives up: heard within 30 s of the mend",
    place="machine",
)
def a_night_of_failing_starts(scene: Scene) -> None:
    """No start limit may lock it out."""
    broker, witness = scene.meet()
    scene.sleeper()
    unit = replaced_by(scene, "failing.py", ONCE=ONCE) + "RestartSec=100ms\n"
    scene.serve(broker.port, unit=unit)
    wait_for(lambda: scene.service.restarts >= 60, 200.0, "60 restarts")
    mended_s = time.monotonic()
    (scene.service.state / "done").touch()
    back_s = scene.hears(witness, mended_s, 90.0)
    scene.saw(f"{scene.service.restarts} restarts, heard {back_s - mended_s:.1f} s after the mend")
    scene.event_after(witness, back_s)
    assert back_s - mended_s <= AGAIN_S, f"heard only {back_s - mended_s:.1f} s after the mend"


@fault(
    injected="a wrong value in the settings at the start",
    expected="it ends for good, with a sentence that names the key; started by hand it runs once "
    "they are right",
    place="machine",
)
def service_with_wrong_settings(scene: Scene) -> None:
    """Only a person can put it right."""
    broker, witness = scene.meet()
    scene.sleeper()
    scene.serve(broker.port, more="alerts:\n  after_s: soon\n")
    machine = scene.service.machine
    wait_for(lambda: machine.show(SERVICE, "ActiveState") == "failed", 60.0, "an end for good")
    assert "alerts.after_s" in scene.daemon_log(), "the key is not named"
    scene.serve(broker.port)
    back_s = scene.hears(witness)
    scene.event_after(witness, back_s)


@fault(
    injected="the state folder lies on a read-only file system at the start",
    expected="active; told on problem/storage; events go out with `durable` false; no restart",
    place="machine",
)
def service_on_a_read_only_disk(scene: Scene) -> None:
    """An SD card that has had enough."""
    broker, witness = scene.meet()
    scene.sleeper()
    machine = scene.service.machine
    remount = ("mount", "-o", "remount,bind,ro", "/var/lib/osa-daemon")
    assert machine.run(*remount).returncode == 0, "cannot remount"
    try:
        scene.serve(broker.port)
        back_s = scene.hears(witness)
        scene.told(witness, "problem/storage", '"ON"', 0.0, 60.0)
        scene.told(witness, "/event", '"durable":false', back_s, 150.0)
        scene.saw("events came with durable: false")
        assert scene.service.restarts == 0, f"{scene.service.restarts} restarts"
    finally:
        scene.service.systemctl("stop")
        machine.run("mount", "-o", "remount,bind,rw", "/var/lib/osa-daemon")


@fault(
    injected="systemctl stop 0.3, 1 and 2 s after the start, and in a pause",
    expected="ended within 15 s each time, without SIGKILL; nothing decided is lost",
    place="machine",
)
def service_stopped_in_each_stage(scene: Scene) -> None:
    """What a person does."""
    broker, witness = scene.meet()
    scene.sleeper()
    machine = scene.service.machine
    for moment_s in (0.3, 1.0, 2.0, None):
        scene.serve(broker.port)
        if moment_s is None:
            scene.told(witness, "/apnea", "ON", time.monotonic(), 150.0)
        else:
            time.sleep(moment_s)
        began_s = time.monotonic()
        machine.run("systemctl", "stop", SERVICE)
        took_s = time.monotonic() - began_s
        result = machine.show(SERVICE, "Result")
        scene.saw(f"{took_s:.1f} s, {result}")
        assert took_s < 15, f"it took {took_s:.1f} s"
        assert result == "success", f"its result is {result}"


@fault(
    injected="systemctl reload with another sensitivity in the file",
    expected="taken up within 20 s, nothing is restarted",
    place="machine",
)
def service_reloaded(scene: Scene) -> None:
    """As the unit's ExecReload does it."""
    _, witness = hear(scene)
    settings = scene.service.inside("/etc/osa-daemon/config.yaml")
    settings.write_text(settings.read_text() + "detection:\n  sensitivity: high\n")
    asked_s = time.monotonic()
    scene.service.systemctl("reload")
    told_s = scene.told(witness, "/settings", '"sensitivity":"high"', asked_s, 20.0)
    scene.saw(f"taken up after {told_s - asked_s:.1f} s")
    assert scene.service.restarts == 0, f"{scene.service.restarts} restarts"
    scene.event_after(witness, told_s)
