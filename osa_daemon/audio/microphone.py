"""A microphone as a source that never gives up, and whose time is true."""

import time
from collections.abc import Callable
from pathlib import Path

from osa_daemon.audio.backlog import Backlog
from osa_daemon.audio.block import Block
from osa_daemon.audio.capture import RING_FRAMES, Capture, Report
from osa_daemon.audio.fault import Fault
from osa_daemon.audio.intake import Intake
from osa_daemon.audio.ring import Chunk
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.audio.supervision import (
    FAULTS_S,
    IDENTITY_S,
    LAST_RESORT_S,
    LONGEST_REOPEN_S,
    NO_FRAMES_S,
    OPENING_S,
    PROVEN_S,
    REOPEN_S,
    USELESS_S,
    Backoff,
    LastResort,
)
from osa_daemon.audio.timeline import NS_PER_S
from osa_daemon.audio.usb import cards

POLL_S = 0.03  # between looks into the ring: a third of a read from the device


class MicrophoneSource:
    """Captures from `device` in a child process, which is killed and replaced when it fails.

    Sample 0 is the first sound that came in real time. Lost time is a jump of `Block.start`
    as long as CLOCK_MONOTONIC says. Within a run samples are counted by the device's own
    clock; `monotonic_at` tells when a sample was recorded.

    Args:
        device: identity: `usb:…`, `name:…` or `default` (see `devices.py`).
        ring_frames: frames at the device's rate that may wait for the reader.
        clock: CLOCK_MONOTONIC in seconds.
        root: where sysfs is looked for.
        start: starts a capture process for a device, with a ring of so many frames.
        sleep: waits so many seconds.
    """

    def __init__(
        self,
        device: str,
        *,
        ring_frames: int = RING_FRAMES,
        clock: Callable[[], float] = time.monotonic,
        root: Path = Path("/"),
        start: Callable[[str, int], Capture] = Capture,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self._wanted = device
        self._start = start
        self._sleep = sleep
        self._ring_frames = ring_frames
        self._clock = clock
        self._root = root
        self._intake = Intake()
        self._backlog = Backlog()
        self._backoff = Backoff()
        self._last_resort = LastResort()
        self._undead: list[Capture] = []  # killed, and held by a driver
        self._capture: Capture | None = None
        self._opened: Report | None = None  # by the present capture process
        self._is_told = False  # the present capture process has said how its device is
        self._state = SourceState.STARTING
        self._text = f"Opening the microphone '{device}'."
        self._device: str | None = None
        self._card: str | None = None
        self._next_start_s = clock()
        self._last_sign_s = clock()
        self._running_since_s: float | None = None
        self._identity_due_s = clock()
        self._faults: tuple[Fault, ...] = ()
        self._faults_due_s = clock()
        self._useful_s = clock()  # when there was sound of its time, or the device was opened
        self._reopen_s = REOPEN_S
        self._unread_frames = 0  # of the present capture process
        self._past_overruns = 0  # of capture processes that are gone
        self._overruns = 0
        self._is_closed = False

    def read(self, timeout_s: float) -> Block | None:
        """Return the next block, or `None` if none came within `timeout_s`.

        To be called by one thread: the capture process dies with the thread that started it.
        """
        give_up_s = self._clock() + timeout_s
        while not self._is_closed:
            block = self._intake.next_block()
            if block is not None:
                return block
            left_s = give_up_s - self._clock()
            self._advance(max(0.0, min(left_s, POLL_S)))
            if left_s <= 0:
                return self._intake.next_block()
        return None

    def health(self) -> SourceHealth:
        """Return how the microphone is, as of the last `read`. Any thread may ask."""
        return SourceHealth(
            state=self._state,
            text=self._text,
            device=self._device,
            overruns=self._overruns,
            lost_s=self._intake.lost_s,
            rate_hz=self._intake.rate_hz,
            faults=self._faults,
        )

    def monotonic_at(self, index: int) -> float | None:
        """Return when (CLOCK_MONOTONIC, s) the lately given sample `index` was recorded."""
        return self._intake.monotonic_at(index)

    def rest(self, wait_s: float) -> None:
        """Close the microphone, and let `wait_s` pass; the next `read` opens it again.

        The time until then is a jump of `Block.start`, and no loss. To be called by the thread
        that reads.
        """
        self._drop_capture()
        if not self._undead:
            self._last_resort.work()  # what failed before is no sign of how it is then
        self._intake.rest()
        self._state, self._text = SourceState.STARTING, f"Opening the microphone '{self._wanted}'."
        self._next_start_s = self._clock()
        self._sleep(wait_s)

    def close(self) -> None:
        """Kill the capture process and free the ring; at most a second."""
        self._is_closed = True
        self._drop_capture()
        self._intake.clear()

    def _advance(self, wait_s: float) -> None:
        """Do the next thing there is to do."""
        if self._capture is None:
            self._start_or_wait(wait_s)
            return
        # what its rate is comes first, by a report
        chunk = self._capture.read() if self._opened else None
        if chunk is not None:
            self._take(chunk)
            self._keep_up(self._capture, chunk)
            return
        for report in self._capture.reports(wait_s):
            self._hear(report)
        if self._capture is not None:
            self._judge(self._capture)

    def _start_or_wait(self, wait_s: float) -> None:
        now_s = self._clock()
        if now_s < self._next_start_s:
            self._sleep(min(wait_s, self._next_start_s - now_s))
            return
        try:
            self._capture = self._start(self._wanted, self._ring_frames)
        except OSError as error:
            self._last_resort.fail(now_s)
            self._fail(SourceState.FAILED, f"No capture process can be started: {error.strerror}.")
            return
        self._unread_frames = 0
        self._opened = None
        self._is_told = False
        self._running_since_s = None
        self._last_sign_s = now_s

    def _hear(self, report: Report) -> None:
        now_s = self._last_sign_s = self._clock()
        self._is_told = True
        self._undead = [capture for capture in self._undead if capture.exit_code is None]
        if not self._undead:
            self._last_resort.work()
        self._device = report.device or self._device
        if report.state is SourceState.RUNNING and report.rate_hz is not None:
            self._opened = report
            if report.card != self._card:
                self._intake.change_device()
            self._card = report.card
            self._useful_s = now_s
            self._intake.begin(report.rate_hz)
            return  # the state follows with the first sound
        self._take_rest()
        self._opened = None
        self._state, self._text = report.state, report.text
        if report.state is SourceState.ABSENT and self._intake.has_heard and self._card is None:
            self._state = SourceState.STALLED
            self._text = f"The sound server behind '{self._wanted}' is gone. {report.text}"
        elif report.state is SourceState.BUSY:
            self._give_up_where_due()  # the one who holds it may be a process of ours

    def _take_rest(self) -> None:
        """Take what came before the capture process said that its stream ended."""
        while self._opened and self._capture and (chunk := self._capture.read()):
            self._take(chunk)

    def _take(self, chunk: Chunk) -> None:
        assert self._opened is not None
        now_s = self._last_sign_s = self._clock()
        is_sound = self._intake.push(chunk)
        if now_s >= self._faults_due_s:
            self._faults_due_s = now_s + FAULTS_S
            self._look_for_faults(now_s)
        deaf = next((fault for fault in self._faults if fault.is_deaf), None)
        if deaf is not None:
            self._state, self._text = SourceState.UNUSABLE, deaf.text
        if not is_sound:
            self._running_since_s = None
            return
        self._useful_s = now_s
        if deaf is None:
            self._state, self._text = SourceState.RUNNING, self._opened.text
        if self._running_since_s is None:
            self._running_since_s = now_s
        elif now_s - self._running_since_s > PROVEN_S:
            self._backoff.reset()
            self._reopen_s = REOPEN_S

    def _look_for_faults(self, now_s: float) -> None:
        device = self._device or f"The microphone '{self._wanted}'"
        overload = self._backlog.fault(now_s)
        self._faults = self._intake.condition.faults(device) + ((overload,) if overload else ())

    def _keep_up(self, capture: Capture, chunk: Chunk) -> None:
        """Note how late and how much was read; where that is too late, go on with the newest."""
        now_s = self._clock()
        self._overruns = self._past_overruns + capture.overruns
        if capture.lost_frames > self._unread_frames and self._opened and self._opened.rate_hz:
            lost = capture.lost_frames - self._unread_frames
            self._backlog.lose(now_s, lost / self._opened.rate_hz)
            self._unread_frames = capture.lost_frames
        if self._backlog.is_too_late(now_s, now_s - chunk.stamp_ns / NS_PER_S):
            self._backlog.caught_up()
            capture.skip()

    def _judge(self, capture: Capture) -> None:
        """Give the capture process up if it is dead or dumb, or its card has gone."""
        silent_s = self._clock() - self._last_sign_s
        if capture.exit_code is not None:
            self._bury(capture)
        elif not self._opened and silent_s > OPENING_S:
            self._fail(
                SourceState.STALLED,
                f"The sound system does not answer when the microphone '{self._wanted}' is opened.",
            )
        elif self._opened and silent_s > NO_FRAMES_S:
            self._fail(
                SourceState.STALLED,
                f"The microphone '{self._wanted}' is open and has given no sound "
                f"for {silent_s:.0f} s: its sound server or driver hangs.",
            )
        elif self._card is not None and self._clock() >= self._identity_due_s:
            self._identity_due_s = self._clock() + IDENTITY_S
            if self._opened and not self._is_there(self._card):
                self._fail(SourceState.ABSENT, f"The microphone '{self._wanted}' was unplugged.")
        elif self._opened and self._clock() - self._useful_s > min(USELESS_S, self._reopen_s):
            self._open_anew_where_useless()

    def _open_anew_where_useless(self) -> None:
        """Frames arrive and are no sound: say so, and open the device anew, ever less often."""
        useless_s = self._clock() - self._useful_s
        if not any(fault.is_deaf for fault in self._faults):
            self._state = SourceState.STALLED
            self._text = (
                f"The microphone '{self._wanted}' gives frames, but not in real time: its sound "
                "server or driver is at fault; restart that, or plug the microphone in anew."
            )
        if useless_s > self._reopen_s:
            self._reopen_s = min(2 * self._reopen_s, LONGEST_REOPEN_S)
            self._fail(self._state, self._text)

    def _bury(self, capture: Capture) -> None:
        """Say why a capture process ended, unless it has done so itself."""
        if self._is_told and not self._opened:
            self._fail(self._state, self._text)
            return
        if not self._is_told:
            self._last_resort.fail(self._clock())
        reason = capture.last_words or f"exit status {capture.exit_code}"
        self._fail(
            SourceState.STALLED if self._is_told else SourceState.FAILED,
            f"The capture process of the microphone '{self._wanted}' ended: {reason}.",
        )

    def _is_there(self, card: str) -> bool:
        identity = card.partition(",")[0]
        return any(identity in present.identities for present in cards(self._root))

    def _fail(self, state: SourceState, text: str) -> None:
        self._state, self._text = state, text
        self._drop_capture()
        self._next_start_s = self._clock() + self._backoff.next_pause_s()
        self._give_up_where_due()

    def _give_up_where_due(self) -> None:
        """Where nothing but a new daemon can help, say that this one is to end."""
        if self._last_resort.is_due(self._clock()):
            self._state = SourceState.HOPELESS
            self._text += f" It was so for {LAST_RESORT_S / 60:.0f} minutes: the daemon ends."

    def _drop_capture(self) -> None:
        if self._capture is not None:
            self._past_overruns = self._overruns
            if not self._capture.close():
                self._undead.append(self._capture)
                self._last_resort.fail(self._clock())
            self._capture = None
            self._intake.finish()
