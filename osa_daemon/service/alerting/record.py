"""Keeps in the journal which alerts were raised."""

from datetime import UTC, datetime

from osa_daemon.journal.rows import AlertRow
from osa_daemon.scoring.night import night_of
from osa_daemon.service.alerting.board import Cause, Standing, kind_of
from osa_daemon.service.store import Store


class Record:
    """Writes an alert down as it is raised, rises and ends; a test is none."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def raised(self, standing: Standing) -> None:
        """An alert is raised, or raised further."""
        self._write(standing, None, acknowledged=False)

    def ended(self, standing: Standing, now: datetime, *, acknowledged: bool) -> None:
        """It is over; `text` says why."""
        self._write(standing, now, acknowledged=acknowledged)

    def _write(self, standing: Standing, ended: datetime | None, *, acknowledged: bool) -> None:
        if standing.cause is Cause.TEST:
            return
        row = AlertRow(
            raised_utc=standing.raised.astimezone(UTC),
            ended_utc=None if ended is None else ended.astimezone(UTC),
            night=night_of(standing.raised),
            kind=kind_of(standing.cause),
            level=standing.level.value,
            text=standing.text,
            acknowledged=acknowledged,
        )
        self._store.does(lambda j: j.record_alert(row))
