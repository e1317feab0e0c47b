"""The README's pictures are small, and a script of this repository makes them."""

import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
MOST_BYTES = 100_000


@pytest.mark.parametrize("name", ["night", "report", "phone"])
def test_the_readme_shows_them_and_they_are_small(name: str):
    """Each is where the README says, and is a PNG."""
    path = f"tests/data/{name}.png"
    content = (ROOT / path).read_bytes()
    assert f"]({path})" in (ROOT / "README.md").read_text("utf-8")
    assert content.startswith(b"\x89PNG")
    assert len(content) < MOST_BYTES


def test_the_script_draws_the_report_anew(tmp_path: Path):
    """From this repository alone; the recording is drawn by the tests of `replay`."""
    script = ROOT / "scripts" / "draw_pictures.py"
    command = [sys.executable, script, "--only", "report", "--out", tmp_path]
    subprocess.run(command, check=True, cwd=tmp_path)
    (drawn,) = tmp_path.iterdir()
    assert drawn.name == "report.png"
    assert drawn.read_bytes()[:24] == (ROOT / "tests/data/report.png").read_bytes()[:24]
    assert drawn.stat().st_size < MOST_BYTES
