"""Keeps judged nights as files, so that an evaluation that was cut short goes on where it was."""

import hashlib
import json
import os
import re
import zipfile
import zlib
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from osa_daemon.errors import StorageError
from osa_daemon.evaluation.night import Decided, FrameRows, JudgedNight, Raised
from osa_daemon.scoring.matching import Span

FORMAT = 1
HEARING_ROOMS = ("audio", "features", "detector", "scoring")  # what decides what is heard
LONGEST_NAME = 80  # of the night's in the file's name; the rest of it is the key
DAMAGES = (ValueError, KeyError, TypeError, EOFError, zipfile.BadZipFile, zlib.error)
_ROWS = ("audible", "monitorable", "p_audible", "p_apnea", "p_hypopnea")


def key_of(**parts: Any) -> str:
    """Return a digest of everything that decides what a judged night holds, as hexadecimal text.

    `parts` are whatever JSON takes; the code that hears belongs to it and is added here.
    """
    whole = {"format": FORMAT, "code": code_digest(), **parts}
    text = json.dumps(whole, sort_keys=True, default=str)
    return hashlib.sha256(text.encode()).hexdigest()


def code_digest() -> str:
    """Return the digest of the code that makes events of sound: another one may hear otherwise."""
    package = Path(__file__).parents[1]
    digest = hashlib.sha256()
    for room in HEARING_ROOMS:
        for path in sorted((package / room).glob("*.py")):
            digest.update(path.read_bytes())
    return digest.hexdigest()


def make_folder(folder: Path) -> None:
    """Make a folder for what an evaluation writes, unless it is there.

    Raises:
        StorageError: it cannot be made or written.
    """
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise _unwritable(folder, error) from error
    if not os.access(folder, os.W_OK):
        raise StorageError(f"{folder} cannot be written: change its permissions.")


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file that takes its name only when it is complete; text as UTF-8.

    Raises:
        StorageError: it cannot be written.
    """
    with _parted(path) as part:
        part.write_bytes(content.encode() if isinstance(content, str) else content)


@dataclass(frozen=True, slots=True)
class NightStore:
    """A folder with one small file for each judged night, named after the night and its key."""

    folder: Path

    def find(self, name: str, key: str) -> JudgedNight | None:
        """Return the night kept under `key`; None where there is none, or a damaged one."""
        try:
            with (
                self._path(name, key).open("rb") as file,
                np.load(file, allow_pickle=False) as content,
            ):
                return _night_of(content)
        except (OSError, *DAMAGES):
            return None

    def keep(self, key: str, night: JudgedNight) -> None:
        """Keep a night under `key`; its file takes its name only when it is complete.

        Raises:
            StorageError: it cannot be written.
        """
        with _parted(self._path(night.name, key)) as part, part.open("wb") as file:
            np.savez_compressed(file, **_content_of(night))

    def _path(self, name: str, key: str) -> Path:
        plain = re.sub(r"[^\w.-]+", "_", name)[:LONGEST_NAME]
        return self.folder / f"{plain}-{key[:16]}.npz"


@contextmanager
def _parted(path: Path) -> Iterator[Path]:
    """Give the place to write to; what lies there takes its name at the end."""
    part = path.with_name(f"{path.name}.{os.getpid()}.part")
    try:
        yield part
        part.replace(path)
    except OSError as error:
        raise _unwritable(path, error) from error
    finally:
        with suppress(OSError):
            part.unlink(missing_ok=True)


def _unwritable(path: Path, error: OSError) -> StorageError:
    return StorageError(f"{path} cannot be written: {error.strerror or error}.")


def _content_of(night: JudgedNight) -> dict[str, Any]:
    words = {
        "name": night.name,
        "facts": night.facts,
        "truth": [asdict(span) for span in night.truth],
        "decided": [asdict(decided) for decided in night.decided],
        "alerts": [asdict(alert) for alert in night.alerts],
    }
    rows = {name: getattr(night.rows, name) for name in _ROWS}
    known = {name: row for name, row in rows.items() if row is not None}
    return {"words": np.array(json.dumps(words)), **known}


def _night_of(content: Mapping[str, NDArray[Any]]) -> JudgedNight:
    words = json.loads(str(content["words"]))
    return JudgedNight(
        name=words["name"],
        facts=words["facts"],
        truth=tuple(Span(**span) for span in words["truth"]),
        decided=tuple(Decided(Span(**d["span"]), d["confidence"]) for d in words["decided"]),
        alerts=tuple(Raised(**alert) for alert in words["alerts"]),
        rows=FrameRows(content.get("audible"), *(content[name] for name in _ROWS[1:])),
    )
