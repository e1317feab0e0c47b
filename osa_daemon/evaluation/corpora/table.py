"""Tables of events as text: rows that know their place, so that each mistake names its line."""

import csv
import math
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from osa_daemon.errors import InputError


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table: its cells by column, and where it stands."""

    place: str
    cells: dict[str, str]

    def seconds(self, name: str) -> float:
        """Return a cell as seconds.

        Raises:
            InputError: it is no number from 0 on.
        """
        return read_seconds(self.place, name, self.cells[name])


def read_seconds(place: str, name: str, text: str) -> float:
    """Return the text of what is called `name` at `place` as seconds.

    Raises:
        InputError: it is no number from 0 on.
    """
    try:
        seconds = float(text)
    except ValueError:
        seconds = math.nan
    if not (math.isfinite(seconds) and seconds >= 0):
        raise InputError(
            f'{place} has the {name} "{text}": it must be a number of seconds from 0 on.'
        )
    return seconds


def read_rows(path: Path, columns: Sequence[str]) -> list[Row]:
    """Read a table with a header that holds at least `columns`.

    Raises:
        InputError: the file cannot be read or is empty, or a column is not there.
    """
    try:
        # a spreadsheet may begin its file with a byte order mark
        with path.open(newline="", encoding="utf-8-sig") as file:
            reader = csv.DictReader(file, restval="")
            header = reader.fieldnames or ()
            rows = [Row(f"{path}, line {reader.line_num},", row) for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    if not header:
        raise empty(path, ",".join(columns))
    missing = [name for name in columns if name not in header]
    if missing:
        raise InputError(
            f"{path} lacks the column {missing[0]}: its header must be {','.join(columns)}."
        )
    return rows


def empty(path: Path, header: str) -> InputError:
    """Return what to say of a table without even a header: a copy that failed looks like this."""
    return InputError(
        f'{path} is empty: write its first line, "{header}", alone where there is nothing to '
        "tell; if something was scored, copy the file again."
    )
