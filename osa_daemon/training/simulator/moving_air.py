"""What else is heard of a sleeper whose flow was measured: turns, arousals, gasps, coughs."""

from collections.abc import Sequence

import numpy as np

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.breathing import Sound, SoundKind
from osa_daemon.training.simulator.events import PlannedEvent
from osa_daemon.training.simulator.flow import Breaths, Curve
from osa_daemon.training.simulator.incidents import arousal, incidents
from osa_daemon.training.simulator.night import Span
from osa_daemon.training.simulator.turning import Turn, rustling

_LONGEST_HOLD_S = 8.5  # from sound to sound: no event
_FAINT_EXHALE_DB = -6.0


def hold(
    curve: Curve,
    breaths: Breaths,
    events: Sequence[PlannedEvent],
    turns: Sequence[Turn],
    exhale_db: float,
) -> None:
    """Stop the flow while the sleeper turns over, for whole breaths and less than an event."""
    spans, rate_hz = breaths.spans, breaths.rate_hz
    busy = {c for e in events for c in range(e.before - 1, e.after + 3)}
    for turn in turns:
        first = int(np.searchsorted(spans[:, 0], turn.start_s))
        if not turn.held_s or not 0 < first < len(spans) - 1:
            continue
        heard_s = spans[first - 1, 1 if exhale_db < _FAINT_EXHALE_DB else 2]
        limit_s = heard_s + min(turn.held_s + 1.5, _LONGEST_HOLD_S)
        last = int(np.searchsorted(spans[:, 0], limit_s, side="right")) - 1
        if last > first and not busy & set(range(first - 1, last + 1)):
            curve[int(spans[first, 0] * rate_hz) : int(spans[last, 0] * rate_hz)] = 0.01


def sounds_beside(
    rng: np.random.Generator,
    breaths: Breaths,
    events: Sequence[PlannedEvent],
    turns: Sequence[Turn],
    absent: Sequence[Span],
) -> list[Sound]:
    """Return the sounds that no flow drives, gasps as parts of the breath after an event."""
    spans = breaths.spans
    duration_s = len(breaths.flow) / breaths.rate_hz
    gone = [(s, s + d) for s, d in absent]
    busy = {c for e in events for c in range(e.before, e.after)}
    calm_s = [
        float(s)
        for number, s in enumerate(spans[:, 0])
        if number not in busy and not any(a <= s < b for a, b in gone)
    ]
    per_h: tuple[tuple[SoundKind, float], ...] = (
        ("cough", ranges.COUGHS_PER_H.draw(rng)),
        ("rustle", ranges.RUSTLES_PER_H.draw(rng)),
        ("smack", ranges.SMACKS_PER_H.draw(rng)),
        ("groan", ranges.GROANS_PER_H.draw(rng)),
        ("word", ranges.WORDS_PER_H.draw(rng)),
    )
    sounds = incidents(rng, per_h, calm_s, absent, duration_s) + rustling(rng, turns)
    gasping = ranges.GASP_SHARE.draw(rng) * ranges.RECOVERY_SHARE
    for event in events:
        start_s = float(spans[event.after, 0])
        if event.type == "central_apnea":
            continue
        sounds += arousal(rng, start_s)
        if rng.random() < gasping * (0.5 if event.type == "hypopnea" else 1.0):
            level_db = ranges.GASP_LEVEL_DB.draw(rng)
            length_s = float(rng.uniform(0.4, 1.4))
            sounds.append(Sound(start_s, length_s, "gasp", level_db, 1.0, event.after))
    return sounds
