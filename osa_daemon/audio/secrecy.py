"""Sound stays in the memory of its processes: no core dump holds it, no swap, no other user.

A process that is not dumpable (PR_SET_DUMPABLE, prctl(2)) leaves no core file, also where cores go
to a program (`core_pattern`), which heeds no LimitCORE; and only root may trace it or read its
memory. Its files in /proc belong to root then, but it may still read its own.

mlockall(2) keeps all its memory out of swap: what holds sound is not the ring alone but also
buffers of the resampler, of onnxruntime and of the sound library, which nobody can lock one by one.
MCL_ONFAULT locks pages only once they are used, so that nothing grows by it. What is locked counts
by its address space, though, some hundred MB: below an unlimited RLIMIT_MEMLOCK a later
allocation would fail, so that there the ring alone is locked (`lock_map`). Nothing of this keeps a
machine that hibernates from writing all of its memory to disk.
"""

import ctypes
import mmap
import resource
from pathlib import Path
from typing import Final

MCL_CURRENT, MCL_FUTURE, MCL_ONFAULT = 1, 2, 4  # mlockall(2)
MLOCK_ONFAULT: Final = 1  # mlock2(2)
CAP_IPC_LOCK: Final = 14  # capabilities(7)
IN_MEMORY: Final = "zram"  # swap that is itself memory, unless it is backed by a disk


def lock_memory() -> bool:
    """Keep the memory of this process, present and future, out of swap; whether that worked."""
    if not _lift_limit():
        return False
    return bool(ctypes.CDLL(None).mlockall(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) == 0)


def lock_map(memory: mmap.mmap) -> bool:
    """Keep one map out of swap, and out of dumps that root makes; whether it is locked."""
    memory.madvise(mmap.MADV_DONTDUMP)
    start = ctypes.addressof(ctypes.c_char.from_buffer(memory))
    lock = ctypes.CDLL(None).mlock2
    lock.argtypes = (ctypes.c_void_p, ctypes.c_size_t, ctypes.c_int)
    return bool(lock(start, len(memory), MLOCK_ONFAULT) == 0)


def swap_on_disk(root: Path = Path("/")) -> tuple[str, ...]:
    """Return the files and partitions that memory may be written to now.

    zram is one of them only where it may write to a disk behind it, as on Raspberry Pi OS 13.
    """
    lines = _text(root / "proc/swaps").splitlines()[1:]
    places = (line.split()[0] for line in lines if line.split())
    return tuple(place for place in places if not _stays_in_memory(Path(place), root))


def _stays_in_memory(device: Path, root: Path) -> bool:
    backing = _text(root / "sys/block" / device.name / "backing_dev").strip()
    return device.name.startswith(IN_MEMORY) and backing in {"", "none"}


def _text(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")
    except OSError:
        return ""


def _lift_limit(status: Path = Path("/proc/self/status")) -> bool:
    """Lift our limit of locked memory where we may; whether there is none now that holds for us."""
    soft, hard = resource.getrlimit(resource.RLIMIT_MEMLOCK)
    if hard == resource.RLIM_INFINITY:
        if soft != hard:
            resource.setrlimit(resource.RLIMIT_MEMLOCK, (hard, hard))
        return True
    lines = _text(status).splitlines()
    found = [line.split()[1] for line in lines if line.startswith("CapEff:")]
    return bool(found) and bool(int(found[0], 16) >> CAP_IPC_LOCK & 1)
