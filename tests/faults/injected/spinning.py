"""The daemon, one of whose threads loops in C after a while and keeps Python's lock."""

import re
import sys
import threading
import time

from once import is_first

from osa_daemon.cli import main

AFTER_S = 15.0


def spin() -> None:
    """Never let go."""
    time.sleep(AFTER_S)
    if is_first():
        re.match("(a+)+$", "a" * 64 + "b")


threading.Thread(target=spin, daemon=True).start()
sys.exit(main(["run", *sys.argv[1:]]))
