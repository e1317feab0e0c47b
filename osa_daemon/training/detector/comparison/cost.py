"""What a second of sound costs: CPU time of the front end and of the network, at the bedside."""

import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import onnxruntime

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Block
from osa_daemon.detector.detector import Detector
from osa_daemon.features.encoder import Encoder
from osa_daemon.features.extractor import FeatureExtractor
from osa_daemon.features.features import FRAME_RATE_HZ, Features
from osa_daemon.features.levels import LEVEL_WIDTH

SECONDS = 60
REPEATS = 3  # the least of them: others use the machine too
HOP_FRAMES = 2 * FRAME_RATE_HZ  # what passes the network at once at the bedside


def front_end_ms(encoder_path: Path, chunk_s: float = 4.0, hop_s: float = 2.0) -> float:
    """Return CPU milliseconds a second of sound from samples to features."""
    encoder = Encoder(encoder_path)
    rng = np.random.default_rng(1)
    sound = (0.01 * rng.standard_normal((SECONDS, SAMPLE_RATE_HZ))).astype(np.float32)

    def run() -> None:
        extractor = FeatureExtractor(encoder, chunk_s=chunk_s, hop_s=hop_s)
        for second, samples in enumerate(sound):
            extractor.push(Block(second * SAMPLE_RATE_HZ, samples))

    return _least(run)


def network_ms(model: bytes | str, encoder_sha256: str) -> float:
    """Return CPU milliseconds a second of sound from features to frames."""
    options = onnxruntime.SessionOptions()
    options.intra_op_num_threads = 1
    session = onnxruntime.InferenceSession(model, options, ["CPUExecutionProvider"])
    properties = session.get_modelmeta().custom_metadata_map

    def run() -> None:
        detector = Detector(session, properties, Path("detector.onnx"), encoder_sha256, LEVEL_WIDTH)
        metadata = detector.metadata
        widths = metadata.encoder_width, metadata.level_width
        for at in range(0, SECONDS * FRAME_RATE_HZ, HOP_FRAMES):
            detector.push(_hop(at, *widths))

    return _least(run)


def _hop(at: int, encoder_width: int, level_width: int) -> Features:
    level, flags = np.full(HOP_FRAMES, -60, np.float32), np.zeros(HOP_FRAMES, np.bool_)
    encoder = np.zeros((HOP_FRAMES, encoder_width), np.float32)
    levels = np.zeros((HOP_FRAMES, level_width), np.float32)
    return Features(at, encoder, levels, ~flags, level, level, flags, flags)


def _least(run: Callable[[], None]) -> float:
    run()
    spent = []
    for _ in range(REPEATS):
        before = time.process_time()
        run()
        spent.append(time.process_time() - before)
    return round(1000 * min(spent) / SECONDS, 3)
