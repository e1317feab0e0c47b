"""`doctor --listen`: what the chain hears, a line a second, and how it ends."""

import io
import json
import os
import pty
import select
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from osa_daemon.audio.block import Block
from osa_daemon.audio.holder import DAEMON, remedy
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.cli import main
from osa_daemon.errors import DeviceError
from osa_daemon.scoring.event import Progress
from osa_daemon.service.doctor.listen import QUIETEST_DBFS, Tally, View, bar, level_dbfs, line_of
from osa_daemon.service.doctor.seconds import Second
from osa_daemon.service.doctor.source import first_block

BUSY = f"The microphone 'x' (Yeti) is busy: {remedy(DAEMON)}."


def second(**changes: object) -> Second:
    """A second of quiet breathing, but for this."""
    plain: dict[str, object] = {
        "t_s": 40,
        "level_dbfs": -50.0,
        "noise_dbfs": -60.0,
        "is_lost": False,
        "is_clipped": False,
        "is_silent": False,
        "is_audible": True,
        "progress": Progress.OFF,
        "pause_s": None,
        "p_breath": 0.95,
        "p_snore": 0.0,
        "p_apnea": 0.0,
        "p_hypopnea": 0.0,
    }
    return Second(**(plain | changes))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({}, "can hear breathing; breath sure, snore no, pause no"),
        ({"p_snore": 0.7, "p_apnea": 0.4}, "snore likely, pause perhaps"),
        ({"is_audible": False, "t_s": 11}, "listening in (12 of 30 s); "),
        ({"is_audible": False}, "cannot hear breathing; "),
        ({"progress": Progress.ON, "pause_s": 14.2}, "PAUSE for 14 s; "),
        ({"is_clipped": True}, "OVERDRIVEN, can hear breathing; "),
        ({"is_silent": True}, "digital silence: is the microphone muted?"),
        ({"is_lost": True}, "sound is lost"),
    ],
)
def test_a_second_is_put_into_words(changes: dict[str, object], says: str) -> None:
    """Each state that a person can do something about has its own words."""
    assert says in line_of(second(**changes), -50.0)


def test_the_bar_shows_level_and_floor() -> None:
    """Nothing at the left end, all of it at full scale, the floor as a stroke."""
    assert bar(QUIETEST_DBFS - 5, None) == "." * 24
    assert bar(0.0, None) == "#" * 24
    assert bar(-48.0, -72.0) == "######|#####............"


def test_the_level_is_that_of_the_band() -> None:
    """A tone in it counts whole, one below it hardly, and an offset not at all."""
    times_s = np.arange(16_000) / 16_000
    tone = 0.1 * np.sin(2 * np.pi * 1000 * times_s).astype(np.float32)
    hum = 0.1 * np.sin(2 * np.pi * 50 * times_s).astype(np.float32)
    assert level_dbfs(tone + np.float32(0.3)) == pytest.approx(-23.0, abs=0.1)
    assert level_dbfs(hum) < -70


def test_a_file_is_heard_second_by_second(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """The real chain: breathing first, then a pause that grows; the sum comes last."""
    asked = ["doctor", "--listen", "--source", f"file:{data / 'short.ogg'}", "--speed", "1000"]
    assert main(asked) == 0
    *lines, last = capsys.readouterr().out.splitlines()
    seconds = [line for line in lines if line.startswith("[")]
    assert "can hear breathing" in seconds[5]
    assert any("PAUSE for 2" in line for line in seconds)
    assert last.startswith(f"Heard {len(seconds)} s: ")


def test_json_is_a_line_a_second(data: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Figures in place of words, and the sum last; --seconds ends it."""
    source = ("--source", f"file:{data / 'short.ogg'}", "--speed", "1000")
    assert main(["doctor", "--listen", "--seconds", "10", "--json", *source]) == 0
    *rows, last = map(json.loads, capsys.readouterr().out.splitlines())
    assert [row["t_s"] for row in rows] == list(range(len(rows)))
    assert 9 <= len(rows) <= 11
    assert last["heard_s"] == len(rows)
    assert set(rows[0]) >= {"level_dbfs", "noise_dbfs", "audible", "apnea", "p_breath"}


def start(source: Path, **pipes: object) -> "subprocess.Popen[bytes]":
    """The command in a process of its own, in real time."""
    command = [sys.executable, "-m", "osa_daemon", "doctor", "--listen"]
    return subprocess.Popen([*command, "--source", f"file:{source}", "--speed", "4"], **pipes)  # type: ignore[call-overload, no-any-return]


def test_ctrl_c_ends_it_with_0(data: Path) -> None:
    """A person who has seen enough has made no mistake."""
    with start(data / "short.ogg", stdout=subprocess.PIPE, stderr=subprocess.PIPE) as process:
        assert process.stdout is not None
        while not process.stdout.readline().startswith(b"["):
            assert process.poll() is None
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    assert (process.returncode, err) == (0, b"")
    assert out.splitlines()[-1].startswith(b"Heard ")


def test_on_a_terminal_one_line_is_refreshed(data: Path) -> None:
    """It begins with a return and ends at the terminal's width."""
    ours, theirs = pty.openpty()
    process = start(data / "short.ogg", stdout=theirs)
    os.close(theirs)
    seen = b""
    while seen.count(b"\r\x1b[K[") < 5:
        assert select.select([ours], [], [], 60)[0]
        seen += os.read(ours, 4096)
    process.send_signal(signal.SIGINT)
    try:
        while select.select([ours], [], [], 60)[0]:
            seen += os.read(ours, 4096)
    except OSError:  # the other end is closed
        pass
    assert process.wait(60) == 0
    os.close(ours)
    lines = seen.decode().split("\r\x1b[K")[1:]
    assert all(len(line.splitlines()[0]) < 100 for line in lines)
    assert "Nothing was heard." in lines[-1] or "Heard " in lines[-1]  # how far it was


class Refused:
    """A microphone that cannot be had."""

    def __init__(self, state: SourceState, text: str) -> None:
        self._health = SourceHealth(state, text)

    def read(self, timeout_s: float) -> Block | None:
        """Nothing."""

    def health(self) -> SourceHealth:
        """Why."""
        return self._health

    def close(self) -> None:
        """Nothing is open."""


@pytest.mark.parametrize(
    ("state", "text", "says"),
    [
        (SourceState.BUSY, BUSY, "sudo systemctl stop osa-daemon"),
        (SourceState.ABSENT, "It is not there.", "It is not there."),
        (SourceState.STALLED, "It hangs.", "No sound came within 0.1 s. It hangs."),
    ],
)
def test_a_microphone_that_is_not_to_be_had_is_told(
    state: SourceState, text: str, says: str
) -> None:
    """Where the daemon has it, how to stop that and to start it again."""
    with pytest.raises(DeviceError, match=says):
        first_block(Refused(state, text), opening_s=0.1)


def test_what_is_lost_meanwhile_is_said_once() -> None:
    """Piped: a reason is a line when it is new, not each second."""
    out = io.StringIO()
    view = View(out, is_refreshed=False)
    for text in ("It was unplugged.", "It was unplugged.", "It is busy."):
        view.lack(text)
    view.end(Tally(), 1.0)
    assert out.getvalue() == "It was unplugged.\nIt is busy.\nNothing was heard.\n"
