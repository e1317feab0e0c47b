"""Heat, power, memory, clock and time zone, read from a fake machine."""

from pathlib import Path
from types import SimpleNamespace

import pytest

from osa_daemon.service.doctor import clock
from osa_daemon.service.doctor.board import (
    available_mb,
    check_heat,
    check_memory,
    check_power,
    temperature,
    throttled,
)
from osa_daemon.service.doctor.clock import check_clock, check_time_zone
from osa_daemon.service.doctor.finding import Verdict
from osa_daemon.service.throttling import Throttled


@pytest.mark.parametrize(
    ("degrees", "verdict", "says"),
    [
        (None, Verdict.GOOD, "no sensor"),
        (48.3, Verdict.GOOD, "48 °C"),
        (72.0, Verdict.DOUBTFUL, "give the board air"),
        (85.0, Verdict.BAD, "heat sink"),
    ],
)
def test_heat_is_judged(degrees: float | None, verdict: Verdict, says: str) -> None:
    """Where a board slows itself down is bad, near to it a note."""
    finding = check_heat(degrees)
    assert finding.verdict is verdict
    assert says in finding.text


@pytest.mark.parametrize(
    ("flags", "verdict", "says"),
    [
        (None, Verdict.GOOD, "does not tell"),
        (Throttled(), Verdict.GOOD, "enough"),
        (
            Throttled(was_under_voltage=True),
            Verdict.DOUBTFUL,
            "since the last boot: the power supply",
        ),
        (Throttled(under_voltage=True), Verdict.BAD, "use the one made for this board"),
        (Throttled(hot=True), Verdict.BAD, "too hot"),
    ],
)
def test_power_is_judged(flags: Throttled | None, verdict: Verdict, says: str) -> None:
    """Under-voltage is named, with a better power supply as the remedy."""
    finding = check_power(flags)
    assert finding.verdict is verdict
    assert says in finding.text


def test_the_firmware_is_asked_where_the_kernel_does_not_tell(tmp_path: Path) -> None:
    """By `vcgencmd`, on a Pi only; words that are none are no answer."""
    assert throttled(tmp_path, lambda _command: "throttled=0x50005") is None
    (tmp_path / "dev").mkdir()
    (tmp_path / "dev/vcio").touch()
    told = throttled(tmp_path, lambda _command: "throttled=0x50005\n")
    assert told is not None
    assert told.under_voltage
    assert throttled(tmp_path, lambda _command: "VCHI initialization failed") is None
    assert throttled(tmp_path, lambda _command: None) is None


@pytest.mark.parametrize(
    ("available", "taken", "verdict", "says"),
    [
        (900.0, None, Verdict.GOOD, "900 MB"),
        (100.0, 120.0, Verdict.GOOD, "the daemon takes 120 MB"),
        (100.0, None, Verdict.DOUBTFUL, "takes about 120"),
        (30.0, 120.0, Verdict.BAD, "end other programs"),
        (None, None, Verdict.DOUBTFUL, "does not tell"),
    ],
)
def test_memory_is_judged(
    available: float | None, taken: float | None, verdict: Verdict, says: str
) -> None:
    """By what is left, and by whether the daemon has its share already."""
    finding = check_memory(available, taken)
    assert finding.verdict is verdict
    assert says in finding.text


def test_figures_are_read_from_the_system(tmp_path: Path) -> None:
    """Below a root of its own, so that it is tried anywhere; what is missing is not known."""
    assert temperature(tmp_path) is None
    assert available_mb(tmp_path) is None
    zone = tmp_path / "sys/class/thermal/thermal_zone0"
    zone.mkdir(parents=True)
    (zone / "temp").write_text("48312\n")
    (tmp_path / "proc").mkdir()
    (tmp_path / "proc/meminfo").write_text("MemTotal: 4096000 kB\nMemAvailable: 2048000 kB\n")
    assert temperature(tmp_path) == pytest.approx(48.312)
    assert available_mb(tmp_path) == pytest.approx(2000)


def test_the_clock_is_asked() -> None:
    """The kernel says whether it is synchronised; a time before this release is bad."""
    assert check_clock().verdict in {Verdict.GOOD, Verdict.DOUBTFUL}
    early = check_clock(86_400.0)
    assert early.verdict is Verdict.BAD
    assert "timedatectl set-time" in early.text


def test_where_the_kernel_may_not_be_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As in the service, whose doctor the page shows: what the time service left is looked at."""
    # stands in for the filter of system calls, which refuses adjtimex
    refusing = SimpleNamespace(adjtimex=lambda _status: -1)
    monkeypatch.setattr(clock.ctypes, "CDLL", lambda *_name, **_more: refusing)
    unknown = check_clock(root=tmp_path)
    assert unknown.verdict is Verdict.DOUBTFUL
    assert "`timedatectl` says so" in unknown.text
    sign = tmp_path / clock.SYNCHRONISED
    sign.parent.mkdir(parents=True)
    sign.touch()
    assert check_clock(root=tmp_path).verdict is Verdict.GOOD


@pytest.mark.parametrize(
    ("target", "verdict", "says"),
    [
        ("usr/share/zoneinfo/Etc/UTC", Verdict.DOUBTFUL, "set-timezone"),
        ("usr/share/zoneinfo/Nowhere/None", Verdict.BAD, "leads nowhere"),
        ("usr/share/zoneinfo/Europe/Berlin", Verdict.GOOD, "Europe/Berlin ("),
    ],
)
def test_the_time_zone_is_named(
    target: str, verdict: Verdict, says: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """UTC is a note; a link that leads nowhere is taken for UTC, and bad."""
    monkeypatch.delenv("TZ", raising=False)
    (tmp_path / "etc").mkdir()
    (tmp_path / "etc/localtime").symlink_to(tmp_path / target)
    if "None" not in target:
        (tmp_path / target).parent.mkdir(parents=True)
        (tmp_path / target).touch()
    monkeypatch.setattr("time.strftime", lambda _form: "+0000" if "UTC" in target else "+0100")
    finding = check_time_zone(tmp_path)
    assert finding.verdict is verdict
    assert says in finding.text
