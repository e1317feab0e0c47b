#!/usr/bin/env python3
"""Draw the pictures of a night and of a report that the README shows, anew.

tests/data/night.png is what `osa-daemon replay tests/data/night.ogg --picture` draws;
tests/data/report.png is the first page of the report of a night that nobody slept.
"""

import argparse
import sys
import tempfile
from pathlib import Path
from zoneinfo import ZoneInfo

ROOT = Path(__file__).resolve().parent.parent
NAMES = ("night", "report")


def main() -> int:
    """Draw what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", choices=NAMES, help="one of them; the night takes a minute")
    parser.add_argument("--out", type=Path, default=ROOT / "tests" / "data", metavar="DIR")
    arguments = parser.parse_args()
    sys.path.insert(0, str(ROOT))
    if arguments.only != "report":
        draw_night(arguments.out / "night.png")
    if arguments.only != "night":
        draw_report(arguments.out / "report.png")
    return 0


def draw_night(path: Path) -> None:
    """Hear the bundled night and draw it."""
    from osa_daemon.cli import main as command

    night = ROOT / "tests" / "data" / "night.ogg"
    command(["replay", str(night), "--events", "/dev/null", "--picture", str(path)])


def draw_report(path: Path) -> None:
    """Draw the first page of the report of the last of the nights that tests make."""
    from osa_daemon.report.document import pages_of
    from osa_daemon.report.drawing import drawing, png_of
    from tests.report.sample import LAST, read_night, write_nights

    with tempfile.TemporaryDirectory() as folder:
        journal = Path(folder) / "journal.sqlite3"
        write_nights(journal)
        night = read_night(journal, LAST)
    with drawing("the report") as new_figure:
        page = next(pages_of(new_figure, night, ZoneInfo("Europe/Berlin")))
        path.write_bytes(png_of(page, dpi=90))


if __name__ == "__main__":
    sys.exit(main())
