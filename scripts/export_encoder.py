#!/usr/bin/env python3
"""Export a Whisper encoder as the ONNX file that the daemon runs (needs the `train` extra)."""

import argparse
import sys
from pathlib import Path

from osa_daemon.errors import OsaError

_SHIPPED = Path(__file__).resolve().parent.parent / "osa_daemon" / "models" / "encoder.onnx"


def parse_arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(
        description=__doc__,
        epilog="What is not given is as in the encoder that is shipped.",
        argument_default=argparse.SUPPRESS,
    )
    parser.add_argument(
        "model",
        help="openai-whisper model name (tiny.en, base, large-v3, ...: downloaded) "
        "or path of a checkpoint, full or encoder only",
    )
    parser.add_argument("--out", type=Path, default=_SHIPPED, help="file to write")
    parser.add_argument("--depth", type=int, help="blocks to keep")
    parser.add_argument(
        "--position-row",
        type=int,
        help="row of the positional table used for every frame",
    )
    parser.add_argument(
        "--band",
        type=int,
        help="frames of 20 ms that attention reaches to each side",
    )
    parser.add_argument(
        "--fp32", action="store_false", dest="int8", help="leave the weights in float32"
    )
    return parser.parse_args()


def main() -> int:
    """Export, and say in one line what was written."""
    options = vars(parse_arguments())
    source, out = options.pop("model"), options.pop("out")

    from osa_daemon.training.encoder_export import EncoderSpec, export_encoder

    try:
        model = export_encoder(source, out, EncoderSpec(**options))
    except OsaError as error:
        print(f"export_encoder: {error}", file=sys.stderr)
        return error.exit_code
    facts = {entry.key: entry.value for entry in model.metadata_props}
    size_mb = out.stat().st_size / 1e6
    print(
        f"{out}: {size_mb:.2f} MB, {facts['precision']}, depth {facts['depth']}, "
        f"{facts['mel_bins']} mel bins, {facts['width']} features at {facts['frame_rate_hz']} Hz"
    )
    return 0


if __name__ == "__main__":
    sys.exit(main())
