"""One capture process and its ring, as the microphone sees them."""

from dataclasses import dataclass

from osa_daemon.audio.child import Child
from osa_daemon.audio.ring import Chunk, RingMemory, RingReader
from osa_daemon.audio.source import SourceState

RING_FRAMES = 1 << 20  # 4 MiB: 21 s at 48 kHz, which the chain may be late without a loss


@dataclass(frozen=True, slots=True)
class Report:
    """What a capture process told: how its device is, in one sentence."""

    state: SourceState
    text: str
    device: str | None = None
    card: str | None = None
    rate_hz: int | None = None


class Capture:
    """A capture process for the device of identity `wanted`, started at once, and its ring."""

    def __init__(self, wanted: str, ring_frames: int = RING_FRAMES) -> None:
        self._memory = RingMemory.create(ring_frames)
        self._reader = RingReader(self._memory)
        try:
            ring_fd = self._memory.fd
            self._child = Child([f"--device={wanted}", f"--ring={ring_fd}"], fds=[ring_fd])
        except OSError:
            self._memory.close()
            raise

    @property
    def pid(self) -> int:
        """Process id."""
        return self._child.pid

    @property
    def exit_code(self) -> int | None:
        """Exit status, negative for a signal; `None` while it runs."""
        return self._child.exit_code

    @property
    def last_words(self) -> str:
        """The last line that it wrote to stderr."""
        return self._child.last_words

    @property
    def overruns(self) -> int:
        """How often frames were lost on the way, by the device or by a full ring."""
        return self._memory.overflows + self._reader.laps

    @property
    def lost_frames(self) -> int:
        """How many frames were given and never read."""
        return self._reader.lost_frames

    def reports(self, timeout_s: float) -> list[Report]:
        """Return what the process told since the last call, waiting up to `timeout_s`."""
        return [
            Report(**{**told, "state": SourceState(told["state"])})
            for told in self._child.reports(timeout_s)
        ]

    def read(self) -> Chunk | None:
        """Return the oldest frames not yet read, if any."""
        return self._reader.read()

    def skip(self) -> None:
        """Go on with the newest frames; those not yet read are lost."""
        self._reader.skip()

    def close(self) -> bool:
        """Kill the process and free the ring; say whether the process is gone."""
        is_gone = self._child.kill()
        self._memory.close()
        return is_gone
