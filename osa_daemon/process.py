"""What a process of ours asks of the kernel about itself (prctl(2), proc(5))."""

import ctypes
import os
import signal
from contextlib import suppress
from pathlib import Path
from typing import Final

PR_SET_PDEATHSIG: Final = 1
PR_SET_DUMPABLE: Final = 4


def die_with_parent(parent_pid: int) -> None:
    """Have the kernel kill this process when the thread that started it ends."""
    ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent_pid:
        os._exit(0)


def forbid_dumps() -> bool:
    """Make this process one that is not dumpable, for as long as it runs; whether that worked."""
    return bool(ctypes.CDLL(None).prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) == 0)


def stand_back(nice: int, oom_score: int) -> None:
    """Let the daemon go first: it gets the processor before this process, and the memory.

    `nice` is set (-20 to 19), `oom_score` of 1000 is killed first. What is not permitted is left.
    """
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, 0, nice)
    with suppress(OSError):
        Path("/proc/self/oom_score_adj").write_text(str(oom_score), "ascii")
