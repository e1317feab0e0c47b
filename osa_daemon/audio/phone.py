"""A phone or tablet as a source: sound that the daemon's page gets from its browser."""

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any, Final

from osa_daemon.audio.backlog import Backlog
from osa_daemon.audio.block import Block
from osa_daemon.audio.fault import Fault, FaultKind
from osa_daemon.audio.intake import Intake
from osa_daemon.audio.packet import Packet
from osa_daemon.audio.ring import Chunk, RingMemory, RingReader
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.audio.supervision import FAULTS_S
from osa_daemon.audio.timeline import NS_PER_S

RING_FRAMES: Final = 1 << 20  # 4 MiB: 21 s at 48 kHz
POLL_S: Final = 0.03  # between looks into the ring: a third of a frame
PAGE_S: Final = 15.0  # until the page's process has said that it is there
NO_SOUND_S: Final = 3.0  # without sound: told. What comes later is taken all the same
MOST_TEXT: Final = 400

_GONE: Final = (SourceState.ABSENT, SourceState.STALLED, SourceState.FAILED)
_QUIET: Final = (
    "The phone sends no sound: see whether it is on, in the Wi-Fi, and has the page open; what it "
    "kept meanwhile may still come."
)
_NO_PAGE: Final = (
    "The page that a phone connects to does not run: *Configuration problem* and "
    "`sudo osa-daemon check-config` say why."
)
_REMEDIES: Final = {
    FaultKind.SILENT: "gives digital silence: end the call or the app that has its microphone, "
    "and reload the page on it.",
    FaultKind.STUCK: "gives the same sound again and again, or none that makes sense: reload the "
    "page on it; if that does not help, use another browser.",
    FaultKind.RATE: "gives more or less sound than time passes, so durations are wrong by as much: "
    "use another browser on it, or another phone.",
    FaultKind.CLIPPED: "is overdriven: lay it further away from the sleeper.",
    FaultKind.OFFSET: "has a constant offset in its sound: use another phone.",
    FaultKind.HUM: "hums like the mains, louder than breathing: use another charger, and keep "
    "cables and lamps away from it.",
}


@dataclass(frozen=True, slots=True)
class PhoneReport:
    """What the page's process told: how the phone is, in one sentence."""

    state: SourceState
    text: str
    device: str | None

    @classmethod
    def of(cls, told: dict[str, Any]) -> "PhoneReport | None":
        """Return what was told; None where it is no report."""
        text, device = told.get("text"), told.get("device")
        try:
            state = SourceState(told.get("state"))
        except ValueError:
            return None
        if not isinstance(text, str) or not isinstance(device, str | None):
            return None
        return cls(state, text[:MOST_TEXT], device and device[:MOST_TEXT])


class PhoneLink:
    """What a source and the page's process share: a ring for sound, reports, and a wish.

    The thread that talks to that process calls `hear` with each report, and hands `ring_fd` to
    each such process. `on_wish` is called, by either thread, with what that process is to be told:
    `{"listens": …}`, whether the phone is to send its sound. It must not wait.
    """

    def __init__(self, ring_frames: int = RING_FRAMES) -> None:
        self.memory = RingMemory.create(ring_frames)
        self._reports: deque[PhoneReport] = deque(maxlen=64)
        self._wanted = threading.Event()
        self._wanted.set()
        self.on_wish: Callable[[dict[str, Any]], None] | None = None

    @property
    def ring_fd(self) -> int:
        """Descriptor of the ring, to be inherited by the page's process."""
        return self.memory.fd

    @property
    def is_wanted(self) -> bool:
        """Somebody listens: the phone is to send its sound."""
        return self._wanted.is_set()

    def want(self, *, is_wanted: bool) -> None:
        """Say whether somebody listens."""
        if is_wanted == self.is_wanted:
            return
        if is_wanted:
            self._wanted.set()
        else:
            self._wanted.clear()
        self._tell_wish()

    def hear(self, told: dict[str, Any]) -> None:
        """Take a report: `{"state": …, "text": …, "device": …}`. What is none is left out."""
        report = PhoneReport.of(told)
        if report is not None:
            self._reports.append(report)
        if not self.is_wanted:
            self._tell_wish()  # it may be another process, which does not know yet

    def _tell_wish(self) -> None:
        if self.on_wish is not None:
            self.on_wish({"listens": self.is_wanted})

    def report(self) -> PhoneReport | None:
        """Return the oldest report not yet taken, if any."""
        return self._reports.popleft() if self._reports else None

    def close(self) -> None:
        """Free the ring."""
        self.memory.close()


class PhoneSource:
    """Gives the sound of the phone that is connected to the daemon's page, whichever that is.

    Sample 0 is the first sound that came in real time. Lost time is a jump of `Block.start`, as
    long as the phone's own count says within a stream, as CLOCK_MONOTONIC says between two. Sound
    that comes late, in a burst, is no loss. Within a run samples are counted by the phone's
    clock; `monotonic_at` tells when a sample was recorded.

    Args:
        link: what is shared with the page's process; closed with this.
        clock: CLOCK_MONOTONIC in seconds.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        link: PhoneLink | None = None,
        *,
        clock: Callable[[], float] = time.monotonic,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.link = link or PhoneLink()
        self._reader = RingReader(self.link.memory)
        self._clock = clock
        self._sleep = sleep
        self._intake = Intake()
        self._backlog = Backlog()
        self._stream: int | None = None
        self._rate_hz = 1
        self._state = SourceState.STARTING
        self._text = "Waiting for the page that a phone connects to."
        self._report: PhoneReport | None = None  # the last one
        self._device: str | None = None
        self._began_s = self._last_sign_s = clock()
        self._faults: tuple[Fault, ...] = ()
        self._faults_due_s = clock()
        self._unread_frames: int | None = 0  # None where what was left out is no loss
        self._overruns = 0
        self._is_closed = False

    def read(self, timeout_s: float) -> Block | None:
        """Return the next block, or `None` if none came within `timeout_s`."""
        if not self.link.is_wanted:
            self._leave_unheard()
            self.link.want(is_wanted=True)
        give_up_s = self._clock() + timeout_s
        while not self._is_closed:
            block = self._intake.next_block()
            if block is not None:
                return block
            if self._advance():
                continue
            left_s = give_up_s - self._clock()
            if left_s <= 0:
                return None
            self._sleep(min(left_s, POLL_S))
        return None

    def health(self) -> SourceHealth:
        """Return how the phone is, as of the last `read`. Any thread may ask."""
        return SourceHealth(
            state=self._state,
            text=self._text,
            device=self._device,
            overruns=self._overruns,
            lost_s=self._intake.lost_s,
            rate_hz=self._intake.rate_hz,
            faults=self._faults,
            # why a phone stopped is worth being told, also where it was gone already
            cause=self._text if self._state in _GONE else None,
        )

    def monotonic_at(self, index: int) -> float | None:
        """Return when (CLOCK_MONOTONIC, s) the lately given sample `index` was recorded."""
        return self._intake.monotonic_at(index)

    def rest(self, wait_s: float) -> None:
        """Have the phone send nothing, and let `wait_s` pass; the next `read` wants sound again.

        The time until then is a jump of `Block.start`, and no loss.
        """
        self.link.want(is_wanted=False)
        self._leave_unheard()
        while (report := self.link.report()) is not None:
            self._hear(report)
        self._intake.finish()
        self._intake.rest()
        self._stream = None
        self._state, self._text = SourceState.STARTING, "Waiting for the phone's sound."
        self._sleep(wait_s)
        self._last_sign_s = self._clock()

    def close(self) -> None:
        """Free the ring."""
        if not self._is_closed:
            self._is_closed = True
            self._intake.clear()
            self.link.close()

    def _leave_unheard(self) -> None:
        """Drop what came while nobody was to listen, which is no loss."""
        self._reader.skip()
        self._unread_frames = None

    def _advance(self) -> bool:
        """Do the next thing there is to do; say whether there was any."""
        report = self.link.report()
        if report is not None:
            self._hear(report)
            return True
        if self._take_next():
            return True
        self._judge()
        return False

    def _hear(self, report: PhoneReport) -> None:
        """Take what the phone is said to be, after the sound that it sent before."""
        while self._take_next():
            pass
        if report.device != self._device and report.device is not None:
            self._intake.change_device()
            self._faults = ()
            self._device = report.device
        self._report = report
        if report.state is SourceState.RUNNING:
            self._last_sign_s = self._clock()
            return  # the state follows with the first sound
        self._state, self._text = report.state, report.text

    def _take_next(self) -> bool:
        chunk = self._reader.read()
        if chunk is None:
            return False
        self._take(Packet.of(chunk), chunk.stamp_ns)
        return True

    def _take(self, packet: Packet, stamp_ns: int) -> None:
        now_s = self._last_sign_s = self._clock()
        if packet.stream != self._stream:
            self._stream, self._rate_hz = packet.stream, packet.rate_hz
            self._intake.begin(packet.rate_hz)
        is_sound = self._intake.push(Chunk(packet.start, packet.samples, stamp_ns))
        self._keep_up(now_s, stamp_ns)
        if now_s >= self._faults_due_s:
            self._faults_due_s = now_s + FAULTS_S
            self._look_for_faults(now_s)
        deaf = next((fault for fault in self._faults if fault.is_deaf), None)
        if deaf is not None:
            self._state, self._text = SourceState.UNUSABLE, deaf.text
        elif is_sound:
            self._state, self._text = SourceState.RUNNING, self._running_text

    @property
    def _running_text(self) -> str:
        report = self._report
        is_told = report is not None and report.state is SourceState.RUNNING
        return report.text if report is not None and is_told else "Hearing through a phone."

    def _keep_up(self, now_s: float, stamp_ns: int) -> None:
        """Note what was never read; where the chain stays behind, go on with the newest."""
        before, self._unread_frames = self._unread_frames, self._reader.lost_frames
        if before is not None and self._unread_frames > before:
            self._overruns += 1
            self._backlog.lose(now_s, (self._unread_frames - before) / self._rate_hz)
        if self._backlog.is_too_late(now_s, now_s - stamp_ns / NS_PER_S):
            self._backlog.caught_up()
            self._reader.skip()

    def _look_for_faults(self, now_s: float) -> None:
        device = f"The phone ({self._device})" if self._device else "The phone"
        overload = self._backlog.fault(now_s)
        self._faults = tuple(
            replace(fault, text=f"{device} {_REMEDIES[fault.kind]}")
            for fault in self._intake.condition.faults(device)
        ) + ((overload,) if overload else ())

    def _judge(self) -> None:
        """Say what is wrong where no sound comes."""
        now_s = self._clock()
        if self._report is None:
            if self._stream is None and now_s - self._began_s > PAGE_S:
                self._state, self._text = SourceState.FAILED, _NO_PAGE
            return
        if self._report.state is not SourceState.RUNNING:
            self._state, self._text = self._report.state, self._report.text
        elif now_s - self._last_sign_s > NO_SOUND_S:
            self._state, self._text = SourceState.STALLED, _QUIET
