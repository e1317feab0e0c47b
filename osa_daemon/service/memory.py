"""Memory of this process, as the kernel counts it."""

import resource
from pathlib import Path


def peak_memory_mb(status: Path = Path("/proc/self/status")) -> float:
    """Return the largest resident memory of this program so far (MB).

    Rusage's figure remembers what the process was before it became this program: it is taken only
    where the kernel does not tell the other.
    """
    try:
        lines = status.read_text().splitlines()
    except OSError:
        lines = []
    found = [line.split()[1] for line in lines if line.startswith("VmHWM:")]
    kilobytes = int(found[0]) if found else resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return kilobytes / 1024
