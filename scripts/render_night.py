#!/usr/bin/env python3
"""Render the two bundled nights and their truth, synthesised from their seeds.

The files in the repository were rendered once, before any detector was trained; a later
synthesiser makes other sounds of the same story.
"""

import argparse
from pathlib import Path


def main() -> None:
    """Write both nights into the folder of `--out` and print what they hold."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--out", type=Path, default=Path("tests/data"), help="folder to write to")
    parser.add_argument("--seed", type=int, help="of the long night, instead of the bundled one")
    args = parser.parse_args()

    # later than --help, which needs no extra
    from osa_daemon.training.simulator import bundled, write_c3
    from osa_daemon.training.simulator.composed import compose

    night_seed = bundled.NIGHT_SEED if args.seed is None else args.seed
    for name, seed, script in (
        ("night", night_seed, bundled.NIGHT),
        ("short", bundled.SHORT_SEED, bundled.SHORT),
    ):
        night = compose(seed, script)
        write_c3(night, args.out, name, audio_format="ogg", quality=bundled.VORBIS_QUALITY)
        size_mb = (args.out / f"{name}.ogg").stat().st_size / 1e6
        print(f"{name}: {script.duration_s:.0f} s, {size_mb:.2f} MB, seed {seed}")
        for event in night.events:
            print(
                f"  {event.onset_s:7.1f} s {event.duration_s:5.1f} s  {event.type:17s} "
                f"drop {event.level_drop_db:5.1f} dB  {'counts' if event.counts else '-'}"
            )


if __name__ == "__main__":
    main()
