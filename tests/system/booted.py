"""A throw-away copy of this machine with its own systemd, for installing services into.

Root only. Nothing outside changes: namespaces, an overlay in memory, and cgroups below our own
that are removed at the end.
"""

import os
import shutil
import subprocess
import time
from pathlib import Path

CHECKOUT = Path(__file__).resolve().parents[2]
CGROUPS = Path("/sys/fs/cgroup")
TOOLS = ("unshare", "nsenter", "setpriv", "pivot_root", "systemctl")
RIGHTS = "--bounding-set=-sys_time,-sys_module,-sys_rawio,-sys_boot"
PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
BOOT_S = 60.0


class CannotBootError(Exception):
    """Why no second systemd can run on this machine."""


class BootedMachine:
    """The copy, running from construction until `stop`.

    `seen` are folders that are seen inside at their own place, which may lie on another disk.
    """

    def __init__(self, folder: Path, *seen: Path) -> None:
        missing = [tool for tool in TOOLS if shutil.which(tool) is None]
        if os.geteuid() != 0 or missing:
            raise CannotBootError(f"needs root and {', '.join(missing or TOOLS)}")
        self._log = folder / "console.log"
        self._cgroups = _make_cgroups(f"osa-test-{os.getpid()}-{folder.name}")
        command = ["unshare", "--fork", "--pid", "--mount", "--uts", "--ipc", "--cgroup"]
        command += ["--propagation", "private", "--kill-child=SIGKILL", "--", "bash"]
        command += [str(Path(__file__).with_name("boot.sh")), str(folder), str(CHECKOUT)]
        command += map(str, seen)
        with self._log.open("wb") as log:
            self._outer = subprocess.Popen(
                ["bash", "-c", _ENTER, "bash", *map(str, self._cgroups), "--", *command],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        try:
            self._wait_until_up()
        except BaseException:
            self.stop()
            raise

    def run(self, *command: str, timeout_s: float = 300.0) -> subprocess.CompletedProcess[str]:
        """Run a command inside and return what it printed and its exit code."""
        environment = {**os.environ, "PATH": PATH, "container": "osa-test", "SYSTEMD_PAGER": ""}
        for name in ("PYTHON", "VIRTUAL_ENV", "PYTHONPATH"):
            environment.pop(name, None)
        return subprocess.run(
            ["nsenter", "-t", str(self._init()), "-a", "--", "setpriv", RIGHTS, *command],
            env=environment,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=timeout_s,
            check=False,
        )

    def write(self, path: str, text: str) -> None:
        """Put a file there, in the place of one that is there."""
        self.run("mkdir", "-p", str(Path(path).parent))
        written = self.run("sh", "-c", f'printf %s "$1" > {path}.new', "sh", text)
        assert written.returncode == 0, written.stderr
        self.run("mv", f"{path}.new", path)

    def show(self, unit: str, name: str) -> str:
        """One property of a unit, as `systemctl show` gives it."""
        return self.run("systemctl", "show", unit, "-p", name, "--value").stdout.strip()

    def stop(self) -> None:
        """End everything inside and remove the cgroups."""
        self._outer.kill()  # takes PID 1 of the namespace along, and so every process in it
        self._outer.wait(10)
        for group in self._cgroups:
            _remove_cgroup(group)

    def _init(self) -> int:
        process = self._outer.pid
        children = Path(f"/proc/{process}/task/{process}/children").read_text().split()
        return int(children[0]) if children else 0

    def _wait_until_up(self) -> None:
        give_up = time.monotonic() + BOOT_S
        while self._outer.poll() is None and time.monotonic() < give_up:
            init = self._init()
            if init and Path(f"/proc/{init}/comm").read_text().strip() == "systemd":
                state = self.run("systemctl", "is-system-running").stdout.strip()
                if state in {"running", "degraded"}:
                    return
            time.sleep(0.1)
        last = self._log.read_text("utf-8", "replace").strip().splitlines()[-1:]
        raise CannotBootError(f"a second systemd does not start here: {' '.join(last)}")


_ENTER = """
while [[ $1 != -- ]]; do echo $$ > "$1/cgroup.procs"; shift; done
shift; exec "$@"
"""


def _make_cgroups(name: str) -> list[Path]:
    """A new group below our own in every hierarchy."""
    made = []
    for line in Path("/proc/self/cgroup").read_text().splitlines():
        _, controllers, own = line.split(":", 2)
        folder = controllers.removeprefix("name=") or "unified"
        base = CGROUPS / folder if (CGROUPS / folder).is_dir() else CGROUPS
        if controllers and base == CGROUPS:
            continue
        group = base / own.lstrip("/") / name
        group.mkdir()
        if controllers == "cpuset":
            for file in ("cpuset.cpus", "cpuset.mems"):
                (group / file).write_text((group.parent / file).read_text())
        made.append(group)
    return made


def _remove_cgroup(group: Path) -> None:
    """Remove a group and those that systemd made below it, once they are empty."""
    give_up = time.monotonic() + 10.0
    while group.exists() and time.monotonic() < give_up:
        for folder in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
            _try_rmdir(folder)
        _try_rmdir(group)
        time.sleep(0.05)


def _try_rmdir(folder: Path) -> None:
    try:
        folder.rmdir()
    except OSError:
        return  # its processes are still ending
