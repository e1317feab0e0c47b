"""Files that a command writes, those of a replay (contract C2) too; each whole or not at all."""

import csv
import json
import re
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO, Any, AnyStr, Generic

from osa_daemon.errors import StorageError, UsageError
from osa_daemon.features.features import FRAME_RATE_HZ
from osa_daemon.scoring.event import Event, Progress
from osa_daemon.service.chain import Step

DESCRIPTORS = re.compile(r"/proc/\d+(/task/\d+)?/fd")
MOST_LINKS = 40  # as the kernel follows
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


class Output(Generic[AnyStr]):
    """A file being written; a failure names it, whatever other files are open around it."""

    def __init__(self, file: IO[AnyStr], path: Path) -> None:
        self._file: IO[AnyStr] = file
        self._path = path

    def write(self, data: AnyStr) -> int:
        """Write text or bytes, as the file was opened.

        Raises:
            StorageError: it cannot be written.
        """
        try:
            return self._file.write(data)
        except OSError as error:
            raise _unwritable(self._path, error) from error


@contextmanager
def whole_file(path: Path) -> Iterator[Output[str]]:
    """Open a text file that takes its name only when it is complete.

    A device or pipe (/dev/null, /dev/stdout) is written as it is.

    Raises:
        StorageError: it cannot be written.
    """
    with (
        _parted(path) as part,
        _opened(lambda: part.open("w", encoding="utf-8", newline=""), path) as output,
    ):
        yield output


@contextmanager
def whole_bytes(path: Path) -> Iterator[Output[bytes]]:
    """Open a binary file that takes its name only when it is complete, as `whole_file` does."""
    with _parted(path) as part, _opened(lambda: part.open("wb"), path) as output:
        yield output


def check_outputs(
    source: Path, outputs: Sequence[tuple[str, Path | None]], source_name: str = "FILE"
) -> None:
    """Refuse outputs, each with its option's name, that are the input or one another.

    Raises:
        UsageError: two of them are one file.
    """
    taken = [(source_name, source)]
    for option, path in outputs:
        if path is None or _is_stream(path):
            continue
        for other, earlier in taken:
            if _same(path, earlier):
                raise UsageError(f"{option} and {other} are both {path}: give each its own file.")
        taken.append((option, path))


def _same(one: Path, other: Path) -> bool:
    with suppress(OSError):
        return one.samefile(other)
    return one.resolve() == other.resolve()


def _is_stream(path: Path) -> bool:
    is_device = path.exists() and not path.is_file() and not path.is_dir()
    return is_device or _is_descriptor(path)


def _is_descriptor(path: Path) -> bool:
    """Whether a path leads to an open file, as /dev/stdout does, also where that is redirected.

    What is renamed to such a path takes the link's place, for every program on the machine.
    """
    for _ in range(MOST_LINKS):
        if DESCRIPTORS.fullmatch(str(path.parent.resolve())):
            return True
        if not path.is_symlink():
            return False
        path = path.parent / path.readlink()
    return False


@contextmanager
def _parted(path: Path) -> Iterator[Path]:
    """Give the place to write to; what lies there takes its name at the end."""
    if path.is_dir():
        raise StorageError(f"{path} cannot be written: it is a folder; give the name of a file.")
    if _is_stream(path):
        yield path
        return
    part = path.with_name(path.name + ".part")
    try:
        yield part
        try:
            part.replace(path)
        except OSError as error:
            raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


@contextmanager
def _opened(opener: Callable[[], IO[AnyStr]], path: Path) -> Iterator[Output[AnyStr]]:
    try:
        file = opener()
    except OSError as error:
        raise _unwritable(path, error) from error
    try:
        yield Output(file, path)
        try:
            file.close()
        except OSError as error:
            raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):
            file.close()


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path} cannot be written: {error.strerror or error}.")


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


def write_event(file: Output[str], event: Event) -> None:
    """Write one line of JSON."""
    file.write(json.dumps(event_fields(event)) + "\n")


class FrameTable:
    """One CSV row a second, from the last frame of each second."""

    def __init__(self, file: Output[str]) -> None:
        self._writer = csv.writer(file, lineterminator="\n")
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
