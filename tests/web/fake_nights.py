"""Nights of nobody, the same for the same seed, in the shapes of the page's API."""

import math
import random
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta, timezone
from typing import Any, Final

ZONE: Final = timezone(timedelta(hours=1))
NOW: Final = datetime(2026, 11, 29, 3, 12, 5, tzinfo=ZONE)
TONIGHT: Final = date(2026, 11, 28)
BEFORE_S, AFTER_S = 120, 60
LOST_MINUTES: Final = range(2)  # from a third of each night on

Fields = dict[str, Any]


def iso(moment: datetime) -> str:
    """Return the time as the daemon writes it."""
    return moment.isoformat(timespec="milliseconds")


@dataclass(frozen=True, slots=True)
class FakeNight:
    """One night: `heard` of each minute (0 to 1), and its events."""

    night: date
    started: datetime
    heard: tuple[float, ...]
    events: tuple[Fields, ...]
    seed: int

    @property
    def figures(self) -> Fields:
        """Return its fields as `osa-daemon nights --json` has them, with the interval."""
        monitorable_s = round(sum(self.heard) * 60.0, 1)
        pauses = [event for event in self.events if event["type"] == "apnea"]
        counted = sum(event["monitorable"] for event in self.events)
        told = monitorable_s >= 7200
        hours = max(monitorable_s, 1.0) / 3600
        spread = 1.96 * math.sqrt(counted)
        interval = [max(0.0, counted - spread) / hours, (counted + spread + 1) / hours]
        reason = f"{monitorable_s // 60:.0f} min could be judged, an estimate needs 120 min"
        return {
            "night": self.night.isoformat(),
            "started": iso(self.started),
            "updated": iso(self.started + timedelta(minutes=len(self.heard))),
            "events": len(self.events),
            "apneas": len(pauses),
            "hypopneas": len(self.events) - len(pauses),
            "index": round(counted / hours, 1) if told else None,
            "index_reason": None if told else reason,
            "longest_apnea_s": max((event["duration_s"] for event in pauses), default=0.0),
            "monitorable_s": monitorable_s,
            "monitorable_share": round(sum(self.heard) / len(self.heard), 4),
            "snoring_share": round(random.Random(self.seed).uniform(0, 0.4), 4),
            "breathing_rate_bpm": 14.2 if told else None,
            "listened_s": len(self.heard) * 60.0,
            "gap_s": 60.0 * len(LOST_MINUTES) - 1.2,
            "interval": [round(bound, 1) for bound in interval] if told else None,
        }

    @property
    def page(self) -> Fields:
        """Return what the page of this night is told."""
        alerts = [
            {
                "raised": event["onset"],
                "ended": event["end"],
                "kind": "apnea",
                "level": "alert",
                "acknowledged": False,
                "text": "Breathing is heard again.",
            }
            for event in self.events
            if event["duration_s"] > 38
        ]
        lists = {"event_list": list(self.events), "alert_list": alerts}
        return {**self.figures, "minutes": self._minutes(), **lists}

    def _minutes(self) -> dict[str, list[Any]]:
        chance = random.Random(self.seed)
        rows = []
        snores = 0.0
        for minute, heard in enumerate(self.heard):
            snores = max(0.0, min(1.0, snores + chance.gauss(-0.01, 0.15))) * (heard > 0.3)
            noise = -62 + 3 * math.sin(minute / 90) + chance.gauss(0, 0.3)
            level = noise + 4 + 9 * heard + 7 * snores + chance.gauss(0, 0.6)
            rate = 14 + 2 * math.sin(minute / 50) + chance.gauss(0, 0.4)
            is_lost = minute - len(self.heard) // 3 in LOST_MINUTES
            rows.append(
                {
                    "start": iso(self.started + timedelta(minutes=minute)),
                    "heard_s": 0.0 if is_lost else 60.0,
                    "monitorable_s": 0.0 if is_lost else round(60 * heard, 1),
                    "snoring_s": 0.0 if is_lost else round(60 * snores, 1),
                    "gap_s": 60.0 if is_lost else 0.0,
                    "level_dbfs": None if is_lost else round(level, 1),
                    "noise_dbfs": None if is_lost else round(noise, 1),
                    "breathing_rate_bpm": round(rate, 1) if heard > 0.6 else None,
                }
            )
        return {key: [row[key] for row in rows] for key in rows[0]}


def make_nights(seed: int, count: int = 60) -> dict[str, FakeNight]:
    """Return nights by their date, `TONIGHT` the last of them, one in nine hardly heard."""
    made = (_make(seed * 1000 + back, TONIGHT - timedelta(days=back)) for back in range(count))
    # somebody was away
    return {night.night.isoformat(): night for night in made if night.night.day not in {5, 6}}


def trace_of(event: Fields, seed: int) -> Fields:
    """Return what was heard around an event, a row a second."""
    chance = random.Random(f"{seed} {event['id']}")
    length_s = round(event["duration_s"])
    columns: dict[str, list[float | None]] = {
        name: [] for name in ("level_dbfs", "noise_dbfs", "breath", "apnea", "hypopnea", "audible")
    }
    kind = event["type"]
    for at in range(-BEFORE_S, length_s + AFTER_S):
        inside = 0 <= at < length_s
        faint = (0.03 if kind == "apnea" else 0.35) if inside else 1.0
        breath = faint * max(0.0, math.sin(at * math.tau / 4.3)) * chance.uniform(0.8, 1)
        sure = 1 / (1 + math.exp(-(at - 5) / 2)) if inside else 0.04
        level = round(-61 + 15 * breath + chance.gauss(0, 0.5), 1)
        is_lost = at in range(-40, -36)
        columns["level_dbfs"].append(None if is_lost else level)
        columns["noise_dbfs"].append(None if is_lost else -62.0)
        columns["breath"].append(None if is_lost else round(breath, 3))
        for name in ("apnea", "hypopnea"):
            share = {"apnea": (0.9, 0.3), "hypopnea": (0.2, 0.8)}[name][kind != "apnea"]
            columns[name].append(None if is_lost else round(sure * share, 3))
        columns["audible"].append(0 if at < -108 else 1)
    start = datetime.fromisoformat(event["onset"]) - timedelta(seconds=BEFORE_S)
    return {"start": iso(start), "step_s": 1, **columns}


def _make(seed: int, night: date) -> FakeNight:
    chance = random.Random(seed)
    started = datetime.combine(night, time(22, chance.randrange(60)), ZONE)
    minutes = chance.randrange(420, 540)
    if night == TONIGHT:
        minutes = int((NOW - started).total_seconds() // 60)
    quiet = chance.random() < 0.12 and night != TONIGHT
    heard = tuple(_heard(chance, minutes, quiet=quiet))
    rate = max(1.0, 7 + 4 * math.sin(night.toordinal() / 9) + chance.gauss(0, 1.5))
    return FakeNight(
        night, started, heard, tuple(_events(chance, night, started, heard, rate)), seed
    )


def _heard(chance: random.Random, minutes: int, *, quiet: bool) -> Iterator[float]:
    level = 0.0
    for minute in range(minutes):
        aim = 0.0 if minute < 12 else 0.15 if quiet else 0.95
        if chance.random() < 0.01:
            level = 0.1  # turned away
        level += (aim - level) * 0.2
        yield round(max(0.0, min(1.0, level + chance.gauss(0, 0.04))), 3)


def _events(
    chance: random.Random, night: date, started: datetime, heard: tuple[float, ...], rate: float
) -> Iterator[Fields]:
    for minute, part in enumerate(heard):
        if chance.random() > rate / 60 * part or (chance.random() < 0.6 and minute % 120 > 50):
            continue
        is_pause = chance.random() < 0.6
        length_s = round(min(58.0, 10 + chance.expovariate(1 / (12 if is_pause else 8))), 2)
        onset = started + timedelta(minutes=minute, seconds=chance.randrange(50))
        yield {
            "v": 1,
            "id": f"{chance.getrandbits(128):032x}",
            "type": "apnea" if is_pause else "hypopnea",
            "night": night.isoformat(),
            "onset": iso(onset),
            "end": iso(onset + timedelta(seconds=length_s)),
            "duration_s": length_s,
            "confidence": round(chance.uniform(0.6, 0.98), 3),
            "character": chance.choice(["silent", "with_effort", "unknown"]),
            "monitorable": part > 0.4,
            "truncated": False,
        }
