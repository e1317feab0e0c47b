"""Power cuts: states of the disk are rebuilt from a trace of the real journal, and opened again.

    python -m tests.journal.power_cut --states 3000 --seed 1

The journal works under strace on a new file, one of the version before, and a damaged one. Then at
points drawn from the seed the power goes; each state is opened as the daemon opens it and must hold
every event whose commit had returned, in the outbox unless it was acknowledged, none by half.
"""

import argparse
import json
import shutil
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from random import Random
from typing import Final

from osa_daemon.errors import OsaError
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.schema import LATEST
from tests.journal.crash_states import CALLS, Disk, Step, Told, read_trace
from tests.journal.power_cut_work import BEGAN, NIGHT, event, payload

HERE: Final = Path(__file__).parent
WAYS: Final = ("none", "all", "some", "some", "some", "but", "one", "torn")
EVENTS: Final = 260  # in a new journal: enough for its log to be written back several times
FEW: Final = 24
BEGINNING: Final = 120  # steps
OLD: Final = range(5)  # events that a damaged journal, and one of an older version, begin with


@dataclass
class Summary:
    """What was tried, and what was wrong with it."""

    states: int = 0
    seconds: float = 0.0
    begun: Counter[str] = field(default_factory=Counter)
    set_aside: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@dataclass(frozen=True)
class Story:
    """A journal at work: what it began with, and each step that it took after that."""

    name: str
    there: dict[str, bytes]
    steps: list[Step]


@dataclass
class Promised:
    """What had been told when the power went."""

    events: set[int]
    acknowledged: set[int] = field(default_factory=set)
    unsure_event: set[int] = field(default_factory=set)
    unsure_ack: set[int] = field(default_factory=set)

    def take(self, word: str) -> None:
        """Take a word of the program."""
        what, _, number = word.replace("?", "!").partition("!")
        if not number:
            return
        sure, unsure = {
            "event": (self.events, self.unsure_event),
            "ack": (self.acknowledged, self.unsure_ack),
        }[what]
        if "?" in word:
            unsure.add(int(number))
        else:
            unsure.discard(int(number))
            sure.add(int(number))


def run(seed: int, states: int, *, events: int = EVENTS, pragma: str | None = None) -> Summary:
    """Try so many states, drawn from the seed; a new journal takes so many `events`.

    `pragma` spoils the journal's promise on purpose. Needs strace.
    """
    began_s, summary, random = time.monotonic(), Summary(), Random(seed)
    memory = "/dev/shm" if Path("/dev/shm").is_dir() else None
    with tempfile.TemporaryDirectory(prefix="osa-power-cut-", dir=memory) as made:
        folder = Path(made)
        stories = [
            told(folder / "new", {}, events, pragma),
            told(folder / "old", older(folder / "made"), FEW, pragma),
            told(folder / "damaged", damaged(folder / "made"), FEW, pragma),
        ]
        for number, story in enumerate(stories):
            share = states * (2 if number == 0 else 1) // 4
            for at, disk, promised in cuts(story, random, share):
                summary.begun[story.name] += 1
                files = disk.after_a_cut(random, random.choice(WAYS))
                wrong, is_aside = judged(folder / "after", files, promised)
                summary.states += 1
                summary.set_aside[story.name] += is_aside
                if is_aside and story.name != "damaged":
                    wrong.append("a sound journal was set aside")
                summary.wrong += [f"{story.name}, step {at}: {each}" for each in wrong]
    summary.seconds = time.monotonic() - began_s
    return summary


def told(folder: Path, there: dict[str, bytes], count: int, pragma: str | None) -> Story:
    """Let the journal work under strace, and read what it did."""
    folder.mkdir()
    for name, content in there.items():
        (folder / name).write_bytes(content)
    trace = folder.with_suffix(".trace")
    work = [sys.executable, "-m", "tests.journal.power_cut_work", str(folder), str(count)]
    strace = ["strace", "-f", "-y", "-xx", "-s", "70000", "-e", f"trace={CALLS}", "-o", str(trace)]
    subprocess.run(
        [*strace, *work, *([pragma] if pragma else [])],
        check=True,
        stdout=subprocess.DEVNULL,
        cwd=HERE.parents[1],
    )
    numbers = {name: number for number, name in enumerate(there)}
    steps = list(read_trace(trace, folder, numbers))
    trace.unlink()
    return Story(folder.name, there, steps)


def cuts(story: Story, random: Random, count: int) -> Iterator[tuple[int, Disk, Promised]]:
    """Go through what was done, and stop where the power goes; several times at one point."""
    ends = (BEGINNING, len(story.steps) + 1)  # a file is made, or made anew, at the beginning
    points = Counter(random.randrange(random.choice(ends)) for _ in range(count))
    disk = Disk(
        {name: number for number, name in enumerate(story.there)},
        {number: bytearray(content) for number, content in enumerate(story.there.values())},
    )
    promised = Promised(set(OLD) if story.there else set())
    for at, step in enumerate([*story.steps, Told("end")]):
        for _ in range(points[at]):
            yield at, disk, promised
        if isinstance(step, Told):
            promised.take(step.word)
        else:
            disk.take(step)


def judged(folder: Path, files: dict[str, bytes], promised: Promised) -> tuple[list[str], bool]:
    """Open what the disk holds, as the daemon does; what is wrong, and whether it is set aside."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    for name, content in files.items():
        (folder / name).write_bytes(content)
    had_damage = any(".damaged-" in name for name in files)
    try:
        with Journal.open(folder / "journal.db") as journal:
            is_aside = journal.notice is not None
            return list(_wrong(journal, promised, may_repeat=had_damage or is_aside)), is_aside
    except (OsaError, sqlite3.Error) as error:
        return [f"it cannot be opened: {error}"], False


def _wrong(journal: Journal, promised: Promised, *, may_repeat: bool) -> Iterator[str]:
    db = journal._db
    if db.execute("PRAGMA integrity_check").fetchall() != [("ok",)]:
        yield "SQLite finds it damaged"
    if db.execute("SELECT max(version) FROM migrations").fetchone() != (LATEST,):
        yield "it is not of the latest version"
    events = {int(row.id[1:]): row for row in journal.events_of(NIGHT)}
    waiting = [int(json.loads(row.payload)["id"][1:]) for row in journal.pending(10_000)]
    if lost := promised.events - set(events):
        yield f"events whose commit had returned are not there: {sorted(lost)}"
    if alien := set(events) - promised.events - promised.unsure_event:
        yield f"events that nobody recorded are there: {sorted(alien)}"
    if torn := [number for number, row in events.items() if row != event(number)]:
        yield f"events are not what was recorded: {torn}"
    gone = set(events) - set(waiting) - promised.acknowledged - promised.unsure_ack
    if gone:
        yield f"events are not in the outbox and were not acknowledged: {sorted(gone)}"
    if orphans := set(waiting) - set(events):
        yield f"messages without their event: {sorted(orphans)}"
    back = set(waiting) & promised.acknowledged
    if back and not may_repeat:
        yield f"acknowledged messages are back: {sorted(back)}"
    if len(waiting) != len(set(waiting)):
        yield f"messages are there twice: {sorted(waiting)}"
    if {row.payload for row in journal.pending(10_000)} != set(map(payload, waiting)):
        yield "messages are not what was recorded"
    if not journal.record_event(event(9999), payload(9999), BEGAN):
        yield "it takes no event any more"


def older(folder: Path) -> dict[str, bytes]:
    """Make a journal as the version before left it after a power cut: events lie in its log."""
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    path = folder / "journal.db"
    with closing(sqlite3.connect(path)) as db:
        db.executescript((HERE / f"version_{LATEST - 1}.sql").read_text())
        for table in ("events", "outbox", "nights", "minutes", "open_pause", "alerts"):
            db.execute(f"DELETE FROM {table}")
        db.commit()
        db.execute("PRAGMA journal_mode = WAL")
    with closing(sqlite3.connect(path)) as db:
        for number in OLD:
            _insert(db, number)
        db.commit()
        return {name: (folder / name).read_bytes() for name in ("journal.db", "journal.db-wal")}


def damaged(folder: Path) -> dict[str, bytes]:
    """Make such a journal in which a table that holds no event is damaged."""
    files = older(folder)
    content = bytearray(files["journal.db"])
    with closing(sqlite3.connect(folder / "journal.db")) as db:
        (page,) = db.execute("SELECT rootpage FROM sqlite_master WHERE name='minutes'").fetchone()
    content[(page - 1) * 4096 : page * 4096] = b"\x55" * 4096
    return files | {"journal.db": bytes(content)}


def _insert(db: sqlite3.Connection, number: int) -> None:
    row = event(number)
    onset, end = (each.isoformat(timespec="microseconds") for each in (row.onset_utc, row.end_utc))
    db.execute(
        "INSERT INTO events (id, type, onset_utc, end_utc, duration_s, confidence,"
        " character, monitorable, truncated, night) VALUES (?,?,?,?,?,?,?,1,0,?)",
        (row.id, row.type, onset, end, 20.0, 0.9, row.character, NIGHT.isoformat()),
    )
    message = (payload(number), BEGAN.isoformat())
    db.execute("INSERT INTO outbox VALUES (NULL, 'event', ?, ?)", message)


def main() -> int:
    """Try states as the command line says, and print what came of it."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", maxsplit=1)[0])
    parser.add_argument("--seed", type=int, default=1, help="what the states are drawn from (1)")
    parser.add_argument("--states", type=int, default=3000, help="how many (3000)")
    parser.add_argument("--pragma", help="spoil it on purpose, such as 'PRAGMA synchronous = OFF'")
    options = parser.parse_args()
    summary = run(options.seed, options.states, pragma=options.pragma)
    for line in summary.wrong[:20]:
        print(line)
    print(
        f"{summary.states} states of the disk after a power cut ({dict(summary.begun)}): "
        f"{len(summary.wrong)} wrong, set aside {dict(summary.set_aside)}; {summary.seconds:.0f} s"
    )
    return 1 if summary.wrong else 0


if __name__ == "__main__":
    sys.exit(main())
