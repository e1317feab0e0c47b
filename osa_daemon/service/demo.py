"""What `scripts/demo` shows: a bundled night through `run`, heard by an independent subscriber.

A private broker is started on loopback, `osa-daemon run` replays the night in a process of its
own, and the events are taken from the broker as Home Assistant would take them. However it ends,
broker and daemon end before it.
"""

import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import paho.mqtt.client as mqtt
from paho.mqtt.enums import CallbackAPIVersion

from osa_daemon.audio.file import FileSource
from osa_daemon.errors import BrokerError, OsaError, ResourceError
from osa_daemon.evaluation.corpora.nights import read_night
from osa_daemon.evaluation.reference import ReferenceNight
from osa_daemon.scoring.matching import Matches, Span, match
from osa_daemon.service.picture import bars, marks

SPEED = 200  # as fast as it goes: the file waits for the chain
COLUMNS = 90
START_S = 20.0
LAST_WORD_S = 10.0
END_S = 10.0
RUN_S = 900.0  # 18 minutes of sound take 10 s here; a Raspberry Pi 3 is some ten times slower
LEAST_FOUND = 0.85
MOST_FALSE = 1


@dataclass(slots=True)
class Heard:
    """What the subscriber received."""

    events: list[dict[str, Any]] = field(default_factory=list)
    alerts: list[str] = field(default_factory=list)
    is_over: bool = False


def clock(seconds: float) -> str:
    """Return seconds as minutes and seconds."""
    return f"{int(seconds // 60):3d}:{int(seconds % 60):02d}"


def free_port() -> int:
    """Return a port on loopback that nobody uses now."""
    with socket.socket() as sock:
        sock.bind(("127.0.0.1", 0))
        return int(sock.getsockname()[1])


def wait_until(is_so: Callable[[], bool], timeout_s: float, failure: OsaError) -> None:
    """Wait for a condition, or raise `failure`."""
    end_s = time.monotonic() + timeout_s
    while not is_so():
        if time.monotonic() > end_s:
            raise failure
        time.sleep(0.05)


class Ending:
    """The end that a signal asks for: at once, or after what must not be cut short.

    A signal that comes while a program is being started would leave it running, unknown to us.
    """

    def __init__(self) -> None:
        self._code: int | None = None
        self._is_held = False

    def ask(self, code: int) -> None:
        """End this process with `code`, as an exception would."""
        self._code = code
        if not self._is_held:
            sys.exit(code)

    @contextmanager
    def held(self) -> Iterator[None]:
        """Let what is asked for meanwhile happen at the end of this context."""
        self._is_held = True
        try:
            yield
        finally:
            self._is_held = False
        if self._code is not None:
            sys.exit(self._code)


_ending = Ending()


@contextmanager
def running(command: list[str], **how: Any) -> Iterator[subprocess.Popen[bytes]]:
    """Start a program; when this context ends, however it does, the program has ended."""
    process: subprocess.Popen[bytes] | None = None
    try:
        with _ending.held():
            process = subprocess.Popen(command, **how)
        yield process
    finally:
        if process is not None:
            end(process)


def end(process: subprocess.Popen[bytes]) -> None:
    """Ask a program to end, and kill it where it does not."""
    process.terminate()
    try:
        process.wait(END_S)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


@contextmanager
def private_broker(folder: Path, port: int) -> Iterator[None]:
    """Run a mosquitto on loopback."""
    program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
    if program is None:
        raise ResourceError("mosquitto is not installed: apt-get install mosquitto.")
    config = folder / "mosquitto.conf"
    config.write_text(f"listener {port} 127.0.0.1\nallow_anonymous true\npersistence false\n")
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL}
    with running([program, "-c", str(config)], **quiet):
        yield


@contextmanager
def subscribed(
    port: int, heard: Heard, on_event: Callable[[dict[str, Any]], None]
) -> Iterator[None]:
    """Subscribe to everything that the daemon tells; wait until the broker grants it."""
    client = mqtt.Client(CallbackAPIVersion.VERSION2, protocol=mqtt.MQTTv5)
    granted: list[bool] = []

    def take(_client: mqtt.Client, _data: object, message: mqtt.MQTTMessage) -> None:
        if message.topic.endswith("/event"):
            event = json.loads(message.payload)
            heard.events.append(event)
            on_event(event)
        elif message.topic.endswith("/alert"):
            alert = json.loads(message.payload)
            if alert["active"]:
                heard.alerts.append(alert["text"])
        elif message.topic.endswith("/status"):
            heard.is_over = json.loads(message.payload)["state"] == "stopping"

    client.on_message = take
    client.on_connect = lambda c, *_: c.subscribe("osa_daemon/#", qos=1)
    client.on_subscribe = lambda *_: granted.append(True)
    client.connect_async("127.0.0.1", port)
    client.loop_start()
    failure = BrokerError(f"The private broker on port {port} did not answer in {START_S:.0f} s.")
    try:
        wait_until(lambda: bool(granted), START_S, failure)
        yield
    finally:
        client.disconnect()
        client.loop_stop()


def run_daemon(folder: Path, port: int, sound: Path) -> Any:
    """Run the daemon over the night; return its resource usage."""
    config = folder / "config.yaml"
    config.write_text(
        f"mqtt:\n  host: 127.0.0.1\n  port: {port}\n"
        f"journal:\n  state_dir: {folder / 'state'}\nlogging:\n  level: warning\n"
    )
    command = [sys.executable, "-m", "osa_daemon", "run", "--config", str(config)]
    command += ["--source", f"file:{sound}", "--speed", str(SPEED)]
    with running(command) as process:
        usage = end_of(process)
    if process.returncode:
        raise ResourceError(f"The daemon ended with exit code {process.returncode}; see above.")
    return usage


def end_of(process: subprocess.Popen[bytes]) -> Any:
    """Wait for the end of a program; return its resource usage.

    Raises:
        ResourceError: it takes too long.
    """
    end_s = time.monotonic() + RUN_S
    while time.monotonic() < end_s:
        pid, status, usage = os.wait4(process.pid, os.WNOHANG)
        if pid:
            process.returncode = os.waitstatus_to_exitcode(status)
            return usage
        time.sleep(0.1)
    raise ResourceError(
        f"The daemon did not finish the night within {RUN_S / 60:.0f} minutes: "
        "is this machine busy with other work?"
    )


def level_row(sound: Path) -> str:
    """Return the sound level of the night as a row of bars."""
    source = FileSource(sound)
    levels = []
    while (block := source.read(1.0)) is not None:
        levels.append(10 * np.log10(float(np.mean(block.samples**2)) + 1e-12))
    source.close()
    return bars(levels, COLUMNS)


def picture(night: ReferenceNight, heard: Heard, seconds: float) -> str:
    """Return the night as rows of characters."""
    truth = [(s.onset_s, s.duration_s, "h" if s.type == "hypopnea" else "A") for s in night.events]
    told = [(e["onset_s"], e["duration_s"], e["type"][0].replace("a", "A")) for e in heard.events]
    scale = f"0{'minutes'.center(COLUMNS - 4)}{seconds / 60:.0f}"
    return "\n".join(
        [
            f"  level  {level_row(night.sound)}",
            f"  truth  {marks(truth, seconds, COLUMNS)}",
            f"  heard  {marks(told, seconds, COLUMNS)}",
            f"         {scale}   A apnea, h hypopnea",
        ]
    )


def matches_of(night: ReferenceNight, heard: Heard) -> Matches:
    """Match what was received with the truth."""
    spans = [Span(e["onset_s"], e["duration_s"], e["type"]) for e in heard.events]
    return match(spans, night.events)


def say_event(event: dict[str, Any]) -> None:
    """Print one event as it is received."""
    print(
        f"  received: {event['type']:8} at {clock(event['onset_s'])}, "
        f"{event['duration_s']:4.0f} s, confidence {event['confidence']:.2f}",
        flush=True,
    )


def demo(sound: Path) -> int:
    """Run the demo; return the exit code."""
    night = read_night(sound)
    seconds = FileSource(sound).duration_s
    print(
        f"Replaying {sound.name}, a simulated night of {seconds / 60:.0f} min, through "
        "osa-daemon run and MQTT:"
    )
    heard = Heard()
    with tempfile.TemporaryDirectory(prefix="osa-demo-") as name:
        folder, port = Path(name), free_port()
        with private_broker(folder, port), subscribed(port, heard, say_event):
            usage = run_daemon(folder, port, sound)
            # the daemon's last word comes after its last event
            failure = BrokerError("The daemon's last message did not reach the subscriber.")
            wait_until(lambda: heard.is_over, LAST_WORD_S, failure)
    matches = matches_of(night, heard)
    print(f"\n{picture(night, heard, seconds)}\n")
    print(
        f"{len(matches.pairs)} of {len(matches.pairs) + len(matches.missed)} events found "
        f"({other_kind(matches)} of them as the other kind), {len(matches.missed)} missed, "
        f"{len(matches.false)} false; alerts: {len(heard.alerts)}; "
        f"{(usage.ru_utime + usage.ru_stime) / seconds * 3600:.0f} CPU seconds per hour of audio, "
        f"peak memory {usage.ru_maxrss / 1024:.0f} MB."
    )
    print(
        f"As a picture: {sys.executable} -m osa_daemon replay {sound} --events events.jsonl "
        "--picture night.png"
    )
    return judge(matches, heard)


def other_kind(matches: Matches) -> int:
    """Return how many events were found, but an apnea as a hypopnea or the other way round."""
    pairs = matches.pairs
    return sum((told.type == "hypopnea") != (true.type == "hypopnea") for told, true in pairs)


def judge(matches: Matches, heard: Heard) -> int:
    """Return 0, or 1 with a sentence where the night was not heard as it should be."""
    ids = [event["id"] for event in heard.events]
    recall = matches.recall or 0.0
    if len(set(ids)) != len(ids):
        problem = f"{len(ids) - len(set(ids))} events were received more than once"
    elif recall < LEAST_FOUND:
        problem = f"{recall:.0%} of the events were found, expected at least {LEAST_FOUND:.0%}"
    elif len(matches.false) > MOST_FALSE:
        problem = f"{len(matches.false)} events were false, expected at most {MOST_FALSE}"
    else:
        return 0
    print(f"The demo fell short: {problem}.", file=sys.stderr)
    return 1


def end_on_signals() -> None:
    """Let SIGTERM, Ctrl-C and a closed terminal end the demo as an exception would, once."""
    ending = (signal.SIGTERM, signal.SIGINT, signal.SIGHUP)

    def ask(number: int, _frame: object) -> None:
        for each in ending:
            signal.signal(each, signal.SIG_IGN)  # nothing cuts the clearing up short
        _ending.ask(128 + number)

    for each in ending:
        signal.signal(each, ask)


def main() -> int:
    """Run the demo on the night named on the command line."""
    end_on_signals()
    try:
        return demo(Path(sys.argv[1]))
    except OsaError as error:
        print(error, file=sys.stderr)
        return error.exit_code


if __name__ == "__main__":
    sys.exit(main())
