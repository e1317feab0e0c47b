"""A private mosquitto that is killed and started again, and what it costs."""

import os
import shutil
import signal
import socket
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path

from osa_daemon.errors import BrokerError, ResourceError

READY_S = 20.0
# Otherwise as config/mosquitto/bedside.conf has it; nobody else can reach it.
CONFIG = """\
allow_anonymous true
persistence true
persistence_location {folder}/
autosave_interval 60
max_queued_messages 100000
listener {port} 127.0.0.1
"""


@dataclass(frozen=True, slots=True)
class Cost:
    """CPU seconds so far, resident memory now (MB), and when that was (s, monotonic)."""

    cpu_s: float
    memory_mb: float
    at_s: float


class Broker:
    """One mosquitto on a free port of loopback.

    Raises:
        ResourceError: it is not installed.
    """

    def __init__(self, folder: Path) -> None:
        program = shutil.which("mosquitto", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/sbin")
        if program is None:
            raise ResourceError("mosquitto is not installed: apt-get install mosquitto.")
        self.port = _free_port()
        config = folder / "mosquitto.conf"
        text = CONFIG.format(folder=folder, port=self.port)
        config.write_text(f"{text}user root\n" if os.geteuid() == 0 else text)
        self._command = [program, "-c", str(config)]
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> float:
        """Start it; the time (s, monotonic) at which it took connections.

        Raises:
            BrokerError: it does not.
        """
        quiet = subprocess.DEVNULL
        self._process = subprocess.Popen(self._command, stdout=quiet, stderr=quiet)
        until_s = time.monotonic() + READY_S
        while not self._is_listening():
            if self._process.poll() is not None or time.monotonic() > until_s:
                raise BrokerError("The private mosquitto does not start.")
            time.sleep(0.01)
        return time.monotonic()

    def save(self) -> None:
        """Let it write what it knows to the disk, as it does each minute."""
        if self._process is not None:
            self._process.send_signal(signal.SIGUSR1)

    def kill(self) -> float:
        """SIGKILL; the time (s, monotonic)."""
        killed_s = time.monotonic()
        if self._process is not None:
            self._process.kill()
            self._process.wait()
            self._process = None
        return killed_s

    def cost(self) -> Cost:
        """What it has used, from /proc."""
        assert self._process is not None
        folder = Path("/proc", str(self._process.pid))
        fields = (folder / "stat").read_text().rpartition(")")[2].split()
        ticks = int(fields[11]) + int(fields[12])  # utime and stime, proc(5)
        pages = int((folder / "statm").read_text().split()[1])
        memory = pages * os.sysconf("SC_PAGE_SIZE") / 1e6
        return Cost(ticks / os.sysconf("SC_CLK_TCK"), memory, time.monotonic())

    def _is_listening(self) -> bool:
        with socket.socket() as probe:
            probe.settimeout(1.0)
            return probe.connect_ex(("127.0.0.1", self.port)) == 0


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
