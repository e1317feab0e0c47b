"""Who has a microphone open, so that "busy" can be followed by a remedy."""

import os
import re
from pathlib import Path

SOUND_SERVERS = frozenset({"pulseaudio", "pipewire", "wireplumber", "pipewire-media-session"})
DAEMON = "osa-daemon"  # what this module calls our own capture process
CAPTURE = b"\0osa_daemon.audio.capture_child\0"  # in its command line (see child.py)
OWNER = re.compile(r"^owner_pid\s*:\s*(\d+)", re.MULTILINE)
GROUP = re.compile(r"^Tgid:\s*(\d+)", re.MULTILINE)


def holder(card: int, device: int, root: Path = Path("/")) -> str | None:
    """Return the name of the program that records from a card's device, as far as visible.

    The kernel names the owner in /proc/asound; where it does not, the open files of the
    processes that this user may look into are searched.
    """
    status = root / f"proc/asound/card{card}/pcm{device}c/sub0/status"
    try:
        owner = OWNER.search(status.read_text(encoding="ascii", errors="replace"))
    except OSError:
        owner = None
    if owner is not None:
        return _program(root / "proc" / owner[1])
    return _by_open_files(f"/dev/snd/pcmC{card}D{device}c", root)


def is_forbidden(card: int, device: int, root: Path = Path("/")) -> bool:
    """Say whether this user may not open a card's device that is there."""
    node = root / f"dev/snd/pcmC{card}D{device}c"
    return node.exists() and not os.access(node, os.R_OK | os.W_OK)


def remedy(program: str | None) -> str:
    """Return what to do about a microphone that `program` holds."""
    if program in SOUND_SERVERS:
        return (
            f"the desktop's sound server ({program}) has it open: set the device to `pulse` "
            "or `default` to share it, or keep the sound server from using it"
        )
    if program == DAEMON:
        return "the daemon that runs already has it open: stop that one first"
    if program is not None:
        return f"the program {program} has it open: close that program"
    return "another program has it open: close that program, or set the device to `default`"


def _by_open_files(node: str, root: Path) -> str | None:
    for process in (root / "proc").glob("[0-9]*"):
        try:
            links = [str(entry.readlink()) for entry in (process / "fd").iterdir()]
        except OSError:
            continue  # ended meanwhile, or of another user
        if node in links:
            return _program(process)
    return None


def _program(process: Path) -> str | None:
    try:
        # the owner may be a thread, which is named after its task: its process has the name
        status = (process / "status").read_text(encoding="utf-8", errors="replace")
        leader = GROUP.search(status)
        named = process.parent / leader[1] if leader else process
        if CAPTURE in (named / "cmdline").read_bytes():
            return DAEMON
        return (named / "comm").read_text(encoding="utf-8", errors="replace").strip() or None
    except OSError:
        return None
