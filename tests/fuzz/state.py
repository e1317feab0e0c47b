"""State files: whatever is in overrides and journal, it does not keep the daemon from listening."""

import json
import logging
import math
from dataclasses import asdict
from datetime import UTC, timedelta
from pathlib import Path

from osa_daemon.audio.source import SourceState
from osa_daemon.errors import OsaError
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.reader import JournalReader
from osa_daemon.journal.rows import AlertRow, EventRow, MinuteRow, NightRow, TraceRow
from osa_daemon.scoring.night import NightCounts, figures_of, night_of, read_counts, read_figures
from osa_daemon.settings.build import build
from osa_daemon.settings.load import load
from osa_daemon.settings.model import Settings
from tests.fuzz.answers import check_sentences, memory_folder, shape
from tests.service.at_bedside import ELEVEN, Failing, Wire, live_settings, make

FIGURES = b"F"  # what an input of a night begins with; all else is a file of overrides
SAVED = '{"v": 1, "settings": {"detection.sensitivity": "high", "alerts.after_s": 45}}'


class StateFiles:
    """Loads overrides, reads a night's figures, and starts a bedside over a journal."""

    name = "state"
    words = (
        b'"v": 1', b'"settings": ', b'"detection.sensitivity": ', b'"high"', b'"alerts.after_s": ',
        b"45", b"null", b"true", b"1e400", b"NaN", b'"apneas": ', b'"index": ', b"{}", b"[]",
    )  # fmt: skip

    def __init__(self) -> None:
        logging.disable(logging.CRITICAL)
        self._folder = memory_folder()
        self._root = Path(self._folder.name)
        self._config = self._root / "config.yaml"
        self._config.write_text(f"journal:\n  state_dir: {self._root}\n")

    def seeds(self) -> list[bytes]:
        """Return overrides of every live kind, and figures and counts of a night."""
        counts = NightCounts(apneas=3, monitorable_frames=90_000, heard_frames=90_000)
        others = ("{}", "[]", "null", '{"v": 2}', '{"v": 1, "settings": {"mqtt.host": "x"}}')
        figures = (json.dumps(asdict(each)).encode() for each in (counts, figures_of(counts)))
        return [
            *(each.encode() for each in (SAVED, *others)),
            b'{"v": 1, "settings": {"monitoring.enabled": false, "alerts.enabled": true}}',
            *(FIGURES + each for each in figures),
        ]

    def answer(self, data: bytes) -> str:
        """Use it as its first byte says."""
        return self._figures(data[1:]) if data[:1] == FIGURES else self._overrides(data)

    def close(self) -> None:
        """Remove the folder."""
        self._folder.cleanup()
        logging.disable(logging.NOTSET)

    def _overrides(self, data: bytes) -> str:
        (self._root / "overrides.json").write_bytes(data)
        loaded = load(self._config, environ={})
        assert isinstance(build({**loaded.base, **loaded.overrides}), Settings)
        for warning in loaded.warnings:
            check_sentences(warning)
        return f"{sorted(loaded.overrides)} {' '.join(map(shape, loaded.warnings))}"

    @staticmethod
    def _figures(data: bytes) -> str:
        text = data.decode(errors="replace")
        counts, figures = read_counts(text), read_figures(text)
        if counts is not None:
            told = figures_of(counts)
            assert all(math.isfinite(value) for value in asdict(told).values() if _is_number(value))
        return f"counts {counts is not None}, figures {figures is not None}"


class JournalFiles:
    """Starts a bedside over a journal whose bytes were changed, and reads it as commands do.

    An input is a list of changes: where (2 bytes, among the bytes that are not zero), how many
    bytes (1), and what they become.
    """

    name = "journal"
    words = (
        b"\x00\x10\x01\xff", b"\x01\x00\x04null", b"\x02\x80\x022x", b"\x00\x12\x02\x00\x01", b"[]",
    )  # fmt: skip

    def __init__(self) -> None:
        logging.disable(logging.CRITICAL)
        self._folder = memory_folder()
        self._root = Path(self._folder.name)
        self._live = live_settings(self._root)
        self._path = self._root / "journal.sqlite3"
        with Journal.open(self._path) as journal:
            _fill(journal)
        self._whole = self._path.read_bytes()
        self._used = [at for at, byte in enumerate(self._whole) if byte]

    def seeds(self) -> list[bytes]:
        """Return a change of one byte here and there."""
        places = range(0, len(self._used), max(1, len(self._used) // 300))
        return [at.to_bytes(2, "big") + b"\x01" + bytes([at % 251]) for at in places] + [b""]

    def answer(self, data: bytes) -> str:
        """Start, hear nothing, end; then read."""
        for left in self._root.glob("journal.sqlite3*"):
            left.unlink()
        self._path.write_bytes(self._changed(data))
        wire = Wire()
        bedside = make(self._root, wire, Failing(SourceState.ABSENT, most=2), self._live)
        bedside.run()
        told = [problem["text"] for problem in wire.all("problem/storage")]
        for text in told:
            if text is not None:
                check_sentences(text)
        for event in wire.events:
            assert isinstance(event["id"], str)
        aside = len(list(self._root.glob("*.damaged-*")))
        return f"set aside {aside > 0}, {[text and shape(text) for text in told]} {self._read()}"

    def close(self) -> None:
        """Remove the folder."""
        self._folder.cleanup()
        logging.disable(logging.NOTSET)

    def _changed(self, data: bytes) -> bytes:
        found, at = bytearray(self._whole), 0
        while at + 3 <= len(data):
            place = self._used[int.from_bytes(data[at : at + 2], "big") % len(self._used)]
            what = data[at + 3 : at + 3 + data[at + 2] % 16]
            found[place : place + len(what)] = what
            at += 3 + max(len(what), 1)
        return bytes(found)

    def _read(self) -> str:
        night = night_of(ELEVEN)
        try:
            with JournalReader.open(self._path) as reader:
                reader.nights()
                reader.events_of(night)
                reader.alerts_of(night)
                reader.minutes_of(night)
                for event in reader.events_between(ELEVEN - timedelta(days=2), ELEVEN):
                    reader.trace_of(event.id)
        except OsaError as error:
            check_sentences(str(error))
            return shape(str(error))
        return "read"


def _is_number(value: object) -> bool:
    return isinstance(value, int | float)


def _fill(journal: Journal) -> None:
    """Two nights with everything that there can be."""
    for days in (1, 0):
        evening = (ELEVEN - timedelta(days=days)).astimezone(UTC)
        night = night_of(evening.astimezone())
        counts = NightCounts(apneas=8, monitorable_frames=90_000, heard_frames=90_000)
        figures = json.dumps(asdict(figures_of(counts)))
        journal.record_night(NightRow(night, evening, evening, figures, json.dumps(asdict(counts))))
        for number in range(8):
            onset = evening + timedelta(minutes=-number)
            name = f"{days}{number}" * 16
            payload = {"v": 1, "id": name, "onset": onset.isoformat(), "duration_s": 12.0}
            row = EventRow(
                name, "apnea", onset, onset + timedelta(seconds=12), 12.0, 0.9, "silent",
                monitorable=True, truncated=False, night=night,
            )  # fmt: skip
            journal.record_event(row, json.dumps(payload), onset)
            none, level = (0.0,) * 20, (-50.0, None) * 10
            trace = TraceRow(name, 5.0, level, level, none, none, none, (True,) * 20)
            journal.record_traces([trace])
            journal.record_minutes([MinuteRow(onset, night, 60, 60, 0, 0, -60.0, -70.0, 14.5)])
        alert = AlertRow(evening, None, night, "apnea", "alert", "No breathing sound.", False)
        journal.record_alert(alert)
    journal.begin_pause(evening, evening + timedelta(seconds=12))
