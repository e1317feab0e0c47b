#!/usr/bin/env python3
"""Import every runtime dependency and write the encoder's features of a fixed sound.

Run by scripts/check_aarch64 on both machines.
"""

import argparse
import importlib
import importlib.metadata
import platform
import time
from pathlib import Path

MODELS = Path(__file__).resolve().parent.parent / "osa_daemon" / "models"
DEPENDENCIES = {
    "numpy": "numpy",
    "onnxruntime": "onnxruntime",
    "paho-mqtt": "paho.mqtt.client",
    "pydantic": "pydantic",
    "PyYAML": "yaml",
    "sounddevice": "sounddevice",
    "soundfile": "soundfile",
    "soxr": "soxr",
}


def main() -> None:
    """Import, run, print versions and seconds, and save the features."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, help="where to write the features (.npy)")
    output = parser.parse_args().output
    print(f"Python {platform.python_version()} on {platform.machine()}", flush=True)
    for distribution, module in DEPENDENCIES.items():
        importlib.import_module(module)
        print(f"  {distribution} {importlib.metadata.version(distribution)} imported", flush=True)
    infer(output)


def infer(output: Path) -> None:
    """Run the encoder on 4 s of seeded noise whose level falls and rises."""
    np = importlib.import_module("numpy")
    onnxruntime = importlib.import_module("onnxruntime")
    seconds = np.arange(64_000 + 240) / 16_000
    noise = np.random.default_rng(7).standard_normal(seconds.size)
    sound = (0.02 * noise * np.sin(np.pi * seconds / 2) ** 2).astype(np.float32)
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(MODELS / "encoder.onnx", options)
    started = time.monotonic()
    (features,) = session.run(None, {session.get_inputs()[0].name: sound[None]})
    print(f"  encoder: features {features.shape} in {time.monotonic() - started:.2f} s", flush=True)
    np.save(output, features)


if __name__ == "__main__":
    main()
