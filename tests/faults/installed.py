"""The daemon as a person has it: installed by install.sh, under a real systemd, in a real room."""

import os
import shutil
import sqlite3
import textwrap
from contextlib import closing
from pathlib import Path

from tests.mosquitto import wait_for
from tests.system.booted import BootedMachine
from tests.system.soundserver import SoundServer

SERVICE = "osa-daemon.service"
CONFIG = "/etc/osa-daemon/config.yaml"
DROP_IN = f"/run/systemd/system/{SERVICE}.d/50-faults.conf"
INSIDE = "/srv/shared"  # where the machine sees `shared`, see tests/system/boot.sh
STATE = "/var/lib/osa-daemon"
START_S = 120.0


class InstalledService:
    """A throw-away machine with the service installed but not running, and a sound server.

    The sound server runs outside, in the folder that both sides see, so that it can be halted
    and killed like a desktop's.
    """

    def __init__(self, folder: Path) -> None:
        self.shared = folder / "shared"
        self.shared.mkdir(mode=0o755)
        self.state = self.shared / "state"  # the daemon's own folder, seen from outside
        self.sound = SoundServer(self.shared / "sound")
        outside = self.shared / "sound" / "asound.conf"
        inside = outside.read_text().replace(str(self.shared), INSIDE)
        outside.with_name("asound-inside.conf").write_text(inside)
        self.machine = BootedMachine(folder)
        try:
            done = self.machine.run(f"{INSIDE.replace('shared', 'checkout')}/scripts/install.sh")
            assert done.returncode == 0, done.stdout + done.stderr
            self.systemctl("stop")
            self._put_state_on_disk()
        except BaseException:
            self.close()
            raise

    def _put_state_on_disk(self) -> None:
        """The machine's own changes live in memory, where writes cost nothing."""
        self.state.mkdir(mode=0o750)
        user = self.machine.run("id", "-u", "osa-daemon").stdout.strip()
        group = self.machine.run("id", "-g", "osa-daemon").stdout.strip()
        os.chown(self.state, int(user), int(group))
        done = self.machine.run("mount", "--bind", f"{INSIDE}/state", STATE)
        assert done.returncode == 0, done.stderr

    def systemctl(self, verb: str) -> None:
        """Do something with the service, and fail where systemd does."""
        done = self.machine.run("systemctl", verb, SERVICE)
        assert done.returncode == 0, done.stderr

    def configure(self, settings: str, unit: str = "") -> None:
        """Write the settings, and what the unit is to have beside its own (`[Service]` lines)."""
        self.inside(CONFIG).write_text(settings)
        sound = f"{INSIDE}/sound"
        drop_in = self.inside(DROP_IN)
        drop_in.parent.mkdir(parents=True, exist_ok=True)
        drop_in.write_text(
            "[Service]\n"
            f"Environment=ALSA_CONFIG_PATH={sound}/asound-inside.conf\n"
            f"Environment=PULSE_SERVER=unix:{sound}/native\n" + textwrap.dedent(unit)
        )
        self.machine.run("systemctl", "daemon-reload")
        self.machine.run("systemctl", "reset-failed", SERVICE)

    @property
    def python(self) -> str:
        """The interpreter of the installed program, as the machine sees it."""
        told = self.machine.show(SERVICE, "ExecStart")
        return str(Path(told.partition("path=")[2].split()[0]).with_name("python"))

    @property
    def models(self) -> Path:
        """The installed model files, as the outside reaches them."""
        code = "from osa_daemon.service.models import models_folder; print(models_folder())"
        told = self.machine.run(self.python, "-c", code)
        assert told.returncode == 0, told.stderr
        return self.inside(told.stdout.strip())

    def inside(self, path: str) -> Path:
        """How the outside reaches a path of the machine."""
        return Path(f"/proc/{self.machine._init()}/root") / path.lstrip("/")

    @property
    def main_pid(self) -> int:
        """The daemon's process, as the outside numbers it; 0 where it does not run."""
        return self.outer_pid(int(self.machine.show(SERVICE, "MainPID") or 0))

    def outer_pid(self, inner: int) -> int:
        """The outside's number of a process of the machine."""
        ours = Path(f"/proc/{self.machine._init()}/ns/pid").readlink()
        for process in Path("/proc").glob("[0-9]*"):
            try:
                numbers = (process / "status").read_text().partition("NSpid:")[2].splitlines()[0]
                if int(numbers.split()[-1]) == inner and (process / "ns/pid").readlink() == ours:
                    return int(process.name)
            except (OSError, IndexError):
                continue  # it has just ended
        return 0

    def children(self, pid: int) -> list[int]:
        """The processes that a process has started and that live."""
        found = []
        for listed in Path(f"/proc/{pid}/task").glob("*/children"):
            try:
                found += [int(child) for child in listed.read_text().split()]
            except OSError:
                continue
        return found

    def wait_until_active(self, timeout_s: float = START_S) -> None:
        """Wait until systemd counts it as started."""
        wait_for(lambda: self.machine.show(SERVICE, "ActiveState") == "active", timeout_s, "active")

    @property
    def restarts(self) -> int:
        """How often systemd has brought it back."""
        return int(self.machine.show(SERVICE, "NRestarts") or 0)

    def log(self, since_wall_s: float = 0.0) -> str:
        """What systemd and the service wrote into the machine's journal since a time of day."""
        since = ["--since", f"@{since_wall_s:.6f}"] if since_wall_s else []
        shown = ("-u", SERVICE, "-o", "short-precise", "--no-pager")
        return self.machine.run("journalctl", *shown, *since).stdout

    def journal_rows(self, query: str) -> list[tuple[object, ...]]:
        """What a query of the daemon's own database gives; nothing where there is none yet."""
        path = self.state / "journal.sqlite3"
        try:
            with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True, timeout=5)) as db:
                return db.execute(query).fetchall()
        except sqlite3.Error:
            return []

    def clear_state(self) -> None:
        """Forget what the daemon stored; it must not run."""
        for path in self.state.iterdir():
            shutil.rmtree(path) if path.is_dir() else path.unlink()

    def close(self) -> None:
        """End everything."""
        self.machine.stop()
        self.sound.close()
