"""SIGHUP: the settings file is taken up while the night goes on, all of it or nothing."""

import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.daemon import DaemonProcess, script_of
from tests.mosquitto import Mosquitto, Subscriber, wait_for

Start = Callable[..., DaemonProcess]
DEAF = "microphone:\n  device: name:no such microphone\n"  # ready at once, and it never ends


class Bed:
    """A daemon without a microphone, and what its broker hears."""

    def __init__(self, daemon: DaemonProcess, subscriber: Subscriber) -> None:
        self.daemon = daemon
        self.subscriber = subscriber
        self.kept = f"journal:\n  state_dir: {daemon.folder / 'state'}\n{DEAF}"
        self.reloads = 0

    def reload(self, text: str) -> None:
        """Let `text` be taken up beside what is kept, and wait until systemd is told."""
        self.reloads += 1
        self.daemon.reload(self.kept + text)
        self.wait_for_ready(self.reloads)

    def wait_for_ready(self, reloads: int) -> None:
        """Wait until as many reloads are over."""
        notified = self.daemon.notified
        wait_for(lambda: notified.count("READY=1") >= 1 + reloads, 30.0, "READY=1 after a reload")

    def tells(self, topic: str, words: str) -> None:
        """Wait until the last message on `topic` holds `words`."""
        self.subscriber.wait_for(
            lambda: words in (self.subscriber.last(topic) or ""), 20.0, f"{words} on {topic}"
        )


@pytest.fixture
def bed(
    mosquitto: Mosquitto,
    subscribe: Callable[..., Subscriber],
    start_daemon: Start,
    tmp_path: Path,
) -> Bed:
    """A bed whose daemon is ready."""
    state = f"journal:\n  state_dir: {tmp_path / 'daemon0' / 'state'}\n"
    at_once = "from osa_daemon.publish import mqtt\nmqtt.DISCOVERY_MIN_INTERVAL_S = 0.1\n"
    daemon = start_daemon(
        mosquitto.port,
        settings=f"{state}{DEAF}alerts:\n  after_s: 40\n",
        command=script_of(tmp_path, at_once),
    )
    subscriber = subscribe(mosquitto.port)
    daemon.wait_until_ready()
    return Bed(daemon, subscriber)


def test_good_and_bad_files_in_turn(bed: Bed):
    """In force at once or not at all, told to systemd, the log and the house; the process lives."""
    log = bed.daemon.log.read_text
    bed.tells("/settings", '"alert_after_s":40')
    bed.tells("homeassistant/device/bedside/config", '"max":59')

    bed.reload("alerts:\n  after_s: 45\n  urgent_s: 90\n")
    bed.tells("/settings", '"alert_after_s":45')
    bed.tells("homeassistant/device/bedside/config", '"max":89')
    assert "In force now: alerts.after_s, alerts.urgent_s." in log()
    began = bed.daemon.notified.index("RELOADING=1")
    assert bed.daemon.notified[began + 1].startswith("MONOTONIC_USEC=")
    assert bed.daemon.notified.index("READY=1", began) > began

    bed.reload("detection:\n  sensitivity: high\nalerts:\n  after_s: 500\n")
    bed.tells("problem/configuration", "alerts.after_s is 500, but must be a whole number from 10")
    bed.tells("problem/configuration", str(bed.daemon.config))
    assert "The settings before stay in force" in log()
    wait_for(lambda: "settings file was not taken up" in bed.daemon.notified[-1], 20.0)
    assert '"sensitivity":"balanced","alert_after_s":45' in (bed.subscriber.last("/settings") or "")

    bed.reload("ntfy:\n  port: 1\n")
    bed.tells("problem/configuration", "ntfy.port")

    bed.reload("ntfy:\n  url: http://127.0.0.1:1/s3cret-topic\nlogging:\n  level: warning\n")
    bed.tells("problem/configuration", "ntfy.url was changed in the settings, but cannot change")
    bed.tells("problem/configuration", "systemctl restart osa-daemon")
    bed.tells("/settings", '"alert_after_s":30')
    assert "s3cret-topic" not in log() + str(bed.daemon.notified)

    bed.reload("")
    bed.tells("problem/configuration", '"state":"OFF"')
    assert log().count("The settings were read again.") == 2  # this one at level warning
    assert bed.daemon.end() == 0, log()


def test_what_home_assistant_set_passes_over_the_file(bed: Bed):
    """And commands are obeyed after a reload as before."""
    bed.tells("/settings", '"alert_after_s":40')
    bed.subscriber.publish("osa_daemon/bedside/set/alert_after_s", "50")
    bed.tells("/settings", '"alert_after_s":50')
    bed.reload("alerts:\n  after_s: 35\n")
    assert '"alert_after_s":50' in (bed.subscriber.last("/settings") or "")
    bed.subscriber.publish("osa_daemon/bedside/set/alert_after_s", "55")
    bed.tells("/settings", '"alert_after_s":55')
    bed.reload("monitoring:\n  enabled: false\n")
    bed.tells("/status", '"paused"')
    bed.tells("/settings", '"alert_after_s":55')


def test_many_signals_are_few_reloads_and_the_last_file_counts(bed: Bed):
    """Twenty at once do no harm; whatever stood in the file last is in force."""
    for seconds in range(31, 51):
        bed.daemon.reload(f"{bed.kept}alerts:\n  after_s: {seconds}\n")
    bed.tells("/settings", '"alert_after_s":50')
    bed.wait_for_ready(1)
    assert bed.daemon.notified.count("RELOADING=1") < 20
    bed.daemon.process.send_signal(signal.SIGHUP)
    assert bed.daemon.end() == 0, bed.daemon.log.read_text()


def test_a_signal_before_there_is_anything_to_take_up_is_kept(
    start_daemon: Start, data: Path, tmp_path: Path
):
    """While the models load: the process lives, and reads the file once it is ready."""
    reached = tmp_path / "reached"
    body = (
        "load = run.load_models\n"
        "def slow():\n"
        f"    Path({str(reached)!r}).touch()\n"
        f"    while Path({str(reached)!r}).exists(): time.sleep(0.01)\n"
        "    return load()\n"
        "run.load_models = slow\n"
    )
    state = f"journal:\n  state_dir: {tmp_path / 'state'}\n"
    daemon = start_daemon(1, settings=state + DEAF, command=script_of(tmp_path, body))
    wait_for(reached.exists, 60.0, "the models being loaded")
    daemon.reload(f"{state}{DEAF}alerts:\n  after_s: 45\n")
    wait_for(lambda: "STATUS=Starting: loading the models" in daemon.notified)
    wait_for(lambda: any("EXTEND_TIMEOUT_USEC=" in line for line in daemon.notified))
    reached.unlink()
    daemon.wait_for_log("In force now: alerts.after_s.")
    began = daemon.notified.index("RELOADING=1")
    assert "READY=1" in daemon.notified[:began]
    assert daemon.end() == 0, daemon.log.read_text()
