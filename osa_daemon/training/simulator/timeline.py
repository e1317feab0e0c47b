"""Event timelines: stretches of scored nights, thinned to the severity asked for, or drawn."""

import numpy as np

from osa_daemon.errors import UsageError
from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.material import Material, Scored, Timeline
from osa_daemon.training.simulator.night import NightSpec, Severity

_RUN_GAP_S = 90.0
_TRIES = 4
_LEAD_S = 20.0  # breathing before the first event
_DURATIONS = {
    "obstructive": ranges.OBSTRUCTIVE_S,
    "central": ranges.CENTRAL_S,
    "mixed": ranges.MIXED_S,
    "hypopnea": ranges.HYPOPNEA_S,
}


def draw_timeline(
    rng: np.random.Generator, material: Material, spec: NightSpec
) -> tuple[str, list[Scored]]:
    """Return the timeline's person and the events of a night.

    A stretch of a real night of the material's split, its runs of events thinned at random to
    an index drawn from the severity's stratum; without timelines, events drawn from the
    measured distributions.

    Raises:
        UsageError: the spec names a timeline that the material does not have.
    """
    if spec.severity == "none":
        return "none", []
    person, events = _events(rng, material, spec, spec.severity)
    if spec.split == "train":
        events = _more_of_the_rare(rng, events)
    often = ranges.LONG_APNEA_SHARE_TRAIN if spec.split == "train" else ranges.LONG_APNEA_SHARE
    return person, _longer_apneas(rng, events, spec.duration_s, often)


def _events(
    rng: np.random.Generator, material: Material, spec: NightSpec, severity: Severity
) -> tuple[str, list[Scored]]:
    duration_s = spec.duration_s
    index_per_h = ranges.INDEX_PER_H[severity].draw(rng)
    if spec.index_per_h is not None:
        index_per_h = spec.index_per_h
    limit = max(1, round(index_per_h * duration_s / 3600))
    if not material.timelines:
        return "drawn", _thin(rng, _drawn(rng, severity, duration_s), limit)
    if spec.timeline is not None:
        night = _named(material, spec.timeline)
    else:
        night = _fitting(rng, material, index_per_h)
    stretches = [_stretch(rng, night, duration_s) for _ in range(_TRIES)]
    # events come in clusters: the fullest stretch, as far as the index asks for it
    events = max(stretches, key=lambda stretch: min(len(stretch), limit))
    return night.person, _thin(rng, events, limit)


def _named(material: Material, name: str) -> Timeline:
    for night in material.timelines:
        if night.name == name:
            return night
    raise UsageError(
        f'The split "{material.split}" has no timeline "{name}": name a night of that split.'
    )


def _fitting(rng: np.random.Generator, material: Material, index_per_h: float) -> Timeline:
    """Draw a night that has enough events, where there is one."""
    fitting = [t for t in material.timelines if len(t.events) >= index_per_h * t.hours]
    nights = fitting or list(material.timelines)
    return nights[int(rng.choice(len(nights), p=_weights(nights)))]


def _more_of_the_rare(rng: np.random.Generator, events: list[Scored]) -> list[Scored]:
    """Let some obstructive apneas be hypopneas or central: the fullest nights hold few of them."""
    rare = ("hypopnea", ranges.MORE_HYPOPNEAS_SHARE), ("central", ranges.MORE_CENTRAL_SHARE)
    borders = np.cumsum([share for _, share in rare])
    changed = []
    for event in events:
        place = int(np.searchsorted(borders, rng.random(), side="right"))
        if event.type == "obstructive" and place < len(rare):
            event = Scored(event.onset_s, event.duration_s, rare[place][0])  # noqa: PLW2901 (the same)
        changed.append(event)
    return changed


def _longer_apneas(
    rng: np.random.Generator, events: list[Scored], duration_s: float, often: float
) -> list[Scored]:
    """Make a share `often` of apneas last as the longest do, where the next event leaves room."""
    following = ([e.onset_s for e in events] + [duration_s - 10])[1:]
    changed = []
    for event, next_s in zip(events, following, strict=True):
        length_s = min(ranges.LONG_APNEA_S.draw(rng), next_s - event.onset_s - 12)
        longer = event.type != "hypopnea" and length_s > max(30.0, event.duration_s)
        if longer and rng.random() < often:
            event = Scored(event.onset_s, length_s, event.type)  # noqa: PLW2901 (the same one)
        changed.append(event)
    return changed


def _weights(nights: list[Timeline]) -> np.ndarray[tuple[int], np.dtype[np.float64]]:
    """Other sources than PSG-Audio (severe, marks hypopneas short) are drawn twice as often."""
    weight = np.array([1.0 if n.source == "psga" else 2.0 for n in nights])
    return weight / weight.sum()


def _stretch(rng: np.random.Generator, night: Timeline, duration_s: float) -> list[Scored]:
    anchor = night.events[int(rng.integers(len(night.events)))].onset_s
    start_s = anchor - rng.uniform(_LEAD_S, max(_LEAD_S + 1, duration_s - 60))
    inside = [
        Scored(e.onset_s - start_s, min(e.duration_s, 90.0), e.type)
        for e in night.events
        if _LEAD_S <= e.onset_s - start_s <= duration_s - 30
    ]
    if night.source == "psga":
        return _longer_hypopneas(rng, inside)
    return inside


def _longer_hypopneas(rng: np.random.Generator, events: list[Scored]) -> list[Scored]:
    """Draw the hypopneas' durations anew, as far as the next event leaves room."""
    following = [e.onset_s for e in events[1:]] + [np.inf]
    changed = []
    for event, next_s in zip(events, following, strict=True):
        duration_s = event.duration_s
        if event.type == "hypopnea":
            room_s = max(duration_s, next_s - event.onset_s - 8)
            duration_s = min(ranges.HYPOPNEA_S.draw(rng), room_s)
        changed.append(Scored(event.onset_s, duration_s, event.type))
    return changed


def _thin(rng: np.random.Generator, events: list[Scored], limit: int) -> list[Scored]:
    """Keep whole runs, in random order, up to `limit` events; cut the last run short."""
    runs: list[list[Scored]] = []
    for event in sorted(events, key=lambda e: e.onset_s):
        last = runs[-1][-1] if runs else None
        if last and event.onset_s - last.onset_s - last.duration_s < _RUN_GAP_S:
            runs[-1].append(event)
        else:
            runs.append([event])
    kept: list[Scored] = []
    for number in rng.permutation(len(runs)):
        run = runs[int(number)]
        room = limit - len(kept)
        first = int(rng.integers(max(1, len(run) - room + 1)))
        kept += run[first : first + room]
    return sorted(kept, key=lambda e: e.onset_s)


def _drawn(rng: np.random.Generator, severity: Severity, duration_s: float) -> list[Scored]:
    shift = rng.normal(0.0, ranges.NIGHT_SPREAD.high)  # the night's own mean duration
    events: list[Scored] = []
    t = rng.uniform(_LEAD_S, _LEAD_S + 60)
    kind = _pick(rng, ranges.FIRST_TYPE)
    while t < duration_s - 30:
        length = _DURATIONS[kind].draw(rng)
        length = 9.5 + max(0.8, (length - 9.5) * float(np.exp(shift)))
        events.append(Scored(t, min(length, 75.0), kind))
        t += length
        if rng.random() < ranges.FOLLOWED[severity]:
            t += ranges.GAP_S[severity].draw(rng)
            kind = _pick(rng, ranges.NEXT_TYPE[kind])
        else:
            t += rng.uniform(90, 400)
            kind = _pick(rng, ranges.FIRST_TYPE)
    return events


def _pick(rng: np.random.Generator, shares: dict[str, float]) -> str:
    names = list(shares)
    weights = np.array([shares[n] for n in names])
    return names[int(rng.choice(len(names), p=weights / weights.sum()))]
