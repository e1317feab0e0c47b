"""Each check behind a fence: it may hang or fail, and doctor goes on to the next."""

import threading
from collections.abc import Callable, Iterable
from dataclasses import dataclass

from osa_daemon.errors import OsaError
from osa_daemon.service.doctor.finding import Finding, bad, doubtful

DEADLINE_S = 20.0  # a check that only reads files; a worn SD card takes seconds


@dataclass(frozen=True, slots=True)
class Check:
    """Something to look at: `look` gives findings, in a thread of its own.

    `remedy` completes the sentence on a check that did not end within `deadline_s`.
    """

    name: str
    look: Callable[[], Iterable[Finding]]
    deadline_s: float = DEADLINE_S
    remedy: str = "something hangs in this machine; restart it"


def fenced(check: Check) -> list[Finding]:
    """Return what `check` finds, whatever becomes of it.

    A failure is one finding more: bad where it is a sentence for the user or no answer in time, a
    note where the check itself has a fault. A thread that hangs is left behind.
    """
    found: list[Finding] = []
    thread = threading.Thread(
        target=_collect, args=(check, found), name=f"check {check.name}", daemon=True
    )
    thread.start()
    thread.join(check.deadline_s)
    seen = list(found)  # from now on a thread that hangs is not heard any more
    if thread.is_alive():
        seen.append(bad(check.name, f"no answer within {check.deadline_s:g} s: {check.remedy}."))
    return seen


def _collect(check: Check, found: list[Finding]) -> None:
    try:
        for finding in check.look():
            found.append(finding)  # noqa: PERF402 what came before a hang counts
    except OsaError as error:
        found.append(bad(check.name, str(error)))
    except Exception as error:  # noqa: BLE001 the edge of a thread: a broken check is a finding
        cause = " ".join(f"{type(error).__name__}: {error}".split())[:200]
        found.append(doubtful(check.name, f"could not be checked ({cause}): please report it."))
