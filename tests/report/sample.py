"""A journal of nights that nobody slept: from a seed, as a bedside would have written it."""

import json
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from random import Random

from osa_daemon import __version__
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.reader import JournalReader
from osa_daemon.journal.rows import AlertRow, EventRow, MinuteRow, NightRow
from osa_daemon.report.night import About, Night
from osa_daemon.report.performance import measured
from osa_daemon.scoring.night import NightCounts, figures_of

FIGURES = json.loads(
    (Path(__file__).parents[2] / "osa_daemon" / "models" / "figures.json").read_text("utf-8")
)
DETECTOR = FIGURES["detector_sha256"]
LAST = date(2026, 11, 29)
DEAF = LAST - timedelta(days=3)  # little could be heard
NIGHTS = 20


@dataclass(frozen=True, slots=True)
class SampleNight:
    """What a night's rows are made of; `hears` is a share, `per_hour` of events."""

    night: date
    began: datetime
    minutes: int
    per_hour: float
    hears: float


def write_nights(path: Path, nights: int = NIGHTS, seed: int = 11) -> list[date]:
    """Write nights up to `LAST` into a new journal; return their dates, the first first."""
    random = Random(seed)
    dates = [LAST - timedelta(days=back) for back in reversed(range(nights))]
    with Journal.open(path) as journal:
        for night in dates:
            began = datetime(night.year, night.month, night.day, 21, 40, tzinfo=UTC)
            sample = SampleNight(
                night,
                began + timedelta(minutes=random.randrange(60)),
                random.randrange(380, 500),
                random.uniform(4, 22),
                0.2 if night == DEAF else random.uniform(0.75, 0.97),
            )
            _write(journal, sample, random)
    return dates


def _write(journal: Journal, sample: SampleNight, random: Random) -> None:
    minutes = _minutes(sample, random)
    events = _events(sample, minutes, random)
    journal.record_late([(event, None) for event in events], sample.began)
    journal.record_minutes(minutes)
    long = [event for event in events if event.type == "apnea" and event.duration_s > 34]
    for number, event in enumerate(long[:4]):
        level = "urgent" if event.duration_s > 60 else "alert"
        raised = event.onset_utc + timedelta(seconds=30)
        text = f"No breath for {event.duration_s:.0f} s."
        journal.record_alert(
            AlertRow(
                raised,
                event.end_utc,
                sample.night,
                "apnea",
                level,
                text,
                acknowledged=number == 0,
            )
        )
    apneas = [event.duration_s for event in events if event.type == "apnea"]
    rates = [row.breathing_rate_bpm for row in minutes if row.breathing_rate_bpm is not None]
    counts = NightCounts(
        apneas=len(apneas),
        hypopneas=len(events) - len(apneas),
        monitorable_events=sum(event.monitorable for event in events),
        longest_apnea_s=max(apneas, default=0.0),
        heard_frames=round(5 * sum(row.heard_s for row in minutes)),
        gap_frames=round(5 * sum(row.gap_s for row in minutes)),
        monitorable_frames=round(5 * sum(row.monitorable_s for row in minutes)),
        snoring_frames=round(5 * sum(row.snoring_s for row in minutes)),
        rate_sum_bpm=sum(rates),
        rate_count=len(rates),
    )
    ended = sample.began + timedelta(minutes=sample.minutes)
    figures, counted = (json.dumps(asdict(each)) for each in (figures_of(counts), counts))
    journal.record_night(NightRow(sample.night, sample.began, ended, figures, counted))


def _minutes(sample: SampleNight, random: Random) -> list[MinuteRow]:
    """Minutes in stretches: awake at first, then heard or turned away, snoring or not."""
    rows: list[MinuteRow] = []
    is_heard = is_snoring = False
    noise, rate = -63.0, 14.0
    for number in range(sample.minutes):
        if number % 17 == 0 and number > 12:
            is_heard = random.random() < sample.hears
            is_snoring = is_heard and random.random() < 0.35
        noise = min(max(noise + random.gauss(0, 0.3), -68), -55)
        rate = min(max(rate + random.gauss(0, 0.25), 11), 19)
        gap_s = 24.0 if number in (201, 202) else 0.0
        heard_s = (60.0 - gap_s) * is_heard
        louder = 3 + 7 * is_heard + 8 * is_snoring + 16 * (number < 12)
        rows.append(
            MinuteRow(
                sample.began + timedelta(minutes=number),
                sample.night,
                heard_s=60.0 - gap_s,
                monitorable_s=heard_s,
                snoring_s=round(heard_s * random.uniform(0.4, 0.9), 1) * is_snoring,
                gap_s=gap_s,
                level_dbfs=noise + louder + random.gauss(0, 1.2),
                noise_dbfs=noise,
                breathing_rate_bpm=round(rate + random.gauss(0, 0.4), 1) if is_heard else None,
            )
        )
    return rows


def _events(sample: SampleNight, minutes: list[MinuteRow], random: Random) -> list[EventRow]:
    """Events in clusters, where breathing is heard; now and then one where it hardly is."""
    rows: list[EventRow] = []
    free = sample.began
    for number, minute in enumerate(minutes):
        is_heard = minute.monitorable_s > 0
        share = sample.per_hour / 60 * (2.2 if (number // 45) % 3 == 1 else 0.5)
        if random.random() > (share if is_heard else 0.004):
            continue
        is_apnea = random.random() < 0.65
        duration_s = min(10.2 + random.expovariate(1 / 9), 96.0)
        onset = max(minute.start_utc + timedelta(seconds=random.uniform(0, 40)), free)
        free = onset + timedelta(seconds=duration_s + 12)
        rows.append(
            EventRow(
                id=f"{sample.night:%y%m%d}{len(rows):04d}",
                type="apnea" if is_apnea else "hypopnea",
                onset_utc=onset,
                end_utc=onset + timedelta(seconds=duration_s),
                duration_s=duration_s,
                confidence=round(random.uniform(0.55, 0.98), 3),
                character="silent" if is_apnea else "unknown",
                monitorable=is_heard,
                truncated=False,
                night=sample.night,
            )
        )
    return rows


def read_night(path: Path, night: date) -> Night:
    """Read a night as `osa-daemon report` does."""
    with JournalReader.open(path) as journal:
        before = tuple(row for row in journal.nights(1000) if row.night <= night)[:14]
        return Night(
            night,
            next((row for row in before if row.night == night), None),
            journal.events_of(night),
            journal.alerts_of(night),
            journal.minutes_of(night),
            before,
            About(__version__, DETECTOR, measured(FIGURES, DETECTOR)),
        )
