"""The fault report tells the truth: what fails is a failed row and exit code 1."""

import json
import sqlite3
import subprocess
import sys
import time
from contextlib import closing
from dataclasses import asdict, replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.faults import decided, report
from tests.faults.catalogue import catalogue
from tests.faults.fault import Fault
from tests.faults.proxy import _Packets
from tests.faults.row import Row
from tests.faults.runner import exit_code, failed_before, passed_before
from tests.faults.scene import Scene
from tests.faults.trial import try_fault

REPOSITORY = Path(__file__).resolve().parents[2]
BEGAN = datetime(2026, 11, 30, 9, tzinfo=UTC)


def trial_of(act: object, folder: Path, limit_s: float = 60.0) -> Row:
    """The row of a fault that does `act`."""
    return try_fault(Fault("a fault", "somehow", "it holds", act, limit_s=limit_s), folder)  # type: ignore[arg-type]


def test_what_holds_is_a_passed_row(tmp_path: Path) -> None:
    """Nothing failed: passed, and exit code 0."""
    row = trial_of(lambda scene: scene.saw("all is well"), tmp_path)
    assert row.has_passed
    assert exit_code([row]) == 0
    assert (
        "| a fault | somehow | it holds | all is well | 0 of 0 | - | passed |"
        in report.markdown([row], BEGAN)
    )


def test_what_does_not_hold_is_a_failed_row(tmp_path: Path) -> None:
    """The reason stands in the row, beside what was seen before, and the exit code is 1."""

    def act(scene: Scene) -> None:
        scene.saw("something")
        raise AssertionError("it was | deaf")

    row = trial_of(act, tmp_path)
    assert not row.has_passed
    assert exit_code([row]) == 1
    text = report.markdown([row], BEGAN)
    assert "| something. **it was \\| deaf** | 0 of 0 | - | FAILED |" in text
    assert "1 faults: 0 passed, 1 failed" in text


def test_an_error_of_the_trial_itself_fails_too(tmp_path: Path) -> None:
    """A trial that cannot be made is not survived."""
    row = trial_of(lambda scene: scene.nothing_of_this_name(), tmp_path)
    assert row.failure is not None
    assert row.failure.startswith("AttributeError")


def test_a_trial_has_an_end(tmp_path: Path) -> None:
    """What takes longer than its limit has failed."""
    row = trial_of(lambda _: time.sleep(60), tmp_path, limit_s=0.3)
    assert row.failure is not None
    assert "took longer" in row.failure


def test_a_run_goes_on_with_what_has_not_passed(tmp_path: Path) -> None:
    """What passed before is taken as it is, and the report names the commit that it passed at."""
    passed = replace(trial_of(lambda _: None, tmp_path), commit="0123456789ab")
    failed = replace(passed, name="another fault", failure="deaf")
    told = "\n".join(json.dumps(asdict(row)) for row in (passed, failed))
    (tmp_path / "1.jsonl").write_text(told)
    known = passed_before(tmp_path)
    assert known == {"a fault": passed}
    assert "1 of them passed at commit 0123456789ab before" in report.markdown([passed], BEGAN)


def test_what_passed_only_when_tried_again_is_told(tmp_path: Path) -> None:
    """A trial that fails now and then is not made a good one by trying often."""
    passed = trial_of(lambda _: None, tmp_path)
    failed = replace(passed, failure="it was deaf", commit="0123456789ab")
    (tmp_path / "1.jsonl").write_text(json.dumps(asdict(failed)))
    text = report.markdown([passed], BEGAN, failed_before(tmp_path))
    assert (
        "*a fault* passed when tried again; at commit 0123456789ab it failed: it was deaf" in text
    )


def test_no_row_is_no_success() -> None:
    """A report of nothing proves nothing."""
    assert exit_code([]) == 1


def journal_of(path: Path, onsets: dict[str, str]) -> Path:
    """A journal that holds these events."""
    with closing(sqlite3.connect(path)) as db:
        db.execute("CREATE TABLE events (id TEXT, onset_utc TEXT)")
        db.executemany("INSERT INTO events VALUES (?, ?)", onsets.items())
        db.commit()
    return path


class Heard:
    """A witness that got these events."""

    def __init__(self, *events: tuple[str, str]) -> None:
        self.events = [{"id": name, "onset": onset} for name, onset in events]


def test_a_committed_event_that_never_came_is_lost(tmp_path: Path) -> None:
    """By id, whatever else came."""
    first, second = "2026-03-01T03:00:00+00:00", "2026-03-01T03:05:00+00:00"
    journal = journal_of(tmp_path / "j", {"a": first, "b": second})
    told = decided.count([journal], "", [Heard(("a", first), ("a", first))])  # type: ignore[list-item]
    assert told == decided.Count(2, frozenset({"b"}))


def test_an_event_that_no_disk_took_is_lost_where_it_never_came(tmp_path: Path) -> None:
    """The log tells of it; its time finds it, in whatever zone."""
    log = (
        "INFO apnea of 16 s at 2026-03-01T04:00:00.000+01:00\n"
        "INFO hypopnea of 20 s at 2026-03-01T04:05:00.000+01:00\n"
    )
    heard = Heard(("a", "2026-03-01T03:00:00.000+00:00"))
    told = decided.count([tmp_path / "none"], log, [heard])  # type: ignore[list-item]
    assert told.decided == 2
    assert len(told.lost) == 1


def test_a_lost_event_fails_the_row(tmp_path: Path) -> None:
    """Even where all that was asserted held."""
    row = Row("a", "g", "i", "e", "o", 2, ("id",), None, 1.0)
    assert not row.has_passed
    assert "1 of 2 | - | FAILED" in report.markdown([row], BEGAN)


def test_every_fault_is_named_once_and_says_what_is_expected() -> None:
    """At least 40, each in one row."""
    faults = catalogue()
    assert len({fault.name for fault in faults}) == len(faults) >= 40
    assert all(fault.injected and fault.expected and fault.act.__doc__ for fault in faults)


@pytest.mark.parametrize("cut", [1, 2, 3, 200])
def test_packets_are_cut_where_they_end(cut: int) -> None:
    """However the bytes come: a PUBACK, and a packet whose length takes two bytes."""
    stream = b"\x40\x02\x00\x07" + b"\x30\xc8\x01" + bytes(200) + b"\xd0\x00"
    packets = _Packets()
    found = [p for i in range(0, len(stream), cut) for p in packets.push(stream[i : i + cut])]
    assert [len(packet) for packet in found] == [4, 203, 2]
    assert b"".join(found) == stream


def test_a_fault_is_tried_and_writes_the_report(tmp_path: Path) -> None:
    """From the command line, with the real daemon."""
    out = tmp_path / "report.md"
    command = [sys.executable, "-m", "tests.faults.runner", "--report", out]
    done = subprocess.run(
        [*command, "--only", "wrong value at start", "--keep", tmp_path / "kept"],
        capture_output=True,
        text=True,
        timeout=240,
        cwd=REPOSITORY,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "1 faults: 1 passed, 0 failed" in out.read_text()


def test_events_of_the_real_daemon_are_counted(tmp_path: Path) -> None:
    """What a daemon decided and sent is neither lost nor overlooked."""

    def act(scene: Scene) -> None:
        broker, witness = scene.meet()
        sound = REPOSITORY / "tests/data/short.ogg"
        daemon = scene.start(broker.port, "--source", f"file:{sound}", "--speed", "20")
        assert daemon.wait() == 0
        witness.wait(lambda: len(witness.events) >= 3, 20, "three events")
        scene.saw(json.dumps(sorted(event["type"] for event in witness.events)))

    row = trial_of(act, tmp_path)
    assert row.failure is None
    assert (row.decided, row.lost) == (3, ())
