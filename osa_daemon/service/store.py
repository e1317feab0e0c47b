"""The journal as the bedside uses it: where the disk fails, monitoring goes on and says so."""

import logging
from collections.abc import Callable
from typing import Final, Literal, TypeVar

from osa_daemon.clock import SYSTEM_CLOCK, Clock
from osa_daemon.errors import DamagedError, StorageError
from osa_daemon.journal.journal import Journal
from osa_daemon.service.tasks import STORING, Doing, unwatched

Result = TypeVar("Result")
Use = Literal["open", "read", "written"]
NOTICE_S: Final = 24 * 3600.0  # how long it is told that a journal was begun anew

_log = logging.getLogger(__name__)


class Store:
    """Guards every use of the journal: a failure is told once, and the caller goes on.

    `open_journal` raises StorageError where the journal cannot be opened; `retry` tries again.
    A journal that turns out to be damaged, deleted or replaced is begun anew at once, with what
    can be read of it; `renewals` counts that. `tell` is given the problem in one sentence when it
    begins, and None when it is over: for a failed write only a write that succeeds shows that,
    since a full disk can still be read. `doing` watches over each use: a disk may hang.
    """

    def __init__(
        self,
        open_journal: Callable[[], Journal],
        tell: Callable[[str | None], None],
        clock: Clock = SYSTEM_CLOCK,
        doing: Doing = unwatched,
    ) -> None:
        self._open = open_journal
        self._tell = tell
        self._clock = clock
        self._doing = doing
        self._journal: Journal | None = None
        self._failed: dict[Use, str | None] = {"open": None, "written": None, "read": None}
        self._notice: str | None = None
        self._notice_ends_s = 0.0
        self.renewals = 0
        self.problem: str | None = None
        self.retry()
        if self.problem is None:
            tell(None)

    @property
    def failure(self) -> str | None:
        """Why events cannot be stored now, in a sentence; None where they can."""
        return self._failed["open"] or self._failed["written"]

    def retry(self) -> bool:
        """Open the journal where it is not open; whether that has opened it just now."""
        if self._notice is not None and self._clock.monotonic_s() >= self._notice_ends_s:
            self._notice = None
            self._judge()
        if self._journal is not None:
            return False
        try:
            self._journal = self._open()
        except StorageError as error:
            self._note("open", f"{error} Events are not stored.")
            return False
        self._note("open", None)
        self._take_notice(self._journal)
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
                result = self._renewing(self._journal, action)
        except StorageError as error:
            self._note(use, str(error))
            return None
        self._note(use, None)
        return result

    def _renewing(self, journal: Journal, action: Callable[[Journal], Result]) -> Result:
        """Run `action`, once more on a new file where the one in use is none any more."""
        try:
            return action(journal)
        except DamagedError as error:
            _log.error("%s", error)
            journal.renew()
        self.renewals += 1
        self._take_notice(journal)
        return action(journal)

    def _take_notice(self, journal: Journal) -> None:
        if journal.notice is not None:
            self._notice = journal.notice
            self._notice_ends_s = self._clock.monotonic_s() + NOTICE_S
            self._judge()

    def _note(self, use: Use, failure: str | None) -> None:
        self._failed[use] = failure
        self._judge()

    def _judge(self) -> None:
        failures = (text for text in self._failed.values() if text is not None)
        problem = next(failures, self._notice)
        if problem == self.problem:
            return
        self.problem = problem
        if problem is not None:
            _log.error("%s", problem)
        else:
            _log.info("The journal can be used again.")
        self._tell(problem)
