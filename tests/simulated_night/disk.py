"""A real journal on a disk that fails by plan, and that a killed daemon leaves as it was."""

import shutil
import sqlite3
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, cast

from osa_daemon.journal.database import open_writable, storage_errors
from osa_daemon.journal.eras import Reckoning
from osa_daemon.journal.journal import Journal
from tests.simulated_night.plan import Fault
from tests.simulated_night.world import World

WRITES = ("BEGIN", "INSERT", "DELETE", "UPDATE", "COMMIT", "CREATE")
CODES = {
    "disk full": sqlite3.SQLITE_FULL,
    "disk read-only": sqlite3.SQLITE_READONLY,
    "disk busy": sqlite3.SQLITE_BUSY,
    "disk fails": sqlite3.SQLITE_IOERR,
}


class Disk:
    """Opens the journal. `folder` changes with each kill: a copy of what was there then."""

    def __init__(self, world: World, faults: tuple[Fault, ...], folder: Path) -> None:
        self.world = world
        self._root, self._lives = folder, 0
        self._active: list[str] = []
        self.folder = folder / "0"
        self.folder.mkdir()
        self.is_worn = False  # the next kill damages the journal
        self.damaged_s = -1.0  # when that last happened
        for fault in faults:
            if fault.kind in CODES:
                world.at(fault.start_s, lambda fault=fault: self._begin(fault))  # type: ignore[misc]
                world.at(fault.end_s, lambda fault=fault: self._end(fault))  # type: ignore[misc]

    @property
    def path(self) -> Path:
        """Where the journal lies."""
        return self.folder / "journal.sqlite3"

    def open_journal(self, reckoning: Reckoning) -> Journal:
        """Open the journal, unless the disk fails now."""
        with storage_errors(self.path, "opened"):
            self.check("INSERT")
            db, notice = open_writable(self.path, lambda: datetime.fromtimestamp(0, UTC))
        failing = cast("sqlite3.Connection", FailingDatabase(db, self))
        return Journal(failing, self.path, notice, reckoning=reckoning, clock=self.world.clock())

    def check(self, statement: str) -> None:
        """Raise what the disk says to a statement now."""
        self.world.touch()
        for kind in self._active:
            if kind == "disk fails" or statement.startswith(WRITES):
                error = sqlite3.OperationalError(kind)
                error.sqlite_errorcode = CODES[kind]
                raise error

    def keep(self) -> None:
        """The daemon is killed: what it does from here on must not reach the disk."""
        self._lives += 1
        left, self.folder = self.folder, self._root / str(self._lives)
        self.folder.mkdir()
        for suffix in ("", "-wal"):  # the index of the log is shared memory, and goes
            part = left / (self.path.name + suffix)
            if part.exists():
                shutil.copy(part, self.folder / part.name)
        for part in left.glob("overrides.json"):
            shutil.copy(part, self.folder / part.name)
        if self.is_worn:
            self.is_worn = False
            self.damaged_s = self.world.now_s
            with self.path.open("r+b") as file:
                file.write(bytes(512))  # the header: SQLite sees that

    def _begin(self, fault: Fault) -> None:
        self._active.append(fault.kind)
        self.world.note(f"{fault.kind} begins")

    def _end(self, fault: Fault) -> None:
        self._active.remove(fault.kind)
        self.world.note(f"{fault.kind} ends")


class FailingDatabase:
    """A connection on that disk."""

    def __init__(self, db: sqlite3.Connection, disk: Disk) -> None:
        self._db, self._disk = db, disk

    @property
    def in_transaction(self) -> bool:
        """Whether something is not yet committed."""
        return self._db.in_transaction

    def execute(self, statement: str, values: Sequence[Any] = ()) -> sqlite3.Cursor:
        """Run a statement."""
        if not statement.startswith("ROLLBACK"):
            self._disk.check(statement)
        return self._db.execute(statement, values)

    def executemany(self, statement: str, values: Sequence[Any]) -> sqlite3.Cursor:
        """Run a statement several times."""
        self._disk.check(statement)
        return self._db.executemany(statement, values)

    def close(self) -> None:
        """Close the file."""
        self._db.close()
