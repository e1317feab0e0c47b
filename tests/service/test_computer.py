"""What the device page says of the computer: read from a root that a test makes."""

from pathlib import Path

import pytest

from osa_daemon.service.computer import Computer, this_computer


def write(root: Path, name: str, content: bytes) -> None:
    """Put a file below the root."""
    path = root / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def test_a_pi_names_itself(tmp_path: Path):
    """The texts of its device tree, without the NUL that ends them."""
    write(tmp_path, "proc/device-tree/model", b"Raspberry Pi 4 Model B Rev 1.4\0")
    write(tmp_path, "proc/device-tree/serial-number", b"10000000abcdef01\0")
    pi = Computer("Raspberry Pi 4 Model B Rev 1.4", "10000000abcdef01")
    assert this_computer(tmp_path) == pi


def test_another_machine_keeps_its_id_to_itself(tmp_path: Path):
    """The same id gives the same serial, in which the id does not stand."""
    write(tmp_path, "etc/machine-id", b"0123456789abcdef0123456789abcdef\n")
    first, second = this_computer(tmp_path), this_computer(tmp_path)
    assert first == second
    assert first.model is None
    assert first.serial is not None
    assert len(first.serial) == 16
    assert first.serial not in "0123456789abcdef0123456789abcdef"


@pytest.mark.parametrize("content", [b"", b"\0", b"\xff\xfe", b"a\nb\0", b"\x1b[31m\0"])
def test_what_is_no_text_is_left_out(tmp_path: Path, content: bytes):
    """Nothing unprintable goes into the discovery payload."""
    write(tmp_path, "proc/device-tree/model", content)
    assert this_computer(tmp_path) == Computer(None, None)
