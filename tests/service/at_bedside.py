"""A bedside over a real journal, with sources and a chain that play what a test wrote."""

import threading
from collections.abc import Callable, Mapping
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any

import numpy as np

from osa_daemon.audio.block import Block
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.detector.frame import Delayed, Frame
from osa_daemon.detector.model import Metadata
from osa_daemon.journal.journal import Journal
from osa_daemon.scoring.event import Scored
from osa_daemon.scoring.scorer import Scorer
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.alerting.start import alert_policy
from osa_daemon.service.bedside import Bedside
from osa_daemon.service.bulletin import Bulletin
from osa_daemon.service.chain import Step
from osa_daemon.service.clock import StreamClock
from osa_daemon.service.commands import Commands
from osa_daemon.service.diagnostics import Diagnostics
from osa_daemon.service.live import LiveSettings
from osa_daemon.service.minutes import Minutes
from osa_daemon.service.outbox import Outbox
from osa_daemon.service.reload import Reload
from osa_daemon.service.rooms import Rooms
from osa_daemon.service.store import Store
from osa_daemon.service.tonight import Tonight
from osa_daemon.service.traces import Traces
from osa_daemon.settings.load import load

ELEVEN = datetime(2026, 3, 1, 23, 0).astimezone()  # in the evening, local time
FRAME = 3_200  # samples of a frame
BREATH, PAUSE = 0.5, 0.0  # samples that a ScriptedChain takes for breathing, and for a pause


class Wire:
    """Stands for the publisher: notes what it is given (the real one needs a broker)."""

    def __init__(self) -> None:
        self.states: list[tuple[str, Any]] = []
        self.events: list[Mapping[str, Any]] = []
        self.on_event: Callable[[str], None] = lambda _event_id: None

    def set_state(self, suffix: str, payload: Any) -> None:
        """Note a state."""
        self.states.append((suffix, payload))

    def send_event(self, event_id: str, payload: Mapping[str, Any]) -> bool:
        """Note an event."""
        self.events.append(payload)
        self.on_event(event_id)
        return True

    def repeat_state(self, suffix: str) -> None:
        """Note it once more."""
        self.states.append((suffix, self.last(suffix)))

    def last(self, suffix: str) -> Any:
        """The last value of a topic."""
        return self.all(suffix)[-1]

    def all(self, suffix: str) -> list[Any]:
        """Every value of a topic."""
        return [payload for topic, payload in self.states if topic == suffix]


class Failing:
    """A source in a state, without sound, until it was read `most` times."""

    def __init__(self, state: SourceState, most: int = 3) -> None:
        self.state = state
        self.most = most
        self.reads = 0

    def read(self, timeout_s: float) -> Block | None:
        """Never any sound."""
        self.reads += 1
        return None

    def health(self) -> SourceHealth:
        """The state, then the end."""
        state = self.state if self.reads < self.most else SourceState.ENDED
        return SourceHealth(state, "No microphone named x is connected.")

    def close(self) -> None:
        """Nothing to release."""


class Script:
    """A source that plays (state, sample, frames) in turn; `sample` None is no sound."""

    def __init__(self, *parts: tuple[SourceState, float | None, int]) -> None:
        self._steps = [(state, sample) for state, sample, frames in parts for _ in range(frames)]
        self._state = SourceState.STARTING
        self._index = 0

    def read(self, timeout_s: float) -> Block | None:
        """The next frame of sound, or none."""
        if not self._steps:
            self._state = SourceState.ENDED
            return None
        self._state, sample = self._steps.pop(0)
        self._index += 1
        if sample is None:
            return None
        return Block((self._index - 1) * FRAME, np.full(FRAME, sample, np.float32))

    def health(self) -> SourceHealth:
        """The state of the part."""
        return SourceHealth(self._state, "A sentence.")

    def close(self) -> None:
        """Nothing to release."""


class ScriptedChain:
    """Stands for front end and detector, whose answers a test cannot choose; scoring is real."""

    def __init__(self, rules: ScoringSettings) -> None:
        numbers = count()
        self.scorer = Scorer(rules, lambda _onset_s: f"{id(self)}-{next(numbers)}")
        self._owed: list[Delayed] = []

    def push(self, block: Block) -> list[Step]:
        """One frame a block."""
        index, breathes = block.start // FRAME, float(block.samples[0] == BREATH)
        reading = Delayed(index, breathes, breathes, 1.0 - breathes, 0.0, 0.0, 0.0)
        self._owed.append(reading)
        due = self._owed.pop(0) if len(self._owed) > 75 else None
        frame = Frame(
            index, True, -60.0, -60.0, False, False, breathes, breathes, 1.0 - breathes, 0.0, 0.0,
            0.0, due,
        )  # fmt: skip
        return [Step(frame, self.scorer.push(frame))]

    def finish(self) -> tuple[list[Step], Scored]:
        """What is owed."""
        return [], self.scorer.finish(self._owed)


def live_settings(
    tmp_path: Path,
    text: str = "",
    overrides: str | None = None,
    sensitivities: tuple[str, ...] = ("low", "balanced", "high"),
) -> LiveSettings:
    """Settings of a file that holds `text`, by a model that knows `sensitivities`."""
    config = tmp_path / "config.yaml"
    config.write_text(f"journal:\n  state_dir: {tmp_path}\n{text}")
    if overrides is not None:
        (tmp_path / "overrides.json").write_text(overrides)
    events = {"low": 0.9, "balanced": 0.5, "high": 0.3}
    thresholds = {name: {"event": events[name]} for name in sensitivities}
    return LiveSettings(
        load(config, environ={}), Metadata(75, (1, 1, 1), 1, 1, thresholds, "0", {})
    )


def make(
    tmp_path: Path,
    wire: Wire,
    source: Any,
    live: LiveSettings | None = None,
    make_chain: Callable[[], Any] | None = None,
    commands: Commands | None = None,
    stop: threading.Event | None = None,
    reload: Reload | None = None,
) -> Bedside:
    """A bedside over a real journal; the time is 23:00."""
    live = live or live_settings(tmp_path)
    clock = StreamClock(wall=ELEVEN.timestamp)
    bulletin = Bulletin(wire, clock, "0", "m", lambda _state, _text: None)
    store = Store(lambda: Journal.open(tmp_path / "journal.sqlite3"), bulletin.storage)
    outbox = Outbox(store, wire)
    wire.on_event = outbox.acknowledged
    return Bedside(
        Rooms(
            source=source,
            make_chain=make_chain or (lambda: ScriptedChain(live.rules)),
            clock=clock,
            store=store,
            outbox=outbox,
            bulletin=bulletin,
            publisher=wire,
            tonight=Tonight(store, bulletin, live.rules, 730, clock.now()),
            minutes=Minutes(store),
            traces=Traces(store),
            diagnostics=Diagnostics(store, "m"),
            commands=commands or Commands(),
            live=live,
            alerts=alert_policy(store, bulletin.alert, lambda: live.alerts, clock.now()),
            reload=reload or Reload(live),
        ),
        lambda: None,
        stop or threading.Event(),
    )
