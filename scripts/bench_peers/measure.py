"""How a peer is measured: CPU time of its own way through the same sound, on one core."""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Samples = NDArray[np.float32]
Hear = Callable[[Samples], object]
RATE_HZ = 16_000
WARM_UP = 3


def peak_memory_mb() -> float:
    """Return the largest resident memory of this program so far (MB)."""
    lines = Path("/proc/self/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM:")) / 1024


def measure(about: str | None, make: Callable[[], Hear], step_samples: int) -> None:
    """Print, as JSON, what hearing a sound step by step costs after loading and warming up.

    The sound is float32 mono at 16 kHz, in memory: a peer neither decodes nor resamples.
    """
    parser = argparse.ArgumentParser(description=about)
    parser.add_argument("samples", type=Path, help="NumPy file of float32 samples at 16 kHz")
    sound: Samples = np.load(parser.parse_args().samples)
    if sys.platform == "linux":
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    hear = make()
    ends = range(step_samples, len(sound) + 1, step_samples)
    steps = [sound[end - step_samples : end] for end in ends]
    for step in steps[:WARM_UP]:
        hear(step)
    began_s = time.process_time()
    for step in steps:
        hear(step)
    cpu_s = time.process_time() - began_s
    seconds = len(steps) * step_samples / RATE_HZ
    print(json.dumps({"cpu_ms": 1000 * cpu_s / seconds, "peak_mb": peak_memory_mb()}))
