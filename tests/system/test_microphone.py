"""The microphone with real PortAudio and a real sound server, through its faults."""

import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr

from osa_daemon.audio.block import Block
from osa_daemon.audio.listing import list_devices
from osa_daemon.audio.microphone import MicrophoneSource
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.errors import DeviceError

DEADLINE_S = 30.0  # generous: what must be quick is asserted apart
MATCH_S = 0.5  # length of sound by which a place is found


class Listener:
    """Reads a microphone in a thread of its own, as the chain does."""

    def __init__(self, device: str) -> None:
        self.source = MicrophoneSource(device)
        self.blocks: list[Block] = []
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._listen)
        self._thread.start()

    def _listen(self) -> None:
        while not self._is_over.is_set():
            block = self.source.read(0.1)
            if block is not None:
                self.blocks.append(block)

    def wait(self, condition: Callable[[], Any], what: str) -> None:
        """Wait until `condition` holds."""
        give_up = time.monotonic() + DEADLINE_S
        while not condition():
            assert time.monotonic() < give_up, f"{what}: {self.health}"
            time.sleep(0.02)

    def wait_for(self, state: SourceState) -> None:
        """Wait until health says so."""
        self.wait(lambda: self.health.state is state, state.value)

    def wait_for_sound(self, seconds: float) -> int:
        """Wait until so much more sound has come; return the number of blocks there were."""
        before = len(self.blocks)
        self.wait(
            lambda: sum(len(b.samples) for b in self.blocks[before:]) > seconds * 16e3, "sound"
        )
        return before

    @property
    def health(self) -> SourceHealth:
        """How the microphone is."""
        return self.source.health()

    def gaps_s(self) -> list[float]:
        """Jumps of the index, in order."""
        pairs = zip(self.blocks, self.blocks[1:], strict=False)
        return [
            (after.start - before.end) / 16_000
            for before, after in pairs
            if after.start != before.end
        ]

    def close(self) -> None:
        """End the thread, then the microphone."""
        self._is_over.set()
        self._thread.join()
        self.source.close()


@pytest.fixture
def listen() -> Iterator[Callable[[str], Listener]]:
    """Open microphones that are closed in the end."""
    open_ones: list[Listener] = []

    def start(device: str) -> Listener:
        open_ones.append(Listener(device))
        return open_ones[-1]

    yield start
    for listener in open_ones:
        listener.close()


def noise(seconds: float) -> np.ndarray:
    """White noise at 48 kHz, exact in 16 bits: every place in it is unlike any other."""
    steps = np.random.default_rng(8).integers(-9000, 9000, round(seconds * 48_000))
    return (steps / 32768).astype(np.float32)


def run_of(blocks: list[Block]) -> tuple[int, np.ndarray]:
    """The first index and the samples of blocks that follow each other."""
    return blocks[0].start, np.concatenate([block.samples for block in blocks])


def place_in(played: np.ndarray, heard: np.ndarray) -> int:
    """Where in `played` the first `MATCH_S` of `heard` are (samples)."""
    pattern = heard[: round(MATCH_S * 16_000)]
    size = 1 << (len(played) + len(pattern)).bit_length()
    spectrum = np.fft.rfft(played, size) * np.conj(np.fft.rfft(pattern, size))
    return int(np.fft.irfft(spectrum)[: len(played)].argmax())


def test_sound_arrives_bit_by_bit(sound_server: Any, listen: Callable[[str], Listener]) -> None:
    """What the virtual microphone hears comes out as a resampling of its 16-bit samples."""
    listener = listen(sound_server.device)
    listener.wait_for(SourceState.RUNNING)
    signal_48k = noise(6)
    sound_server.play(signal_48k)
    before = listener.wait_for_sound(3.5)
    _, heard = run_of(listener.blocks[before:])
    played = soxr.resample(signal_48k, 48_000, 16_000)
    heard = heard[16_000:]  # in the first second the old silence may still be on its way
    at = place_in(played, heard)
    count = min(len(heard), len(played) - at)
    assert count > 16_000
    # streams begin at any of three phases of 48 kHz: the best of them must fit exactly
    errors = []
    for phase in range(3):
        shifted = soxr.resample(signal_48k[phase:], 48_000, 16_000)
        for lag in (at - 1, at, at + 1):
            piece = shifted[lag : lag + count]
            errors.append(float(np.abs(piece - heard[: len(piece)]).max()))
    assert min(errors) < 1e-4
    assert listener.gaps_s() == []
    assert "name:osamic" in listener.health.text


def test_a_halted_server_is_a_gap_of_its_length_without_a_burst(
    sound_server: Any, listen: Callable[[str], Listener]
) -> None:
    """After two seconds' halt the index still tells the time, and the backlog is not sound."""
    listener = listen(sound_server.device)
    listener.wait_for(SourceState.RUNNING)
    signal_48k = noise(20)
    sound_server.play(signal_48k)
    listener.wait_for_sound(2)
    halted_s = time.monotonic()
    sound_server.stop()
    time.sleep(2.0)
    sound_server.cont()
    halted_s = time.monotonic() - halted_s
    listener.wait(listener.gaps_s, "a gap")
    listener.wait_for_sound(1.5)
    (gap_s,) = listener.gaps_s()
    assert halted_s - 0.5 < gap_s < halted_s + 2.0  # a second is waited for steady sound
    assert listener.health.lost_s == pytest.approx(gap_s, abs=1e-3)
    played = soxr.resample(signal_48k, 48_000, 16_000)
    after = next(i for i, (a, b) in enumerate(pairs(listener.blocks)) if b.start != a.end) + 1
    start_before, heard_before = run_of(listener.blocks[after - 15 : after])
    start_after, heard_after = run_of(listener.blocks[after:])
    shift_before = place_in(played, heard_before) - start_before
    shift_after = place_in(played, heard_after) - start_after
    assert abs(shift_after - shift_before) / 16_000 < 0.5
    # after a burst there would be zeros, or sound older than its place
    assert np.mean(heard_after == 0) < 0.01


def pairs(blocks: list[Block]) -> list[tuple[Block, Block]]:
    """Neighbouring blocks."""
    return list(itertools.pairwise(blocks))


def test_a_long_halt_is_said_and_outlived(
    sound_server: Any, listen: Callable[[str], Listener]
) -> None:
    """A halted server is reported within 10 s; sound is back within 5 s of its return."""
    listener = listen(sound_server.device)
    listener.wait_for(SourceState.RUNNING)
    halted_s = time.monotonic()
    sound_server.stop()
    listener.wait_for(SourceState.STALLED)
    assert time.monotonic() - halted_s < 10
    assert "given no sound" in listener.health.text
    sound_server.cont()
    back_s = time.monotonic()
    listener.wait_for_sound(0.05)
    assert time.monotonic() - back_s < 5
    assert listener.health.state is SourceState.RUNNING
    assert sum(listener.gaps_s()) == pytest.approx(back_s - halted_s + 1.5, abs=1.5)


def test_a_killed_server_is_said_and_outlived(
    sound_server: Any, listen: Callable[[str], Listener]
) -> None:
    """A dead server is reported at once; sound is back within 5 s of its return, in time.

    PortAudio numbers the microphone anew by then: another one is listed before it.
    """
    number = number_of(sound_server.device)
    listener = listen(sound_server.device)
    listener.wait_for(SourceState.RUNNING)
    killed_s = time.monotonic()
    sound_server.kill()
    listener.wait_for(SourceState.STALLED)
    assert time.monotonic() - killed_s < 10
    listener.wait(lambda: "is gone" in listener.health.text, "the reason")
    sound_server.add_another_before()
    sound_server.start()
    back_s = time.monotonic()
    listener.wait_for_sound(0.05)
    assert time.monotonic() - back_s < 5
    assert listener.health.state is SourceState.RUNNING
    at_s = listener.source.monotonic_at(listener.blocks[-1].end)
    assert at_s is not None
    assert abs(time.monotonic() - at_s) < 1
    assert number_of(sound_server.device) != number


def number_of(name: str) -> int | None:
    """PortAudio's number of a microphone, at this moment."""
    return next(device.index for device in list_devices() if device.name == name)


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
    monkeypatch.setattr("osa_daemon.audio.microphone.OPENING_S", 2.0)
    monkeypatch.setenv("PYTHONPATH", f"{tmp_path}:{searched}")
    listener = listen(sound_server.device)
    listener.wait_for(SourceState.STALLED)
    assert "does not answer" in listener.health.text
    monkeypatch.setenv("PYTHONPATH", searched)
    listener.wait_for(SourceState.RUNNING)


def test_a_reader_that_stands_still_loses_no_more_than_it_must(sound_server: Any) -> None:
    """Longer than the ring: the rest of it is heard, the other is a gap, told as an overload."""
    source = MicrophoneSource(sound_server.device, ring_frames=2 * 48_000)
    try:
        blocks = []
        while source.health().state is not SourceState.RUNNING:
            blocks += [block for block in [source.read(1.0)] if block]
        time.sleep(5)
        give_up = time.monotonic() + DEADLINE_S
        while not source.health().faults:
            assert time.monotonic() < give_up
            blocks += [block for block in [source.read(1.0)] if block]
        (gap,) = [b.start - a.end for a, b in pairs(blocks) if a.end != b.start]
        assert 2.5 < gap / 16_000 < 4
        assert "does not keep up: 3 s of sound" in source.health().faults[0].text
        at_s = source.monotonic_at(blocks[-1].end)
        assert at_s is not None
        assert time.monotonic() - at_s < 1
    finally:
        source.close()


def test_an_unknown_microphone_is_a_state(
    sound_server: Any, listen: Callable[[str], Listener]
) -> None:
    """It is named, with those there are; nothing fails."""
    listener = listen("usb:1-1.9")
    listener.wait_for(SourceState.ABSENT)
    text = listener.health.text
    assert "'usb:1-1.9' is not there; there is: " in text
    assert "name:osamic" in text


def test_no_sound_server_at_first(sound_server: Any, listen: Callable[[str], Listener]) -> None:
    """Started before its sound server, it waits, and hears within 5 s of the server's start."""
    sound_server.kill()
    listener = listen(sound_server.device)
    listener.wait_for(SourceState.ABSENT)
    sound_server.start()
    back_s = time.monotonic()
    listener.wait_for_sound(0.05)
    assert time.monotonic() - back_s < 5
    assert listener.blocks[0].start == 0


def test_digital_silence_is_lost_time_and_said(
    sound_server: Any, listen: Callable[[str], Listener]
) -> None:
    """A muted microphone gives exact zeros: none is handed on, and it is over when they are."""
    listener = listen(sound_server.device)
    listener.wait_for(SourceState.RUNNING)
    muted_s = sound_server.play(np.zeros(60 * 48_000, dtype=np.float32))
    listener.wait_for(SourceState.UNUSABLE)
    assert time.monotonic() - muted_s < 12
    assert "unmute it" in listener.health.text
    sound_server.play(noise(20))
    back_s = time.monotonic()
    listener.wait_for(SourceState.RUNNING)
    assert time.monotonic() - back_s < 5
    heard = np.concatenate([block.samples for block in listener.blocks])
    assert not has_still_tenth(heard)
    assert sum(listener.gaps_s()) == pytest.approx(back_s - muted_s, abs=0.6)


def has_still_tenth(heard: np.ndarray) -> bool:
    """Whether 0.2 s of the sound at 16 kHz have no change in them."""
    pieces = heard[: len(heard) // 1600 * 1600].reshape(-1, 1600)
    still = pieces.max(axis=1) == pieces.min(axis=1)
    return bool((still[1:] & still[:-1]).any())


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


def test_listening_writes_nothing_into_the_home_folder(
    sound_server: Any, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Not even the sound server's client library leaves its cookie there."""
    home = tmp_path / "fresh"
    home.mkdir()
    monkeypatch.setenv("HOME", str(home))
    assert list_devices()
    source = MicrophoneSource(sound_server.device)
    while source.read(1.0) is None:
        pass
    source.close()
    assert list(home.iterdir()) == []


def test_the_list_of_microphones(sound_server: Any) -> None:
    """What PortAudio sees is listed with identities."""
    there = {device.identity for device in list_devices()}
    assert {"name:osamic", "default"} <= there


def test_a_list_that_does_not_come(sound_server: Any) -> None:
    """A halted sound server costs no more than the deadline, and is named."""
    sound_server.stop()
    began_s = time.monotonic()
    with pytest.raises(DeviceError, match=r"did not answer within 1 s"):
        list_devices(1.0)
    assert time.monotonic() - began_s < 3
