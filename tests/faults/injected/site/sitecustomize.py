"""Does harm in a capture process, where an environment variable names the file that asks for it."""

import os
import re
import signal
import sys
import threading
import time
from pathlib import Path

IS_CAPTURE = "osa_daemon.audio.capture_child" in sys.orig_argv and any(
    word.startswith("--device") for word in sys.orig_argv
)


def spin_when(trigger: Path) -> None:
    """Loop in C for ever, Python's lock held, once a file is there; only the first to see it."""
    while True:
        try:
            trigger.unlink()
        except FileNotFoundError:
            time.sleep(0.05)
            continue
        re.match("(a+)+$", "a" * 64 + "b")


if IS_CAPTURE and "OSA_FAULT_SPIN" in os.environ:
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    asked = Path(os.environ["OSA_FAULT_SPIN"])
    threading.Thread(target=spin_when, args=(asked,), daemon=True).start()

if IS_CAPTURE and "OSA_FAULT_REFUSE" in os.environ:
    asked = Path(os.environ["OSA_FAULT_REFUSE"])
    if asked.exists():
        with asked.with_name("tries").open("a") as tries:
            tries.write("x")
        os._exit(1)
