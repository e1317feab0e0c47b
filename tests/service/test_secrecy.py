"""What the log and doctor say of memory that may be written to a disk."""

import logging
from pathlib import Path

import pytest

from osa_daemon.service import secrecy
from osa_daemon.service.doctor.finding import Verdict
from osa_daemon.service.secrecy import check_swap, keep_sound_secret

SWAPS = "Filename Type Size Used Priority\n/var/swap file 524272 0 -2\n"


def machine(root: Path, swaps: str, locked_kb: int | None = None, *words: str) -> Path:
    """A fake root, on which a program may run."""
    process = root / "proc" / "812"
    process.mkdir(parents=True)
    (root / "proc" / "swaps").write_text(swaps)
    if locked_kb is not None:
        (process / "cmdline").write_bytes(b"\0".join(word.encode() for word in words) + b"\0")
        (process / "status").write_text(f"Name:\tosa-daemon\nVmLck:\t  {locked_kb} kB\n")
    return root


@pytest.mark.parametrize(
    ("swaps", "locked_kb", "verdict", "says"),
    [
        ("Filename\n", None, Verdict.GOOD, "none on a disk"),
        (SWAPS, None, Verdict.GOOD, "locks its memory while it runs"),
        (SWAPS, 480_000, Verdict.GOOD, "locks its memory while it runs"),
        (SWAPS, 4_160, Verdict.DOUBTFUL, "(process 812) may not lock its memory"),
        (SWAPS, 0, Verdict.DOUBTFUL, "LimitMEMLOCK=infinity"),
    ],
)
def test_doctor_tells_of_swap(
    tmp_path: Path, swaps: str, locked_kb: int | None, verdict: Verdict, says: str
) -> None:
    """Only a running daemon that may not lock its memory, beside swap on a disk, is doubtful."""
    root = machine(tmp_path, swaps, locked_kb, "/opt/python", "/opt/bin/osa-daemon", "run")
    finding = check_swap(root)
    assert (finding.verdict, says in finding.text) == (verdict, True)


@pytest.mark.parametrize("words", [("osa-daemon", "doctor"), ("vim", "run"), ("run",)])
def test_another_program_is_no_daemon(tmp_path: Path, words: tuple[str, ...]) -> None:
    """Commands that look at the journal hold no sound."""
    assert check_swap(machine(tmp_path, SWAPS, 0, *words)).verdict is Verdict.GOOD


@pytest.mark.parametrize(
    ("locks", "places", "said"),
    [(True, ("/var/swap",), []), (False, (), []), (False, ("/var/swap",), ["/var/swap"])],
)
def test_the_log_tells_of_swap_once_where_there_is_some(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    locks: bool,
    places: tuple[str, ...],
    said: list[str],
) -> None:
    """A warning with the remedy where memory is not locked and there is swap on a disk."""
    monkeypatch.setattr(secrecy, "forbid_dumps", lambda: True)
    monkeypatch.setattr(secrecy, "lock_memory", lambda: locks)
    monkeypatch.setattr(secrecy, "swap_on_disk", lambda: places)
    keep_sound_secret()
    warnings = [r.getMessage() for r in caplog.records if r.levelno >= logging.WARNING]
    assert len(warnings) == len(said)
    assert all(word in warnings[0] for word in said)
    assert all("LimitMEMLOCK=infinity" in warning for warning in warnings)
