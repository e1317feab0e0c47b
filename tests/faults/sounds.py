"""Sound that is none: silence, digital zeros, overdrive, hum, a wrong rate."""

import time

import numpy as np
from numpy.typing import NDArray

from tests.faults.fault import fault
from tests.faults.microphone import TOLD_S, no_event_between
from tests.faults.room import RATE_HZ, ROUND_S, Treatment
from tests.faults.scene import Scene
from tests.faults.witness import Witness

Samples = NDArray[np.float32]
NAMED = "named within 30 s on problem/microphone, no event meanwhile, over within 15 s of its end"
OVER_S = 15.0
HUM_OVER_S = 60.0  # it is judged over half a minute
LONG_S = 20.0
QUIET_RMS = 1e-4  # -80 dBFS


def rest(samples: Samples) -> Samples:
    """The sleeper as she is."""
    return samples


def named(scene: Scene, treat: Treatment, words: tuple[str, ...], over_s: float = OVER_S) -> None:
    """Bad sound begins: one of `words` must stand in the problem; it ends: all is well again."""
    broker, witness = scene.meet()
    daemon = scene.listen(broker.port)
    scene.hears(witness)
    scene.event_after(witness, 0.0)
    began_s = scene.sleeper().sound_like(treat)
    told_s = scene.told(witness, "problem/microphone", '"ON"', began_s, TOLD_S)
    text = witness.last("problem/microphone")
    scene.saw(f"told after {told_s - began_s:.1f} s")
    time.sleep(max(0.0, began_s + LONG_S - time.monotonic()))  # so long it goes on
    mended(scene, witness, began_s, over_s)
    assert any(word in text for word in words), f"not named: {text}"
    assert daemon.process.poll() is None, "the daemon ended"


def mended(scene: Scene, witness: Witness, began_s: float, within_s: float = OVER_S) -> None:
    """The sleeper is heard again, and a pause of hers decided."""
    mended_s = scene.sleeper().sound_like(rest)
    over_s = scene.told(witness, "problem/microphone", '"OFF"', mended_s, 60.0)
    scene.saw(f"over {over_s - mended_s:.1f} s after its end")
    scene.was_deaf(over_s - began_s)
    scene.event_after(witness, mended_s + ROUND_S / 2)
    no_event_between(witness, began_s, mended_s)
    assert over_s - mended_s <= within_s, f"over only {over_s - mended_s:.1f} s after its end"


@fault(injected="20 s of exact zeros from the microphone", expected=NAMED)
def digital_zeros(scene: Scene) -> None:
    """A microphone that is dead inside."""
    named(scene, np.zeros_like, ("digital silence", "zero", "muted"))


@fault(injected="muted at the sound server for 20 s", expected=NAMED)
def muted(scene: Scene) -> None:
    """A switch that somebody touched."""
    broker, witness = scene.meet()
    scene.listen(broker.port)
    scene.hears(witness)
    began_s = time.monotonic()
    scene.pactl("set-source-mute", "room", "1")
    told_s = scene.told(witness, "problem/microphone", '"ON"', began_s, TOLD_S)
    text = witness.last("problem/microphone")
    scene.saw(f"told after {told_s - began_s:.1f} s")
    time.sleep(max(0.0, began_s + LONG_S - time.monotonic()))
    scene.pactl("set-source-mute", "room", "0")
    mended(scene, witness, began_s)
    assert "mute" in text or "silence" in text, f"not named: {text}"


@fault(injected="20 s of one value, 0.3 of full scale", expected=NAMED)
def stuck_value(scene: Scene) -> None:
    """A converter that has stopped."""
    named(scene, lambda samples: np.full_like(samples, 0.3), ("stuck", "silence", "constant"))


@fault(injected="breathing amplified until it clips, for 20 s", expected=NAMED)
def clipping(scene: Scene) -> None:
    """A gain that somebody turned up."""

    def overdriven(samples: Samples) -> Samples:
        return np.clip(samples * (20 / np.abs(samples).max()) * 10, -1, 1).astype(np.float32)

    named(scene, overdriven, ("overdriven", "clip"))


@fault(
    injected="mains hum with its harmonics up to 1 kHz, far louder than breathing, for 20 s",
    expected="named within 30 s on problem/microphone, no event meanwhile, over within a minute of "
    "its end",
)
def hum(scene: Scene) -> None:
    """A bad cable. Below the band of breathing a hum does no harm."""

    def hums(samples: Samples) -> Samples:
        phases = 2 * np.pi * 50 * np.arange(len(samples)) / RATE_HZ
        tones = sum(np.sin(number * phases) / number**0.5 for number in range(1, 21))
        return (samples * 0.5 + 0.03 * tones).astype(np.float32)

    named(scene, hums, ("hum",), HUM_OVER_S)


@fault(injected="breathing on a constant offset of 0.4, for 20 s", expected=NAMED)
def dc_offset(scene: Scene) -> None:
    """A converter that has drifted."""
    named(scene, lambda s: (s * 0.5 + 0.4).astype(np.float32), ("offset", "DC"))


@fault(
    injected="only quiet noise (-80 dBFS) for 150 s, as when the sleeper has got up",
    expected="breathing is said to be inaudible, the pause state becomes unknown, no event of the "
    "silence; the next pause decided",
    limit_s=420.0,
)
def source_silent(scene: Scene) -> None:
    """Nobody there sounds like a pause at first; it is none."""
    broker, witness = scene.meet()
    scene.listen(broker.port)
    scene.hears(witness)
    noise = np.random.default_rng(3).normal(0, QUIET_RMS, round(ROUND_S * RATE_HZ))
    began_s = scene.sleeper().sound_like(lambda _: noise.astype(np.float32))
    told_s = scene.told(witness, "/breathing_audible", "OFF", began_s, 120.0)
    scene.saw(f"inaudible after {told_s - began_s:.0f} s")
    time.sleep(max(0.0, began_s + 150.0 - time.monotonic()))
    assert witness.last("/apnea") == "None", f"pause state is {witness.last('/apnea')}"
    mended_s = scene.sleeper().sound_like(rest)
    scene.event_after(witness, mended_s + ROUND_S / 2)
    no_event_between(witness, began_s + 5.0, mended_s)
    assert witness.last("/hearing") == "online", "said to be deaf"


@fault(
    injected="the microphone's clock runs 1 % fast",
    expected="no gap and no false event of it; the pauses go on being decided, true to length",
)
def rate_one_percent_fast(scene: Scene) -> None:
    """Cheap converters are off by less; a lie of the device is not."""
    lies(scene, 1.01, is_named=False)


@fault(
    injected="the microphone's clock runs 10 % fast",
    expected="named within 30 s on problem/microphone; no false event; over when it is right again",
)
def rate_ten_percent_fast(scene: Scene) -> None:
    """A device that gives 48 kHz and says 44.1 kHz."""
    lies(scene, 1.1, is_named=True)


def lies(scene: Scene, pace: float, *, is_named: bool) -> None:
    """The rate is wrong by a factor."""
    broker, witness = scene.meet()
    daemon = scene.listen(broker.port)
    scene.hears(witness)
    began_s = scene.sleeper().sound_like(rest, pace)
    if is_named:
        told_s = scene.told(witness, "problem/microphone", '"ON"', began_s, TOLD_S)
        scene.saw(f"told after {told_s - began_s:.1f} s")
        mended_s = scene.sleeper().sound_like(rest)
        over_s = scene.told(witness, "problem/microphone", '"OFF"', mended_s, 60.0)
        scene.saw(f"over {over_s - mended_s:.1f} s after its end")
        scene.event_after(witness, mended_s + ROUND_S / 2)
    else:
        scene.event_after(witness, began_s + ROUND_S)
        lengths = [event["duration_s"] for event in witness.events]
        scene.saw(f"pauses of {', '.join(f'{length:.1f}' for length in lengths)} s")
        assert all(12 <= length <= 22 for length in lengths), f"false lengths: {lengths}"
        assert witness.deaf_s() == 0, f"said to be deaf for {witness.deaf_s():.1f} s"
    assert daemon.process.poll() is None, "the daemon ended"
