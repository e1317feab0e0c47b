"""Faults of the daemon's own process: signals, threads that die or hang, a damaged model."""

import os
import shutil
import signal
import time
from pathlib import Path

import osa_daemon
from osa_daemon.errors import EXIT_BUG, EXIT_RESOURCE, EXIT_STALLED
from tests.daemon import DaemonProcess
from tests.faults.broker import all_arrive, decide, start
from tests.faults.fault import fault
from tests.faults.proxy import Proxy
from tests.faults.scene import Scene
from tests.mosquitto import wait_for

STOP_S = 15.0  # what the unit allows
CLEANLY = "it ends within 15 s with exit code 0; nothing decided is lost"


def ends(scene: Scene, daemon: DaemonProcess, number: int = signal.SIGTERM, code: int = 0) -> None:
    """The signal ends it in time, with that exit code."""
    began_s = time.monotonic()
    daemon.process.send_signal(number)
    found = daemon.wait(60)
    took_s = time.monotonic() - began_s
    scene.saw(f"ended after {took_s:.1f} s with {found}")
    assert found == code, f"exit code {found} instead of {code}"
    assert took_s < STOP_S, f"it took {took_s:.1f} s"


@fault(
    injected="SIGTERM 0.1, 0.4, 0.8, 1.2 and 2 s after the process began, models loading",
    expected="each ends within 15 s, by the signal or with exit code 0; the next one starts",
    is_quick=True,
)
def sigterm_in_the_start(scene: Scene) -> None:
    """Before and after the handler is in place."""
    broker, witness = scene.meet()
    codes = []
    for moment_s in (0.1, 0.4, 0.8, 1.2, 2.0):
        daemon = start(scene, broker.port)
        time.sleep(moment_s)
        began_s = time.monotonic()
        codes.append(daemon.end())
        assert time.monotonic() - began_s < STOP_S, "it took too long"
    scene.saw(f"exit codes {', '.join(map(str, codes))}")
    assert set(codes) <= {0, -signal.SIGTERM}, f"exit codes {codes}"
    daemon = start(scene, broker.port)
    decide(scene, 1)
    all_arrive(scene, witness, daemon)


@fault(injected="SIGTERM while a pause is in progress", expected=CLEANLY, is_quick=True)
def sigterm_in_a_pause(scene: Scene) -> None:
    """What is open is decided, truncated, and sent before the end."""
    broker, witness = scene.meet()
    daemon = start(scene, broker.port)
    scene.told(witness, "/apnea", "ON", 0.0, 90.0)
    ends(scene, daemon)
    assert '"stopping"' in witness.last("/status"), "the last state was not sent"
    assert witness.last("/availability") == "offline", "not told to be offline"


@fault(injected="SIGTERM with events waiting for a broker that is halted", expected=CLEANLY)
def sigterm_with_a_broker_that_hangs(scene: Scene) -> None:
    """It cannot say goodbye; the next start sends what waits."""
    broker, witness = scene.meet()
    daemon = start(scene, broker.port)
    decide(scene, 1)
    broker.freeze()
    decide(scene, 1)
    ends(scene, daemon)
    broker.thaw()
    daemon = start(scene, broker.port)
    all_arrive(scene, witness, daemon)


@fault(injected="SIGTERM while the sound server is halted", expected=CLEANLY)
def sigterm_with_a_sound_server_that_hangs(scene: Scene) -> None:
    """Closing the stream would hang."""
    broker, witness = scene.meet()
    daemon = scene.listen(broker.port)
    scene.hears(witness)
    scene.sound.stop()
    time.sleep(1.0)
    ends(scene, daemon)
    scene.sound.cont()


@fault(injected="SIGTERM three times, a tenth of a second apart, then SIGINT", expected=CLEANLY)
def sigterm_again_and_again(scene: Scene) -> None:
    """An impatient person."""
    broker, _ = scene.meet()
    daemon = start(scene, broker.port)
    decide(scene, 1)
    for number in (signal.SIGTERM, signal.SIGTERM, signal.SIGTERM, signal.SIGINT):
        if daemon.process.poll() is None:
            daemon.process.send_signal(number)
            time.sleep(0.1)
    code = daemon.wait(60)
    scene.saw(f"exit code {code}")
    assert code == 0, f"exit code {code}"


@fault(
    injected="an error is raised in the chain's thread, in the middle of the night",
    expected=f"the process ends with exit code {EXIT_BUG} and the traceback in the log, to be "
    "started again; nothing decided is lost",
)
def chain_raises(scene: Scene) -> None:
    """A dying thread ends the process."""
    broker, _ = scene.meet()
    daemon = start(scene, broker.port, script="dying_thread.py", environment={"DIES": "chain"})
    code = daemon.wait(120)
    scene.saw(f"exit code {code}")
    assert code == EXIT_BUG, f"exit code {code}"
    assert "injected into the chain" in daemon.log.read_text(), "no traceback in the log"


@fault(
    injected="an error is raised in the publisher's thread",
    expected="the process ends within 90 s, with the reason in the log, to be started again; "
    "nothing decided is lost",
)
def publisher_raises(scene: Scene) -> None:
    """A dying thread ends the process."""
    broker, witness = scene.meet()
    daemon = start(scene, broker.port, script="dying_thread.py", environment={"DIES": "publisher"})
    began_s = time.monotonic()
    code = daemon.wait(150)
    scene.saw(f"ended after {time.monotonic() - began_s:.0f} s with {code}")
    assert code in (EXIT_BUG, EXIT_STALLED), f"exit code {code}"
    assert "injected into the publisher" in daemon.log.read_text(), "no traceback in the log"
    daemon = start(scene, broker.port)
    all_arrive(scene, witness, daemon)


@fault(
    injected="the network thread of the MQTT library raises an error",
    expected="the connection is replaced, thread and all; every event arrives",
)
def network_thread_raises(scene: Scene) -> None:
    """It must not take the way to the broker with it."""
    broker, witness = scene.meet()
    daemon = start(scene, broker.port, script="dying_thread.py", environment={"DIES": "network"})
    scene.wait_for_log("injected into the network", 120.0)
    decide(scene, 1)
    all_arrive(scene, witness, daemon)


@fault(
    injected="the chain hangs in a call for ever (its deadline set to 3 s)",
    expected=f"stacks of all threads in the log, exit code {EXIT_STALLED}, to be started again",
)
def chain_hangs(scene: Scene) -> None:
    """A disk or a driver that never answers."""
    broker, witness = scene.meet()
    daemon = start(scene, broker.port, script="hanging_chain.py")
    code = daemon.wait(120)
    scene.saw(f"exit code {code}")
    log = daemon.log.read_text()
    assert code == EXIT_STALLED, f"exit code {code}"
    assert "hread 0x" in log, "no stacks in the log"
    daemon = start(scene, broker.port)
    all_arrive(scene, witness, daemon)


@fault(
    injected="one bit of the detector's file is wrong",
    expected=f"exit code {EXIT_RESOURCE} and one sentence that names the file; no traceback",
    is_quick=True,
)
def model_damaged(scene: Scene) -> None:
    """An SD card that loses bits."""
    copy = scene.folder / "copy"
    shutil.copytree(Path(osa_daemon.__file__).parent, copy / "osa_daemon")
    model = copy / "osa_daemon/models/detector.onnx"
    content = bytearray(model.read_bytes())
    content[len(content) // 2] ^= 1
    model.write_bytes(content)
    daemon = start(scene, 1, environment={"PYTHONPATH": str(copy), "PYTHONSAFEPATH": "1"})
    code = daemon.wait(60)
    log = daemon.log.read_text()
    scene.saw(f"exit code {code}: {log.strip().splitlines()[-1][:160]}")
    assert code == EXIT_RESOURCE, f"exit code {code}"
    assert "detector.onnx" in log and "Traceback" not in log, log[-300:]


@fault(
    injected="every thread but the watching one is starved: the process is halted (SIGSTOP) for "
    "20 s and goes on",
    expected="a gap, no event out of it, no restart; the next pause decided",
)
def whole_process_halted(scene: Scene) -> None:
    """A machine that was suspended."""
    broker, witness = scene.meet()
    daemon = scene.listen(broker.port)
    scene.hears(witness)
    scene.event_after(witness, 0.0)
    failed_s = time.monotonic()
    os.kill(daemon.process.pid, signal.SIGSTOP)
    time.sleep(20.0)
    os.kill(daemon.process.pid, signal.SIGCONT)
    back_s = time.monotonic()
    scene.was_deaf(back_s - failed_s)
    scene.event_after(witness, back_s + 1.0)
    wait_for(lambda: witness.last("/hearing") == "online", 60, "hearing")
    assert daemon.process.poll() is None, f"ended with {daemon.process.poll()}"


@fault(
    injected="a way to the broker that lets 1 byte in 10 ms through, for the whole time",
    expected="the daemon goes on hearing and ends nothing; every event arrives",
)
def link_of_a_trickle(scene: Scene) -> None:
    """The slowest link that is one."""
    broker, witness = scene.meet()
    proxy = Proxy(broker.port)
    proxy.trickle_s = 0.01
    try:
        daemon = start(scene, proxy.port)
        decide(scene, 2)
        proxy.trickle_s = 0.0
        all_arrive(scene, witness, daemon)
        daemon.end()
    finally:
        proxy.close()
