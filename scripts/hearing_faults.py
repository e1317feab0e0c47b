#!/usr/bin/env python3
"""How often recordings without a fault would be told of one, and what each fault does to hearing.

The limits of `osa_daemon/audio/condition.py` rest on this:

    scripts/hearing_faults.py FILE|FOLDER ...   time for which each fault would be told, by kind
    scripts/hearing_faults.py --harm            faults laid over the bundled night: events found
"""

import argparse
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import soundfile

from osa_daemon.audio.block import Block, Samples
from osa_daemon.audio.condition import Condition
from osa_daemon.audio.resample import StreamResampler
from osa_daemon.service.chain import Chain, ids_of
from osa_daemon.service.models import load_models
from osa_daemon.service.rules import scoring_settings
from osa_daemon.settings.model import Settings

NIGHT = Path(__file__).parents[1] / "tests/data/night.ogg"
RATE_HZ = 16_000
LEAST_S = 60  # shorter recordings are heard again and again
STEPS_DB = (0, 10, 20, 30)
GAINS_DB = (20, 30, 40)
OFFSETS = (0.1, 0.3)


def sound_files(paths: list[Path]) -> Iterator[Path]:
    """Return the files meant, folders searched."""
    for path in paths:
        names = sorted(path.rglob("*")) if path.is_dir() else [path]
        yield from (name for name in names if name.suffix in {".flac", ".wav", ".ogg", ".mp3"})


def told_s(path: Path) -> tuple[float, Counter[str]]:
    """Return the length of a file, and for how long each fault would be told of it (s)."""
    sound, rate_hz = soundfile.read(path, dtype="float32", always_2d=True)
    # long enough to be told of, and as a microphone gives it: 16 bit, its own noise of one step
    sound = np.tile(sound[:, 0], max(1, -(-LEAST_S * rate_hz // len(sound))))
    noise = np.random.default_rng(1).integers(-1, 2, len(sound))
    mono = (np.round(sound * 32768 + noise) / 32768).clip(-1, 1).astype(np.float32)
    told: Counter[str] = Counter()
    for condition in judged(mono, rate_hz):
        told.update(dict.fromkeys((fault.kind.value for fault in condition.faults("")), 1))
    return len(mono) / rate_hz, Counter({kind: count / 10 for kind, count in told.items()})


def judged(sound: Samples, rate_hz: int) -> Iterator[Condition]:
    """Give the condition after each 0.1 s of a sound."""
    condition, resampler = Condition(), StreamResampler(rate_hz)
    condition.begin(rate_hz)
    for samples in np.split(sound, range(rate_hz // 10, len(sound), rate_hz // 10)):
        if condition.hears(samples):
            condition.listen(resampler.push(samples))
        yield condition


def print_told(paths: list[Path]) -> None:
    """Print for how long each fault would be told, by folder."""
    totals: dict[str, Counter[str]] = {}
    for path in sound_files(paths):
        length_s, told = told_s(path)
        totals.setdefault(path.parent.name, Counter()).update({"sound": length_s, **told})
        if told:
            print(f"{path.name}: " + ", ".join(f"{k} {s:.0f} s" for k, s in told.items()))
    for name, total in totals.items():
        length_s = total.pop("sound")
        shares = ", ".join(f"{kind} {s / length_s:.2%}" for kind, s in total.items()) or "nothing"
        print(f"{name}: {length_s / 60:.1f} min, told for {shares} of the time")


def print_harm() -> None:
    """Print what is still found of the bundled night's events under each fault."""
    sound, _ = soundfile.read(NIGHT, dtype="float32")
    frames = sound[: len(sound) // 3200 * 3200].reshape(-1, 3200)
    quiet = float(np.sqrt(np.percentile(frames.var(axis=1), 10)))
    time_s = np.arange(len(sound)) / RATE_HZ
    tones = {
        "hum (1/k)": {k: 1 / k for k in range(1, 40)},
        "buzz": dict.fromkeys(range(2, 40, 2), 1.0),
    }
    print_found("as it is", sound)
    for offset in OFFSETS:
        print_found(f"offset {offset:g}", sound + offset)
    for name, parts in tones.items():
        hum = sum(a * np.sin(2 * np.pi * 50.02 * k * time_s + k * k) for k, a in parts.items())
        for level_db in STEPS_DB:
            scale = quiet * 10 ** (level_db / 20) / np.sqrt(np.mean(np.square(hum)))
            print_found(f"{name} {level_db} dB over quiet", sound + hum * scale)
    for gain_db in GAINS_DB:
        print_found(f"gain {gain_db} dB", sound * 10 ** (gain_db / 20))


def print_found(name: str, sound: Samples) -> None:
    """Print the events found in a sound, and what would be told of it."""
    sound = np.clip(sound, -1, 1).astype(np.float32)
    models = load_models()
    rules = scoring_settings(Settings(), models.detector().metadata)
    chain = Chain(models, rules, ids_of(name))
    steps = []
    for start in range(0, len(sound), RATE_HZ):
        steps += chain.push(Block(start, sound[start : start + RATE_HZ]))
    last, end = chain.finish()
    events = sum(len(step.scored.events) for step in steps + last) + len(end.events)
    monitorable = np.mean([step.scored.monitorable for step in steps])
    told: Counter[str] = Counter()
    for condition in judged(sound, RATE_HZ):
        told.update(fault.kind.value for fault in condition.faults(""))
    shares = ", ".join(f"{kind} {n / len(sound) * 1600:.0%}" for kind, n in told.items())
    print(f"{name:28} {events:3} events, monitorable {monitorable:4.0%}, told: {shares or '-'}")


def main() -> None:
    """Do what the command line asks for."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("paths", nargs="*", type=Path, metavar="FILE|FOLDER")
    parser.add_argument("--harm", action="store_true")
    arguments = parser.parse_args()
    if not arguments.paths and not arguments.harm:
        parser.error("name files or folders, or --harm")
    print_told(arguments.paths)
    if arguments.harm:
        print_harm()


if __name__ == "__main__":
    main()
