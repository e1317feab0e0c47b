"""The folder of clips: written whole or not at all, bounded, emptied on demand."""

import os
import shutil
from collections.abc import Iterable
from contextlib import suppress
from datetime import date, timedelta
from pathlib import Path
from typing import Final

from osa_daemon.clips.clip import Clip, clip_at
from osa_daemon.errors import StorageError

FOLDER_MODE: Final = 0o700
FILE_MODE: Final = 0o600
LEAST_FREE: Final = 200_000_000  # bytes left to the journal, which comes first
_PART: Final = ".part"


class Shelf:
    """Clips in `folder`, at most `most_bytes` of them. Nothing is made before the first clip."""

    def __init__(self, folder: Path, most_bytes: int, least_free: int = LEAST_FREE) -> None:
        self.folder = folder
        self._most_bytes = most_bytes
        self._least_free = least_free

    def clips(self) -> list[Clip]:
        """Return the clips there are, the oldest first.

        Raises:
            StorageError: the folder cannot be read.
        """
        try:
            entries = list(os.scandir(self.folder))
        except FileNotFoundError:
            return []
        except OSError as error:
            raise self._failure("read", error) from None
        clips = []
        for entry in entries:
            with suppress(OSError):  # deleted meanwhile
                clip = clip_at(Path(entry.path), entry.stat(follow_symlinks=False).st_size)
                if clip is not None and entry.is_file(follow_symlinks=False):
                    clips.append(clip)
        return sorted(clips, key=lambda clip: (clip.start, clip.id))

    def put(self, name: str, data: bytes) -> None:
        """Write a clip, after the oldest have made room for it; durable when this returns.

        Raises:
            StorageError: it is larger than all clips may be, the disk has no room that the
                journal could spare, or cannot be written. Nothing is left of it then.
        """
        if len(data) > self._most_bytes:
            raise StorageError(
                f"A clip of {len(data)} bytes is larger than clips.max_mb allows: it is not kept."
            )
        self._make_room(len(data))
        try:
            self.folder.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
            free = shutil.disk_usage(self.folder).free
        except OSError as error:
            raise self._failure("written", error) from None
        if free - len(data) < self._least_free:
            raise StorageError(
                f"The disk of {self.folder} has {free // 1_000_000} MB left, which the journal "
                "needs: no clip is kept. Make room, or lower clips.max_mb."
            )
        try:
            self._write(self.folder / name, data)
        except OSError as error:
            raise self._failure("written", error) from None

    def delete(self, clips: Iterable[Clip]) -> int:
        """Delete clips for good; return how many there were.

        Raises:
            StorageError: one of them cannot be deleted; the others are.
        """
        count, failure = 0, None
        for clip in clips:
            try:
                clip.path.unlink()
                count += 1
            except FileNotFoundError:
                continue  # somebody else has done it
            except OSError as error:
                failure = error
        if count:
            try:
                self._settle()
            except OSError as error:
                failure = error
        if failure is not None:
            raise self._failure("emptied", failure)
        return count

    def delete_parts(self) -> None:
        """Delete what was being written when the daemon was killed.

        Raises:
            StorageError: that cannot be done.
        """
        try:
            for path in self.folder.glob(f"*{_PART}"):
                path.unlink(missing_ok=True)
        except OSError as error:
            raise self._failure("emptied", error) from None

    def forget_before(self, night: date, keep_nights: int) -> None:
        """Delete what is older than `keep_nights` nights, the night `night` among them.

        Raises:
            StorageError: that cannot be done.
        """
        first = night - timedelta(days=keep_nights - 1)
        self.delete(clip for clip in self.clips() if clip.night < first)

    def _make_room(self, size: int) -> None:
        """Delete the oldest clips until so many bytes more are within what is allowed."""
        clips = self.clips()
        over = sum(clip.size for clip in clips) + size - self._most_bytes
        doomed = []
        for clip in clips:
            if over <= 0:
                break
            doomed.append(clip)
            over -= clip.size
        self.delete(doomed)

    def _write(self, path: Path, data: bytes) -> None:
        part = path.with_name(path.name + _PART)
        try:
            descriptor = os.open(part, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
            with os.fdopen(descriptor, "wb") as file:
                file.write(data)
                file.flush()
                os.fsync(file.fileno())
            part.rename(path)
        except OSError:
            with suppress(OSError):
                part.unlink(missing_ok=True)
            raise
        self._settle()

    def _settle(self) -> None:
        """Have the disk know what the folder holds: a power cut must not bring anything back."""
        folder = os.open(self.folder, os.O_RDONLY | os.O_DIRECTORY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)

    def _failure(self, done: str, error: OSError) -> StorageError:
        cause = error.strerror or type(error).__name__
        return StorageError(f"The folder of clips {self.folder} cannot be {done}: {cause}.")
