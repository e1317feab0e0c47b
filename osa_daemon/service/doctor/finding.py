"""What `doctor` finds: one line each, with the remedy where something is wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import Enum

from osa_daemon.errors import OsaError


class Verdict(Enum):
    """How a finding is meant: `BAD` keeps the daemon from its work, `DOUBTFUL` may."""

    GOOD = "ok"
    DOUBTFUL = "note"
    BAD = "BAD"


@dataclass(frozen=True, slots=True)
class Finding:
    """One line: what was looked at, the verdict, what was seen and what to do about it."""

    name: str
    verdict: Verdict
    text: str

    def __str__(self) -> str:
        """The line as it is printed; other programs' words may hold several."""
        return f"{self.verdict.value:<5} {self.name}: {' '.join(self.text.split())}"


def good(name: str, text: str) -> Finding:
    """Return a finding that all is well."""
    return Finding(name, Verdict.GOOD, text)


def doubtful(name: str, text: str) -> Finding:
    """Return a finding that may or may not matter here."""
    return Finding(name, Verdict.DOUBTFUL, text)


def bad(name: str, text: str) -> Finding:
    """Return a finding that keeps the daemon from its work."""
    return Finding(name, Verdict.BAD, text)


def closed_or_bad(name: str, error: OsaError) -> Finding:
    """Return the finding on `error`; a note where only this user may not read a file."""
    sentence = str(error).rstrip(".")
    if isinstance(error.__cause__, PermissionError):
        return doubtful(name, f"{sentence}. The service may be able to: run doctor with sudo.")
    return bad(name, f"{sentence}.")


def rows(findings: Sequence[Finding]) -> list[dict[str, str]]:
    """Return findings as they stand in JSON."""
    return [{"name": f.name, "verdict": f.verdict.name.lower(), "text": f.text} for f in findings]
