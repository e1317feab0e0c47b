"""A child process that may hang or crash, seen from its parent: started, heard, killed."""

import json
import os
import select
import subprocess
import sys
from collections.abc import Sequence
from contextlib import suppress
from typing import Any

NOISE_BYTES = 2_000  # of what a child wrote to stderr, the last is kept
MOST_BYTES = 1 << 16  # taken at a time; a list of microphones has a few thousand
KILLED_BY_S = 1.0  # a killed process is gone within, unless a driver holds it

ENVIRONMENT = {
    "JACK_NO_START_SERVER": "1",  # looking for microphones must not start a sound server
    "OPENBLAS_NUM_THREADS": "1",  # numpy copies frames here, no more
}


class Child:
    """Runs the module `osa_daemon.audio.capture_child` with `arguments`; keeps `fds` open in it.

    It dies with the thread that made it.
    """

    def __init__(self, arguments: Sequence[str], fds: Sequence[int] = ()) -> None:
        # -P: nothing in the folder that a command is called in is taken for a module of ours
        command = [sys.executable, "-P", "-m", "osa_daemon.audio.capture_child"]
        self._process = subprocess.Popen(
            [*command, "--parent", str(os.getpid()), *arguments],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            pass_fds=tuple(fds),
            bufsize=0,
            env={**os.environ, **ENVIRONMENT},
        )
        self.pid = self._process.pid
        self._out = b""
        self._noise = b""
        for stream in (self._process.stdout, self._process.stderr):
            assert stream is not None
            os.set_blocking(stream.fileno(), False)

    @property
    def exit_code(self) -> int | None:
        """The exit status, negative for a signal; `None` while it runs."""
        return self._process.poll()

    @property
    def last_words(self) -> str:
        """The last line that the child or its libraries wrote to stderr."""
        lines = self._noise.decode(errors="replace").strip().splitlines()
        return lines[-1].strip() if lines else ""

    def reports(self, timeout_s: float) -> list[dict[str, Any]]:
        """Return what it told since the last call, waiting up to `timeout_s` for something."""
        out, noise = self._process.stdout, self._process.stderr
        assert out is not None
        assert noise is not None
        select.select([out], [], [], timeout_s)
        self._noise = (self._noise + _drain(noise.fileno()))[-NOISE_BYTES:]
        *lines, rest = (self._out + _drain(out.fileno())).split(b"\n")
        self._out = rest[-MOST_BYTES:]
        return [told for line in lines if (told := _report(line)) is not None]

    def kill(self) -> bool:
        """End it, whatever it hangs in, and let go of it; say whether it is gone.

        May be called twice. One that a driver holds ends when that lets go, and keeps nothing of
        ours.
        """
        self._process.kill()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(KILLED_BY_S)
        for stream in (self._process.stdin, self._process.stdout, self._process.stderr):
            assert stream is not None
            stream.close()
        return self._process.returncode is not None


def _drain(fd: int) -> bytes:
    """Return what waits to be read, but no more than `MOST_BYTES`: it may never end."""
    data = b""
    while len(data) < MOST_BYTES:
        try:
            more = os.read(fd, 4096)
        except BlockingIOError:
            return data
        if not more:
            return data
        data += more
    return data


def _report(line: bytes) -> dict[str, Any] | None:
    """Return what a line tells; None where a library wrote it, or a dying process half of it."""
    try:
        told = json.loads(line)
    except ValueError:
        return None
    return told if isinstance(told, dict) else None
