"""`osa-daemon run` in a process of its own, watched as systemd would watch it."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.mosquitto import wait_for

START_TIMEOUT_S = 60.0
HEAD = """
import os, sys, threading, time
from pathlib import Path
from osa_daemon.audio.file import FileSource
from osa_daemon.cli import main
from osa_daemon.service import bedside, guard, run, tasks, vigil
"""
TAIL = "sys.exit(main(['run', *sys.argv[1:]]))\n"


def script_of(folder: Path, body: str) -> tuple[str]:
    """A program that runs the daemon with parts replaced, for `command` of a `DaemonProcess`."""
    path = folder / "replaced.py"
    path.write_text(HEAD + body + TAIL)
    return (str(path),)


class DaemonProcess:
    """Runs the daemon in `folder` against the broker on `port`; options go to the command.

    `notified` holds what it told systemd. `command` replaces `-m osa_daemon run`; `before` is a
    program that runs it, such as strace; `environment` is beside our own.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        *options: str,
        settings: str = "",
        command: tuple[str, ...] = ("-m", "osa_daemon", "run"),
        before: Sequence[str] = (),
        host: str = "127.0.0.1",
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.log = folder / "daemon.log"
        self.notified: list[str] = []
        self._is_child_of_another = bool(before)
        config = folder / "config.yaml"
        config.write_text(
            f"mqtt:\n  host: {host}\n  port: {port}\n"
            + (settings or f"journal:\n  state_dir: {folder / 'state'}\n")
        )
        self.config = config
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [*before, sys.executable, *command, "--config", str(config), *options],
                env={**os.environ, **(environment or {}), "NOTIFY_SOCKET": str(folder / "notify")},
                stdout=log,
                stderr=log,
            )

    def _listen(self) -> None:
        while message := self._socket.recv(4096):
            self.notified += message.decode().splitlines()

    def wait_until_ready(self) -> None:
        """Wait until systemd would count it as started."""
        wait_for(
            lambda: "READY=1" in self.notified or self.process.poll() is not None,
            START_TIMEOUT_S,
            "READY=1",
        )
        assert "READY=1" in self.notified, self.log.read_text()

    def wait(self, timeout_s: float = 120.0) -> int:
        """Wait for its end; return the exit code."""
        return self.process.wait(timeout_s)

    def reload(self, settings: str) -> None:
        """Put `settings` in the place of those after `mqtt`, and ask for them to be taken up."""
        kept = "".join(self.config.read_text().splitlines(keepends=True)[:3])
        fresh = self.config.with_suffix(".new")
        fresh.write_text(kept + settings)
        fresh.replace(self.config)
        self.process.send_signal(signal.SIGHUP)

    def wait_for_log(self, words: str, timeout_s: float = 30.0) -> str:
        """Wait until it has logged `words`; return its log."""
        wait_for(lambda: words in self.log.read_text(), timeout_s, words)
        return self.log.read_text()

    def end(self, number: int = signal.SIGTERM) -> int:
        """Signal it, and wait for its end."""
        os.kill(self.pid, number)
        return self.wait()

    @property
    def pid(self) -> int:
        """Process id of the daemon itself."""
        if not self._is_child_of_another:
            return self.process.pid
        children = Path(f"/proc/{self.process.pid}/task/{self.process.pid}/children")
        return int(children.read_text().split()[0])

    def close(self) -> None:
        """Make sure that it is gone. May be called twice."""
        if self._socket.fileno() < 0:
            return
        self.process.kill()
        self.process.wait()
        # an empty message ends the listener: a socket that is closed under it would not
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as sender:
            sender.sendto(b"", str(self.folder / "notify"))
        self._listener.join(10)
        self._socket.close()
