"""The largest memory of this program, from the kernel."""

import subprocess
import sys
from pathlib import Path

import pytest

from osa_daemon.service.memory import peak_memory_mb


def test_it_is_read_in_megabytes(tmp_path: Path):
    """The kernel writes kilobytes."""
    (tmp_path / "status").write_text("Name:\tx\nVmHWM:\t  131072 kB\nVmRSS:\t 5 kB\n")
    assert peak_memory_mb(tmp_path / "status") == 128.0


def test_a_large_parent_is_not_counted():
    """What the process was before it became this program does not count."""
    code = "from osa_daemon.service.memory import peak_memory_mb; print(peak_memory_mb())"
    ballast = bytearray(200_000_000)
    ballast[::4096] = b"x" * len(ballast[::4096])
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert 1 < float(done.stdout) < 100


@pytest.mark.parametrize("content", [None, "Name:\tx\n"])
def test_without_the_kernels_word_there_is_still_a_figure(tmp_path: Path, content: str | None):
    """Where /proc is missing or does not tell, rusage does."""
    if content is not None:
        (tmp_path / "status").write_text(content)
    assert peak_memory_mb(tmp_path / "status") > 1
