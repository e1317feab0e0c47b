"""`osa-daemon run` in a process of its own, watched as systemd would watch it."""

import os
import signal
import socket
import subprocess
import sys
import threading
from collections.abc import Mapping
from pathlib import Path

from tests.mosquitto import wait_for

START_TIMEOUT_S = 60.0


class DaemonProcess:
    """Runs the daemon in `folder` against the broker on `port`; options go to the command.

    `notified` holds what it told systemd. `command` replaces `-m osa_daemon run`; `environment`
    is beside our own.
    """

    def __init__(
        self,
        folder: Path,
        port: int,
        *options: str,
        settings: str = "",
        command: tuple[str, ...] = ("-m", "osa_daemon", "run"),
        environment: Mapping[str, str] | None = None,
    ) -> None:
        self.folder = folder
        self.log = folder / "daemon.log"
        self.notified: list[str] = []
        config = folder / "config.yaml"
        config.write_text(
            f"mqtt:\n  host: 127.0.0.1\n  port: {port}\n"
            + (settings or f"journal:\n  state_dir: {folder / 'state'}\n")
        )
        self._socket = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self._socket.bind(str(folder / "notify"))
        self._listener = threading.Thread(target=self._listen, daemon=True)
        self._listener.start()
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, *command, "--config", str(config), *options],
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

    def end(self, number: int = signal.SIGTERM) -> int:
        """Signal it, and wait for its end."""
        self.process.send_signal(number)
        return self.wait()

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
