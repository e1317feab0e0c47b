"""What sounds in the virtual room: the bundled nights, in turn, for as long as needed."""

import csv
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile
import soxr
from numpy.typing import NDArray

from tests.mosquitto import wait_for
from tests.system.soundserver import RATE_HZ, SoundServer

Treatment = Callable[[NDArray[np.float32]], NDArray[np.float32]]

DATA = Path(__file__).resolve().parents[1] / "data"


@dataclass(frozen=True, slots=True)
class Pause:
    """A pause that sounded, by the night's own script: when it ended (monotonic and wall, s)."""

    onset_wall_s: float
    ended_s: float
    duration_s: float


def night(name: str) -> NDArray[np.float32]:
    """A bundled night at the sound server's rate."""
    samples, rate_hz = soundfile.read(DATA / f"{name}.ogg", dtype="float32")
    return soxr.resample(samples, rate_hz, RATE_HZ).astype(np.float32)


def script(name: str) -> list[tuple[float, float]]:
    """Onset and duration (s) of its pauses."""
    with (DATA / f"{name}.events.csv").open() as file:
        return [(float(row["onset_s"]), float(row["duration_s"])) for row in csv.DictReader(file)]


class Nights(threading.Thread):
    """Lets nights sound in turn until it is closed; `fed` holds the pauses that are over."""

    def __init__(self, server: SoundServer, names: tuple[str, ...]) -> None:
        super().__init__(name="nights", daemon=True)
        self._server = server
        self._nights = {name: night(name) for name in names}
        self._names = names
        self._planned: list[Pause] = []
        self._is_over = threading.Event()
        self.start()

    @property
    def fed(self) -> list[Pause]:
        """The pauses that have ended by now."""
        now_s = time.monotonic()
        return [pause for pause in list(self._planned) if pause.ended_s <= now_s]

    def run(self) -> None:
        """Play until told to stop."""
        while not self._is_over.is_set():
            for name in self._names:
                samples = self._nights[name]
                began_s = self._server.play(samples)
                wall_s = time.time() - time.monotonic() + began_s
                self._planned += [
                    Pause(wall_s + onset, began_s + onset + length, length)
                    for onset, length in script(name)
                ]
                if self._is_over.wait(began_s + len(samples) / RATE_HZ - time.monotonic()):
                    break

    def close(self) -> None:
        """Let it be quiet."""
        self._is_over.set()
        self.join()


ROUND = (14.0, 66.0)  # of the short night (s): breathing, a pause of 16 s, breathing
ROUND_S = ROUND[1] - ROUND[0]
ROUND_PAUSE_S = (32.38 - ROUND[0], 16.74)  # onset in a round, and length


def rounds(count: int, name: str = "short") -> NDArray[np.float32]:
    """So many rounds at 16 kHz."""
    samples, rate_hz = soundfile.read(DATA / f"{name}.ogg", dtype="float32")
    begin, end = (round(edge * rate_hz) for edge in ROUND)
    return np.tile(samples[begin:end], count)


class Loop(threading.Thread):
    """Lets a round sound again and again until it is closed; `began_s`: when each began."""

    def __init__(self, server: SoundServer) -> None:
        super().__init__(name="sleeper", daemon=True)
        self._server = server
        self._round = soxr.resample(rounds(1), 16_000, RATE_HZ).astype(np.float32)
        self._sound = self._round
        self._pace = 1.0
        self._again = threading.Event()
        self._is_over = False
        self.began_s: list[float] = []
        self.start()

    def sound_like(self, treat: Treatment, pace: float = 1.0) -> float:
        """Begin a round anew, changed by `treat`; when (monotonic s).

        `pace` is how many times as fast as the true clock the microphone's runs.
        """
        self._sound, self._pace = treat(self._round), pace
        rounds_before = len(self.began_s)
        self._again.set()
        wait_for(lambda: len(self.began_s) > rounds_before, 10, "a new round")
        return self.began_s[-1]

    def run(self) -> None:
        """Play until told to stop."""
        while not self._is_over:
            self._again.clear()
            self._server.pace = self._pace
            began_s = self._server.play(self._sound)
            self.began_s.append(began_s)
            self._again.wait(began_s + ROUND_S / self._pace - time.monotonic())

    def close(self) -> None:
        """Let it be quiet."""
        self._is_over = True
        self._again.set()
        self.join()
