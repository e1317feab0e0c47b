"""Run the daemon with its microphone's blocks noted beside: started by test_microphone_night.py.

The first argument is the file for the blocks; the others are those of `osa-daemon run`.
"""

import sys
from pathlib import Path

import numpy as np

from osa_daemon.audio.block import Block
from osa_daemon.audio.microphone import MicrophoneSource
from osa_daemon.cli import main

noted: list[Block] = []
read = MicrophoneSource.read


def read_and_note(self: MicrophoneSource, timeout_s: float) -> Block | None:
    """Read a block and keep it."""
    block = read(self, timeout_s)
    if block is not None:
        noted.append(block)
    return block


MicrophoneSource.read = read_and_note  # type: ignore[method-assign]
code = main(["run", *sys.argv[2:]])
with Path(sys.argv[1]).open("wb") as file:
    starts = np.array([block.start for block in noted])
    lengths = np.array([len(block.samples) for block in noted])
    samples = np.concatenate([block.samples for block in noted])
    np.savez(file, starts=starts, lengths=lengths, samples=samples)
sys.exit(code)
