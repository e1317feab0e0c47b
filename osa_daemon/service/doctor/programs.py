"""Asking other programs, which may be missing, fail or hang."""

import os
import subprocess
from collections.abc import Sequence

TIMEOUT_S = 5.0


def answer(command: Sequence[str], timeout_s: float = TIMEOUT_S) -> str | None:
    """Return what `command` prints; None where it is not there, fails, or takes too long.

    Its words are English, and nothing waits for a key.
    """
    environment = os.environ | {"LC_ALL": "C.UTF-8", "SYSTEMD_PAGER": "", "SYSTEMD_COLORS": "0"}
    try:
        done = subprocess.run(
            command,
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            timeout=timeout_s,
            check=False,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.decode(errors="replace") if done.returncode == 0 else None
