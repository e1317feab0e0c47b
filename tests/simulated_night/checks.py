"""What must hold of every night, whatever the plan did to it. Each check gives its complaints."""

import json
from bisect import bisect_right
from collections import Counter
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from itertools import pairwise
from typing import Any

from osa_daemon.journal.reader import JournalReader
from osa_daemon.publish import topics
from osa_daemon.publish.payloads import TEST_TEXT
from osa_daemon.service.outbox import MOST_UNSTORED
from osa_daemon.service.traces import AFTER_S, BEFORE_S, KEPT_S
from tests.simulated_night.disk import CODES
from tests.simulated_night.microphone import LOST
from tests.simulated_night.night import Played
from tests.simulated_night.plan import Stretch
from tests.simulated_night.sleeper import PAUSES

LAG_S = 3.0  # a block, frames that wait for what follows, a look at the source
SHORTEST_S, LONGEST_S = 10.6, 117.0  # of a pause that is an event for certain
MOST = {
    "unstored": MOST_UNSTORED,
    "sent and not acknowledged": 1_000,
    "topics": len(topics.TOPICS) + 1,
    "reports": 130,
}
MOVED_S = 0.3
Span = tuple[float, float]


def complaints(played: Played) -> list[str]:
    """Return everything that did not hold."""
    facts = Facts(played)
    checks = (
        nothing_lost, nothing_changed, events_are_true, nothing_missed, pauses_end,
        hearing_is_true, alerts_end, figures_agree, broker_knows, all_is_bounded, times_are_true,
        courses_are_kept,
    )  # fmt: skip
    return [f"{check.__name__}: {told}" for check in checks for told in check(facts)]


class Facts:
    """A night as the checks look at it."""

    def __init__(self, played: Played) -> None:
        self.played = played
        self.plan, self.ledger = played.plan, played.ledger
        self.pauses = [each for each in played.plan.sleep if each.kind in PAUSES]
        self.lost = sorted(span for life in self.ledger.lives for span in life.lost)
        self.spoiled = [
            (f.start_s, f.end_s) for f in self.plan.faults if f.kind in ("zeros", "clipped")
        ]
        self.starved = [(f.start_s, f.end_s) for f in self.plan.faults if f.kind == "starved"]
        self.is_clock_stepped = any("clock" in fault.kind for fault in self.plan.faults)
        errors_s = {played.plan.wall_error_s, 0.0, *self.ledger.wall_errors_s}
        self.clock_steps_s = {new - old for new in errors_s for old in errors_s}
        self.journal: dict[str, Any] = {}
        with JournalReader.open(played.disk.path) as reader:
            early, late = datetime(1970, 1, 2, tzinfo=UTC), datetime(2199, 1, 1, tzinfo=UTC)
            self.journal = {row.id: row for row in reader.events_between(early, late)}
            self.nights = {row.night: row for row in reader.nights(100)}
            self.traces = {name: reader.trace_of(name) for name in self.journal}
        self._series: dict[str, tuple[list[float], list[Any]]] = {}

    def value_at(self, topic: str, moment_s: float) -> Any:
        """Return what was told last on a topic at that moment, None where nothing was."""
        times, values = self.series(topic)
        at = bisect_right(times, moment_s)
        return values[at - 1] if at else None

    def series(self, topic: str) -> tuple[list[float], list[Any]]:
        """Return when a topic was told, and what."""
        if topic not in self._series:
            told = [(at, payload) for at, suffix, payload in self.ledger.told if suffix == topic]
            self._series[topic] = ([at for at, _ in told], [payload for _, payload in told])
        return self._series[topic]

    def is_calm(self, start_s: float, end_s: float) -> bool:
        """Whether one daemon listened all the time, to a microphone that was well."""
        is_one_life = any(
            life.began_s + 10 <= start_s and end_s <= life.ended_s - 10
            for life in self.ledger.lives
        )
        troubles = (*self.lost, *self.spoiled, *self.starved)
        if not is_one_life or any(_overlap((start_s, end_s), span) for span in troubles):
            return False
        times, states = self.series("status")
        inside = [state for at, state in zip(times, states, strict=True) if start_s <= at <= end_s]
        told = [self.value_at("status", start_s), *inside]
        return all(state is not None and state["state"] == "monitoring" for state in told)


def nothing_lost(facts: Facts) -> Iterator[str]:
    """Every event that was committed has arrived (DESIGN 9); one on no disk, unless killed."""
    arrived = {event["id"] for event in facts.played.broker.events}
    for missing in facts.journal.keys() - arrived:
        yield f"event {missing} is in the journal and never arrived"
    for put in facts.ledger.put:
        if put.sent is None:
            continue
        is_durable = put.sent["durable"]
        if put.at_s <= facts.played.disk.damaged_s:
            continue  # what lay there was set aside with the journal
        if is_durable and put.id not in facts.journal:
            yield f"event {put.id}, put at {put.at_s}, was called durable and is not in the journal"
        if (
            not is_durable
            and put.id not in arrived
            and facts.ledger.lives[put.life].end != "killed"
        ):
            yield f"event {put.id}, put at {put.at_s}, was on no disk and never arrived"
    put_ids = {put.id for put in facts.ledger.put}
    for event in facts.ledger.decided:
        life = next(each for each in facts.ledger.lives if event.at_s <= each.ended_s)
        if event.id not in put_ids and life.end != "killed":
            yield f"event {event.id}, decided at {event.at_s}, was given to nobody"


def nothing_changed(facts: Facts) -> Iterator[str]:
    """An id is one event, told once by the daemon and the same each time it arrives.

    In the journal it moves by what the clock was set, and by nothing else.
    """
    often = Counter(put.id for put in facts.ledger.put if put.sent is not None)
    for event_id, count in often.items():
        if count > 1:
            yield f"event {event_id} was put {count} times"
    first: dict[str, Any] = {}
    for payload in facts.played.broker.events:
        if first.setdefault(payload["id"], payload) != payload:
            yield f"event {payload['id']} arrived as {first[payload['id']]} and as {payload}"
    for event_id, row in facts.journal.items():
        payload = first.get(event_id)
        if payload is None:
            continue
        moved_s = (row.onset_utc - datetime.fromisoformat(payload["onset"])).total_seconds()
        if not any(abs(moved_s - step_s) < MOVED_S for step_s in facts.clock_steps_s):
            yield f"event {event_id} is told from {payload['onset']}, kept from {row.onset_utc}"


def events_are_true(facts: Facts) -> Iterator[str]:
    """No event but of a true pause, none that holds lost sound, and none twice.

    One that only the memory of a killed daemon had, because the disk was full, is decided once
    more from the beginning of its pause, which is all that the journal knows.
    """
    spans = []
    for event in facts.ledger.decided:
        span = (event.onset_s, event.end_s)
        spans.append(span)
        true_s = sum(_overlap(span, (each.start_s, each.end_s)) for each in facts.pauses)
        if true_s < 0.8 * (event.end_s - event.onset_s) - 0.5:
            yield f"an event {_shown(span)} of which {true_s:.1f} s are a pause"
        lost_s = sum(_overlap(span, gap) for gap in facts.lost)
        if lost_s > 0.5:
            yield f"an event {_shown(span)} with {lost_s:.1f} s of lost sound"
    if not facts.is_clock_stepped:
        gone = {(e.onset_s, e.end_s) for e in facts.ledger.decided if e.id not in facts.journal}
        spans = sorted([span for span in spans if span not in gone] + [*_recovered(facts)])
        for one, other in pairwise(spans):
            if _overlap(one, other) > 3.0:
                yield f"an event {_shown(one)} and one {_shown(other)}"


def _recovered(facts: Facts) -> Iterator[Span]:
    for put in facts.ledger.put:
        if put.sent is not None and put.id.endswith("-recovered"):
            onset = datetime.fromisoformat(put.sent["onset"]).timestamp()
            onset_s = onset - facts.plan.began_utc_s - facts.plan.wall_error_s
            yield (onset_s, onset_s + put.sent["duration_s"])


def nothing_missed(facts: Facts) -> Iterator[str]:
    """A pause of at least 10 s that one daemon heard, breath before and after, is one event."""
    for pause in clear_pauses(facts):
        span = (pause.start_s, pause.end_s)
        half = (pause.end_s - pause.start_s) / 2
        found = [e for e in facts.ledger.decided if _overlap(span, (e.onset_s, e.end_s)) > half]
        if len(found) != 1:
            yield f"{pause.kind} from {span[0]:.1f} to {span[1]:.1f}: {len(found)} events"


def clear_pauses(facts: Facts) -> Iterator[Stretch]:
    """Return the pauses that nobody could miss."""
    for pause in facts.pauses:
        length_s = pause.end_s - pause.start_s
        if SHORTEST_S <= length_s <= LONGEST_S and facts.is_calm(
            pause.start_s - 70, pause.end_s + 50
        ):
            yield pause


def pauses_end(facts: Facts) -> Iterator[str]:
    """A pause in progress is told in time, is none where none is, and never stays."""
    times, values = facts.series("apnea")
    ends = [life.ended_s for life in facts.ledger.lives]
    for number, (at, value) in enumerate(zip(times, values, strict=True)):
        if value != "ON":
            continue
        after = min([*(t for t in times[number + 1 : number + 2]), *(e for e in ends if e >= at)])
        if after - at > 120 + 20 + LAG_S:
            yield f"a pause in progress from {at:.1f} to {after:.1f}"
        near = (at - 30, at)
        muted = [(f.start_s, f.end_s) for f in facts.plan.faults if f.kind == "zeros"]
        if not any(_overlap(near, (p.start_s, p.end_s)) for p in facts.pauses) and not any(
            _overlap(near, span) for span in muted
        ):
            yield f"a pause in progress at {at:.1f}, where none is"
    for pause in clear_pauses(facts):
        length_s = pause.end_s - pause.start_s
        if pause.kind != "hypopnea" and length_s >= 10 + 5 + LAG_S:
            states = _told_within(facts, "apnea", pause.start_s + 10, pause.start_s + 15 + LAG_S)
            if "ON" not in states:
                yield f"{pause.kind} from {pause.start_s:.1f} is not told by {15 + LAG_S:.0f} s"
        if "ON" in _told_within(facts, "apnea", pause.end_s + 5 + LAG_S, pause.end_s + 5 + LAG_S):
            yield f"{pause.kind} until {pause.end_s:.1f} is told {5 + LAG_S:.0f} s after it"


def _told_within(facts: Facts, topic: str, start_s: float, end_s: float) -> list[Any]:
    times, values = facts.series(topic)
    inside = [v for t, v in zip(times, values, strict=True) if start_s <= t <= end_s]
    return [facts.value_at(topic, start_s), *inside]


def hearing_is_true(facts: Facts) -> Iterator[str]:
    """Who does not hear says so within 8 s, and says nothing of the breathing meanwhile."""
    for fault in facts.plan.faults:
        if fault.kind not in LOST or fault.kind == "dripping" or fault.end_s - fault.start_s < 10:
            continue
        looks = (fault.start_s + 8.5, fault.end_s - 0.5)
        for at in looks:
            if not any(life.began_s + 9 <= at < life.ended_s for life in facts.ledger.lives):
                continue
            if any(_overlap((at - 30, at + 0.1), span) for span in facts.starved):
                continue
            if facts.value_at("hearing", at) == "online":
                span = _shown((fault.start_s, fault.end_s))
                yield f"{fault.kind} {span}: heard at {at:.1f}"
            if facts.value_at("apnea", at + 4) in ("ON", "OFF") and at + 4 < fault.end_s:
                yield f"{fault.kind} from {fault.start_s:.1f}: breathing is known at {at + 4:.1f}"
    for stretch in facts.plan.sleep:
        is_breath = stretch.kind in ("breathing", "snoring")
        if is_breath and facts.is_calm(stretch.start_s, stretch.end_s):
            if facts.value_at("hearing", stretch.end_s) == "online":
                continue
            yield f"nothing is heard at {stretch.end_s:.1f}, though all is well"


def alerts_end(facts: Facts) -> Iterator[str]:
    """Where breath is heard again, no alert of a pause is left; with sound, none of its loss.

    One of the disk stays for ten minutes of a disk that is well.
    """
    for stretch in facts.plan.sleep:
        if stretch.kind not in ("breathing", "snoring"):
            continue
        for after_s, kind in ((15 + LAG_S, "apnea"), (45 + LAG_S, "technical")):
            at = stretch.start_s + after_s
            if at > stretch.end_s or not facts.is_calm(at - after_s + 0.1, at):
                continue
            alert = facts.value_at("alert", at)
            if not alert or not alert["active"] or alert["kind"] != kind:
                continue
            is_of_sound = alert["text"] != TEST_TEXT and "journal" not in alert["text"].lower()
            if is_of_sound and not alert["text"].startswith("Events could not be stored"):
                yield f"an alert stands at {at:.1f}: {alert['text']}"


def figures_agree(facts: Facts) -> Iterator[str]:
    """The figures of the night are those of its events, in the journal and as told."""
    told = facts.value_at("night/current", float("inf"))
    night = date.fromisoformat(told["night"])
    count = sum(row.night == night for row in facts.journal.values())
    unstored = sum(put.sent is not None and not put.sent["durable"] for put in facts.ledger.put)
    is_whole = facts.played.disk.damaged_s < 0
    if is_whole and not count <= told["events"] <= count + unstored:
        yield f"{told['events']} events are told of {night}, {count} are in the journal"
    if is_whole and len(facts.ledger.lives) == 1 and not facts.is_clock_stepped:
        yield from _time_is_accounted(facts)


def _time_is_accounted(facts: Facts) -> Iterator[str]:
    states = {state["state"] for state in facts.series("status")[1]}
    if "paused" in states:
        return
    deaf_s = sum(end - start for start, end in facts.lost)
    told_s = sum(json.loads(night.figures)["gap_s"] for night in facts.nights.values())
    if abs(told_s - deaf_s) > 1.5 + 0.2 * len(facts.lost):
        yield f"{deaf_s:.1f} s were deaf, {told_s:.1f} s are told"


def broker_knows(facts: Facts) -> Iterator[str]:
    """In the end the broker keeps what was told last."""
    last = {topic: payload for _, topic, payload in facts.ledger.told}
    for topic, payload in last.items():
        row = topics.find_topic(topic)
        kept = facts.played.broker.retained.get(topic)
        if row.is_retained and row.expiry_s is None and kept != payload and topic != "status":
            yield f"the broker keeps {kept} on {topic}, told was {payload}"
    if facts.played.broker.retained.get("availability") != "offline":
        yield "the broker does not know that the daemon has ended"


def all_is_bounded(facts: Facts) -> Iterator[str]:
    """Nothing that is kept in memory outgrows its bound, and the chain never hangs."""
    for name, most in facts.ledger.most_kept.items():
        if most > MOST[name]:
            yield f"{name}: {most}"
    for life in facts.ledger.lives:
        if life.longest_beat_s > 25:
            yield f"no sign of life for {life.longest_beat_s:.1f} s"
        slow = any(_overlap((life.began_s, life.began_s + 12), span) for span in facts.starved)
        lasted = life.ended_s - life.began_s > 13
        if lasted and not slow and (life.ready_s is None or life.ready_s > life.began_s + 12):
            yield f"the daemon that began at {life.began_s:.1f} was ready at {life.ready_s}"


def times_are_true(facts: Facts) -> Iterator[str]:
    """An event is dated by the wall clock as it was when it was told."""
    decided = {event.id: event for event in facts.ledger.decided}
    for put in facts.ledger.put:
        event = decided.get(put.id)
        if put.sent is None or event is None:
            continue
        expected_s = facts.plan.began_utc_s + event.onset_s + put.wall_error_s
        told_s = datetime.fromisoformat(put.sent["onset"]).timestamp()
        if abs(told_s - expected_s) > 0.3:
            yield f"event {put.id} is dated {told_s - expected_s:.1f} s off"


def courses_are_kept(facts: Facts) -> Iterator[str]:
    """Of each event around which all went well there is the course, and it holds the event."""
    disk = [(f.start_s, f.end_s) for f in facts.plan.faults if f.kind in CODES]
    damaged_s = facts.played.disk.damaged_s
    for event in facts.ledger.decided:
        trace = facts.traces.get(event.id)
        over_s = event.end_s + AFTER_S
        is_well = facts.is_calm(event.onset_s - BEFORE_S, over_s + 30) and not any(
            _overlap((event.onset_s, over_s + 30), span) for span in disk
        )
        if trace is None:
            if is_well and event.id in facts.journal and damaged_s < event.onset_s:
                yield f"event {event.id} has no course"
            continue
        length_s = len(trace.level_dbfs)
        if length_s > KEPT_S + 1 or trace.before_s > BEFORE_S + 1:
            yield f"the course of event {event.id} has {length_s} s"
        if is_well and length_s < BEFORE_S + (event.end_s - event.onset_s) + AFTER_S - 3:
            yield f"the course of event {event.id} has but {length_s} s"


def _shown(span: Span) -> str:
    return f"from {span[0]:.1f} to {span[1]:.1f}"


def _overlap(one: Iterable[float], other: Iterable[float]) -> float:
    (start, end), (begin, stop) = one, other
    return max(0.0, min(end, stop) - max(start, begin))
