"""The daemon, whose chain hangs after a while; its deadline is short."""

import sys
import time

from once import is_first

from osa_daemon.cli import main
from osa_daemon.service import run
from osa_daemon.service.bedside import Bedside

AFTER_S = 10.0
hangs_s = time.monotonic() + AFTER_S
tick = Bedside._tick


def hang_or_tick(self: Bedside) -> None:
    """Never come back, once it is time."""
    global hangs_s  # noqa: PLW0603  # a script's own, and the end of it
    if time.monotonic() > hangs_s:
        hangs_s = float("inf")
        if is_first():
            time.sleep(3600)
    tick(self)


run.CHAIN_DEADLINE_S = 3.0
Bedside._tick = hang_or_tick  # type: ignore[method-assign]
sys.exit(main(["run", *sys.argv[1:]]))
