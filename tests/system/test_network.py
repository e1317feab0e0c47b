"""Nobody is spoken to but the broker, and ntfy where it is set: in a network of its own."""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

ROOM = Path(__file__).with_name("closed_room.py")


def night_in_a_closed_room(folder: Path, night: Path, *more: str) -> dict[str, Any]:
    """Run it where there is no other network; return what it saw."""
    if os.geteuid() != 0 or shutil.which("unshare") is None:
        pytest.skip("needs root, for a network of its own")
    command = ["unshare", "--net", "--mount", "--", sys.executable, str(ROOM), str(folder)]
    done = subprocess.run(
        [*command, str(night), *more],
        env={**os.environ, "PYTHONPATH": ":".join([str(ROOM.parents[2]), *sys.path])},
        capture_output=True,
        text=True,
        timeout=200,
        check=False,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    seen: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return seen


def test_only_the_broker_is_spoken_to(data: Path, tmp_path: Path) -> None:
    """Its name is asked for, its address reached; no other, in vain or not; nobody may come in."""
    seen = night_in_a_closed_room(tmp_path, data / "short.ogg")
    assert seen.pop("events") > 0
    assert seen == {
        "asked": ["broker.test"],
        "reached": ["127.0.0.1 broker", "127.0.0.1 names"],
        "listening": [],
    }


def test_ntfy_is_spoken_to_where_it_is_set(data: Path, tmp_path: Path) -> None:
    """With an alert to send, and nobody else is."""
    seen = night_in_a_closed_room(tmp_path, data / "short.ogg", "ntfy")
    assert seen["asked"] == ["broker.test", "ntfy.test"]
    assert seen["reached"] == ["127.0.0.1 broker", "127.0.0.1 names", "127.0.0.1 ntfy"]
    assert seen["listening"] == []
