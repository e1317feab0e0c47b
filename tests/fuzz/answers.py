"""What a target may say: the package's own sentences, plain and bounded."""

import re
import tempfile
from pathlib import Path

LONGEST_LINE = 2_000

_CHANGING = re.compile(r"'[^']*'|\"[^\"]*\"|[0-9]+|/\S+")


def shape(text: str) -> str:
    """Return a sentence without what changes from input to input."""
    return _CHANGING.sub("_", text)[:160]


def check_sentences(text: str) -> None:
    """Every line is one that a terminal and a log can show, and bounded."""
    assert text.strip(), "an error without a sentence"
    for line in text.split("\n"):
        assert line.isprintable(), f"a line that is not printable: {line!r:.300}"
        assert len(line) <= LONGEST_LINE, f"a line of {len(line)} characters"


def memory_folder() -> tempfile.TemporaryDirectory[str]:
    """A folder in memory where there is one: millions of files would wear a disk."""
    shm = Path("/dev/shm")
    return tempfile.TemporaryDirectory(prefix="osa-fuzz-", dir=shm if shm.is_dir() else None)
