"""What the chain makes of sound that came live, beside what it makes of the file."""

from collections.abc import Iterable

from osa_daemon.audio.block import Block
from osa_daemon.audio.source import Source, SourceHealth, SourceState
from osa_daemon.scoring.event import Event
from osa_daemon.service.chain import Chain
from osa_daemon.service.models import load_models
from osa_daemon.service.replay import replay
from osa_daemon.service.rules import scoring_settings
from osa_daemon.settings.model import Settings

NEAR_THRESHOLD = 0.05
SAME_ONSET_S = 1.0
EDGE_S = 10.0  # what begins so shortly before the end is not decided from the file


class Noted:
    """Blocks that were heard, as a source."""

    def __init__(self, blocks: Iterable[Block]) -> None:
        self._blocks = iter(blocks)

    def read(self, timeout_s: float) -> Block | None:
        """The next block."""
        return next(self._blocks, None)

    def health(self) -> SourceHealth:
        """Always fine."""
        return SourceHealth(SourceState.RUNNING, "Noted blocks.")

    def close(self) -> None:
        """Nothing to release."""


def events_of(source: Source) -> list[Event]:
    """What the chain makes of a source, its end included."""
    models = load_models()
    rules = scoring_settings(Settings(), models.detector().metadata)
    chain = Chain(models, rules, lambda onset_s: f"{onset_s:.1f}")
    return [event for outcome in replay(source, chain) for event in outcome.events]


def partners(event: Event, others: list[Event], shift_s: float) -> list[Event]:
    """Events of the same type whose onset agrees within 1 s."""
    return [
        other
        for other in others
        if other.type == event.type and abs(other.onset_s - event.onset_s - shift_s) <= SAME_ONSET_S
    ]


def common_shift_s(live: list[Event], filed: list[Event]) -> float:
    """By how much later the live clock counts (s): what brings most events together."""
    shifts = [a.onset_s - b.onset_s for a in live for b in filed]
    return max(shifts, key=lambda s: sum(bool(partners(e, live, s)) for e in filed), default=0.0)


def compare_with_file(live: list[Event], filed: list[Event], length_s: float) -> list[Event]:
    """Same types, onsets within 1 s after the common shift, save events near the threshold.

    After the file of `length_s` the room is quiet; what is heard there is no part of it. Returns
    the events that only one of them has.
    """
    shift_s = common_shift_s(live, filed)
    played = [e for e in live if 0 <= e.onset_s - shift_s < length_s - EDGE_S]
    threshold = load_models().detector().metadata.thresholds["balanced"]["event"]
    lone = [e for e in filed if not partners(e, played, shift_s)]
    lone += [e for e in played if not partners(e, filed, -shift_s)]
    assert all(abs(event.confidence - threshold) <= NEAR_THRESHOLD for event in lone), lone
    return lone
