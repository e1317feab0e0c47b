"""A microphone that loses sound by plan, and a chain whose detector knows the truth."""

from collections.abc import Callable
from random import Random

import numpy as np

from osa_daemon.audio.block import SAMPLE_RATE_HZ, Block
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.detector.frame import Delayed, Frame
from osa_daemon.scoring.event import Event, Scored
from osa_daemon.scoring.scorer import Scorer
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.chain import Step
from tests.simulated_night.plan import Fault, grid
from tests.simulated_night.sleeper import RATE_HZ, Sleeper
from tests.simulated_night.world import BOOTED_S, World

BLOCK_S = 1.0
FRAME = SAMPLE_RATE_HZ // RATE_HZ
DELAY = 100  # frames: 20 s
HELD = 5  # frames that wait for what follows them
LONG_GAP = 120 * RATE_HZ
SETTLE_S = 1.0  # of sound that is not taken after a loss (`audio.timeline`)
NOTICED_S = 3.0  # without frames, until a stream is given up (`audio.supervision`)
SILENCE = np.zeros(round(BLOCK_S * SAMPLE_RATE_HZ), np.float32)
LOST = {
    "unplugged": SourceState.ABSENT,
    "busy": SourceState.BUSY,
    "stalled": SourceState.STALLED,
    "dripping": SourceState.RUNNING,
}


class SimulatedMicrophone:
    """A source over the night from `begins_s` on; `lost` are the spans (s) that nobody heard."""

    def __init__(self, world: World, faults: tuple[Fault, ...], begins_s: float) -> None:
        self._world = world
        self._faults = [fault for fault in faults if fault.kind in LOST or fault.kind == "starved"]
        self._origin_s = self._next_s = grid(begins_s + 2 * SETTLE_S)
        self._starved: set[Fault] = set()
        self._state = SourceState.STARTING
        self.lost: list[tuple[float, float]] = []
        self.overruns = 0

    @property
    def origin_s(self) -> float:
        """When sample 0 was recorded."""
        return self._origin_s

    def monotonic_at(self, index: int) -> float:
        """When a sample was recorded."""
        return BOOTED_S + self._origin_s + index / SAMPLE_RATE_HZ

    def read(self, timeout_s: float) -> Block | None:
        """Return a second of sound, or what a loss has left of it."""
        world = self._world
        world.touch()
        for fault in self._faults:
            if (
                fault.kind == "starved"
                and fault not in self._starved
                and world.now_s >= fault.start_s
            ):
                self._starved.add(fault)
                if world.now_s < fault.end_s:
                    world.advance_to(fault.end_s)  # nothing of this process runs; the ring fills
        loss = self._loss()
        end_s = min(self._next_s + BLOCK_S, loss.start_s if loss else float("inf"))
        if end_s <= self._next_s:
            return self._wait_out(loss, timeout_s)
        if end_s > world.now_s + timeout_s:
            world.advance_to(world.now_s + timeout_s)
            return None
        world.advance_to(end_s)
        self._state = SourceState.RUNNING
        start = round((self._next_s - self._origin_s) * SAMPLE_RATE_HZ)
        count = round((end_s - self._next_s) * SAMPLE_RATE_HZ)
        self._next_s = end_s
        return Block(start, SILENCE[:count])

    def _loss(self) -> Fault | None:
        """Return the loss that comes next, or goes on."""
        for fault in self._faults:
            if fault.kind in LOST and fault.end_s > self._next_s:
                return fault
        return None

    def _wait_out(self, loss: Fault | None, timeout_s: float) -> None:
        assert loss is not None
        settles = 0.0 if loss.kind == "dripping" else SETTLE_S
        back_s = grid(loss.end_s + settles)
        if self._world.now_s >= back_s:
            self.lost.append((self._next_s, back_s))
            self._next_s = back_s
            self.overruns += 1
            return
        noticed_s = NOTICED_S if loss.kind == "stalled" else 0.4
        if self._world.now_s >= loss.start_s + noticed_s:
            self._state = LOST[loss.kind]
        self._world.advance_to(min(back_s, self._world.now_s + timeout_s))

    def health(self) -> SourceHealth:
        """How it is."""
        text = f"The microphone is {self._state.value}."
        return SourceHealth(self._state, text, "usb:1-1", self.overruns)

    def close(self) -> None:
        """Nothing to release."""


class ScriptedChain:
    """Stands for front end and detector, which know the truth here; scoring is real.

    Gaps are filled as `FeatureExtractor` fills them, delayed readings come as `Detector` gives
    them. `decided` is told of each event and when it truly began (s since the night began).
    """

    def __init__(
        self,
        rules: ScoringSettings,
        microphone: SimulatedMicrophone,
        sleeper: Sleeper,
        sound: Callable[[float], str],
        ids: Random,
        decided: Callable[[Event, float], None],
    ) -> None:
        self.scorer = Scorer(rules, lambda _onset_s: f"{ids.getrandbits(128):032x}")
        self._first = round(microphone.origin_s * RATE_HZ)
        self._sleeper, self._sound, self._decided = sleeper, sound, decided
        self._next: int | None = None  # frame that comes next
        self._end = 0
        self._lost: set[int] = set()
        self._owed: list[tuple[int, bool]] = []

    def push(self, block: Block) -> list[Step]:
        """The frames that are now complete."""
        start, end = block.start // FRAME, block.end // FRAME
        if self._next is None:
            self._next = self._end = start
        steps: list[Step] = []
        gap = start - self._end
        if gap > LONG_GAP:
            steps += self._give(self._end)
            self._lost.update(range(self._end, self._end + LONG_GAP))
            steps += self._give(self._end + LONG_GAP)
            self._owed.clear()
            self._next = start
        else:
            self._lost.update(range(self._end, start))
        self._end = end
        return steps + self._give(end - HELD)

    def finish(self) -> tuple[list[Step], Scored]:
        """What is owed."""
        steps = self._give(self._end) if self._next is not None else []
        rest = [self._delayed(at, is_heard=is_heard) for at, is_heard in self._owed]
        last = self.scorer.finish(rest)
        self._tell(last)
        return steps, last

    def _give(self, end: int) -> list[Step]:
        assert self._next is not None
        steps = [self._step(at) for at in range(self._next, end)]
        self._next = max(self._next, end)
        return steps

    def _step(self, at: int) -> Step:
        is_lost = at in self._lost
        self._lost.discard(at)
        self._owed.append((at, not is_lost))
        due: Delayed | None = None
        if len(self._owed) > DELAY:
            before, is_heard = self._owed.pop(0)
            due = self._delayed(before, is_heard=is_heard)
        index = self._first + at
        sound = "gap" if is_lost else self._sound(index / RATE_HZ)
        frame: Frame = self._sleeper.frame(index, at, sound, due)
        scored = self.scorer.push(frame)
        self._tell(scored)
        return Step(frame, scored)

    def _delayed(self, at: int, *, is_heard: bool) -> Delayed:
        return self._sleeper.delayed(self._first + at, at, is_heard=is_heard)

    def _tell(self, scored: Scored) -> None:
        for event in scored.events:
            self._decided(event, self._first / RATE_HZ + event.onset_s)
