"""`doctor --soak`: figures of the real chain, and a verdict that says what is against it."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from osa_daemon.audio.block import Block
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.cli import main
from osa_daemon.service.doctor.finding import Verdict
from osa_daemon.service.doctor.machine import this_machine
from osa_daemon.service.doctor.soak import Meter, nominal_rate
from osa_daemon.service.doctor.soak_report import SoakReport, lines_of, verdict_of
from osa_daemon.service.throttling import POWER, Throttled

GOOD = SoakReport(
    machine=this_machine(),
    device="usb:1-1.2 (Snowball)",
    wall_s=600.0,
    audio_s=600.0,
    cpu_per_audio_s=0.03,
    block_ms_p50=0.2,
    block_ms_p95=60.0,
    block_ms_max=90.0,
    real_time_factor=0.025,
    delay_s_max=0.4,
    overruns=0,
    gaps=0,
    lost_s=0.0,
    rate_hz=48_001.2,
    nominal_hz=48_000,
    memory_mb_start=110.0,
    memory_mb_end=112.0,
    memory_mb_peak=120.0,
    temperature_c_min=48.0,
    temperature_c_max=55.0,
    load=0.2,
    throttled="",
)


@pytest.mark.parametrize(
    ("changes", "verdict", "says"),
    [
        ({}, Verdict.GOOD, "It keeps up: 3.0% of a core, and nothing was lost."),
        ({"real_time_factor": 1.2}, Verdict.BAD, "takes longer than the sound lasts"),
        ({"real_time_factor": 0.6}, Verdict.DOUBTFUL, "takes 60% of the time"),
        ({"delay_s_max": 12.0}, Verdict.BAD, "up to 12 s late"),
        ({"lost_s": 9.0, "gaps": 3}, Verdict.BAD, "9.0 s of sound were lost"),
        ({"lost_s": 0.2, "gaps": 1}, Verdict.DOUBTFUL, "0.20 s of sound were lost"),
        ({"overruns": 2}, Verdict.DOUBTFUL, "2 overruns"),
        ({"throttled": POWER}, Verdict.DOUBTFUL, "use the one made for this board"),
        ({"temperature_c_max": 84.0}, Verdict.DOUBTFUL, "give the board air"),
        ({"rate_hz": 47_000.0}, Verdict.DOUBTFUL, "off by -20833 ppm"),
        ({"memory_mb_end": 150.0}, Verdict.DOUBTFUL, "memory grew by 40 MB"),
        ({"audio_s": 30.0}, Verdict.DOUBTFUL, "give it 10 minutes"),
    ],
)
def test_the_verdict_names_what_is_against_it(
    changes: dict[str, object], verdict: Verdict, says: str
) -> None:
    """In one sentence; the worst gives the verdict."""
    report = replace(GOOD, **changes)  # type: ignore[arg-type]
    found, sentence = verdict_of(report)
    assert found is verdict
    assert says in sentence
    assert lines_of(report)[-1].endswith(sentence)


def test_what_is_not_known_is_said() -> None:
    """Another computer has no sensor and tells nothing of its power."""
    nothing = dict.fromkeys(
        ("rate_hz", "nominal_hz", "memory_mb_start", "temperature_c_min", "throttled", "device")
    )
    told = "\n".join(lines_of(replace(GOOD, **nothing)))  # type: ignore[arg-type]
    for words in ("not measured", "no sensor", "not told by this board", "120 MB at most"):
        assert words in told


def test_a_file_is_measured(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The real chain over 20 s of a file, as JSON."""
    source = ("--source", f"file:{data / 'night.ogg'}", "--speed", "200")
    assert main(["doctor", "--soak", "20s", "--json", *source]) in {0, 4}
    told = json.loads(capsys.readouterr().out)
    assert told["audio_s"] == pytest.approx(20, abs=0.3)
    assert 0 < told["cpu_per_audio_s"] < 5
    assert told["block_ms_p50"] <= told["block_ms_p95"] <= told["block_ms_max"]
    assert (told["overruns"], told["lost_s"], told["gaps"]) == (0, 0, 0)
    assert told["memory_mb_end"] > 20
    assert told["verdict"] in {"doubtful", "bad"}
    assert told["machine"]["cores"] >= 1


class Device:
    """A microphone as a meter sees it."""

    def __init__(self) -> None:
        self.lost_s, self.overruns = 3.0, 5  # before the soak began

    def health(self) -> SourceHealth:
        """Running, with counters."""
        return SourceHealth(
            SourceState.RUNNING, "", "x", self.overruns, self.lost_s, rate_hz=44_101.0
        )


def test_only_what_is_lost_meanwhile_counts() -> None:
    """Counters are read at the start; jumps of the index count, and how late a sample came."""
    device, meter = Device(), Meter(lambda _index: 0.0)
    meter.begin(device)  # type: ignore[arg-type]
    sound = np.zeros(1600, dtype=np.float32)
    for start in (0, 1600, 8000):
        meter.add(Block(start, sound), 0.01)
    device.lost_s, device.overruns = 3.3, 6
    report = meter.report(device, this_machine())  # type: ignore[arg-type]
    assert (report.gaps, report.overruns) == (1, 1)
    assert report.lost_s == pytest.approx(0.3)
    assert report.audio_s == pytest.approx(0.3)
    assert report.real_time_factor == pytest.approx(0.1, rel=1e-3)
    assert report.delay_s_max is not None
    assert report.delay_s_max > 0
    assert report.drift_ppm == pytest.approx(22.7, abs=0.1)


@pytest.mark.parametrize(
    ("looks", "told"),
    [
        ([], None),
        ([Throttled()], ""),
        ([Throttled(was_hot=True)], ""),
        ([Throttled(), Throttled(under_voltage=True), Throttled(was_under_voltage=True)], POWER),
        ([Throttled(), Throttled(was_under_voltage=True)], POWER),
    ],
)
def test_what_slowed_it_down_meanwhile_is_told(looks: list[Throttled], told: str | None) -> None:
    """Also what was over between two looks; not what was before."""
    meter = Meter(None, flags=looks)
    assert meter._throttled() == told


def test_the_nearest_usual_rate_is_taken() -> None:
    """A device that runs a little off, or a lot."""
    assert nominal_rate(47_900.0) == 48_000
    assert nominal_rate(44_000.0) == 44_100
    assert nominal_rate(None) is None


def test_the_machine_is_read_from_the_system(tmp_path: Path) -> None:
    """A Pi as it tells of itself; its serial number is not among it."""
    files = {
        "proc/device-tree/model": "Raspberry Pi 4 Model B Rev 1.5\0",
        "proc/device-tree/serial-number": "10000000abcdef01\0",
        "proc/meminfo": "MemTotal:        3884396 kB\n",
        "etc/os-release": 'PRETTY_NAME="Debian GNU/Linux 13 (trixie)"\n',
        "sys/devices/system/cpu/cpu0/cpufreq/cpuinfo_max_freq": "1800000\n",
        "sys/devices/system/cpu/cpu0/cpufreq/scaling_governor": "ondemand\n",
    }
    for name, text in files.items():
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(text)
    machine = this_machine(tmp_path)
    assert machine.board == "Raspberry Pi 4 Model B Rev 1.5"
    assert (machine.clock_mhz, machine.governor, machine.memory_mb) == (1800, "ondemand", 3793)
    assert machine.sentence.startswith("Raspberry Pi 4 Model B Rev 1.5, ")
    assert "abcdef01" not in repr(machine)
