"""Recordings of a generator that nothing was trained on: breaths that only crackle.

Each breath is a spray of short clicks, every person's of another pitch, over quiet white noise.
"""

import json
from pathlib import Path

import numpy as np
import soundfile as sf
from numpy.typing import NDArray

RATE_HZ = 16_000
CLICK_SAMPLES = 160
CLICKS_PER_S = 14


def write_nights(folder: Path, people: int, duration_s: float = 200.0) -> None:
    """Write one night of each person as contract C3 has it, with a pause every minute or less."""
    folder.mkdir(parents=True, exist_ok=True)
    for person in range(people):
        sound, pauses = make_night(person, duration_s)
        sf.write(folder / f"night{person}.wav", sound, RATE_HZ)
        rows = [f"{onset_s:.2f},{length_s:.2f},obstructive_apnea\n" for onset_s, length_s in pauses]
        events = "".join(["onset_s,duration_s,type\n", *rows])
        (folder / f"night{person}.events.csv").write_text(events)
        (folder / f"night{person}.json").write_text(json.dumps({"person": f"person {person}"}))


def make_night(
    seed: int, duration_s: float
) -> tuple[NDArray[np.float64], list[tuple[float, float]]]:
    """Return the sound of a night, and onset and duration of its pauses (s)."""
    rng = np.random.default_rng(seed)
    pitch_hz, period_s = rng.uniform(1200, 3000), rng.uniform(3.2, 4.6)
    sound = 0.0015 * rng.standard_normal(int(duration_s * RATE_HZ))
    pauses: list[tuple[float, float]] = []
    t, end_s, next_pause_s = 2.0, 0.0, rng.uniform(25, 45)
    while t < duration_s - 6:
        if t > next_pause_s:
            length_s = rng.uniform(14, 26)
            if t + length_s > duration_s - 8:
                break
            t += length_s
            pauses.append((end_s, t - end_s))
            next_pause_s = t + rng.uniform(25, 45)
        count = int(rng.uniform(1.1, 1.5) * RATE_HZ)
        start = int(t * RATE_HZ)
        sound[start : start + count] += (
            0.08 * 10 ** (rng.normal(0, 2) / 20) * crackle(rng, pitch_hz, count)
        )
        end_s = t + count / RATE_HZ
        t += period_s * rng.uniform(0.92, 1.08)
    return sound, pauses


def crackle(rng: np.random.Generator, pitch_hz: float, count: int) -> NDArray[np.float64]:
    """Return `count` samples of single clicks at random times."""
    impulses = np.zeros(count)
    number = int(count / RATE_HZ * CLICKS_PER_S)
    at = rng.integers(0, count, number)
    impulses[at] = rng.choice([-1, 1], number) * rng.uniform(0.5, 1, number)
    k = np.arange(CLICK_SAMPLES)
    click = np.exp(-k / 30) * np.sin(2 * np.pi * pitch_hz * k / RATE_HZ)
    return np.convolve(impulses, click)[:count]
