"""Loudness driven by real airflow: noise of nose and throat, as loud as the flow is fast."""

from collections.abc import Sequence

import numpy as np
from scipy import signal

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.backdrop import looped
from osa_daemon.training.simulator.bouts import draw_bouts, snore_height_db
from osa_daemon.training.simulator.breathing import SoundKind
from osa_daemon.training.simulator.flow import Breaths, Curve, draw_stretch, lay_events
from osa_daemon.training.simulator.levels import unit_level
from osa_daemon.training.simulator.material import Airflow, Scored
from osa_daemon.training.simulator.moving_air import hold, sounds_beside
from osa_daemon.training.simulator.night import SAMPLE_RATE_HZ, Samples, Span
from osa_daemon.training.simulator.own_events import draw_own_stretch, own_events
from osa_daemon.training.simulator.plan import Plan
from osa_daemon.training.simulator.render import Heard
from osa_daemon.training.simulator.turning import Turn
from osa_daemon.training.simulator.voices import colour, fade

_BLOCK = 1 << 20  # samples computed at once
_PIECE = 150 * SAMPLE_RATE_HZ  # of noise, before it comes again in another order
_BEAT_TOP = 12**0.5  # of exp(-6 x): its root mean square is one
_SOUNDING = 0.25  # of a phase's peak flow: beyond it a phase is heard


def blow(
    rng: np.random.Generator,
    trace: Airflow,
    scored: Sequence[Scored],
    absent: Sequence[Span],
    *,
    snores: bool,
    duration_s: float,
    turns: Sequence[Turn] = (),
) -> tuple[Samples, tuple[Heard, ...], Plan]:
    """Return the dry track of a sleeper whose flow was measured, its sounds and events.

    The plan's sounds, those that no flow drives, are not in the track yet. Of a scored trace
    its own events count instead of `scored`.
    """
    exponent = ranges.FLOW_TO_SOUND.draw(rng)
    exhale_db = ranges.AIRFLOW_EXHALE_DB.draw(rng)
    if trace.scored:
        breaths, own = draw_own_stretch(rng, trace, duration_s)
        curve, events, obstructed = lay_events(rng, breaths, (), absent, own_events(breaths, own))
    else:
        breaths = draw_stretch(rng, trace, duration_s)
        curve, events, obstructed = lay_events(rng, breaths, scored, absent)
    hold(curve, breaths, events, turns, exhale_db)
    for start_s, length_s in absent:
        first, last = (int(t * trace.rate_hz) for t in (start_s, start_s + length_s))
        curve[first:last] = 0
    flow = breaths.flow * curve
    count = int(duration_s * SAMPLE_RATE_HZ)
    snoring = _snoring(rng, duration_s) if snores else np.zeros(int(duration_s) + 2)
    track = _turbulence(rng, count)
    track *= _loudness(np.maximum(flow, 0), breaths.rate_hz, exponent, count)
    if snores:
        _rattle(rng, snoring, track)
    exhale = _turbulence(rng, count)
    exhale *= _loudness(np.maximum(-flow, 0), breaths.rate_hz, exponent, count)
    exhale *= np.float32(10 ** (exhale_db / 20))
    track += exhale
    for start_s, length_s in obstructed:
        _clicks(rng, track, start_s, length_s)
    heard = _heard(breaths, curve, snoring, exhale_db)
    sounds = sounds_beside(rng, breaths, events, turns, absent)
    return track, heard, Plan(tuple(sounds), tuple(events))


def _blocks(count: int) -> list[slice]:
    return [slice(a, min(a + _BLOCK, count)) for a in range(0, count, _BLOCK)]


def _loudness(flow: Curve, rate_hz: float, exponent: float, count: int) -> Samples:
    made = np.empty(count, np.float32)
    at = np.arange(len(flow)) / rate_hz
    loud = np.minimum(flow, 4.0) ** exponent
    for block in _blocks(count):
        t = np.arange(block.start, block.stop) / SAMPLE_RATE_HZ
        made[block] = np.interp(t, at, loud)
    return made


def _turbulence(rng: np.random.Generator, count: int) -> Samples:
    """Return noise with a random throat: a tilt and two or three broad resonances."""
    if count > _PIECE:
        return looped(rng, _turbulence(rng, _PIECE), count)
    noise = rng.standard_normal(count, dtype=np.float32)
    made = signal.oaconvolve(noise, colour(rng, 14.0), mode="same")
    for _ in range(int(rng.integers(1, 4))):
        middle_hz = float(np.exp(rng.uniform(np.log(400), np.log(4500))))
        top = signal.butter(
            1, [0.8 * middle_hz, 1.25 * middle_hz], "bandpass", fs=SAMPLE_RATE_HZ, output="sos"
        )
        made = made + signal.sosfilt(top, made) * float(rng.uniform(0.5, 2.5))
    scaled: Samples = unit_level(made.astype(np.float32))
    return scaled


def _snoring(rng: np.random.Generator, duration_s: float) -> Curve:
    """Return by the second how many times as loud as breath the snore is, 0 between bouts."""
    bouts = draw_bouts(rng, duration_s)
    full_db = ranges.SNORE_LEVEL_DB.draw(rng)
    heights = [snore_height_db(bouts, float(t), full_db) for t in range(int(duration_s) + 2)]
    return np.array([0.0 if h is None else 10 ** (h / 20) for h in heights])


def _rattle(rng: np.random.Generator, snoring: Curve, track: Samples) -> None:
    """Beat the track as a palate does, the rate wandering, where somebody snores."""
    count = len(track)
    knots = np.exp(rng.normal(0, 0.1, max(4, count // 4_000)))
    step = ranges.AIRFLOW_RATTLE_HZ.draw(rng) / SAMPLE_RATE_HZ
    turned = 0.0
    for block in _blocks(count):
        t = np.arange(block.start, block.stop)
        wander = np.interp(t * ((len(knots) - 1) / (count - 1)), np.arange(len(knots)), knots)
        turns = turned + np.cumsum(wander) * step
        turned = float(turns[-1] % 1.0)
        second = t / SAMPLE_RATE_HZ
        loud = _BEAT_TOP * np.interp(second, np.arange(len(snoring)), snoring)
        on = np.interp(second, np.arange(len(snoring)), snoring > 0)
        track[block] *= (1 + on * (np.exp(-6 * (turns % 1.0)) * loud - 1)).astype(np.float32)


def _clicks(rng: np.random.Generator, track: Samples, start_s: float, length_s: float) -> None:
    """Lay blocked efforts into an obstructed span, or none."""
    if rng.random() > ranges.EFFORT_SHARE:
        return
    t = start_s + float(rng.uniform(1.5, 4.0))
    level_db = ranges.EFFORT_LEVEL_DB.draw(rng)
    while t < start_s + length_s - 1:
        burst = _turbulence(rng, int(rng.uniform(0.1, 0.4) * SAMPLE_RATE_HZ))
        burst = fade(burst, 0.02) * np.float32(10 ** ((level_db + rng.normal(0, 3)) / 20))
        first = int(t * SAMPLE_RATE_HZ)
        track[first : first + len(burst)] += burst[: len(track) - first]
        t += ranges.EFFORT_PERIOD_S.draw(rng)


def _heard(breaths: Breaths, curve: Curve, snoring: Curve, exhale_db: float) -> tuple[Heard, ...]:
    """Return the sounding parts of each breath that the curve leaves."""
    heard = []
    for cycle, (start_s, middle_s, end_s) in enumerate(breaths.spans):
        phases: tuple[tuple[SoundKind, float, float], ...] = (
            ("inhale", start_s, middle_s),
            ("exhale", middle_s, end_s),
        )
        for kind, a, b in phases:
            first, last = int(a * breaths.rate_hz), max(int(b * breaths.rate_hz), 1)
            part = np.abs(breaths.flow[first:last]) * curve[first:last]
            if not len(part) or np.median(curve[first:last]) <= ranges.APNEA_FLOW.high:
                continue
            loud = np.flatnonzero(part >= _SOUNDING * part.max())
            begin_s = (first + loud[0]) / breaths.rate_hz
            stop_s = (first + loud[-1] + 1) / breaths.rate_hz
            rattles = kind == "inhale" and snoring[int(begin_s)] > 0
            name: SoundKind = "snore" if rattles else kind
            level_db = 20 * float(np.log10(part.max() + 1e-9)) + exhale_db * (kind == "exhale")
            heard.append(Heard(begin_s, stop_s, name, level_db, cycle))
    return tuple(heard)
