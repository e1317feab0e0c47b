"""Power and heat of a Pi: what its firmware tells, read below a root that a test makes."""

from pathlib import Path

import pytest

from osa_daemon.service.throttling import HEAT, POWER, Throttled, parse, read

PI_4 = "sys/devices/platform/soc/soc:firmware/get_throttled"
PI_5 = "sys/devices/platform/soc@107c000000/soc@107c000000:firmware/get_throttled"


def write(root: Path, name: str, text: str) -> None:
    """Put a file below the root."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(text, encoding="ascii")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("0\n", Throttled()),
        ("throttled=0x0\n", Throttled()),
        ("1", Throttled(under_voltage=True)),
        ("2", Throttled(is_slow=True)),
        ("4", Throttled(is_slow=True)),
        ("8", Throttled(hot=True)),
        ("throttled=0x10000", Throttled(was_under_voltage=True)),
        ("20000", Throttled(was_slow=True)),
        ("40000", Throttled(was_slow=True)),
        ("80000", Throttled(was_hot=True)),
        ("throttled=0xE000F", Throttled(True, True, True, False, True, True)),
    ],
)
def test_each_flag_has_its_meaning(text: str, expected: Throttled):
    """The firmware's bits, in either spelling."""
    assert parse(text) == expected


@pytest.mark.parametrize("text", ["", "throttled=", "yes", "-1", "0x", "error=1"])
def test_what_is_no_number_is_refused(text: str):
    """Never taken for a board that is well."""
    with pytest.raises(ValueError, match=r"throttling|invalid literal"):
        parse(text)


@pytest.mark.parametrize("name", [PI_4, PI_5])
def test_a_pi_tells(tmp_path: Path, name: str):
    """The places of the file on a Pi 4 and on a Pi 5."""
    write(tmp_path, name, "50005\n")
    found = read(tmp_path)
    assert found == Throttled(
        under_voltage=True, is_slow=True, was_under_voltage=True, was_slow=True
    )


@pytest.mark.parametrize(("alarm", "is_low"), [("1\n", True), ("0\n", False)])
def test_a_kernel_without_the_flags_tells_of_the_voltage(tmp_path: Path, alarm: str, is_low: bool):
    """Debian's own kernel has the monitor of the voltage alone; other monitors are passed over."""
    write(tmp_path, "sys/class/hwmon/hwmon0/name", "cpu_thermal\n")
    write(tmp_path, "sys/class/hwmon/hwmon1/name", "rpi_volt\n")
    write(tmp_path, "sys/class/hwmon/hwmon1/in0_lcrit_alarm", alarm)
    assert read(tmp_path) == Throttled(under_voltage=is_low, was_under_voltage=is_low)


def test_other_computers_tell_nothing(tmp_path: Path):
    """None, which is not: all is well; so is a file that cannot be understood."""
    assert read(tmp_path) is None
    write(tmp_path, PI_4, "?")
    assert read(tmp_path) is None


def test_the_words_name_cause_and_remedy():
    """Power before heat; a clock held down for neither is told as such; none where all is well."""
    assert Throttled(under_voltage=True, hot=True, is_slow=True).now == f"{POWER}; {HEAT}"
    assert "clock" in (Throttled(is_slow=True).now or "")
    assert Throttled(was_hot=True).now is None
    assert Throttled(was_hot=True).since_boot == HEAT
    assert Throttled().since_boot is None
