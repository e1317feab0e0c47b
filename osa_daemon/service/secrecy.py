"""What keeps sound in memory while the daemon runs, and how far that goes on this machine."""

import logging
from collections.abc import Iterator
from pathlib import Path

from osa_daemon.audio.secrecy import lock_memory, swap_on_disk
from osa_daemon.process import forbid_dumps
from osa_daemon.service.doctor.finding import Finding, doubtful, good

REMEDY = (
    "let the service lock its memory (`sudo systemctl edit osa-daemon`, with LimitMEMLOCK=infinity "
    "under [Service], then restart it), or switch swap off (`sudo swapoff -a`)"
)
UNLOCKED_MB = 16  # locked memory of a process that locks the ring of the microphone alone

_log = logging.getLogger(__name__)


def keep_sound_secret() -> None:
    """Forbid dumps of this process and lock its memory; log once what cannot be."""
    if not forbid_dumps():
        _log.warning("The kernel does not let this process forbid core dumps: one may hold sound.")
    if lock_memory():
        _log.info("Memory is locked: sound is not written to swap.")
        return
    places = swap_on_disk()
    if places:
        _log.warning(
            "This process may not lock its memory, and there is swap on %s: seconds of sound may "
            "be written there. To end that, %s.",
            ", ".join(places),
            REMEDY,
        )


def check_swap(root: Path = Path("/")) -> Finding:
    """Whether memory of the daemon, which holds sound, may be written to a disk."""
    places = ", ".join(swap_on_disk(root))
    if not places:
        return good("swap", "there is none on a disk, so that no sound gets there")
    unlocked = [pid for pid, locked_mb in _daemons(root / "proc") if locked_mb < UNLOCKED_MB]
    if unlocked:
        return doubtful(
            "swap",
            f"there is swap on {places}, and the daemon (process {unlocked[0]}) may not lock its "
            f"memory: seconds of sound may be written there; {REMEDY}.",
        )
    return good("swap", f"there is swap on {places}; the daemon locks its memory while it runs")


def _daemons(proc: Path) -> Iterator[tuple[str, float]]:
    """Give process id and locked memory (MB) of each daemon that runs."""
    for process in proc.glob("[0-9]*"):
        try:
            words = (process / "cmdline").read_bytes().split(b"\0")
            status = (process / "status").read_text(encoding="utf-8", errors="replace")
        except OSError:
            continue  # ended meanwhile
        if b"run" in words and any(_names_us(word) for word in words[: words.index(b"run")]):
            locked = [line.split()[1] for line in status.splitlines() if line.startswith("VmLck:")]
            yield process.name, int(locked[0]) / 1024 if locked else 0.0


def _names_us(word: bytes) -> bool:
    return word.endswith(b"/osa-daemon") or word in {b"osa-daemon", b"osa_daemon"}
