"""Markdown tables from rows of plain figures."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

NONE = "-"


@dataclass(frozen=True, slots=True)
class Column:
    """A column: which figure of the row, its title, and how many digits after the point."""

    key: str
    title: str
    digits: int = 3


def number(value: Any, digits: int = 3) -> str:
    """Return a figure as text: "-" for None, yes and no for truths."""
    if value is None:
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return f"{value:.{digits}f}"
    return str(value)


def span(pair: Sequence[float | None] | None, digits: int = 3) -> str:
    """Return an interval in brackets, nothing for None."""
    if pair is None:
        return ""
    low, high = (number(None if v is None else float(v), digits) for v in pair)
    return f" ({low} to {high})"


def cell(row: Mapping[str, Any], column: Column) -> str:
    """Return a figure of a row, with its interval where the row has one."""
    value = number(row.get(column.key), column.digits)
    return value if value == NONE else value + span(row.get(f"{column.key}_95"), column.digits)


def table(
    first: str, rows: Mapping[str, Mapping[str, Any] | None], columns: Sequence[Column]
) -> str:
    """Return a Markdown table, a line for each row that there is; "" without any."""
    known = {name: row for name, row in rows.items() if row}
    lines = [[str(name), *(cell(row, column) for column in columns)] for name, row in known.items()]
    return grid([first, *(column.title for column in columns)], lines)


def grid(head: Sequence[str], lines: Sequence[Sequence[str]]) -> str:
    """Return a Markdown table of text; "" without lines."""
    if not lines:
        return ""
    every = [head, ["---"] * len(head), *lines]
    return "\n".join("| " + " | ".join(map(_inside, line)) + " |" for line in every) + "\n"


def _inside(text: str) -> str:
    """Return text that stays in its cell: names of nights and kinds are the user's."""
    return " ".join(text.split()).replace("|", "\\|")


def section(title: str, *blocks: str) -> str:
    """Return a section under a heading; "" where none of its blocks holds a table."""
    if not any("| " in block for block in blocks):
        return ""
    return "\n\n".join([f"## {title}", *(block.strip("\n") for block in blocks if block)])


def figure(row: Mapping[str, Any] | None, key: str, digits: int = 3) -> str:
    """Return a figure of a row that there may not be, with its interval."""
    return NONE if row is None else cell(row, Column(key, key, digits))


def words(key: str) -> str:
    """Return the name of a figure as words."""
    return key.removesuffix("_s").replace("f1", "F1").replace("_", " ").replace("iou", "IoU")
