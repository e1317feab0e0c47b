"""What a capture process says is taken as it is meant, and never more than can be borne."""

import os
import threading
from contextlib import suppress
from pathlib import Path

import pytest

from osa_daemon.audio.child import MOST_BYTES, Child, _drain, _report


@pytest.mark.parametrize(
    "line", [b"", b"ALSA lib pcm.c", b'{"state": "run', b"[1]", b"\xff\xfe", b"7"]
)
def test_what_is_no_report_is_passed_over(line: bytes) -> None:
    """A library's print, or half of what a dying process wrote, ends nothing."""
    assert _report(line) is None


def test_a_report_is_taken() -> None:
    """As the process wrote it."""
    assert _report(b'{"state": "running", "rate_hz": 48000}') == {
        "state": "running",
        "rate_hz": 48_000,
    }


def test_noise_without_end_keeps_nobody() -> None:
    """A process that writes as fast as it can is read no further than the bound at a time."""
    reader, writer = os.pipe()
    os.set_blocking(reader, False)

    def flood() -> None:
        with suppress(BrokenPipeError):
            while True:
                os.write(writer, bytes(4_096))

    thread = threading.Thread(target=flood)
    thread.start()
    try:
        for _ in range(20):
            assert len(_drain(reader)) <= MOST_BYTES + 4_096
    finally:
        os.close(reader)
        thread.join()
        os.close(writer)


def test_nothing_in_the_folder_of_the_caller_is_run(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file with the name of a module, where `sudo osa-daemon devices` is called, is no module."""
    (tmp_path / "argparse.py").write_text(f"open({str(tmp_path / 'was here')!r}, 'w')\n")
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PYTHONPATH", raising=False)
    child = Child([])
    try:
        while child.exit_code is None:
            child.reports(1.0)
    finally:
        child.kill()
    assert not (tmp_path / "was here").exists()
