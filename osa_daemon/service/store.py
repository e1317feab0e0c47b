"""The journal as the bedside uses it: where the disk fails, monitoring goes on and says so."""

import logging
from collections.abc import Callable
from typing import TypeVar

from osa_daemon.errors import StorageError
from osa_daemon.journal.journal import Journal

Result = TypeVar("Result")

_log = logging.getLogger(__name__)


class Store:
    """Guards every use of the journal: a failure is told once, and the caller goes on.

    `journal` is None where it could not be opened at all. `tell` is given the problem in one
    sentence when it begins, and None when a later use succeeds.
    """

    def __init__(
        self, journal: Journal | None, tell: Callable[[str | None], None], problem: str | None
    ) -> None:
        self._journal = journal
        self._tell = tell
        self.problem = problem
        tell(problem)

    def use(self, action: Callable[[Journal], Result]) -> Result | None:
        """Run `action` on the journal; None where there is no journal or it failed."""
        if self._journal is None:
            return None
        try:
            result = action(self._journal)
        except StorageError as error:
            self._note(str(error))
            return None
        self._note(None)
        return result

    def close(self) -> None:
        """Close the journal."""
        if self._journal is not None:
            self._journal.close()

    def _note(self, problem: str | None) -> None:
        if problem == self.problem:
            return
        self.problem = problem
        if problem is not None:
            _log.error("%s", problem)
        else:
            _log.info("The journal can be written again.")
        self._tell(problem)
