"""One row of the report: how a trial went."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Row:
    """A fault, what was expected and what was seen.

    `failure` says what did not hold; None where all did. `lost` are ids of decided events that
    never arrived. `deaf_s` is None where no microphone was part of the trial. `commit` is what was
    tried.
    """

    name: str
    group: str
    injected: str
    expected: str
    observed: str
    decided: int
    lost: tuple[str, ...]
    deaf_s: float | None
    took_s: float
    failure: str | None = None
    commit: str = ""

    @property
    def has_passed(self) -> bool:
        """Whether everything held, and nothing was lost."""
        return self.failure is None and not self.lost
