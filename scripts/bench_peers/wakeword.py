"""openWakeWord's front end: its log-mel and embedding networks every 80 ms, no wake word."""

import numpy as np
from measure import Hear, Samples, measure
from runtime import open_session, package_file

STEP, OVERLAP = 1280, 480  # samples; three mel frames of what went before
MEL_FRAMES, MEL_BANDS = 76, 32  # what one embedding looks at


def make() -> Hear:
    """Return the front end."""
    folder = "resources/models"
    mel = open_session(package_file("openwakeword", f"{folder}/melspectrogram.onnx"))
    embedding = open_session(package_file("openwakeword", f"{folder}/embedding_model.onnx"))
    before = np.zeros(OVERLAP, np.float32)
    frames = np.ones((MEL_FRAMES, MEL_BANDS), np.float32)

    def hear(samples: Samples) -> None:
        nonlocal before, frames
        sound = np.concatenate([before, samples * 32_767])
        new = mel.run(None, {"input": sound[None]})[0].squeeze() / 10 + 2
        frames = np.concatenate([frames, new])[-MEL_FRAMES:]
        embedding.run(None, {"input_1": frames[None, :, :, None]})
        before = sound[-OVERLAP:]

    return hear


if __name__ == "__main__":
    measure(__doc__, make, STEP)
