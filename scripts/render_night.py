#!/usr/bin/env python3
"""Render the two bundled nights and their truth, synthesised from seeds.

The seeds were chosen for what the nights hold (printed here), before any detector was trained.
"""

import argparse
from pathlib import Path

from osa_daemon.training.simulator import SimulatedNight, write_c3
from osa_daemon.training.simulator.composed import Script, compose
from osa_daemon.training.simulator.material import Scored

NIGHT_SEED = 4
SHORT_SEED = 2
QUALITY = 0.2  # Vorbis: keeps 18 minutes under 4 MB

NIGHT = Script(
    duration_s=1_080,
    over_noise_db=15.0,
    scored=(
        Scored(60, 16, "obstructive"),
        Scored(112, 21, "obstructive"),
        Scored(165, 20, "hypopnea"),
        Scored(221, 33, "obstructive"),
        Scored(282, 24, "hypopnea"),
        Scored(345, 14, "obstructive"),
        Scored(420, 15, "central"),
        Scored(462, 17, "central"),
        Scored(506, 14, "central"),
        Scored(570, 19, "obstructive"),
        Scored(618, 22, "hypopnea"),
        Scored(705, 28, "mixed"),
        Scored(765, 18, "hypopnea"),
        Scored(825, 39, "obstructive"),
        Scored(902, 13, "obstructive"),
        Scored(950, 26, "hypopnea"),
        Scored(1_010, 20, "obstructive"),
    ),
    television=(540, 120),
    partner=(690, 150),
)
SHORT = Script(
    duration_s=165,
    over_noise_db=18.0,
    snores=False,
    scored=(
        Scored(34, 15, "obstructive"),
        Scored(74, 36, "obstructive"),
        Scored(132, 16, "hypopnea"),
    ),
)


def main() -> None:
    """Write both nights into the folder of `--out`."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("tests/data"), help="folder to write to")
    parser.add_argument("--seed", type=int, default=NIGHT_SEED, help="of the long night")
    parser.add_argument("--short-seed", type=int, default=SHORT_SEED, help="of the short one")
    args = parser.parse_args()
    for name, seed, script in (
        ("night", args.seed, NIGHT),
        ("short", args.short_seed, SHORT),
    ):
        night = compose(seed, script)
        write_c3(night, args.out, name, audio_format="ogg", quality=QUALITY)
        _print(name, night, (args.out / f"{name}.ogg").stat().st_size)


def _print(name: str, night: SimulatedNight, size: int) -> None:
    print(f"{name}: {night.spec.duration_s:.0f} s, {size / 1e6:.2f} MB, seed {night.spec.seed}")
    for event in night.events:
        print(
            f"  {event.onset_s:7.1f} s {event.duration_s:5.1f} s  {event.type:17s} "
            f"drop {event.level_drop_db:5.1f} dB  {'counts' if event.counts else '-'}"
        )


if __name__ == "__main__":
    main()
