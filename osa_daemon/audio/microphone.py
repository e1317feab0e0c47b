"""A microphone as a source that never gives up, and whose time is true."""

import time
from collections.abc import Callable
from pathlib import Path

from osa_daemon.audio.block import Block
from osa_daemon.audio.capture import RING_FRAMES, Capture, Report
from osa_daemon.audio.intake import Intake
from osa_daemon.audio.ring import Chunk
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.audio.supervision import (
    IDENTITY_S,
    MUTED_S,
    NO_FRAMES_S,
    OPENING_S,
    PROVEN_S,
    Backoff,
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
    """

    def __init__(
        self,
        device: str,
        *,
        ring_frames: int = RING_FRAMES,
        clock: Callable[[], float] = time.monotonic,
        root: Path = Path("/"),
    ) -> None:
        self._wanted = device
        self._ring_frames = ring_frames
        self._clock = clock
        self._root = root
        self._intake = Intake()
        self._backoff = Backoff()
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
            if not self._advance(max(0.0, min(left_s, POLL_S))) and left_s <= 0:
                return None
        return None

    def health(self) -> SourceHealth:
        """Return how the microphone is, as of the last `read`. Any thread may ask."""
        text = self._text
        if self._state is SourceState.RUNNING and self._intake.zeros_s >= MUTED_S:
            text += f" It gives digital silence since {self._intake.zeros_s:.0f} s: is it muted?"
        return SourceHealth(
            state=self._state,
            text=text,
            device=self._device,
            overruns=self._overruns,
            lost_s=self._intake.lost_s,
            rate_hz=self._intake.rate_hz,
        )

    def monotonic_at(self, index: int) -> float | None:
        """Return when (CLOCK_MONOTONIC, s) the lately given sample `index` was recorded."""
        return self._intake.monotonic_at(index)

    def close(self) -> None:
        """Kill the capture process and free the ring; at most a second."""
        self._is_closed = True
        self._drop_capture()
        self._intake.clear()

    def _advance(self, wait_s: float) -> bool:
        """Do the next thing there is to do; say whether frames were read."""
        if self._capture is None:
            self._start_or_wait(wait_s)
            return False
        # what its rate is comes first, by a report
        chunk = self._capture.read() if self._opened else None
        if chunk is not None:
            self._overruns = self._past_overruns + self._capture.overruns
            self._take(chunk)
            return True
        for report in self._capture.reports(wait_s):
            self._hear(report)
        self._judge(self._capture)
        return False

    def _start_or_wait(self, wait_s: float) -> None:
        now_s = self._clock()
        if now_s < self._next_start_s:
            time.sleep(min(wait_s, self._next_start_s - now_s))
            return
        try:
            self._capture = Capture(self._wanted, self._ring_frames)
        except OSError as error:
            self._fail(SourceState.FAILED, f"No capture process can be started: {error.strerror}.")
            return
        self._opened = None
        self._is_told = False
        self._running_since_s = None
        self._last_sign_s = now_s

    def _hear(self, report: Report) -> None:
        self._last_sign_s = self._clock()
        self._is_told = True
        self._device = report.device or self._device
        if report.state is SourceState.RUNNING and report.rate_hz is not None:
            self._opened = report
            self._card = report.card
            self._intake.begin(report.rate_hz)
            return  # the state follows with the first sound
        self._opened = None
        self._state, self._text = report.state, report.text
        if report.state is SourceState.ABSENT and self._intake.has_heard and self._card is None:
            self._state = SourceState.STALLED
            self._text = f"The sound server behind '{self._wanted}' is gone. {report.text}"

    def _take(self, chunk: Chunk) -> None:
        self._last_sign_s = chunk.stamp_ns / NS_PER_S
        if not self._intake.push(chunk):
            return
        assert self._opened is not None
        self._state, self._text = SourceState.RUNNING, self._opened.text
        now_s = self._clock()
        if self._running_since_s is None:
            self._running_since_s = now_s
        elif now_s - self._running_since_s > PROVEN_S:
            self._backoff.reset()

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

    def _bury(self, capture: Capture) -> None:
        """Say why a capture process ended, unless it has done so itself."""
        if self._is_told and not self._opened:
            self._fail(self._state, self._text)
            return
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

    def _drop_capture(self) -> None:
        if self._capture is not None:
            self._past_overruns = self._overruns
            self._capture.close()
            self._capture = None
            self._intake.finish()
