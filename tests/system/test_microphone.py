"""The microphone with real PortAudio and a real sound server, through its faults."""

import itertools
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soxr

from osa_daemon.audio.block import Block
from osa_daemon.audio.listing import list_devices
from osa_daemon.audio.microphone import MicrophoneSource
from osa_daemon.audio.source import SourceState
from osa_daemon.errors import DeviceError
from tests.system.listener import Listener

MATCH_S = 0.5  # length of sound by which a place is found


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
    for _ in range(5):
        lost = sound_server.lost_frames
        sound_server.play(signal_48k)
        before = listener.wait_for_sound(3.5)
        if sound_server.lost_frames == lost:
            break  # else a busy machine's server was late, and some never reached the microphone
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
    heard_s = time.monotonic()
    assert heard_s - back_s < 5
    assert listener.health.state is SourceState.RUNNING
    assert back_s - halted_s - 0.5 < sum(listener.gaps_s()) < heard_s - halted_s + 0.5


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
    assert time.monotonic() - back_s < 8  # watched for 3 s
    heard = np.concatenate([block.samples for block in listener.blocks])
    assert not has_still_tenth(heard)
    assert sum(listener.gaps_s()) == pytest.approx(back_s - muted_s, abs=0.6)


def has_still_tenth(heard: np.ndarray) -> bool:
    """Whether 0.2 s of the sound at 16 kHz have no change in them."""
    pieces = heard[: len(heard) // 1600 * 1600].reshape(-1, 1600)
    still = pieces.max(axis=1) == pieces.min(axis=1)
    return bool((still[1:] & still[:-1]).any())


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
