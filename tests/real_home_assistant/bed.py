"""A bed of the house: a device of its own in Home Assistant, with a journal of its own."""

import json
import subprocess
import sys
from collections.abc import Callable
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

from osa_daemon.journal.journal import Journal
from osa_daemon.journal.reader import JournalReader
from osa_daemon.journal.rows import NightRow
from osa_daemon.publish.entities import ENTITIES, Entity
from osa_daemon.scoring.night import NightCounts, figures_of, night_of
from tests.daemon import DaemonProcess

Start = Callable[..., DaemonProcess]
FRAMES_AN_HOUR = 5 * 3600


@dataclass(frozen=True, slots=True)
class Bed:
    """What belongs to `device_id`; `folder` holds the journal, and a folder of each start."""

    device_id: str
    folder: Path
    start_daemon: Start

    def start(self, port: int, *options: str, mqtt: str = "", settings: str = "") -> DaemonProcess:
        """Start its daemon; `mqtt` are lines of that part of its settings."""
        text = f"  device_id: {self.device_id}\n  device_name: {self.device_id}\n{mqtt}"
        text += f"journal:\n  state_dir: {self.folder / 'state'}\n{settings}"
        # two daemons in one folder would take the word to systemd out of each other's mouth
        folder = self.folder / f"start{len(self._starts())}"
        folder.mkdir(parents=True)
        return self.start_daemon(port, *options, settings=text, folder=folder)

    def _starts(self) -> list[Path]:
        return sorted(self.folder.glob("start*"))

    def id_of(self, key: str) -> str:
        """The entity id that Home Assistant gives to the row `key` of `ENTITIES`."""
        entity = next(entity for entity in ENTITIES if entity.key == key)
        return f"{entity.platform}.{self.device_id}_{key}"

    def entities(self) -> dict[str, Entity]:
        """Every entity that is not switched off, by its id in Home Assistant."""
        return {
            self.id_of(entity.key): entity
            for entity in ENTITIES
            if entity.more.get("enabled_by_default") is not False
        }

    def topic(self, suffix: str) -> str:
        """The whole name of a topic."""
        return f"osa_daemon/{self.device_id}/{suffix}"

    def decided(self) -> dict[str, dict[str, Any]]:
        """What the journal holds, by id: `osa-daemon export-events`."""
        lines = self.command("export-events", "--json").splitlines()
        events = [json.loads(line) for line in lines]
        return {event["id"]: event for event in events if "id" in event}

    def command(self, *words: str) -> str:
        """What a command of `osa-daemon` prints."""
        config = str(self._starts()[-1] / "config.yaml")
        done = subprocess.run(
            [sys.executable, "-m", "osa_daemon", *words, "--config", config],
            capture_output=True,
            text=True,
            check=True,
            timeout=60,
        )
        return done.stdout

    @property
    def journal(self) -> Path:
        """The journal's file."""
        return self.folder / "state" / "journal.sqlite3"

    def events_of_tonight(self) -> int:
        """How many events the journal holds of the night that is going on."""
        with JournalReader.open(self.journal) as reader:
            night = night_of(datetime.now().astimezone())
            return len(reader.events_of(night))

    def has_slept(self) -> None:
        """Put a whole night, and three hours of the one that is going on, into the journal."""
        (self.folder / "state").mkdir(parents=True, exist_ok=True)
        now = datetime.now().astimezone()
        for hours, begun in ((7, now - timedelta(days=1)), (3, now)):
            counts = slept(hours)
            row = NightRow(
                night_of(begun),
                (begun - timedelta(minutes=5)).astimezone(UTC),
                begun.astimezone(UTC),
                json.dumps(asdict(figures_of(counts))),
                json.dumps(asdict(counts)),
            )
            with Journal.open(self.journal) as journal:
                journal.record_night(row)


def slept(hours: int) -> NightCounts:
    """What is counted of so many hours with four events each."""
    counts = NightCounts(apneas=3 * hours, hypopneas=hours, monitorable_events=4 * hours)
    frames = hours * FRAMES_AN_HOUR
    return replace(
        counts,
        longest_apnea_s=31.5,
        heard_frames=frames,
        monitorable_frames=round(0.9 * frames),
        snoring_frames=round(0.2 * frames),
        rate_sum_bpm=14.0 * 60 * hours,
        rate_count=60 * hours,
    )
