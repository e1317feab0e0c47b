"""The machine and the software on it, without what tells it from another of its kind."""

import os
import platform
from dataclasses import dataclass
from pathlib import Path

import osa_daemon
from osa_daemon.service.computer import this_computer

ROOT = Path("/")


@dataclass(frozen=True, slots=True)
class Machine:
    """`board`: as it names itself, None where it does not; `governor` of the processor's clock."""

    version: str
    board: str | None
    processor: str | None
    cores: int
    clock_mhz: int | None
    governor: str | None
    memory_mb: int | None
    system: str | None
    kernel: str
    python: str

    @property
    def sentence(self) -> str:
        """One line for a person."""
        parts = [
            self.board or self.processor or platform.machine(),
            f"{self.cores} cores" + (f" at {self.clock_mhz} MHz" if self.clock_mhz else ""),
            f"{self.memory_mb} MB" if self.memory_mb else None,
            self.system,
            f"kernel {self.kernel}",
            f"Python {self.python}",
            f"osa-daemon {self.version}",
        ]
        return ", ".join(part for part in parts if part)


def this_machine(root: Path = ROOT) -> Machine:
    """Read what the system below `root` tells of itself."""
    clock = root / "sys/devices/system/cpu/cpu0/cpufreq"
    khz = _first(clock / "cpuinfo_max_freq", "")
    memory_kb = _first(root / "proc/meminfo", "MemTotal:")
    return Machine(
        version=osa_daemon.__version__,
        board=this_computer(root).model,
        processor=_first(root / "proc/cpuinfo", "model name"),
        cores=os.cpu_count() or 1,
        clock_mhz=int(khz) // 1000 if khz and khz.isdigit() else None,
        governor=_first(clock / "scaling_governor", ""),
        memory_mb=int(memory_kb.split()[0]) // 1024 if memory_kb else None,
        system=(_first(root / "etc/os-release", "PRETTY_NAME=") or "").strip('"') or None,
        kernel=platform.release(),
        python=f"{platform.python_version()} on {platform.machine()}",
    )


def _first(path: Path, key: str) -> str | None:
    """Return what stands behind `key` on the first line that begins with it."""
    try:
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
    except OSError:
        return None
    found = next((line.removeprefix(key) for line in lines if line.startswith(key)), None)
    return found.strip().lstrip(":").strip() if found else None
