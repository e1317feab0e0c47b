"""silero-vad: its ONNX network over windows of 32 ms, with 4 ms of what went before."""

import numpy as np
from measure import Hear, Samples, measure
from runtime import open_session, package_file

WINDOW, CONTEXT = 512, 64


def make() -> Hear:
    """Return a voice detector."""
    session = open_session(package_file("silero_vad", "data/silero_vad.onnx"))
    rate = np.array(16_000, np.int64)
    state = np.zeros((2, 1, 128), np.float32)
    before = np.zeros(CONTEXT, np.float32)

    def hear(samples: Samples) -> None:
        nonlocal state, before
        sound = np.concatenate([before, samples])[None]
        _, state = session.run(None, {"input": sound, "state": state, "sr": rate})
        before = samples[-CONTEXT:]

    return hear


if __name__ == "__main__":
    measure(__doc__, make, WINDOW)
