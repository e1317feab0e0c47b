"""A microphone as a source that never gives up, and whose time is true."""

import time
from collections import deque
from collections.abc import Callable
from pathlib import Path

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Block, Samples
from osa_daemon.audio.capture import RING_FRAMES, Capture, Report
from osa_daemon.audio.resample import StreamResampler
from osa_daemon.audio.ring import Chunk
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.audio.supervision import (
    IDENTITY_S,
    NO_FRAMES_S,
    OPENING_S,
    PROVEN_S,
    Backoff,
)
from osa_daemon.audio.timeline import NS_PER_S, Timeline
from osa_daemon.audio.usb import cards

POLL_S = 0.03  # between looks into the ring: a third of a callback


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
        self._capture: Capture | None = None
        self._backoff = Backoff()
        self._timeline = Timeline()
        self._resampler = StreamResampler(SAMPLE_RATE_HZ)
        self._blocks: deque[Block] = deque()
        self._end = 0
        self._state = SourceState.STARTING
        self._text = f"Opening the microphone '{device}'."
        self._device: str | None = None
        self._rate_hz: int | None = None
        self._card: str | None = None
        self._next_start_s = clock()
        self._last_sign_s = clock()
        self._running_since_s: float | None = None
        self._identity_due_s = clock()
        self._past_overruns = 0
        self._lost_s = 0.0
        self._is_closed = False

    def read(self, timeout_s: float) -> Block | None:
        """Return the next block, or `None` if none came within `timeout_s`."""
        give_up_s = self._clock() + timeout_s
        while not self._is_closed:
            if self._blocks:
                return self._blocks.popleft()
            left_s = give_up_s - self._clock()
            if not self._advance(max(0.0, min(left_s, POLL_S))) and left_s <= 0:
                return None
        return None

    def health(self) -> SourceHealth:
        """Return how the microphone is, as of the last `read`."""
        running = self._capture.overruns if self._capture else 0
        return SourceHealth(
            state=self._state,
            text=self._text,
            device=self._device,
            overruns=self._past_overruns + running,
            lost_s=self._lost_s,
            rate_hz=self._timeline.rate_hz,
        )

    def monotonic_at(self, index: int) -> float | None:
        """Return when (CLOCK_MONOTONIC, s) the lately given sample `index` was recorded."""
        if self._timeline.end_s is None:
            return None
        return self._timeline.end_s - (self._end - index) / SAMPLE_RATE_HZ

    def close(self) -> None:
        """Kill the capture process and free the ring; at most a second."""
        self._is_closed = True
        self._drop_capture()
        self._blocks.clear()

    def _advance(self, wait_s: float) -> bool:
        """Do the next thing there is to do; say whether frames were read."""
        if self._capture is None:
            self._start_or_wait(wait_s)
            return False
        # what its rate is comes first, by a report
        chunk = None if self._rate_hz is None else self._capture.read()
        if chunk is not None:
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
        self._capture = Capture(self._wanted, self._ring_frames)
        self._rate_hz = None
        self._last_sign_s = now_s

    def _hear(self, report: Report) -> None:
        self._last_sign_s = self._clock()
        was_heard = self._timeline.end_s is not None
        self._device = report.device or self._device
        if report.state is SourceState.RUNNING and report.rate_hz is not None:
            self._rate_hz = report.rate_hz
            self._card = report.card
            self._begin_stream(report.rate_hz)
            self._text = report.text  # the state follows with the first frames
            return
        self._state, self._text = report.state, report.text
        if report.state is SourceState.ABSENT and was_heard and self._card is None:
            self._state = SourceState.STALLED
            self._text = f"The sound server behind '{self._wanted}' is gone. {report.text}"

    def _begin_stream(self, rate_hz: int) -> None:
        self._resampler = StreamResampler(rate_hz)
        self._timeline.begin(rate_hz)
        self._running_since_s = None

    def _take(self, chunk: Chunk) -> None:
        now_s = self._clock()
        self._last_sign_s = chunk.stamp_ns / NS_PER_S
        assert self._rate_hz is not None
        verdict = self._timeline.judge(chunk)
        if not verdict.is_sound:
            return
        self._state = SourceState.RUNNING
        if self._running_since_s is None:
            self._running_since_s = now_s
        elif now_s - self._running_since_s > PROVEN_S:
            self._backoff.reset()
        if verdict.gap_s > 0:
            self._flush()
            self._resampler = StreamResampler(self._rate_hz)
            self._end += round(verdict.gap_s * SAMPLE_RATE_HZ)
            self._lost_s += verdict.gap_s
        self._append(self._resampler.push(chunk.samples))

    def _flush(self) -> None:
        self._append(self._resampler.finish())

    def _append(self, samples: Samples) -> None:
        if len(samples):
            self._blocks.append(Block(self._end, samples))
            self._end += len(samples)

    def _judge(self, capture: Capture) -> None:
        """Give the capture process up if it is dead or dumb, or its card has gone."""
        silent_s = self._clock() - self._last_sign_s
        code = capture.exit_code
        if code is not None:
            if self._state is SourceState.RUNNING:
                reason = capture.last_words or f"exit status {code}"
                self._fail(f"The capture process of '{self._wanted}' ended ({reason}).")
            else:
                self._fail(self._text)
        elif self._rate_hz is None and silent_s > OPENING_S:
            self._fail(f"The sound system does not answer when '{self._wanted}' is opened.")
        elif self._rate_hz is not None and silent_s > NO_FRAMES_S:
            self._fail(f"'{self._wanted}' is open and has given no sound for {silent_s:.0f} s.")
        elif self._card is not None and self._clock() >= self._identity_due_s:
            self._identity_due_s = self._clock() + IDENTITY_S
            if not self._is_there(self._card):
                self._fail(f"The microphone '{self._wanted}' was unplugged.")

    def _is_there(self, card: str) -> bool:
        identity = card.partition(",")[0]
        return any(identity in present.identities for present in cards(self._root))

    def _fail(self, text: str) -> None:
        self._state, self._text = SourceState.STALLED, text
        self._drop_capture()
        self._next_start_s = self._clock() + self._backoff.next_pause_s()

    def _drop_capture(self) -> None:
        if self._capture is not None:
            self._past_overruns += self._capture.overruns
            self._capture.close()
            self._capture = None
            self._flush()
