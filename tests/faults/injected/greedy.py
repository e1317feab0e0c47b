"""The daemon, which asks for far more memory than it is allowed after a while."""

import sys
import threading
import time

from once import is_first

from osa_daemon.cli import main

AFTER_S = 15.0
MEGABYTES = 1024


def grow() -> None:
    """Take it, a page at a time, so that it is really used."""
    time.sleep(AFTER_S)
    if is_first():
        taken = [b"x" * (1 << 20) for _ in range(MEGABYTES)]
        print(len(taken), "MB were granted", flush=True)


threading.Thread(target=grow, daemon=True).start()
sys.exit(main(["run", *sys.argv[1:]]))
