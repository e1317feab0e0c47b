"""How the daemon itself is: load, memory, temperature, and what the journal sums up."""

import os
import resource
from datetime import timedelta
from pathlib import Path

from osa_daemon.clock import SYSTEM_CLOCK, Clock
from osa_daemon.publish.payloads import Payload, diagnostics_payload
from osa_daemon.report.index import AVERAGED_NIGHTS, average_of
from osa_daemon.service import throttling
from osa_daemon.service.store import Store

CPU_STEP = 0.02  # of a core; less is no news, and each change is a row in a recorder
MEMORY_STEP_MB = 5.0
TEMPERATURE_STEP_C = 3.0
TEMPERATURE = Path("/sys/class/thermal/thermal_zone0/temp")


def cpu_s() -> float:
    """Return the CPU time of this process and its children, ended and living (s)."""
    both = (resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN))
    return sum(usage.ru_utime + usage.ru_stime for usage in both) + children_cpu_s()


def children_cpu_s(proc: Path = Path("/proc")) -> float:
    """Return the CPU time of this process's living children (s), 0 where it is not told.

    The microphone is read in a child that lives as long as the daemon. Times lie in
    `/proc/PID/stat` (fields 14 and 15 of proc_pid_stat(5)), in clock ticks.
    """
    ticks = 0
    for listed in proc.glob("self/task/*/children"):
        for child in _text(listed).split():
            fields = _text(proc / child / "stat").rpartition(")")[2].split()
            ticks += sum(int(field) for field in fields[11:13])
    return ticks / os.sysconf("SC_CLK_TCK")


def _text(path: Path) -> str:
    """Return what a file of /proc holds; nothing where its process has just ended."""
    try:
        return path.read_text()
    except OSError:
        return ""


def memory_mb(status: Path = Path("/proc/self/status")) -> float | None:
    """Return the resident memory of this process (MB), None where the system does not tell."""
    try:
        lines = status.read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("VmRSS:")]
    return int(found[0]) / 1024 if found else None


def temperature_c(path: Path = TEMPERATURE) -> float | None:
    """Return the temperature of the processor (°C), None where there is no such sensor."""
    try:
        return int(path.read_text()) / 1000
    except (OSError, ValueError):
        return None


class Deadband:
    """Holds a figure until it has moved by at least `step`."""

    def __init__(self, step: float) -> None:
        self._step = step
        self._told: float | None = None

    def settle(self, value: float | None) -> float | None:
        """Return the value where it has moved enough, else the one before; None stays None."""
        told = self._told
        if value is None or told is None or abs(value - told) >= self._step:
            self._told = value
        return self._told


class Diagnostics:
    """Makes the `diagnostics` payload; the load is that since the last one.

    Load, memory and temperature are told anew where they have moved by `CPU_STEP`,
    `MEMORY_STEP_MB` and `TEMPERATURE_STEP_C`.
    """

    def __init__(self, store: Store, model_version: str, clock: Clock = SYSTEM_CLOCK) -> None:
        self._store = store
        self._clock = clock
        self._model_version = model_version
        self._at = (self._clock.monotonic_s(), cpu_s())
        self._cpu, self._memory = Deadband(CPU_STEP), Deadband(MEMORY_STEP_MB)
        self._temperature = Deadband(TEMPERATURE_STEP_C)

    def payload(self, overruns: int, outbox: int) -> Payload:
        """Return the figures now."""
        before, now = self._at, (self._clock.monotonic_s(), cpu_s())
        self._at = now
        share = max(now[1] - before[1], 0.0) / max(now[0] - before[0], 1e-3)
        return diagnostics_payload(
            cpu_share=self._cpu.settle(share),
            memory_mb=self._memory.settle(memory_mb()),
            overruns=overruns,
            outbox=outbox,
            temperature_c=self._temperature.settle(temperature_c()),
            throttled=throttling.word(),
            model_version=self._model_version,
            events_last_hour=self._events_last_hour(),
            average_14_nights=self._average(),
        )

    def _events_last_hour(self) -> int | None:
        now = self._clock.utc()
        events = self._store.look(lambda j: j.events_between(now - timedelta(hours=1), now))
        return None if events is None else len(events)

    def _average(self) -> float | None:
        """Return the mean index of the last nights that have one."""
        rows = self._store.look(lambda j: j.last_nights(AVERAGED_NIGHTS)) or ()
        average = average_of(rows)
        return None if average is None else average.index
