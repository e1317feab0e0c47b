"""What a bed's messages are as rows of the database (config/fleet/schema.sql); all untrusted."""

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

MAX_TEXT = 500
DEVICE = re.compile(r"[a-z0-9][a-z0-9_]{0,63}")
STATEMENTS = {
    "event": "INSERT INTO event (device, id, type, onset, ended, duration_s, confidence, character,"
    " monitorable, truncated, durable, night) VALUES (%(device)s, %(id)s, %(type)s, %(onset)s,"
    " %(ended)s, %(duration_s)s, %(confidence)s, %(character)s, %(monitorable)s, %(truncated)s,"
    " %(durable)s, %(night)s) ON CONFLICT DO NOTHING",
    "night": "INSERT INTO night (device, night, events, apneas, hypopneas, events_per_hour,"
    " longest_apnea_s, monitorable_s, monitorable_share, snoring_share, breathing_rate_bpm,"
    " started, updated) VALUES (%(device)s, %(night)s, %(events)s, %(apneas)s, %(hypopneas)s,"
    " %(events_per_hour)s, %(longest_apnea_s)s, %(monitorable_s)s, %(monitorable_share)s,"
    " %(snoring_share)s, %(breathing_rate_bpm)s, %(started)s, %(updated)s)"
    " ON CONFLICT (device, night) DO UPDATE SET events = excluded.events,"
    " apneas = excluded.apneas, hypopneas = excluded.hypopneas,"
    " events_per_hour = excluded.events_per_hour, longest_apnea_s = excluded.longest_apnea_s,"
    " monitorable_s = excluded.monitorable_s, monitorable_share = excluded.monitorable_share,"
    " snoring_share = excluded.snoring_share, breathing_rate_bpm = excluded.breathing_rate_bpm,"
    " started = excluded.started, updated = excluded.updated"
    " WHERE night.updated <= excluded.updated",
    "minute": "INSERT INTO minute (device, at, rate_bpm, snoring)"
    " VALUES (%(device)s, %(at)s, %(rate_bpm)s, %(snoring)s) ON CONFLICT DO NOTHING",
    "status": "INSERT INTO status (device, at, state, reason, version, model) VALUES"
    " (%(device)s, %(at)s, %(state)s, %(reason)s, %(version)s, %(model)s) ON CONFLICT DO NOTHING",
    "link": "INSERT INTO link (device, at, online) SELECT %(device)s::text, %(at)s::timestamptz,"
    " %(online)s::boolean WHERE %(online)s::boolean IS DISTINCT FROM (SELECT online FROM link"
    " WHERE device = %(device)s::text ORDER BY at DESC LIMIT 1) ON CONFLICT DO NOTHING",
}


class NotWantedError(ValueError):
    """A message is not what its topic promises; the message says what is wrong."""


@dataclass(frozen=True, slots=True)
class Row:
    """One row for `table`, and the broker's number of the message to acknowledge."""

    table: str
    values: Mapping[str, Any]
    mid: int = 0


class Fields:
    """The fields of an untrusted JSON object; each is checked as it is taken."""

    def __init__(self, payload: bytes) -> None:
        try:
            fields = json.loads(payload)
        except (ValueError, RecursionError):
            fields = None
        if not isinstance(fields, dict):
            raise NotWantedError("it is no JSON object")
        self._fields = fields

    def text(self, key: str) -> str:
        """Text without a NUL, which PostgreSQL has no room for."""
        value = self._fields.get(key)
        if not isinstance(value, str) or "\0" in value or len(value) > MAX_TEXT:
            raise NotWantedError(f"{key} is no text of at most {MAX_TEXT} characters")
        try:
            value.encode()
        except UnicodeEncodeError:
            raise NotWantedError(f"{key} is not valid Unicode") from None
        return value

    def flag(self, key: str) -> bool:
        """True or false."""
        value = self._fields.get(key)
        if not isinstance(value, bool):
            raise NotWantedError(f"{key} is neither true nor false")
        return value

    def number(self, key: str) -> float:
        """A finite number that fits a column of four bytes."""
        value = self._fields.get(key)
        if isinstance(value, bool) or not isinstance(value, int | float) or not abs(value) < 1e9:
            raise NotWantedError(f"{key} is no number that can be")
        return value

    def count(self, key: str) -> int:
        """A whole number from 0."""
        value = self.number(key)
        if not isinstance(value, int) or value < 0:
            raise NotWantedError(f"{key} is no whole number from 0")
        return value

    def moment(self, key: str) -> datetime:
        """A time with its offset from UTC."""
        try:
            moment = datetime.fromisoformat(self.text(key))
            return moment.astimezone(UTC) if moment.tzinfo else _without_offset(key)
        except (ValueError, OverflowError):
            raise NotWantedError(f"{key} is no time with an offset") from None

    def day(self, key: str) -> date:
        """A date."""
        try:
            return date.fromisoformat(self.text(key))
        except ValueError:
            raise NotWantedError(f"{key} is no date") from None

    def maybe(self, take: Callable[[str], Any], key: str) -> Any:
        """What `take` makes of it, or None where it is null or missing."""
        return None if self._fields.get(key) is None else take(key)


def _without_offset(key: str) -> datetime:
    raise NotWantedError(f"{key} has no offset from UTC")


def event(device: str, fields: Fields, _now: datetime) -> Row:
    """A decided event."""
    values = {
        "device": device,
        "onset": fields.moment("onset"),
        "ended": fields.moment("end"),
        "night": fields.day("night"),
        **{key: fields.text(key) for key in ("id", "type", "character")},
        **{key: fields.number(key) for key in ("duration_s", "confidence")},
        **{key: fields.flag(key) for key in ("monitorable", "truncated", "durable")},
    }
    return Row("event", values)


def night(device: str, fields: Fields, _now: datetime) -> Row:
    """The figures of a night so far, or of the night before."""
    figures = ("longest_apnea_s", "monitorable_s", "monitorable_share", "snoring_share")
    values = {
        "device": device,
        "night": fields.day("night"),
        "updated": fields.moment("updated"),
        "started": fields.maybe(fields.moment, "started"),
        "events_per_hour": fields.maybe(fields.number, "index"),
        **{key: fields.count(key) for key in ("events", "apneas", "hypopneas")},
        **{key: fields.maybe(fields.number, key) for key in (*figures, "breathing_rate_bpm")},
    }
    return Row("night", values)


def minute(device: str, fields: Fields, now: datetime) -> Row:
    """Breathing now."""
    rate = fields.maybe(fields.number, "rate_bpm")
    values = {"device": device, "at": now, "rate_bpm": rate, "snoring": fields.flag("snoring")}
    return Row("minute", values)


def status(device: str, fields: Fields, _now: datetime) -> Row:
    """What the daemon is doing since when."""
    values = {
        "device": device,
        "at": fields.moment("since"),
        "state": fields.text("state"),
        **{key: fields.maybe(fields.text, key) for key in ("reason", "version", "model")},
    }
    return Row("status", values)


MAKERS = {
    "event": event,
    "night/current": night,
    "night/last": night,
    "breathing": minute,
    "status": status,
}


def row_of(topic: str, payload: bytes, now: datetime, *, is_old: bool) -> Row | None:
    """The row that a message below the base topic makes; None where it makes none.

    `is_old`: it was retained, so that nobody knows since when it is true.

    Raises:
        NotWantedError: it is not what its topic promises.
    """
    device, _, suffix = topic.partition("/")
    if not DEVICE.fullmatch(device):
        raise NotWantedError("its device is no device id")
    if suffix == "availability":
        if payload not in (b"online", b"offline"):
            raise NotWantedError("it is neither online nor offline")
        return Row("link", {"device": device, "at": now, "online": payload == b"online"})
    if suffix not in MAKERS or (is_old and suffix == "breathing"):
        return None
    return MAKERS[suffix](device, Fields(payload), now)
