"""Faults of the microphone, its sound server, and the process that captures."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from osa_daemon.audio.supervision import REOPEN_S
from tests.daemon import DaemonProcess
from tests.faults.fault import fault
from tests.faults.room import ROUND_S
from tests.faults.scene import INJECTED, Scene
from tests.faults.witness import Witness
from tests.mosquitto import wait_for

TOLD_S = 30.0  # a technical problem is told by then
BACK_S = 5.0  # sound is heard again after the device is there
AWAY_S = 8.0
EDGE_S = 1.0  # between the moment of a fault and the last sound before it

SURVIVES = (
    "told within 30 s, pause state unknown meanwhile, no event out of the gap, heard again within "
    "5 s of its return, the next pause decided"
)


def heard_after(
    scene: Scene,
    fail: Callable[[], object],
    mend: Callable[[], object],
    away_s: float = AWAY_S,
    within_s: float = BACK_S,
) -> None:
    """A lost microphone: said in time, never taken for breathing or a pause, and over in time."""
    broker, witness = scene.meet()
    daemon = scene.listen(broker.port)
    scene.hears(witness)
    scene.event_after(witness, 0.0)
    lost(scene, witness, fail, mend, away_s, within_s)
    assert daemon.process.poll() is None, "the daemon ended"


def lost(
    scene: Scene,
    witness: Witness,
    fail: Callable[[], object],
    mend: Callable[[], object],
    away_s: float = AWAY_S,
    within_s: float = BACK_S,
) -> None:
    """The course of a loss, in a scene in which the daemon hears."""
    failed_s = time.monotonic()
    fail()
    told_s = scene.told(witness, "/hearing", "offline", failed_s, TOLD_S)
    scene.told(witness, "problem/microphone", '"ON"', failed_s, TOLD_S)
    scene.saw(f"told after {told_s - failed_s:.1f} s")
    time.sleep(max(0.0, away_s - (time.monotonic() - failed_s)))  # so long it is away
    assert witness.last("/apnea") == "None", f"pause state is {witness.last('/apnea')}"
    mended_s = time.monotonic()
    mend()
    back_s = scene.hears(witness, mended_s)
    scene.saw(f"heard {back_s - mended_s:.1f} s after its return")
    scene.was_deaf(back_s - failed_s)
    decided_after(scene, witness, failed_s, back_s, mended_s)
    assert back_s - mended_s <= within_s, f"heard only {back_s - mended_s:.1f} s after its return"


def decided_after(
    scene: Scene, witness: Witness, failed_s: float, back_s: float, mended_s: float | None = None
) -> None:
    """The next pause is decided, and none made of the time until `mended_s`, else `back_s`."""
    scene.event_after(witness, back_s + 1.0)
    no_event_between(witness, failed_s, back_s if mended_s is None else mended_s)


def no_event_between(witness: Witness, failed_s: float, back_s: float) -> None:
    """No event begins where nothing was heard."""
    shift_s = time.time() - time.monotonic()
    for event in witness.events:
        onset_s = datetime.fromisoformat(event["onset"]).timestamp() - shift_s
        assert not failed_s + EDGE_S < onset_s < back_s - EDGE_S, f"a false event: {event}"


def capture_pid(daemon: DaemonProcess) -> int:
    """The capture process of a daemon, once there is one."""
    pids: list[int] = []

    def look() -> bool:
        pids[:] = [
            int(pid)
            for listed in Path(f"/proc/{daemon.process.pid}/task").glob("*/children")
            for pid in listed.read_text().split()
        ]
        return bool(pids)

    wait_for(look, 30, "a capture process")
    return pids[0]


@fault(
    injected="the virtual microphone taken from the sound server for 8 s",
    expected=SURVIVES,
)
def unplugged_and_plugged_in_again(scene: Scene) -> None:
    """The plain case."""
    heard_after(scene, scene.sound.unplug, scene.sound.plug_in)


@fault(
    injected="unplugged for 8 s; another takes its index, so that it returns on a new one",
    expected=SURVIVES,
)
def back_under_another_index(scene: Scene) -> None:
    """Nothing may depend on an index."""

    def mend() -> None:
        scene.pactl("load-module", "module-null-source", "source_name=other")
        scene.sound.plug_in()

    heard_after(scene, scene.sound.unplug, mend)


@fault(
    injected="unplugged while a second microphone is there, to which the server moves streams",
    expected="told within 30 s that the chosen microphone is gone; never the other one's sound "
    "without a word; heard again once its stream is opened anew, which is at most 20 s after it is "
    "found useless: the server leaves it with the other one, and no client can see that",
)
def unplugged_beside_another_microphone(scene: Scene) -> None:
    """A stream that is moved silently hears another room."""
    scene.pactl("load-module", "module-sine-source", "source_name=other", "frequency=400")
    heard_after(scene, scene.sound.unplug, scene.sound.plug_in, 15.0, REOPEN_S + BACK_S)


@fault(injected="unplugged and plugged in 5 times, each for a second or two", expected=SURVIVES)
def a_loose_contact(scene: Scene) -> None:
    """A cable that is moved in the night."""
    broker, witness = scene.meet()
    daemon = scene.listen(broker.port)
    scene.hears(witness)
    failed_s = time.monotonic()
    for pause_s in (1.0, 2.0, 1.0, 2.0, 1.0):
        scene.sound.unplug()
        time.sleep(pause_s)
        scene.sound.plug_in()
        time.sleep(pause_s)
    scene.told(witness, "/hearing", "offline", failed_s, TOLD_S)
    back_s = scene.hears(witness, time.monotonic() - 1.0)
    scene.was_deaf(back_s - failed_s)
    scene.saw(f"heard {back_s - failed_s:.0f} s after the first of five losses")
    decided_after(scene, witness, failed_s, back_s)
    assert daemon.process.poll() is None, "the daemon ended"


@fault(injected="sound server ended by SIGKILL, started again after 8 s", expected=SURVIVES)
def sound_server_killed(scene: Scene) -> None:
    """As after a crash of it."""
    heard_after(scene, scene.sound.kill, scene.sound.start)


@fault(
    injected="sound server ended by SIGKILL and started again at once",
    expected="heard again within 5 s, the next pause decided, no event out of the gap",
)
def sound_server_restarted(scene: Scene) -> None:
    """As when a person restarts it."""
    broker, witness = scene.meet()
    daemon = scene.listen(broker.port)
    scene.hears(witness)
    failed_s = time.monotonic()
    scene.sound.restart()
    mended_s = time.monotonic()
    scene.told(witness, "/hearing", "offline", failed_s, TOLD_S)
    back_s = scene.hears(witness, failed_s)
    scene.saw(f"heard {back_s - mended_s:.1f} s after its return")
    scene.was_deaf(back_s - failed_s)
    decided_after(scene, witness, failed_s, back_s, mended_s)
    assert back_s - mended_s <= BACK_S, f"heard only {back_s - mended_s:.1f} s after its return"
    assert daemon.process.poll() is None, "the daemon ended"


@fault(injected="sound server halted (SIGSTOP) for 12 s", expected=SURVIVES)
def sound_server_halted(scene: Scene) -> None:
    """PortAudio says nothing, and its `close` would hang."""
    heard_after(scene, scene.sound.stop, scene.sound.cont, 12.0)


@fault(
    injected="sound server halted (SIGSTOP) for 2 s",
    expected="a gap of its length; the burst that follows is not taken for sound; the next pause "
    "decided",
)
def sound_server_halted_shortly(scene: Scene) -> None:
    """Too short to be told; not too short to be true."""
    broker, witness = scene.meet()
    daemon = scene.listen(broker.port)
    scene.hears(witness)
    failed_s = time.monotonic()
    scene.sound.stop()
    time.sleep(2.0)
    scene.sound.cont()
    back_s = time.monotonic()
    scene.was_deaf(back_s - failed_s)
    decided_after(scene, witness, failed_s, back_s)
    assert daemon.process.poll() is None, "the daemon ended"
    scene.saw("the daemon went on, and decided the next pause")


@fault(injected="no sound server when the daemon starts; it comes after 10 s", expected=SURVIVES)
def no_sound_server_at_start(scene: Scene) -> None:
    """As after a boot."""
    broker, witness = scene.meet()
    scene.sleeper()
    scene.sound.kill()
    daemon = scene.listen(broker.port)
    began_s = time.monotonic()
    daemon.wait_until_ready()
    told_s = scene.told(witness, "problem/microphone", '"ON"', 0.0, TOLD_S + 30)
    scene.saw(f"ready without it, told {told_s - began_s:.1f} s after the start")
    time.sleep(5.0)  # it goes on looking
    mended_s = time.monotonic()
    scene.sound.start()
    back_s = scene.hears(witness, mended_s)
    scene.was_deaf(back_s - began_s)
    scene.saw(f"heard {back_s - mended_s:.1f} s after its start")
    scene.event_after(witness, back_s)
    assert back_s - mended_s <= BACK_S, f"heard only {back_s - mended_s:.1f} s after its start"


@fault(injected="capture process halted (SIGSTOP), as when it hangs in a driver", expected=SURVIVES)
def capture_hangs(scene: Scene) -> None:
    """It is killed by deadline and replaced; nobody lets it go on."""
    broker, witness = scene.meet()
    daemon = scene.listen(broker.port)
    scene.hears(witness)
    pid = capture_pid(daemon)
    replaced(scene, witness, daemon, lambda: os.kill(pid, signal.SIGSTOP))
    assert not Path(f"/proc/{pid}").exists(), "the hanging process was left behind"


@fault(
    injected="capture process spins in C, holds Python's lock and ignores SIGTERM",
    expected=SURVIVES,
)
def capture_spins(scene: Scene) -> None:
    """An endless loop in PortAudio's error path is known on the Pi."""
    broker, witness = scene.meet()
    trigger = scene.folder / "spin"
    environment = {"PYTHONPATH": f"{INJECTED / 'site'}:{os.environ['PYTHONPATH']}"}
    daemon = scene.listen(broker.port, environment={**environment, "OSA_FAULT_SPIN": str(trigger)})
    scene.hears(witness)
    pid = capture_pid(daemon)
    replaced(scene, witness, daemon, trigger.touch)
    assert not Path(f"/proc/{pid}").exists(), "the spinning process was left behind"


@fault(injected="capture process ended by SIGKILL", expected=SURVIVES)
def capture_killed(scene: Scene) -> None:
    """As by the kernel's want of memory."""
    broker, witness = scene.meet()
    daemon = scene.listen(broker.port)
    scene.hears(witness)
    pid = capture_pid(daemon)
    replaced(scene, witness, daemon, lambda: os.kill(pid, signal.SIGKILL), is_told=False)


@fault(injected="capture process crashes (SIGSEGV)", expected=SURVIVES)
def capture_crashes(scene: Scene) -> None:
    """PortAudio does, where a sound server dies under it."""
    broker, witness = scene.meet()
    daemon = scene.listen(broker.port)
    scene.hears(witness)
    pid = capture_pid(daemon)
    replaced(scene, witness, daemon, lambda: os.kill(pid, signal.SIGSEGV), is_told=False)


def replaced(
    scene: Scene,
    witness: Witness,
    daemon: DaemonProcess,
    harm: Callable[[], object],
    *,
    is_told: bool = True,
) -> None:
    """The capture process fails and is replaced, within the time for a loss and a return."""
    failed_s = time.monotonic()
    harm()
    if is_told:
        told_s = scene.told(witness, "/hearing", "offline", failed_s, TOLD_S)
        scene.saw(f"told after {told_s - failed_s:.1f} s")
    else:
        wait_for(lambda: witness.deaf_s() > 0 or _has_gap(daemon), TOLD_S, "the loss")
    back_s = scene.hears(witness, failed_s)
    scene.saw(f"heard after {back_s - failed_s:.1f} s")
    scene.was_deaf(back_s - failed_s)
    decided_after(scene, witness, failed_s, back_s)
    assert daemon.process.poll() is None, "the daemon ended"


def _has_gap(daemon: DaemonProcess) -> bool:
    return "deaf" in daemon.log.read_text(errors="replace")


@fault(
    injected="capture processes end at once when started, for 25 s",
    expected="told within 30 s; tried again with pauses, at most twice a second; heard within 5 s "
    "of the end of it",
)
def capture_cannot_start(scene: Scene) -> None:
    """A library that was replaced under us: no busy loop, and no giving up."""
    broker, witness = scene.meet()
    trigger, tries = scene.folder / "refuse", scene.folder / "tries"
    daemon = scene.listen(
        broker.port,
        environment={
            "PYTHONPATH": f"{INJECTED / 'site'}:{os.environ['PYTHONPATH']}",
            "OSA_FAULT_REFUSE": str(trigger),
        },
    )
    scene.hears(witness)

    def fail() -> None:
        trigger.touch()
        os.kill(capture_pid(daemon), signal.SIGKILL)

    lost(scene, witness, fail, trigger.unlink, 25.0)
    count = len(tries.read_text()) if tries.exists() else 0
    scene.saw(f"{count} processes were tried in 25 s")
    assert 5 <= count <= 50, f"{count} processes were tried in 25 s"


@fault(
    injected="the device is refused as busy (EBUSY from ALSA) for 15 s",
    expected="told within 30 s, with a remedy; heard within 5 s of its release",
)
def device_busy(scene: Scene) -> None:
    """Peers give up here."""
    broker, witness = scene.meet()
    trigger = scene.folder / "busy"
    trigger.touch()
    scene.sleeper()
    began_s = time.monotonic()
    environment = {"LD_PRELOAD": str(busy_library(scene)), "OSA_FAULT_BUSY": str(trigger)}
    daemon = scene.listen(broker.port, environment=environment)
    daemon.wait_until_ready()
    scene.told(witness, "problem/microphone", '"ON"', began_s, TOLD_S + 30)
    text = witness.last("problem/microphone")
    time.sleep(10.0)  # so long it is busy
    mended_s = time.monotonic()
    trigger.unlink()
    back_s = scene.hears(witness, mended_s)
    scene.saw(f"heard {back_s - mended_s:.1f} s after its release")
    scene.was_deaf(back_s - began_s)
    scene.event_after(witness, back_s)
    assert "busy" in text, f"not said to be busy: {text}"
    assert back_s - mended_s <= BACK_S, f"heard only {back_s - mended_s:.1f} s after its release"


def busy_library(scene: Scene) -> Path:
    """A library that makes ALSA say EBUSY while a file is there."""
    library = scene.folder / "busy.so"
    source = INJECTED / "busy.c"
    subprocess.run(
        ["cc", "-shared", "-fPIC", "-o", library, source, "-ldl"], check=True, capture_output=True
    )
    return library


@fault(
    injected="the microphone gives nothing for 3 s, three times in half a minute",
    expected="honest gaps, no event out of them; the next pause decided",
)
def starving(scene: Scene) -> None:
    """Overruns of a slow USB bus."""
    broker, witness = scene.meet()
    daemon = scene.listen(broker.port)
    scene.hears(witness)
    failed_s = time.monotonic()
    for _ in range(3):
        scene.sound.starve()
        time.sleep(3.0)
        scene.sound.feed()
        time.sleep(7.0)
    back_s = scene.sleeper().sound_like(lambda samples: samples)
    scene.was_deaf(9.0)
    scene.event_after(witness, back_s + ROUND_S / 2)
    no_event_between(witness, failed_s + 3 * EDGE_S, failed_s + 3 * EDGE_S)
    assert daemon.process.poll() is None, "the daemon ended"
    scene.saw("the daemon went on, and decided the next pause")
