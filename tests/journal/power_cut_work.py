"""What the daemon does with its journal, told word by word; run under strace by `power_cut`."""

import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

from osa_daemon.clock import Clock
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import EventRow, MinuteRow, NightRow

BEGAN = datetime(2026, 11, 22, 21, 0, tzinfo=UTC)
NIGHT = BEGAN.date()


def tell(*words: str) -> None:
    """Say what is begun (`event? 7`, as one word `event?7`) or has returned (`event!7`)."""
    sys.stdout.write(" ".join(words) + "\n")
    sys.stdout.flush()


def event(number: int) -> EventRow:
    """The event of that number."""
    onset = BEGAN + timedelta(seconds=60 * number)
    return EventRow(
        f"e{number}", "apnea", onset, onset + timedelta(seconds=20), 20.0, 0.9, "silent",
        monitorable=True, truncated=False, night=NIGHT,
    )  # fmt: skip


def payload(number: int) -> str:
    """Its message."""
    return f'{{"id":"e{number}","text":"{"x" * 300}"}}'


def work(journal: Journal, first: int, last: int) -> None:
    """Record events, acknowledge every other one, and write what comes between."""
    for number in range(first, last):
        row = event(number)
        journal.begin_pause(row.onset_utc, row.end_utc)
        journal.end_pause()
        tell(f"event?{number}")
        assert journal.record_event(row, payload(number), BEGAN)
        tell(f"event!{number}")
        if number % 2:
            waiting = [each.id for each in journal.pending(1000) if f'"e{number}"' in each.payload]
            tell(f"ack?{number}")
            journal.acknowledge(*waiting)
            tell(f"ack!{number}")
        if number % 5 == 0:
            start = row.onset_utc
            minutes = [
                MinuteRow(
                    start + timedelta(minutes=each), NIGHT, 60.0, 60.0, 0.0, 0.0, -50.0, -60.0, 14.0
                )
                for each in range(5)
            ]
            journal.record_minutes(minutes)
            journal.record_night(NightRow(NIGHT, BEGAN, start, "{}", f'{{"apneas":{number}}}'))


def main(folder: Path, count: int, pragma: str | None) -> None:
    """Two starts of the daemon: half of the events in each."""
    first = Journal.open(folder / "journal.db", clock=Clock(wall_s=BEGAN.timestamp))
    tell("opened")
    _, half = tell("part"), count // 2
    for journal, span in ((first, (100, 100 + half)), (None, (100 + half, 100 + count))):
        now = journal or Journal.open(folder / "journal.db")
        if pragma:
            now._db.execute(pragma)
        work(now, *span)
        now.close()
        tell("closed")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]), sys.argv[3] if len(sys.argv) > 3 else None)
