"""Other ways of hearing, measured side by side with ours, each in an environment of its own."""

import json
import subprocess
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from osa_daemon.audio.block import SAMPLE_RATE_HZ
from osa_daemon.audio.file import FileSource

SOUND_S = 60
TIMEOUT_S = 600

NAMES: Mapping[str, str] = {
    "tutorial": "Whisper as tutorials use it: tiny's encoder in torch, 30 s padded, every 5 s",
    "silero": "silero-vad (is somebody speaking?)",
    "wakeword": "openWakeWord's front end (features of speech, every 80 ms)",
    "birdnet": "BirdNET 2.4 (which bird?)",
}
# looked for and not found: what would have to be there
UNAVAILABLE: Mapping[str, str] = {
    "YAMNet": "no package on PyPI carries its weights; those there are download them when run",
}


@dataclass(frozen=True, slots=True)
class Peer:
    """CPU milliseconds per second of sound on one core, without decoding; memory in MB."""

    cpu_ms: float
    peak_mb: float


@dataclass(frozen=True, slots=True)
class Peers:
    """The peers whose environment is in `environment`; `scripts` holds a program for each."""

    environment: Path
    scripts: Path

    def installed(self) -> list[str]:
        """Return the names of those that can be run."""
        return [name for name in NAMES if (self.environment / f"{name}.installed").exists()]

    def missing(self) -> dict[str, str]:
        """Return the others, each with the reason in a few words."""
        return {name: self._reason(name) for name in NAMES if name not in self.installed()}

    def _reason(self, name: str) -> str:
        note = self.environment / f"{name}.missing"
        if not note.exists():
            return "it was not installed"
        return note.read_text().strip() or "its installation failed without a word"

    def run(self, name: str, samples: Path) -> Peer | str:
        """Measure one; return what failed, in one line, where it does."""
        python = self.environment / "bin" / "python"
        command = [str(python), str(self.scripts / f"{name}.py"), str(samples)]
        done = subprocess.run(
            command, capture_output=True, text=True, check=False, timeout=TIMEOUT_S
        )
        if done.returncode:
            return (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        found = json.loads(done.stdout.splitlines()[-1])
        return Peer(found["cpu_ms"], found["peak_mb"])


def write_samples(sound: Path, path: Path) -> None:
    """Write the first minute of a sound, decoded, as the peers take it."""
    source = FileSource(sound)
    blocks = []
    while (block := source.read(1.0)) is not None and block.start < SOUND_S * SAMPLE_RATE_HZ:
        blocks.append(block.samples)
    source.close()
    np.save(path, np.concatenate(blocks))
