"""No sound gets out of memory, however the daemon ends: by files, writes, dumps, logs or MQTT."""

import json
import os
import resource
import signal
import sys
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr

from tests.daemon import DaemonProcess
from tests.mosquitto import Mosquitto, Subscriber
from tests.system import traced
from tests.system.signature import PLACES, Signature, changed_since, contents

Start = Callable[..., DaemonProcess]
Subscribe = Callable[..., Subscriber]
SPEED = "24"
MOST_WRITTEN = 500_000  # bytes of a run; its sound is 5 MB in 16 bits
MOST_TOLD = 60_000  # by MQTT, to the log, to a pipe: less than two seconds of sound in any form
# what may be opened for writing, besides what lies in the state folder
HARMLESS = ("/dev/null", "/dev/tty", "/dev/urandom", "/proc/self/")
SETTINGS = "alerts:\n  notice_s: 12\n  after_s: 14\n"
UNLIMITED = resource.getrlimit(resource.RLIMIT_CORE)[1]


@pytest.fixture(scope="module")
def signature(data: Path) -> Signature:
    """The sound of a night with a pause, like no other."""
    return Signature.over(data / "short.ogg")


@pytest.fixture
def night(signature: Signature, tmp_path: Path) -> Path:
    """The same in the only file that may hold it."""
    path = tmp_path / "input" / "night.wav"
    path.parent.mkdir()
    signature.write(path)
    return path


@pytest.fixture
def unlimited_cores(monkeypatch: pytest.MonkeyPatch) -> Any:
    """Core files of any size, into the folder in which a program was started."""
    before = resource.getrlimit(resource.RLIMIT_CORE)
    resource.setrlimit(resource.RLIMIT_CORE, (UNLIMITED, UNLIMITED))
    yield
    resource.setrlimit(resource.RLIMIT_CORE, before)


class Traces:
    """What a daemon leaves on this machine, which is to be started in `folder / "work"`."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._began_s, self._others = time.time(), set(Path("/tmp").iterdir())
        for name in ("home", "tmp", "work"):
            (folder / name).mkdir()

    def check(self, signature: Signature) -> None:
        """No file holds sound, there is no core file, and there is little in all."""
        made = set(Path("/tmp").iterdir()) - self._others
        found = set(changed_since(self._began_s, *PLACES, *made, self._folder))
        found -= {self._folder / "input" / "night.wav"}
        assert self._folder / "state" / "journal.sqlite3" in found
        assert [path for path in found if signature.is_in(contents(path))] == []
        assert list((self._folder / "work").iterdir()) == []
        ours = [path for path in found if self._folder in path.parents]
        assert sum(path.stat().st_size for path in ours) < MOST_WRITTEN, ours


@pytest.fixture
def traces(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Traces:
    """With a home, a folder for temporary files and a working folder of their own."""
    found = Traces(tmp_path)
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "tmp"))
    monkeypatch.setenv("PYTHONPATH", ":".join(sys.path))
    monkeypatch.chdir(tmp_path / "work")
    return found


def hear_a_pause(subscriber: Subscriber, daemon: DaemonProcess) -> None:
    """Wait until a pause was alerted and an event decided: all that sound can lead to."""
    try:
        subscriber.wait_for(lambda: subscriber.on("/event"), 90.0, "an event")
        alerts = [json.loads(text) for text in subscriber.on("/alert")]
        assert any(alert["active"] for alert in alerts), alerts
    except AssertionError as error:
        raise AssertionError(f"{error}\n{daemon.log.read_text()}") from None


def settings(folder: Path) -> str:
    """A state folder of its own."""
    return f"journal:\n  state_dir: {folder / 'state'}\n{SETTINGS}"


def test_the_search_finds_what_it_looks_for(signature: Signature, night: Path) -> None:
    """A tenth of a second in any form and at any place; and nothing in other noise."""
    assert signature.is_in(contents(night))
    piece = signature.samples[20_011 : 20_011 + 1_600]
    for form in (piece, piece / np.float32(32768), piece / np.float64(32768)):
        assert signature.is_in(b"odd" + form.tobytes())
    other = np.random.default_rng(1).integers(-60, 61, 1_000_000).astype(np.int16)
    assert not signature.is_in(other.tobytes())


@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGABRT])
def test_no_file_holds_sound(
    signature: Signature,
    night: Path,
    number: signal.Signals,
    mosquitto: Mosquitto,
    subscribe: Subscribe,
    start_daemon: Start,
    unlimited_cores: None,
    traces: Traces,
    tmp_path: Path,
) -> None:
    """After a pause, an alert and an event, a kill and an abort: wherever files are left."""
    subscriber = subscribe(mosquitto.port)
    source = ("--source", f"file:{night}", "--speed", SPEED)
    daemon = start_daemon(mosquitto.port, *source, settings=settings(tmp_path))
    hear_a_pause(subscriber, daemon)
    daemon.end(number)
    traces.check(signature)


def test_nothing_that_is_written_or_sent_holds_sound(
    signature: Signature,
    night: Path,
    mosquitto: Mosquitto,
    subscribe: Subscribe,
    start_daemon: Start,
    traces: Traces,
    tmp_path: Path,
) -> None:
    """Every write and message under strace, and every file: no sound, and only where it may go."""
    subscriber = subscribe(mosquitto.port)
    daemon = start_daemon(
        mosquitto.port,
        *("--source", f"file:{night}", "--speed", SPEED),
        settings=settings(tmp_path),
        before=traced.command(tmp_path / "trace"),
    )
    hear_a_pause(subscriber, daemon)
    assert daemon.end() == 0, daemon.log.read_text()
    found = list(traced.calls(tmp_path / "trace"))
    for path in tmp_path.glob("trace.*"):
        path.unlink()  # what is left is what the daemon wrote
    traces.check(signature)
    check(found, signature, tmp_path, mosquitto.port)


def test_the_microphone_s_sound_stays_in_memory(
    signature: Signature,
    sound_server: Any,
    mosquitto: Mosquitto,
    subscribe: Subscribe,
    start_daemon: Start,
    tmp_path: Path,
) -> None:
    """The same with the capture child, and the virtual microphone: only the ring holds sound."""
    subscriber = subscribe(mosquitto.port)
    start_s = 60 * 16_000
    heard = signature.samples[start_s : start_s + 40 * 16_000] / np.float32(32768)
    sound = soxr.resample(heard, 16_000, sound_server.rate_hz)
    played = Signature(np.round(sound * 32768).astype(np.int16))
    sound_server.play(sound)
    daemon = start_daemon(
        mosquitto.port,
        settings=f"{settings(tmp_path)}microphone:\n  device: name:{sound_server.device}\n",
        before=traced.command(tmp_path / "trace"),
    )
    subscriber.wait_for(lambda: subscriber.last("/hearing") == "online", 60.0)
    subscriber.wait_for(lambda: subscriber.on("/level"), 30.0, "a level")
    assert played.is_in(contents(ring_of(daemon.pid)))  # there it must be, and is found
    if os.geteuid() == 0:  # another user may have a limit
        assert is_locked(daemon.pid)
        assert all(is_locked(pid) for pid in children(daemon.pid))
    assert daemon.end() == 0, daemon.log.read_text()
    found = list(traced.calls(tmp_path / "trace"))
    check(found, played, tmp_path, mosquitto.port)
    assert any("osa-ring" in place for place in traced.mapped(found))


def ring_of(pid: int) -> Path:
    """The memory that a daemon shares with its capture child."""
    files = Path(f"/proc/{pid}/fd").iterdir()
    return next(file for file in files if "osa-ring" in str(file.readlink()))


def is_locked(pid: int) -> bool:
    """Whether a process's memory is kept out of swap."""
    status = Path(f"/proc/{pid}/status").read_text()
    size, locked = (int(status.split(f"{name}:")[1].split()[0]) for name in ("VmSize", "VmLck"))
    return locked > 0.9 * size


def children(pid: int) -> list[int]:
    """The processes that any thread of a process has started."""
    found = [path.read_text().split() for path in Path(f"/proc/{pid}/task").glob("*/children")]
    assert any(found)
    return [int(child) for part in found for child in part]


def check(found: list[traced.Call], signature: Signature, folder: Path, port: int) -> None:
    """Files are those of the state folder; the network is the broker; no write holds sound."""
    state, pulse = str(folder / "state"), str(folder / "sound")
    files = {path for path in traced.made(found) if not path.startswith(HARMLESS)}
    stray = {path for path in files if not path.startswith((state, pulse))}
    assert {path for path in stray if not path.startswith("/dev/shm/")} == set()
    shared = {p for p in traced.mapped(found) if not p.startswith(("/memfd:", "/dev/shm/", state))}
    assert shared == set()
    data = traced.written(found)
    assert [place for place, sent in data.items() if signature.is_in(sent)] == []
    sizes = {place: len(sent) for place, sent in data.items()}
    assert sum(size for place, size in sizes.items() if place.startswith(state)) < MOST_WRITTEN
    elsewhere = {p: size for p, size in sizes.items() if not p.startswith(state)}
    assert max(elsewhere.values()) < MOST_TOLD, elsewhere
    assert traced.reached(found) - traced.own(found) == {("127.0.0.1", port)}
