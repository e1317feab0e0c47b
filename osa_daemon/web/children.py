"""Commands of ours in processes of their own: what takes long or much memory is none of the page's.

One of each kind at a time: the unit has memory for a doctor and a report, and for no more.
"""

import asyncio
import os
import signal
import sys
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

from osa_daemon.errors import EXIT_INPUT, ResourceError
from osa_daemon.web.failures import AbsentError

DEADLINE_S: Final = 60.0
DOCTOR_S: Final = 180.0  # each of its checks has a deadline of its own
MOST_WAITING: Final = 8


class Children:
    """Runs `osa-daemon` with arguments, one at a time; `config` is the settings file."""

    def __init__(self, config: Path | None) -> None:
        self._config = config
        self._one = asyncio.Semaphore(1)
        self._waiting = 0
        self._running: asyncio.subprocess.Process | None = None

    def kill(self) -> None:
        """End what runs, before this process does."""
        if self._running is not None and self._running.returncode is None:
            with suppress(ProcessLookupError):
                os.killpg(self._running.pid, signal.SIGKILL)

    async def output(
        self,
        arguments: Sequence[str],
        deadline_s: float = DEADLINE_S,
        *,
        fine: Sequence[int] = (0,),
    ) -> bytes:
        """Return what the command writes to standard output.

        Raises:
            AbsentError: there is no such night (exit code 3).
            ResourceError: it fails, takes too long, or too many wait.
        """
        if self._waiting >= MOST_WAITING:
            raise ResourceError("Too much is asked for at once: try again in a minute.")
        self._waiting += 1
        try:
            async with self._one:
                return await self._run(arguments, deadline_s, fine)
        finally:
            self._waiting -= 1

    async def _run(self, arguments: Sequence[str], deadline_s: float, fine: Sequence[int]) -> bytes:
        command = [sys.executable, "-P", "-m", "osa_daemon", *arguments]
        if self._config is not None:
            command += ["--config", str(self._config)]
        child = await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.PIPE,
            process_group=0,
            env={**os.environ, "OPENBLAS_NUM_THREADS": "1", "MPLBACKEND": "Agg"},
        )
        self._running = child
        try:
            async with asyncio.timeout(deadline_s):
                out, noise = await child.communicate()
        except TimeoutError:
            raise ResourceError(f"That took longer than {deadline_s:.0f} s: try again.") from None
        finally:
            if child.returncode is None:  # it took too long, or the page ends
                self.kill()
                await child.wait()
        if child.returncode not in fine:
            told = " ".join(noise.decode(errors="replace").split())[-300:]
            said = told or f"The command ended with code {child.returncode}."
            raise (AbsentError if child.returncode == EXIT_INPUT else ResourceError)(said)
        return out
