"""The microphone and its level: each bad case with its remedy."""

import numpy as np
import pytest

from osa_daemon.audio.block import Block, Samples
from osa_daemon.audio.devices import Device
from osa_daemon.audio.holder import DAEMON
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.errors import DeviceError
from osa_daemon.service.doctor.finding import Verdict
from osa_daemon.service.doctor.microphone import Sample, find, judge, listen

SNOWBALL = Device(
    "usb:1-1.2", ("usb:1-1.2", "name:Snowball", "default"), "Snowball", 1, 44100.0, None
)
HEARD = Device("usb:1-1.4", ("usb:1-1.4",), "Mini", None, held_by=DAEMON, card="usb:1-1.4")
BUSY = Device("usb:1-1.3", ("usb:1-1.3",), "Yeti", None, held_by="pipewire", card="usb:1-1.3")
CLOSED = Device("usb:1-1.5", ("usb:1-1.5",), "Rode", None, is_forbidden=True, card="usb:1-1.5")


@pytest.mark.parametrize(
    ("wanted", "verdict", "says"),
    [
        ("usb:1-1.2", Verdict.GOOD, "usb:1-1.2"),
        ("default", Verdict.GOOD, "Snowball"),
        ("usb:9-9", Verdict.BAD, "there is: usb:1-1.2"),
        ("usb:1-1.3", Verdict.BAD, "pipewire"),
        ("usb:1-1.4", Verdict.GOOD, "by the running daemon"),
        ("usb:1-1.5", Verdict.BAD, "add the user to the group `audio`"),
    ],
)
def test_the_microphone_of_the_settings_is_looked_for(
    wanted: str, verdict: Verdict, says: str
) -> None:
    """A missing one lists those there are, a busy one names its holder; our own is no fault."""
    finding, device = find(wanted, [SNOWBALL, BUSY, HEARD, CLOSED])
    assert finding.verdict is verdict
    assert says in finding.text
    assert (device is not None) is (verdict is Verdict.GOOD)


def noise(rms: float, seconds: float = 1.0) -> Samples:
    """White noise of that level (full scale 1)."""
    drawn = np.random.default_rng(3).normal(0, rms, round(seconds * 16_000))
    return np.clip(drawn, -1, 1).astype(np.float32)


@pytest.mark.parametrize(
    ("samples", "verdict", "says"),
    [
        (noise(0.01), Verdict.GOOD, "-40 dBFS over 1 s, peak"),
        (noise(0) * 0, Verdict.BAD, "muted"),
        (noise(0) + np.float32(0.2), Verdict.BAD, "stuck"),
        (noise(2.0), Verdict.BAD, "lower Capture in alsamixer"),
        (noise(0.45), Verdict.DOUBTFUL, "overdriven 2% of the time: lower Capture"),
        (noise(0.01) + np.float32(0.2), Verdict.DOUBTFUL, "zero lies at 20%"),
        (noise(1e-5), Verdict.DOUBTFUL, "hardly any sound"),
    ],
)
def test_a_level_is_judged(samples: Samples, verdict: Verdict, says: str) -> None:
    """Silence, a stuck value, clipping, an offset and faintness are told apart."""
    finding = judge(Sample.of(samples))
    assert finding.verdict is verdict
    assert says in finding.text


class Silent:
    """A microphone from which nothing comes."""

    def read(self, timeout_s: float) -> Block | None:
        """Nothing."""

    def health(self) -> SourceHealth:
        """What a dead sound server looks like."""
        return SourceHealth(SourceState.STALLED, "Its sound server or driver hangs.")

    def close(self) -> None:
        """Nothing is open."""


def test_no_sound_is_told_with_the_reason() -> None:
    """The wait is bounded, and the source's own words are passed on."""
    with pytest.raises(DeviceError, match=r"within 0.1 s. Its sound server or driver hangs\."):
        listen(Silent(), duration_s=0.1, opening_s=0.1)


@pytest.mark.parametrize(
    ("wanted", "verdict"),
    [("default", Verdict.GOOD), ("Mini", Verdict.GOOD), ("usb:9-9", Verdict.BAD)],
)
def test_a_microphone_that_our_daemon_holds_is_found_under_any_name(
    wanted: str, verdict: Verdict
) -> None:
    """PortAudio does not list `default` while the card behind it is open: no fault either."""
    finding, _ = find(wanted, [HEARD, BUSY])
    assert finding.verdict is verdict
