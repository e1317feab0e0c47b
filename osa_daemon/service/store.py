"""The journal as the bedside uses it: where the disk fails, monitoring goes on and says so."""

import logging
from collections.abc import Callable
from typing import Literal, TypeVar

from osa_daemon.errors import StorageError
from osa_daemon.journal.journal import Journal
from osa_daemon.service.tasks import STORING, Doing, unwatched

Result = TypeVar("Result")
Use = Literal["open", "read", "written"]

_log = logging.getLogger(__name__)


class Store:
    """Guards every use of the journal: a failure is told once, and the caller goes on.

    `open_journal` raises StorageError where the journal cannot be opened; `retry` tries again.
    `tell` is given the problem in one sentence when it begins, and None when it is over: for a
    failed write only a write that succeeds shows that, since a full disk can still be read.
    `doing` watches over each use: a disk may hang.
    """

    def __init__(
        self,
        open_journal: Callable[[], Journal],
        tell: Callable[[str | None], None],
        doing: Doing = unwatched,
    ) -> None:
        self._open = open_journal
        self._tell = tell
        self._doing = doing
        self._journal: Journal | None = None
        self._failed: dict[Use, str | None] = {"open": None, "written": None, "read": None}
        self.problem: str | None = None
        self.retry()
        if self.problem is None:
            tell(None)

    def retry(self) -> bool:
        """Open the journal where it is not open; whether that has opened it just now."""
        if self._journal is not None:
            return False
        try:
            self._journal = self._open()
        except StorageError as error:
            self._note("open", f"{error} Events are not stored.")
            return False
        self._note("open", None)
        return True

    def use(self, action: Callable[[Journal], Result]) -> Result | None:
        """Run `action`, which writes; None where there is no journal or it failed."""
        return self._run("written", action)

    def does(self, action: Callable[[Journal], object]) -> bool:
        """Run `action`, which writes; whether that succeeded."""
        return self._run("written", lambda journal: (action(journal),)) is not None

    def look(self, action: Callable[[Journal], Result]) -> Result | None:
        """Run `action`, which only reads; None where there is no journal or it failed."""
        return self._run("read", action)

    def close(self) -> None:
        """Close the journal."""
        if self._journal is not None:
            self._journal.close()
            self._journal = None

    def _run(self, use: Use, action: Callable[[Journal], Result]) -> Result | None:
        if self._journal is None:
            return None
        try:
            with self._doing(STORING):
                result = action(self._journal)
        except StorageError as error:
            self._note(use, str(error))
            return None
        self._note(use, None)
        return result

    def _note(self, use: Use, failure: str | None) -> None:
        self._failed[use] = failure
        problem = next((text for text in self._failed.values() if text is not None), None)
        if problem == self.problem:
            return
        self.problem = problem
        if problem is not None:
            _log.error("%s", problem)
        else:
            _log.info("The journal can be used again.")
        self._tell(problem)
