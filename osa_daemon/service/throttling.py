"""Whether a Raspberry Pi runs slower than it could, for lack of power or for heat.

The firmware keeps eight flags: what is so now (bits 0 to 3) and what was so at any time since the
board was started (16 to 19). Meanings: Raspberry Pi documentation, *vcgencmd*, `get_throttled`.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Final

ROOT: Final = Path("/")
FIRMWARE: Final = (
    "sys/devices/platform/*/*:firmware/get_throttled"  # `soc`, with an address on a Pi 5
)
MONITORS: Final = "sys/class/hwmon/hwmon*"
VOLTAGE_MONITOR: Final = "rpi_volt"  # all that kernels other than the Pi's own tell

_UNDER_VOLTAGE, _CAPPED, _SLOWED, _HOT = (1 << bit for bit in range(4))
_SINCE_BOOT = 16

POWER: Final = (
    "the power supply is too weak (under-voltage): use the one made for this board, "
    "and a short cable"
)
HEAT: Final = "the processor is too hot: give the board air or a heat sink"


@dataclass(frozen=True, slots=True)
class Throttled:
    """What the firmware tells: `…` is so now, `was_…` was so at some time since the boot.

    `is_slow`: the processor's clock is held down, for either reason.
    """

    under_voltage: bool = False
    hot: bool = False
    is_slow: bool = False
    was_under_voltage: bool = False
    was_hot: bool = False
    was_slow: bool = False

    @property
    def now(self) -> str | None:
        """What is wrong now and its remedy, without a capital or full stop; None: nothing."""
        return _words(self.under_voltage, self.hot, self.is_slow)

    @property
    def since_boot(self) -> str | None:
        """What was wrong at some time since the boot, as `now` tells it; None: nothing."""
        return _words(self.was_under_voltage, self.was_hot, self.was_slow)


def _words(under_voltage: bool, hot: bool, slow: bool) -> str | None:  # noqa: FBT001 three flags
    causes = [text for flag, text in ((under_voltage, POWER), (hot, HEAT)) if flag]
    if causes:
        return "; ".join(causes)
    return "the firmware holds the processor's clock down" if slow else None


def parse(text: str) -> Throttled:
    """Read the flags as sysfs (`50005`) or `vcgencmd get_throttled` (`throttled=0x50005`) has them.

    Raises:
        ValueError: the text is neither.
    """
    flags = int(text.strip().removeprefix("throttled="), 16)
    if flags < 0:
        raise ValueError(f"the throttling flags are {text.strip()!r}, but must not be negative")

    def has(bits: int, shift: int = 0) -> bool:
        return bool(flags >> shift & bits)

    return Throttled(
        under_voltage=has(_UNDER_VOLTAGE),
        hot=has(_HOT),
        is_slow=has(_CAPPED | _SLOWED),
        was_under_voltage=has(_UNDER_VOLTAGE, _SINCE_BOOT),
        was_hot=has(_HOT, _SINCE_BOOT),
        was_slow=has(_CAPPED | _SLOWED, _SINCE_BOOT),
    )


def read(root: Path = ROOT) -> Throttled | None:
    """Return what the board below `root` tells; None where it does not, as on other computers."""
    for path in sorted(root.glob(FIRMWARE)):
        try:
            return parse(path.read_text(encoding="ascii"))
        except (OSError, ValueError):
            continue
    for folder in sorted(root.glob(MONITORS)):
        try:
            if (folder / "name").read_text(encoding="ascii").strip() == VOLTAGE_MONITOR:
                is_low = int((folder / "in0_lcrit_alarm").read_text(encoding="ascii")) != 0
                return Throttled(under_voltage=is_low, was_under_voltage=is_low)
        except (OSError, ValueError):
            continue
    return None
