"""Whoever holds a microphone is named, with a remedy."""

from pathlib import Path

from osa_daemon.audio.child import Child
from osa_daemon.audio.holder import CAPTURE, DAEMON, holder, is_forbidden, remedy
from tests.mosquitto import wait_for

NODE = "/dev/snd/pcmC1D0c"


def process(root: Path, pid: int, name: str, leader: int | None = None) -> Path:
    """Add a process (or a thread of `leader`) to a fake /proc."""
    folder = root / f"proc/{pid}"
    (folder / "fd").mkdir(parents=True)
    (folder / "comm").write_text(f"{name}\n")
    (folder / "cmdline").write_bytes(name.encode() + b"\0")
    (folder / "status").write_text(f"Name:\t{name}\nTgid:\t{leader or pid}\n")
    return folder


def test_the_kernel_s_word(tmp_path: Path) -> None:
    """The owner named in /proc/asound is a thread; its process has the name."""
    process(tmp_path, 812, "pulseaudio")
    process(tmp_path, 820, "alsa-source-USB", leader=812)
    status = tmp_path / "proc/asound/card1/pcm0c/sub0/status"
    status.parent.mkdir(parents=True)
    status.write_text("state: RUNNING\nowner_pid   : 820\ntrigger_time: 1.2\n")
    assert holder(1, 0, tmp_path) == "pulseaudio"


def test_open_files_where_the_kernel_is_silent(tmp_path: Path) -> None:
    """A process with the device node open is found."""
    process(tmp_path, 5, "bash")
    (process(tmp_path, 77, "arecord") / "fd/4").symlink_to(NODE)
    assert holder(1, 0, tmp_path) == "arecord"


def test_nobody_visible(tmp_path: Path) -> None:
    """A closed device, or a holder of another user, gives no name."""
    status = tmp_path / "proc/asound/card1/pcm0c/sub0/status"
    status.parent.mkdir(parents=True)
    status.write_text("closed\n")
    assert holder(1, 0, tmp_path) is None


def test_the_daemon_itself_is_known(tmp_path: Path) -> None:
    """Its capture process, an interpreter to others, has the daemon's name."""
    child = Child([])
    line = Path(f"/proc/{child.pid}/cmdline")
    try:
        wait_for(line.read_bytes, what="the child's program")
        command = line.read_bytes()
    finally:
        child.kill()
    folder = process(tmp_path, 77, "python")
    (folder / "cmdline").write_bytes(command)
    (folder / "fd/4").symlink_to(NODE)
    assert CAPTURE in command
    assert holder(1, 0, tmp_path) == DAEMON
    assert "stop" in remedy(DAEMON)


def test_remedies() -> None:
    """A sound server can be shared; another program must be closed."""
    assert "set the device to `pulse` or `default`" in remedy("pipewire")
    assert "close that program" in remedy("arecord")
    assert "another program" in remedy(None)


def test_an_absent_node_is_not_forbidden(tmp_path: Path) -> None:
    """What is not there needs no permission."""
    assert not is_forbidden(1, 0, tmp_path)
