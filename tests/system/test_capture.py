"""The capture process of a real microphone: it hangs, it dies, it is read too late."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from osa_daemon.audio import microphone
from osa_daemon.audio.microphone import MicrophoneSource
from osa_daemon.audio.source import SourceState
from tests.system.listener import DEADLINE_S, Listener


def test_a_hung_capture_process_is_killed(
    sound_server: Any, listen: Callable[[str], Listener]
) -> None:
    """A process that no longer answers is replaced, and sound goes on."""
    listener = listen(sound_server.device)
    listener.wait_for(SourceState.RUNNING)
    assert listener.source._capture is not None
    pid = listener.source._capture.pid
    os.kill(pid, signal.SIGSTOP)
    listener.wait_for(SourceState.STALLED)
    listener.wait_for(SourceState.RUNNING)
    assert listener.source._capture.pid != pid
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


SPINNING = """
import re, signal
signal.signal(signal.SIGTERM, signal.SIG_IGN)
re.match("(a+)+b", "a" * 64)  # in C, for ever
"""


def test_a_capture_process_that_spins_in_c_is_killed(
    sound_server: Any,
    listen: Callable[[str], Listener],
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """PortAudio that never returns, and a process deaf to SIGTERM: said, killed, tried anew."""
    (tmp_path / "sounddevice.py").write_text(SPINNING, encoding="utf-8")
    searched = os.environ.get("PYTHONPATH", "")
    usual_s = microphone.OPENING_S
    monkeypatch.setattr(microphone, "OPENING_S", 1.0)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{searched}")
    listener = listen(sound_server.device)
    listener.wait_for(SourceState.STALLED)
    assert "does not answer" in listener.health.text
    monkeypatch.setenv("PYTHONPATH", searched)
    monkeypatch.setattr(microphone, "OPENING_S", usual_s)
    listener.wait_for(SourceState.RUNNING)


def test_a_reader_that_stands_still_loses_no_more_than_it_must(sound_server: Any) -> None:
    """Longer than the ring: the rest of it is heard, the other is a gap, told as an overload."""
    source = MicrophoneSource(sound_server.device, ring_frames=2 * 48_000)
    try:
        blocks = []
        while source.health().state is not SourceState.RUNNING:
            blocks += [block for block in [source.read(1.0)] if block]
        stood_s = time.monotonic()
        time.sleep(5)
        stood_s = time.monotonic() - stood_s
        give_up = time.monotonic() + DEADLINE_S
        while not source.health().faults:
            assert time.monotonic() < give_up
            blocks += [block for block in [source.read(1.0)] if block]
        gap_s = max(b.start - a.end for a, b in pairwise(blocks)) / 16_000
        assert gap_s == pytest.approx(stood_s - 2, abs=1)
        assert "does not keep up: " in source.health().faults[0].text
        at_s = source.monotonic_at(blocks[-1].end)
        assert at_s is not None
        assert time.monotonic() - at_s < 1
    finally:
        source.close()


def test_closing_does_not_wait_for_a_halted_server(sound_server: Any) -> None:
    """With the server halted, `close` returns at once and the process is gone."""
    source = MicrophoneSource(sound_server.device)
    while source.health().state is not SourceState.RUNNING:
        source.read(1.0)
    assert source._capture is not None
    pid = source._capture.pid
    sound_server.stop()
    began_s = time.monotonic()
    source.close()
    source.close()
    assert time.monotonic() - began_s < 2
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    assert source.read(0.0) is None


def test_reading_waits_no_longer_than_asked(sound_server: Any) -> None:
    """`read` of a microphone that is not there returns after its timeout."""
    source = MicrophoneSource("name:none")
    for _ in range(3):
        began_s = time.monotonic()
        assert source.read(0.3) is None
        assert time.monotonic() - began_s < 1.5
    source.close()


PARENT = """
import sys, time
from osa_daemon.audio import microphone
from osa_daemon.audio.microphone import MicrophoneSource
source = MicrophoneSource(sys.argv[1])
while source.read(1.0) is None:
    pass
print(source._capture.pid, flush=True)
time.sleep(60)
"""


def test_the_capture_process_dies_with_its_parent(sound_server: Any) -> None:
    """When the daemon is killed, nothing goes on listening."""
    parent = subprocess.Popen(
        [sys.executable, "-c", PARENT, sound_server.device], stdout=subprocess.PIPE, text=True
    )
    assert parent.stdout is not None
    with parent.stdout:
        pid = int(parent.stdout.readline())
    parent.kill()
    parent.wait()
    give_up = time.monotonic() + DEADLINE_S
    while is_running(pid):
        assert time.monotonic() < give_up
        time.sleep(0.02)


def is_running(pid: int) -> bool:
    """Whether a process exists and is not merely waiting to be reaped."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text(encoding="ascii")
        return stat.rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):
        return False
