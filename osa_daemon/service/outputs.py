"""Files that a replay writes (contract C2); each appears whole or not at all."""

import csv
import json
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import IO, Any

from osa_daemon.errors import StorageError
from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.scoring.event import Event, Progress
from osa_daemon.service.chain import Step

COLUMNS = (
    "t_s",
    "audible",
    "monitorable",
    "level_dbfs",
    "noise_dbfs",
    "p_breath",
    "p_apnea",
    "p_hypopnea",
    "p_snore",
    "in_progress",
    "alert",
)


@contextmanager
def whole_file(path: Path) -> Iterator[IO[str]]:
    """Open a text file that takes its name only when it is complete.

    Raises:
        StorageError: it cannot be written.
    """
    part = path.with_name(path.name + ".part")
    try:
        with part.open("w", encoding="utf-8", newline="") as file:
            yield file
        part.replace(path)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror}.") from error
    finally:
        part.unlink(missing_ok=True)


def event_fields(event: Event) -> dict[str, Any]:
    """Return a decided event as contract C2 has it."""
    return {
        "v": 1,
        "id": event.id,
        "type": event.type,
        "onset_s": round(event.onset_s, 2),
        "duration_s": round(event.duration_s, 2),
        "confidence": round(event.confidence, 3),
        "character": event.character,
        "monitorable": event.monitorable,
        "truncated": event.truncated,
    }


def write_event(file: IO[str], event: Event) -> None:
    """Write one line of JSON."""
    file.write(json.dumps(event_fields(event)) + "\n")


class FrameTable:
    """One CSV row a second, from the last frame of each second."""

    def __init__(self, file: IO[str]) -> None:
        self._writer = csv.writer(file)
        self._writer.writerow(COLUMNS)

    def add(self, step: Step) -> None:
        """Take one frame; every fifth makes a row."""
        frame, scored = step.frame, step.scored
        if frame.index % FRAME_RATE_HZ != FRAME_RATE_HZ - 1:
            return
        probabilities = (frame.breath, frame.apnea, frame.hypopnea, frame.snore)
        self._writer.writerow(
            [
                frame.index // FRAME_RATE_HZ,
                int(scored.audible),
                int(scored.monitorable),
                f"{frame.level_dbfs:.1f}",
                f"{frame.noise_dbfs:.1f}",
                *(f"{p:.3f}" for p in probabilities),
                int(scored.progress is Progress.ON),
                int(scored.alert_active),
            ]
        )
