#!/usr/bin/env python3
"""Compare real breaths, snores, gasps and coughs with synthetic ones (needs the `train` extra)."""

import argparse
import sys
from pathlib import Path

from osa_daemon.errors import OsaError
from osa_daemon.features.encoder import Encoder
from osa_daemon.training.synthesis.carry_over import carry_over, carry_over_text
from osa_daemon.training.synthesis.compare import compare
from osa_daemon.training.synthesis.comparison_picture import draw
from osa_daemon.training.synthesis.comparison_table import table

_ENCODER = Path(__file__).resolve().parent.parent / "osa_daemon" / "models" / "encoder.onnx"


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.ArgumentDefaultsHelpFormatter
    )
    parser.add_argument("data", type=Path, help="folder that holds sounds/manifest.csv")
    parser.add_argument("--out", type=Path, required=True, help="folder for picture and table")
    parser.add_argument("--most", type=int, default=250, help="sounds of each class")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--encoder", type=Path, default=_ENCODER, help="exported encoder")
    return parser.parse_args()


def main() -> int:
    """Print the table; write it and the picture."""
    arguments = parse_arguments()
    try:
        encoder = Encoder(arguments.encoder) if arguments.encoder.exists() else None
        comparisons = compare(arguments.data, arguments.most, arguments.seed, encoder)
        text = table(comparisons, arguments.seed)
        if encoder is not None:
            carried = carry_over(arguments.data, arguments.most, arguments.seed, encoder)
            text += "\n\n" + carry_over_text(carried)
    except OsaError as error:
        print(f"compare_synthesis: {error}", file=sys.stderr)
        return error.exit_code
    print(text)
    arguments.out.mkdir(parents=True, exist_ok=True)
    (arguments.out / "synthesis.txt").write_text(text + "\n", encoding="utf-8")
    draw(comparisons, arguments.out / "synthesis.png")
    return 0


if __name__ == "__main__":
    sys.exit(main())
