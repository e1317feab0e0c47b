"""What the house is told: steps of the chain become states on the topics of contract C4."""

from collections.abc import Callable, Mapping
from datetime import date, datetime, timedelta
from typing import Protocol

from osa_daemon.audio.fault import FaultKind
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.publish import payloads, topics
from osa_daemon.publish.payloads import DaemonState, Value
from osa_daemon.scoring.audibility import CLIP_FRAMES, CLIP_WINDOW
from osa_daemon.scoring.event import Alert, Progress
from osa_daemon.scoring.night import NightFigures
from osa_daemon.scoring.recent import Recent
from osa_daemon.service.chain import Step
from osa_daemon.service.clock import StreamClock

LEVEL_EVERY_FRAMES = 10 * FRAME_RATE_HZ
SILENT_FRAMES = 5 * FRAME_RATE_HZ  # digital silence this long: muted or broken

_LOST: tuple[DaemonState, ...] = ("deaf", "no_microphone")
_STATES: dict[SourceState, DaemonState] = {
    SourceState.STARTING: "starting",
    SourceState.RUNNING: "monitoring",
    SourceState.ENDED: "monitoring",
    SourceState.STALLED: "deaf",
    SourceState.UNUSABLE: "deaf",
    SourceState.HOPELESS: "deaf",
    SourceState.ABSENT: "no_microphone",
    SourceState.BUSY: "no_microphone",
    SourceState.FAILED: "no_microphone",
}


class Publisher(Protocol):
    """What a bulletin needs of the publisher."""

    def set_state(self, suffix: str, payload: str | Mapping[str, Value]) -> None:
        """Publish the value of a topic; the latest wins."""
        ...

    def repeat_state(self, suffix: str) -> None:
        """Publish the value of a topic once more."""
        ...


class Bulletin:
    """Keeps the states of the topics true; sends only what changed.

    `on_alert` is given each new payload of the topic `alert`, and must not block. `slowed` says
    why the board itself is slow, as words that end a sentence; None: it is not, or does not tell.
    """

    def __init__(
        self,
        publisher: Publisher,
        clock: StreamClock,
        version: str,
        model: str,
        on_status: Callable[[DaemonState, str], None],
        *,
        on_alert: Callable[[Mapping[str, Value]], None] | None = None,
        slowed: Callable[[], str | None] = lambda: None,
    ) -> None:
        self._publisher = publisher
        self._clock = clock
        self._version, self._model = version, model
        self._on_status = on_status
        self._on_alert = on_alert
        self._slowed = slowed
        self._sent: dict[str, str | Mapping[str, Value]] = {}
        self._state: DaemonState | None = None
        self._cause: str | None = None
        self._since = clock.now()
        self._silent_frames = 0
        self._clipped = Recent(CLIP_WINDOW)
        self._text = ""
        self._reason: str | None = None
        self.events: int | None = None  # of this night, as it was told last

    def begin(self) -> None:
        """Tell what is so before the first sound; problems are told by those who know them."""
        self.unknown()
        self._set(topics.ALERT.suffix, payloads.alert_payload(None, None))
        self.listen(SourceHealth(SourceState.STARTING, "The sound is being opened."))

    def step(self, step: Step) -> None:
        """Tell what one frame led to."""
        frame, scored = step.frame, step.scored
        self._silent_frames = self._silent_frames + 1 if frame.silent else 0
        self._clipped.push(flag=frame.clipped)
        self._set(topics.APNEA.suffix, scored.progress.value)
        self._set(topics.BREATHING_AUDIBLE.suffix, "ON" if scored.audible else "OFF")
        if frame.valid and frame.index % LEVEL_EVERY_FRAMES == 0:
            level = payloads.level_payload(frame.level_dbfs, frame.noise_dbfs)
            self._publisher.set_state(topics.LEVEL.suffix, level)

    def alert(self, alert: Alert, since: datetime) -> None:
        """Tell that an alert was raised, or is over; `since`: its condition."""
        self._set(topics.ALERT.suffix, payloads.alert_payload(alert, since))

    @property
    def lost(self) -> str | None:
        """Why the microphone is not heard, in a sentence; None where it is, or rests."""
        return self._text if self._state in _LOST else None

    def listen(self, health: SourceHealth) -> None:
        """Tell how the source is: status, hearing, and the microphone problem.

        Told again when the cause changes, not with every new text of the same cause. What is
        wrong with sound in which pauses can still be heard is a problem and nothing more.
        """
        state, cause, text = _STATES[health.state], health.cause or health.state.value, health.text
        if health.state is SourceState.UNUSABLE:
            cause, text = self._faults(health)
        elif state == "monitoring":
            device = health.device or "The microphone"
            if self._silent_frames >= SILENT_FRAMES:
                state, cause = "deaf", "silent"
                text = f"{device} gives digital silence: is it muted or unplugged inside?"
            elif self._clipped.count >= CLIP_FRAMES:
                state, cause = "deaf", "clipped"
                text = f"{device} is overdriven: lower its gain."
            elif health.faults:
                cause, problem = self._faults(health)
                self._tell_state(state, cause, f"{text} {problem}", problem)
                return
        self._tell_state(state, cause, text)

    def _faults(self, health: SourceHealth) -> tuple[str, str]:
        """Return what is wrong with the sound, in a word for each and in sentences."""
        texts = [fault.text for fault in health.faults] or [health.text]
        kinds = [fault.kind for fault in health.faults]
        if FaultKind.OVERLOAD in kinds and (slowed := self._slowed()):
            texts.append(f"Its firmware says: {slowed}.")
        return " ".join(kind.value for kind in kinds), " ".join(texts)

    def pause(self, reason: str) -> None:
        """Tell that monitoring rests."""
        self._tell_state("paused", reason, reason)

    def unknown(self) -> None:
        """Tell that nothing is known of the breathing now; what comes is a new stream."""
        self._silent_frames = 0
        self._clipped.clear()
        self._hear_nothing()

    def end(self) -> Mapping[str, Value]:
        """Tell that nobody listens any more; return the last status."""
        self._set(topics.HEARING.suffix, topics.OFFLINE)
        self._hear_nothing()
        return payloads.status_payload(
            "stopping", self._clock.now(), None, self._version, self._model
        )

    def _hear_nothing(self) -> None:
        self._set(topics.APNEA.suffix, Progress.UNKNOWN.value)
        self._set(topics.BREATHING_AUDIBLE.suffix, "OFF")

    def _tell_state(
        self, state: DaemonState, cause: str, text: str, problem: str | None = None
    ) -> None:
        """Tell state and text; `problem`: what is wrong though sound is heard."""
        if (state, cause) == (self._state, self._cause):
            return
        if state != self._state:
            self._since = self._clock.now()
        self._state, self._cause, self._text = state, cause, text
        hears = state == "monitoring"
        self._reason = problem if hears else text
        self._tell_status()
        self._set(topics.HEARING.suffix, topics.ONLINE if hears else topics.OFFLINE)
        self._set(topics.PROBLEM_MICROPHONE.suffix, payloads.problem_payload(self.lost or problem))
        if not hears:
            self._hear_nothing()
        self._on_status(state, text)

    def move(self, by: timedelta, _now: datetime) -> None:
        """The clock was set: the state holds since another time than was told."""
        self._since += by
        self._tell_status()

    def _tell_status(self) -> None:
        if self._state is None:
            return
        status = payloads.status_payload(
            self._state, self._since, self._reason, self._version, self._model
        )
        self._set(topics.STATUS.suffix, status)

    def settings(self, values: Mapping[str, Value], *, again: bool = False) -> None:
        """Tell what can be set; `again`: also where it has not changed."""
        self._set(topics.SETTINGS.suffix, payloads.settings_payload(values))
        if again:
            self._publisher.repeat_state(topics.SETTINGS.suffix)

    def configuration(self, problem: str | None) -> None:
        """Tell whether a setting or a command is wrong."""
        self._set(topics.PROBLEM_CONFIGURATION.suffix, payloads.problem_payload(problem))

    def storage(self, problem: str | None) -> None:
        """Tell whether events can be stored."""
        self._set(topics.PROBLEM_STORAGE.suffix, payloads.problem_payload(problem))

    def night(
        self, suffix: str, night: date, figures: NightFigures, started: datetime | None
    ) -> None:
        """Tell the figures of a night."""
        if suffix == topics.NIGHT_CURRENT.suffix:
            self.events = figures.events
        self._publisher.set_state(
            suffix,
            payloads.night_payload(
                night,
                events=figures.events,
                apneas=figures.apneas,
                hypopneas=figures.hypopneas,
                index=figures.index,
                index_reason=figures.index_reason,
                longest_apnea_s=figures.longest_apnea_s,
                monitorable_s=figures.monitorable_s,
                monitorable_share=figures.monitorable_share,
                snoring_share=figures.snoring_share,
                breathing_rate_bpm=figures.breathing_rate_bpm,
                started=started,
                updated=self._clock.now(),
            ),
        )

    def _set(self, suffix: str, payload: str | Mapping[str, Value]) -> None:
        if self._sent.get(suffix) != payload:
            self._sent[suffix] = payload
            self._publisher.set_state(suffix, payload)
            if suffix == topics.ALERT.suffix and self._on_alert and isinstance(payload, Mapping):
                self._on_alert(payload)
