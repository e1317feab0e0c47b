"""The log of looks at test nights: which detector was judged on which manifest, kept by itself."""

import csv
import io
import shutil
import subprocess
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from osa_daemon.errors import InputError, StorageError
from osa_daemon.evaluation.store import write_whole

LOOKS = Path(__file__).with_name("looks.csv")
COLUMNS = ("look", "commit", "manifest", "nights", "detector", "what", "note")
MOST = 3  # at one manifest
DIGITS = 12  # of a digest, as hexadecimal text

Row = dict[str, str]


@dataclass(frozen=True, slots=True)
class Look:
    """A detector judged on test nights.

    `manifest` and `detector` are digests; `nights`: how many of the manifest's were judged;
    `what`: the command that did it. Rivals are part of the look of the detector they stand beside.
    """

    manifest: str
    detector: str
    nights: int
    what: str


def read_looks(path: Path = LOOKS) -> list[Row]:
    """Return the log, the first look first; `note` tells what a look led to.

    Raises:
        InputError: the log is missing or damaged.
    """
    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = list(csv.DictReader(file))
    except OSError as error:
        raise InputError(f"The log of looks {path} cannot be read: {error.strerror}.") from error
    for number, row in enumerate(rows, 2):
        if tuple(row) != COLUMNS or None in row.values() or not row["nights"].isdecimal():
            raise InputError(
                f"Line {number} of the log of looks {path} is none: it must hold "
                f"{', '.join(COLUMNS)}, nights as a number."
            )
    return rows


def log_look(look: Look, path: Path = LOOKS) -> list[Row]:
    """Add a look to the log unless it holds that detector on that manifest; return the log.

    The same detector judged again is no new look; on more nights, its row counts those. One look
    too many is told on stderr, and so is the row where the log cannot be written.

    Raises:
        InputError: the log is missing or damaged.
    """
    rows = read_looks(path)
    before = [row for row in rows if row["manifest"] == look.manifest[:DIGITS]]
    same = [row for row in before if row["detector"] == look.detector[:DIGITS]]
    if any(int(row["nights"]) >= look.nights for row in same):
        return rows
    if same:
        same[0]["nights"] = str(look.nights)
    else:
        rows.append(_row(len(rows) + 1, look, commit_of(path)))
        if len(before) >= MOST:
            _tell(
                f"look {len(before) + 1} of at most {MOST} at the test nights {look.manifest}: "
                "draw a new manifest."
            )
    try:
        write_whole(path, _text(rows))
    except StorageError as error:
        line = _text([(same or rows)[-1]]).splitlines()[1]
        _tell(f"{error} This was a look at test nights; note it: {line}")
    return rows


def commit_of(path: Path) -> str:
    """Return the short commit of the checkout that `path` belongs to; "-" outside of one.

    With "-dirty" behind it where files differ from that commit.
    """
    if not _git(path.parent, "ls-files", "--", path.name):
        return "-"
    return _git(path.parent, "describe", "--always", "--dirty", "--exclude=*") or "-"


def _row(number: int, look: Look, commit: str) -> Row:
    cells = (
        str(number),
        commit,
        look.manifest[:DIGITS],
        str(look.nights),
        look.detector[:DIGITS],
        look.what,
        "",
    )
    return dict(zip(COLUMNS, cells, strict=True))


def _text(rows: Sequence[Row]) -> str:
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


def _git(folder: Path, *words: str) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    command = [git, "-c", "safe.directory=*", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""


def _tell(sentence: str) -> None:
    print(sentence, file=sys.stderr)
