"""What is wrong with sound that arrives, from its frames alone."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import soundfile

from osa_daemon.audio.block import Samples
from osa_daemon.audio.condition import Condition
from osa_daemon.audio.fault import Fault, FaultKind
from osa_daemon.audio.frozen import Frozen, FrozenMeter, find_period
from osa_daemon.audio.hum import HumMeter
from osa_daemon.audio.resample import StreamResampler

RATE_HZ = 48_000
DATA = Path(__file__).parents[1] / "data"


def room(seconds: float, level: float = 0.001, rate_hz: int = RATE_HZ) -> Samples:
    """The noise of a quiet room, in 16 bits."""
    noise = np.random.default_rng(5).normal(0, level, round(seconds * rate_hz))
    return (np.round(noise * 32768) / 32768).astype(np.float32)


def heard(
    condition: Condition, sound: Samples, rate_hz: int = RATE_HZ
) -> Iterator[tuple[Fault, ...]]:
    """Let a microphone give the sound; yield its faults after each 0.1 s."""
    condition.begin(rate_hz)
    resampler = StreamResampler(rate_hz)
    for samples in np.split(sound, range(rate_hz // 10, len(sound), rate_hz // 10)):
        if condition.hears(samples):
            condition.listen(resampler.push(samples))
        yield condition.faults("Mic X")


def kinds_of(sound: Samples, rate_hz: int = RATE_HZ) -> list[set[FaultKind]]:
    """The kinds of fault that are told after each 0.1 s."""
    return [{fault.kind for fault in faults} for faults in heard(Condition(), sound, rate_hz)]


def tones(seconds: float, mains_hz: float, level: float) -> Samples:
    """A buzz: tones of the same strength at the even multiples of the mains, up to 2 kHz."""
    time_s = np.arange(round(seconds * RATE_HZ)) / RATE_HZ
    parts = [np.sin(2 * np.pi * mains_hz * k * time_s + k) for k in range(2, 40, 2)]
    return (level * np.sum(parts, axis=0) / np.sqrt(len(parts) / 2)).astype(np.float32)


@pytest.mark.parametrize("name", ["night.ogg", "short.ogg"])
def test_an_ordinary_night_is_told_of_nothing(name: str) -> None:
    """Breathing, snoring and pauses of the bundled nights, as a 16-bit microphone gives them."""
    sound, rate_hz = soundfile.read(DATA / name, dtype="float32")
    sound = sound[: 180 * rate_hz] + room(min(180, len(sound) / rate_hz), 1e-5, rate_hz)
    assert set().union(*kinds_of(sound, rate_hz)) == set()


@pytest.mark.parametrize(
    ("bits", "level"), [(16, 2e-5), (16, 0.3), (24, 1e-6)], ids=["still", "loud", "24 bit"]
)
def test_rooms_from_still_to_loud_are_told_of_nothing(bits: int, level: float) -> None:
    """Noise of less than one step of 16 bits is sound, so is a storm."""
    steps = 2 ** (bits - 1)
    noise = np.random.default_rng(2).normal(0, level, 40 * RATE_HZ)
    sound = (np.round(noise * steps) / steps).clip(-1, 1).astype(np.float32)
    assert set().union(*kinds_of(sound)) == set()


@pytest.mark.parametrize(
    ("sound", "kind"),
    [
        (np.zeros(20 * RATE_HZ, np.float32), FaultKind.SILENT),
        (np.full(20 * RATE_HZ, -0.5, np.float32), FaultKind.STUCK),
        (np.full(20 * RATE_HZ, np.nan, np.float32), FaultKind.STUCK),
        (np.tile(room(0.1707), 118), FaultKind.STUCK),
        (np.tile(room(0.0213), 940), FaultKind.STUCK),
        (np.tile(room(0.97), 21), FaultKind.STUCK),
    ],
    ids=["zeros", "one value", "no numbers", "a buffer", "a short buffer", "a long buffer"],
)
def test_what_is_frozen_is_deaf_within_ten_seconds(sound: Samples, kind: FaultKind) -> None:
    """From then on to its end, and no more three seconds after sound has come back."""
    told = kinds_of(np.concatenate([room(10), sound, room(5)]))
    assert set().union(*told[:100]) == set()
    ends = 100 + len(sound) * 10 // RATE_HZ
    assert all(kinds == {kind} for kinds in told[200:ends])
    assert set().union(*told[ends + 41 :]) == set()
    condition = Condition()
    assert [faults[0].is_deaf for faults in heard(condition, sound) if faults]


def test_a_gate_that_shuts_between_breaths_is_deaf() -> None:
    """Two seconds of breath and three of zeros: a pause could not be told from the gate."""
    breath = np.concatenate([room(2, 0.01), np.zeros(3 * RATE_HZ, np.float32)])
    told = kinds_of(np.tile(breath, 12))
    assert all(kinds == {FaultKind.SILENT} for kinds in told[150:])


def test_frozen_frames_are_withheld_from_the_first_on() -> None:
    """Zeros and one value at once; a buffer once it has been seen to repeat itself."""
    meter = FrozenMeter(RATE_HZ)
    for samples in np.split(room(1), 10):
        assert meter.judge(samples) is None
    still = np.zeros(4800, np.float32)
    assert meter.judge(still) is Frozen.SILENT
    assert meter.judge(still + 0.25) is Frozen.CONSTANT
    buffer = np.split(np.tile(room(0.17), 60), range(4800, 10 * RATE_HZ, 4800))
    found = [meter.judge(samples) for samples in buffer if len(samples) == 4800]
    assert found.index(Frozen.REPEATING) <= 31  # two seconds, and one until the next look
    assert set(found[found.index(Frozen.REPEATING) :]) == {Frozen.REPEATING}
    assert meter.judge(room(0.1, 0.01)) is None


def test_no_frames_are_nothing() -> None:
    """A callback without frames is neither sound nor its lack."""
    condition = Condition()
    condition.begin(RATE_HZ)
    assert condition.hears(room(0))
    assert condition.faults("Mic X") == ()


def test_a_period_is_found_where_there_is_one() -> None:
    """The least one, exactly; noise, and noise of three values, have none."""
    assert find_period(np.tile(room(0.3), 7)) == round(0.3 * RATE_HZ)
    assert find_period(np.tile(np.float32([0.1, -0.1]), 48_000)) == 2
    assert find_period(room(2)) is None
    assert find_period(room(2, 1e-5)) is None
    almost = np.tile(room(0.3), 7)
    almost[-1] += np.float32(1 / 32768)
    assert find_period(almost) is None
    assert find_period(np.zeros(0, np.float32)) is None


@pytest.mark.parametrize("rail", [1.0, 0.3], ids=["full scale", "before the converter"])
def test_an_overdriven_microphone_is_told_of(rail: float) -> None:
    """Cut off at full scale or below it; not deaf by itself: a snorer who clips is heard."""
    sound = (room(20, 1.0) * rail).clip(-rail, rail)
    told = list(heard(Condition(), sound))
    (fault,) = told[-1]
    assert (fault.kind, fault.is_deaf) == (FaultKind.CLIPPED, False)
    assert "lower its gain" in fault.text
    assert told[105] == (fault,) or told[105][0].kind is FaultKind.CLIPPED


def test_a_loud_tone_is_not_cut_off() -> None:
    """Its peaks are round."""
    time_s = np.arange(20 * RATE_HZ) / RATE_HZ
    tone = 0.5 * np.sin(2 * np.pi * 443 * time_s) + room(20)
    assert set().union(*kinds_of(tone.astype(np.float32))) == set()


def test_a_constant_offset_is_told_of() -> None:
    """It costs headroom; what is small is not worth a word."""
    assert kinds_of(room(15) + np.float32(0.2))[-1] == {FaultKind.OFFSET}
    assert kinds_of(room(15) + np.float32(0.01))[-1] == set()


@pytest.mark.parametrize("mains_hz", [50, 60])
def test_a_hum_louder_than_breath_is_told_of(mains_hz: int) -> None:
    """Which mains, too, though they are a little off; over soon after it is."""
    told = list(heard(Condition(), tones(40, mains_hz * 1.0005, 0.01) + room(40)))
    (fault,) = told[300]
    assert fault.kind is FaultKind.HUM
    assert f"{mains_hz} Hz" in fault.text
    after = kinds_of(np.concatenate([tones(30, mains_hz, 0.01), room(30)]))
    assert after[-1] == set()


def test_a_hum_below_breath_does_no_harm() -> None:
    """50 and 150 Hz alone lie below the band, and a hum weaker than the room is not heard."""
    time_s = np.arange(40 * RATE_HZ) / RATE_HZ
    low = 0.05 * (np.sin(2 * np.pi * 50 * time_s) + np.sin(2 * np.pi * 150 * time_s))
    assert kinds_of(room(40) + low.astype(np.float32))[-1] == set()
    assert kinds_of(room(40, 0.01) + tones(40, 50, 0.001))[-1] == set()


def test_the_hum_of_noise_is_nothing() -> None:
    """The power in the tones' places is no more than that beside them."""
    meter = HumMeter()
    assert [meter.push(samples) for samples in np.split(room(4, rate_hz=16_000), 40)].count(
        True
    ) == 2
    assert meter.dominance_db is not None
    assert meter.dominance_db < -5
