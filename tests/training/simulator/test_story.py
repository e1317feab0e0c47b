"""Timelines, the breath clock, the mixture, and the bundled nights."""

import csv
import json
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from osa_daemon.errors import UsageError
from osa_daemon.training.simulator import Material, draw_specs
from osa_daemon.training.simulator.breathing import BREATH_KINDS
from osa_daemon.training.simulator.material import Scored, Timeline
from osa_daemon.training.simulator.night import NightSpec
from osa_daemon.training.simulator.plan import plan_night
from osa_daemon.training.simulator.sleeper import draw_sleeper
from osa_daemon.training.simulator.timeline import draw_timeline

BUNDLED = Path(__file__).parents[2] / "data"
FULL = NightSpec(0, "train", "synthesised", "events", 480.0, severity="severe", index_per_h=1_000.0)
HOUR = NightSpec(0, "train", "synthesised", "events", 3600.0)


@pytest.mark.parametrize(("severity", "most"), [("mild", 15), ("moderate", 30), ("severe", 75)])
def test_timelines_keep_to_their_stratum(data_dir: Path, severity: str, most: int) -> None:
    """Runs are thinned to at most the index of the severity."""
    material = Material(data_dir, "train", "all")
    for seed in range(20):
        rng = np.random.default_rng(seed)
        _, events = draw_timeline(rng, material, replace(HOUR, severity=severity))
        assert 1 <= len(events) <= most + 1


def test_a_named_timeline_is_thinned_to_the_index(data_dir: Path) -> None:
    """A spec that names a real night and an index gets that person, and no more events."""
    material = Material(data_dir, "test", "all")
    night = material.timelines[0]
    spec = replace(HOUR, split="test", severity="severe", timeline=night.name, index_per_h=4.0)
    person, events = draw_timeline(np.random.default_rng(1), material, spec)
    assert person == night.person
    assert 1 <= len(events) <= 4


def test_an_unknown_timeline_is_told(data_dir: Path) -> None:
    """A name that the split does not hold is one sentence."""
    material = Material(data_dir, "test", "all")
    spec = replace(HOUR, split="test", severity="mild", timeline="nobody")
    with pytest.raises(UsageError, match='no timeline "nobody"'):
        draw_timeline(np.random.default_rng(1), material, spec)


def test_no_severity_no_events(nothing: Material) -> None:
    """A healthy night draws no timeline."""
    assert draw_timeline(np.random.default_rng(0), nothing, HOUR) == ("none", [])


@pytest.mark.parametrize("kind", ["obstructive", "central", "mixed", "hypopnea"])
def test_planned_events_lie_where_they_were_scored(kind: str) -> None:
    """Onset and end of the rendered event are within a breath of the scored ones."""
    shifts = []
    for seed in range(12):
        rng = np.random.default_rng(seed)
        who = draw_sleeper(rng, snores=False)
        plan = plan_night(rng, who, [Scored(60, 20, kind)], 140)
        (event,) = plan.events
        breaths = [s for s in plan.sounds if s.kind in BREATH_KINDS]
        before = max(s.start_s + s.duration_s for s in breaths if s.cycle <= event.before)
        after = min(s.start_s for s in breaths if s.cycle >= event.after)
        shifts.append((before - 60, after - 80))
    assert np.abs(shifts).max() < 6
    assert np.abs(np.mean(shifts, axis=0)).max() < 1.5


def test_healthy_breathing_never_pauses_for_ten_seconds() -> None:
    """Sighs and short pauses stay under the definition of an event."""
    for seed in range(10):
        rng = np.random.default_rng(seed)
        plan = plan_night(rng, draw_sleeper(rng, snores=True), [], 900)
        breaths = sorted(
            (s for s in plan.sounds if s.kind in BREATH_KINDS), key=lambda s: s.start_s
        )
        ends = np.maximum.accumulate([s.start_s + s.duration_s for s in breaths])
        starts = np.array([s.start_s for s in breaths])
        assert np.max(starts[1:] - ends[:-1]) < 9.5


def test_rates_of_breathing_are_human() -> None:
    """Sleepers breathe 7 to 28 times a minute."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        plan = plan_night(rng, draw_sleeper(rng, snores=False), [], 600)
        cycles = {s.cycle for s in plan.sounds if s.cycle >= 0}
        assert 7 <= len(cycles) / 10 <= 28


def test_mixture_fills_the_hours() -> None:
    """Nights add up to the hours asked for; most of them hold events; kinds are all there."""
    specs = draw_specs(1, "train", 50, duration_s=900, generator="synthesised")
    assert sum(s.duration_s for s in specs) == pytest.approx(50 * 3600, rel=0.01)
    with_events = np.mean([s.severity != "none" for s in specs])
    assert 0.5 <= with_events <= 0.7
    assert {"empty", "partner", "television", "gets_up", "turns_away"} <= {s.kind for s in specs}
    assert len({s.seed for s in specs}) == len(specs)


def test_full_nights_come_from_all_timelines() -> None:
    """Asked for more events than any timeline holds, none is preferred: each may be drawn."""
    sparse, busy = (
        Timeline(name, name, "phone", 1.0, tuple(Scored(40.0 * k, 15.0, "mixed") for k in range(n)))
        for name, n in (("sparse", 3), ("busy", 80))
    )
    material = Material(None, "train", "all")
    material.timelines = (sparse, busy)
    drawn = {
        draw_timeline(np.random.default_rng(seed), material, replace(FULL, seed=seed))[0]
        for seed in range(30)
    }
    assert drawn == {"sparse", "busy"}


def test_the_rare_is_taught_too() -> None:
    """In training some obstructive apneas become hypopneas or central; nothing else does."""
    obstructive = tuple(Scored(60.0 * k, 15.0, "obstructive") for k in range(50))
    mixed = tuple(Scored(60.0 * k + 30, 15.0, "mixed") for k in range(50))
    both = tuple(sorted(obstructive + mixed, key=lambda event: event.onset_s))
    material = Material(None, "train", "all")
    material.timelines = (Timeline("one", "one", "phone", 1.0, both),)
    long = replace(FULL, duration_s=3_600.0)
    counts: Counter[str] = Counter()
    for seed in range(20):
        events = draw_timeline(np.random.default_rng(seed), material, replace(long, seed=seed))[1]
        counts.update(e.type for e in events)
    was = counts["obstructive"] + counts["hypopnea"] + counts["central"]
    assert counts["hypopnea"] / was == pytest.approx(0.2, abs=0.06)
    assert counts["central"] / was == pytest.approx(0.08, abs=0.05)
    assert counts["mixed"] > 0.9 * was


@pytest.mark.parametrize("name", ["night", "short"])
def test_bundled_nights_hold_what_the_demo_needs(name: str) -> None:
    """The bundled files agree with each other and hold the events that are promised."""
    audio = sf.info(BUNDLED / f"{name}.ogg")
    assert audio.samplerate == 16_000
    with (BUNDLED / f"{name}.events.csv").open() as file:
        events = list(csv.DictReader(file))
    facts = json.loads((BUNDLED / f"{name}.json").read_text())
    assert len(facts["events"]) == len(events)
    assert all(e["counts"] for e in facts["events"])
    long = [float(e["duration_s"]) for e in events if e["type"] != "hypopnea"]
    if name == "short":
        assert 150 <= audio.duration <= 180
        assert 33 <= max(long) <= 40
        return
    assert audio.duration >= 900
    assert (BUNDLED / f"{name}.ogg").stat().st_size <= 4_000_000
    assert len(events) >= 14
    clear = [e for e in facts["events"] if e["type"] == "hypopnea" and e["level_drop_db"] >= 8]
    assert len(clear) >= 4
    assert sum(d > 30 for d in long) >= 2
    assert max(long) > 35
    assert facts["faint_breath_db"] >= 9
    assert facts["television"][1] >= 120
    assert facts["partner"][1] >= 60
