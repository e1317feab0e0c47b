"""The daemon of `run` in a process of its own, its rooms' doors watched: what each of them costs.

Nothing is rebuilt for the measurement: the classes that `run` uses are wrapped where sound, frames
and states pass, and `Daemon` runs as ever. What this process found goes into a JSON file.
"""

import argparse
import json
import os
import sys
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Block
from osa_daemon.audio.file import FileSource
from osa_daemon.detector.detector import Detector
from osa_daemon.errors import OsaError
from osa_daemon.features.encoder import Encoder
from osa_daemon.features.extractor import FeatureExtractor
from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.scoring.event import Progress
from osa_daemon.scoring.scorer import Scorer
from osa_daemon.service.bench.stopwatch import Stopwatch, wrap
from osa_daemon.service.bulletin import Bulletin
from osa_daemon.service.chain import Step
from osa_daemon.service.live import LiveSettings
from osa_daemon.service.memory import peak_memory_mb
from osa_daemon.service.models import load_models
from osa_daemon.service.run import Daemon
from osa_daemon.settings.load import load

PUBLISHING = "journal and publishing"
DOORS: tuple[tuple[type, str, str], ...] = (
    (FileSource, "read", "decoding and resampling"),
    (FeatureExtractor, "push", "levels and gain"),
    (FeatureExtractor, "flush", "levels and gain"),
    (Encoder, "run", "encoder"),
    (Detector, "push", "detector"),
    (Detector, "flush", "detector"),
    (Scorer, "push", "scoring"),
    (Scorer, "finish", "scoring"),
)


@dataclass(frozen=True, slots=True)
class TurnedOn:
    """`apnea` turned ON: with the frame that ends at `frame_s`, once `heard_s` had been read.

    Both are seconds of sound. `read_at_s` is the monotonic time at which the last block of it
    had been read.
    """

    frame_s: float
    heard_s: float
    read_at_s: float


@dataclass(slots=True)
class Trace:
    """Notes taken while the daemon runs."""

    turned_on: list[TurnedOn] = field(default_factory=list)
    first_frame_heard_s: float | None = None
    heard_s: float = 0.0
    began_cpu_s: float | None = None
    _read_at_s: float = 0.0
    _progress: Progress = Progress.UNKNOWN

    def reading(self, read: Callable[..., Block | None]) -> Callable[..., Block | None]:
        """Return `read`, noting what came and when."""

        def call(*args: Any) -> Block | None:
            if self.began_cpu_s is None:
                self.began_cpu_s = time.process_time()
            block = read(*args)
            if block is not None:
                self._read_at_s = time.monotonic()
                self.heard_s = block.end / SAMPLE_RATE_HZ
            return block

        return call

    def telling(self, tell: Callable[..., None]) -> Callable[..., None]:
        """Return `Bulletin.step`, noting when a pause begins to be told."""

        def call(bulletin: Bulletin, step: Step) -> None:
            if self.first_frame_heard_s is None:
                self.first_frame_heard_s = self.heard_s
            progress = step.scored.progress
            if progress is Progress.ON and self._progress is not Progress.ON:
                frame_s = (step.frame.index + 1) / FRAME_RATE_HZ
                self.turned_on.append(TurnedOn(frame_s, self.heard_s, self._read_at_s))
            self._progress = progress
            tell(bulletin, step)

        return call


def watched(sound: Path, config: Path, speed: float | None) -> dict[str, Any]:
    """Run the daemon over a sound; return what it cost and when pauses were told."""
    watch, trace = Stopwatch(), Trace()
    for owner, name, stage in DOORS:
        wrap(owner, name, partial(watch.timed, stage=stage))
    wrap(FileSource, "read", trace.reading)
    wrap(Bulletin, "step", trace.telling)
    loaded, models = load(config), load_models()
    live = LiveSettings(loaded, models.detector().metadata)
    code = Daemon(loaded, models, live, FileSource(sound, speed)).run()
    cpu_s = time.process_time() - (trace.began_cpu_s or 0.0)
    stages = dict(watch.spent_s)
    stages[PUBLISHING] = cpu_s - sum(stages.values())
    return {
        "code": code,
        "audio_s": trace.heard_s,
        "cpu_s": cpu_s,
        "stages_s": stages,
        "peak_mb": peak_memory_mb(),
        "first_frame_heard_s": trace.first_frame_heard_s,
        "turned_on": [asdict(one) for one in trace.turned_on],
    }


def main() -> int:
    """Measure one run."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("sound", type=Path)
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--speed", type=float, help="times real time (default: as fast as it goes)")
    args = parser.parse_args()
    if args.speed is None:
        os.sched_setaffinity(0, {max(os.sched_getaffinity(0))})
    try:
        found = watched(args.sound, args.config, args.speed)
    except OsaError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    args.out.write_text(json.dumps(found))
    return int(found["code"])


if __name__ == "__main__":
    sys.exit(main())
