"""The process that opens the microphone: it may hang or crash, and is killed for it.

Started by `child.py`. It tells what happens as lines of JSON on standard output, and ends when
its standard input is closed or its parent dies.
"""

import argparse
import json
import os
import select
import sys
from collections.abc import Callable
from pathlib import Path

from osa_daemon.audio.secrecy import lock_memory
from osa_daemon.process import die_with_parent, forbid_dumps

PULSE_COOKIE_BYTES = 256  # PA_NATIVE_COOKIE_LENGTH


def private_output() -> Callable[..., None]:
    """Return what writes a report to our standard output; libraries' prints go to stderr."""
    out = os.dup(1)
    os.dup2(2, 1)
    os.set_blocking(2, False)  # noise must never make us wait

    def tell(**report: object) -> None:
        os.write(out, (json.dumps(report) + "\n").encode())

    return tell


def keep_home_clean() -> None:
    """Give libpulse a cookie in memory where the user has none: it would write one to disk.

    The cookie proves the right to a sound server of another user; where there is no file,
    there is no such right, and any 256 bytes do.
    """
    usual = (Path("~/.config/pulse/cookie"), Path("~/.pulse-cookie"))
    if "PULSE_COOKIE" not in os.environ and not any(path.expanduser().exists() for path in usual):
        cookie = os.memfd_create("pulse-cookie")
        os.write(cookie, bytes(PULSE_COOKIE_BYTES))
        os.environ["PULSE_COOKIE"] = f"/proc/self/fd/{cookie}"


def wait_for_end(timeout_s: float | None) -> None:
    """Wait so long (`None`: for ever) and end the process if standard input is closed."""
    ready, _, _ = select.select([0], [], [], timeout_s)
    if ready and not os.read(0, 1):
        os._exit(0)  # closing a stream can hang; the kernel closes it as well


def main(arguments: list[str]) -> None:
    """List the microphones, or capture from one until the end."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--parent", type=int, required=True)
    parser.add_argument("--ring", type=int, help="file descriptor of the ring")
    parser.add_argument("--device", help="identity; without it the devices are listed")
    options = parser.parse_args(arguments)
    die_with_parent(options.parent)
    forbid_dumps()
    lock_memory()
    keep_home_clean()
    tell = private_output()
    # initialises PortAudio, which can hang: by now we are sure to die with our parent
    from osa_daemon.audio import stream  # noqa: PLC0415

    if options.device is None:
        stream.tell_devices(tell)
    else:
        stream.capture(options.device, options.ring, tell, wait_for_end)


if __name__ == "__main__":
    main(sys.argv[1:])
