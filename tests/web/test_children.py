"""Commands that the page has done by processes: one at a time, with an end."""

import asyncio
import sys
from pathlib import Path

import pytest

from osa_daemon.errors import ResourceError
from osa_daemon.web import children
from osa_daemon.web.children import MOST_WAITING, Children


def test_output_comes_back_and_a_failure_is_its_sentence(tmp_path: Path):
    """What is printed; or what is said on standard error, with the exit code's kind of error."""
    config = tmp_path / "config.yaml"
    config.write_text(f"journal:\n  state_dir: {tmp_path}\n")
    asked = Children(config)
    assert asyncio.run(asked.output(("version",))).strip()
    with pytest.raises(ResourceError, match="There is no journal"):
        asyncio.run(asked.output(("nights",)))


def test_what_takes_too_long_is_ended(monkeypatch: pytest.MonkeyPatch, tmp_path: Path):
    """The process is gone, and so is what it started; the sentence says how long was waited."""
    slow = tmp_path / "slow"
    slow.write_text("#!/bin/sh\nsleep 600 & echo $! > $0.pid\nwait\n")
    slow.chmod(0o755)
    monkeypatch.setattr(sys, "executable", str(slow))
    with pytest.raises(ResourceError, match="longer than 1 s"):
        asyncio.run(Children(None).output((), deadline_s=1.0))
    sleeper = int((tmp_path / "slow.pid").read_text())
    state = Path(f"/proc/{sleeper}/stat")
    assert not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z"


def test_too_many_who_wait_are_sent_away(monkeypatch: pytest.MonkeyPatch):
    """One runs, a few wait; each more gets a sentence at once."""
    running = 0
    most = 0

    async def run(_self: Children, *_: object) -> bytes:
        nonlocal running, most
        running += 1
        most = max(most, running)
        await asyncio.sleep(0)
        running -= 1
        return b""

    monkeypatch.setattr(children.Children, "_run", run)

    async def all_at_once() -> list[object]:
        asked = Children(None)
        many = [asked.output(()) for _ in range(MOST_WAITING + 5)]
        return list(await asyncio.gather(*many, return_exceptions=True))

    answers = asyncio.run(all_at_once())
    assert most == 1
    assert sum(isinstance(answer, ResourceError) for answer in answers) == 5
