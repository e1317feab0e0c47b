"""The process that serves the page, seen from the daemon: started, spoken to, killed.

Neither side waits for the other: what the process does not read stays with us, and is bounded by
what `outgoing` gives.
"""

import json
import os
import select
import socket
import subprocess
import sys
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any, Final

LONGEST_LINE: Final = 1 << 16
GOODBYE_S: Final = 0.5
KILLED_BY_S: Final = 1.0
LOOK_S: Final = 1.0

Line = dict[str, Any]


class PageChild:
    """Runs the module `osa_daemon.web`; it dies with the thread that made it."""

    def __init__(self, config: Path | None, phone_ring: int | None = None) -> None:
        ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        with theirs:
            options: list[str] = [f"--parent={os.getpid()}", f"--link={theirs.fileno()}"]
            options += [] if config is None else [f"--config={config}"]
            options += [] if phone_ring is None else [f"--phone-ring={phone_ring}"]
            try:
                self._process = subprocess.Popen(
                    # -P: nothing in the folder of whoever called is taken for a module of ours
                    [sys.executable, "-P", "-m", "osa_daemon.web", *options],
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    # Ctrl+C in a terminal is for the daemon, which ends it
                    process_group=0,
                    pass_fds=[fd for fd in (theirs.fileno(), phone_ring) if fd is not None],
                )
            except OSError:
                ours.close()
                raise
        ours.setblocking(False)
        self.pid = self._process.pid
        self._socket = ours
        self._out, self._in = b"", b""

    @property
    def exit_code(self) -> int | None:
        """The exit status, negative for a signal; None while it runs."""
        return self._process.poll()

    @property
    def is_behind(self) -> bool:
        """Whether it has not read all that it was sent."""
        return bool(self._out)

    def exchange(self, wake: int, outgoing: Callable[[], Line | None]) -> Sequence[Line] | None:
        """Send what `outgoing` gives, wait a moment; return what came, None where it is gone.

        `wake` is a file descriptor that ends the wait. `outgoing` is asked for the next line only
        where the one before is sent.
        """
        try:
            self._send(outgoing)
            ours = self._socket.fileno()
            writers = [ours] if self._out else []
            ready, _, _ = select.select([ours, wake], writers, [], LOOK_S)
            return self._receive() if ours in ready else ()
        except OSError:
            return None

    def kill(self) -> None:
        """Let it end by itself, which it does where we hang up, or else by force; twice is once."""
        self._socket.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GOODBYE_S)
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(KILLED_BY_S)

    def _send(self, outgoing: Callable[[], Line | None]) -> None:
        while True:
            if not self._out:
                line = outgoing()
                if line is None:
                    return
                self._out = (json.dumps(line) + "\n").encode()
            try:
                self._out = self._out[self._socket.send(self._out) :]
            except BlockingIOError:
                return

    def _receive(self) -> Sequence[Line] | None:
        data = self._socket.recv(LONGEST_LINE)
        if not data:
            return None
        *lines, self._in = (self._in + data).split(b"\n")
        if len(self._in) > LONGEST_LINE:
            return None  # it has lost its senses
        return [line for line in map(json.loads, lines) if isinstance(line, dict)]
