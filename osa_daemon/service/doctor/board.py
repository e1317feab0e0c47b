"""How the computer itself is: heat, power, memory."""

from collections.abc import Callable, Sequence
from pathlib import Path

from osa_daemon.service.computer import this_computer
from osa_daemon.service.diagnostics import temperature_c
from osa_daemon.service.doctor.finding import Finding, bad, doubtful, good
from osa_daemon.service.doctor.programs import answer
from osa_daemon.service.throttling import Throttled, parse, read

HEAT, POWER, MEMORY = "temperature", "power", "memory"
ROOT = Path("/")
HOT_C = 80.0  # from here on a Pi slows itself down (Raspberry Pi documentation, *Thermal control*)
WARM_C = 70.0
LEAST_FREE_MB, FEW_FREE_MB = 60.0, 150.0  # the daemon takes about 120 MB


def throttled(
    root: Path = ROOT, ask: Callable[[Sequence[str]], str | None] = answer
) -> Throttled | None:
    """Return what the firmware tells, by sysfs or by `vcgencmd`; None on other computers."""
    told = read(root)
    if told is None and (root / "dev/vcio").exists():
        words = ask(["vcgencmd", "get_throttled"])
        try:
            return parse(words) if words else None
        except ValueError:
            return None
    return told


def check_heat(degrees: float | None) -> Finding:
    """Judge the processor's temperature (°C); None: there is no sensor."""
    if degrees is None:
        return good(HEAT, "this computer has no sensor for it")
    shown = f"{degrees:.0f} °C"
    if degrees >= HOT_C:
        return bad(
            HEAT, f"{shown}, where a board slows itself down: give it air, or a heat sink or fan."
        )
    if degrees >= WARM_C:
        return doubtful(HEAT, f"{shown}: a warm night adds to that; give the board air.")
    return good(HEAT, shown)


def check_power(flags: Throttled | None, root: Path = ROOT) -> Finding:
    """Judge what the firmware of a Pi tells of power and of its clock."""
    model = this_computer(root).model
    if flags is None:
        return good(POWER, f"{model or 'this computer'} does not tell whether it is slowed down")
    if flags.now is not None:
        return bad(POWER, f"now: {flags.now}.")
    if flags.since_boot is not None:
        return doubtful(POWER, f"at some time since the last boot: {flags.since_boot}.")
    return good(POWER, "enough, and the processor was not slowed down since the last boot")


def check_memory(available_mb: float | None, taken_mb: float | None) -> Finding:
    """Judge the free memory; `taken_mb` of the running service, None where none runs."""
    if available_mb is None:
        return doubtful(MEMORY, "the kernel does not tell how much is free.")
    shown = f"{available_mb:.0f} MB are available"
    if taken_mb is not None:
        shown += f", the daemon takes {taken_mb:.0f} MB"
    needed_mb = LEAST_FREE_MB if taken_mb is not None else FEW_FREE_MB
    if available_mb < LEAST_FREE_MB:
        return bad(MEMORY, f"{shown}: end other programs, such as a desktop or a browser.")
    if available_mb < needed_mb:
        return doubtful(MEMORY, f"{shown}, and the daemon takes about 120: end other programs.")
    return good(MEMORY, shown)


def available_mb(root: Path = ROOT) -> float | None:
    """Return the memory that programs may still take (MB), None where it is not told."""
    try:
        lines = (root / "proc/meminfo").read_text().splitlines()
    except OSError:
        return None
    found = [line.split()[1] for line in lines if line.startswith("MemAvailable:")]
    return int(found[0]) / 1024 if found else None


def temperature(root: Path = ROOT) -> float | None:
    """Return the processor's temperature (°C), None where there is no sensor."""
    return temperature_c(root / "sys/class/thermal/thermal_zone0/temp")
