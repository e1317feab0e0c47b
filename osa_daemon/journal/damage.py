"""Rows that SQLite takes for whole and that make no sense: it keeps no checksums of its pages.

One flipped bit on a worn SD card must cost one row, not the start of the daemon or the history.
"""

from collections.abc import Callable, Iterable, Iterator, Sequence
from datetime import UTC, datetime
from typing import Any, Final, TypeVar

Row = TypeVar("Row")

EARLIEST: Final = datetime(1970, 1, 1, tzinfo=UTC)  # a Pi without a clock starts there
LATEST: Final = datetime(2200, 1, 1, tzinfo=UTC)


def readable(rows: Iterable[Sequence[Any]], make: Callable[[Sequence[Any]], Row]) -> Iterator[Row]:
    """Give what `make` makes of each row; one that it cannot read is left out."""
    for row in rows:
        try:
            yield make(row)
        except (ValueError, TypeError):
            continue


def text_of(data: bytes) -> str:
    """Read a text of the database (`text_factory`), whatever has become of its bytes."""
    return data.decode(errors="replace")


def moment(text: str) -> datetime:
    """Read a time as `queries.stamp` wrote it; ValueError for what it cannot have written."""
    found = datetime.fromisoformat(text)
    if found.tzinfo is None or not EARLIEST <= found <= LATEST:
        raise ValueError(f"{text!r} is no time of a journal")
    return found
