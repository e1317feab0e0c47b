"""The thread that keeps clips, so that a slow or hanging disk keeps nobody waiting."""

import logging
import queue
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal, get_args

from osa_daemon.clips.clip import SEALED, Clip, Recording, night_at
from osa_daemon.clips.flac import flac_of
from osa_daemon.clips.sealing import Seal
from osa_daemon.clips.shelf import Shelf
from osa_daemon.errors import StorageError

Use = Literal["kept", "deleted", "forgotten", "read"]

MOST_WAITING: Final = 3  # clips of at most 9 MB that wait for the disk
LOOK_S: Final = 60.0  # between looks at the folder, which a command may have emptied

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Kept:
    """What lies in the folder: how many clips, their bytes, the oldest one's local time.

    `problem`: why the last clip was not kept, or the folder not emptied, in a sentence.
    """

    count: int = 0
    size: int = 0
    oldest: datetime | None = None
    problem: str | None = None


class Keeper:
    """Writes what it is given, deletes what is too old, and tells what there is.

    `keep` and `delete_all` may be called from any thread and do not block. Nothing of the disk
    raises. Its thread is a daemon and no stage of the watchdog: a clip that cannot be written must
    not end what listens. `tell` is called from that thread.
    """

    def __init__(
        self,
        shelf: Shelf,
        keep_nights: int,
        seal: Seal | None,
        tell: Callable[[Kept], None],
        *,
        now: Callable[[], datetime] = datetime.now,
    ) -> None:
        self._shelf = shelf
        self._keep_nights = keep_nights
        self._seal = seal
        self._tell = tell
        self._now = now
        self._waiting: queue.Queue[Recording | None] = queue.Queue(MOST_WAITING)
        self._is_to_delete = threading.Event()
        self._is_over = threading.Event()
        self._problems: dict[Use, str | None] = dict.fromkeys(get_args(Use))
        self._thread = threading.Thread(target=self._run, name="osa-clips", daemon=True)

    def start(self) -> None:
        """Begin to keep."""
        self._thread.start()

    def keep(self, recording: Recording) -> None:
        """Keep a recording as soon as the disk lets; dropped where others wait already."""
        try:
            self._waiting.put_nowait(recording)
        except queue.Full:
            _log.warning("The disk is too slow for clips: %s is not kept.", recording.name)

    def delete_all(self) -> None:
        """Delete every clip, those that wait to be written too."""
        self._is_to_delete.set()
        self._wake()

    def stop(self, timeout_s: float) -> None:
        """Write what waits, and end; at most `timeout_s`."""
        self._is_over.set()
        self._wake()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def _wake(self) -> None:
        """Have the thread look at its flags; where something waits, it is awake already."""
        if self._waiting.empty():
            try:
                self._waiting.put_nowait(None)
            except queue.Full:
                return

    def _run(self) -> None:
        self._try("deleted", self._shelf.delete_parts)
        is_over = False
        while not is_over:
            self._try("forgotten", self._forget_old)
            self._look()
            is_over = self._is_over.is_set() and self._waiting.empty()
            if not is_over:
                self._take()

    def _take(self) -> None:
        """Wait for something to do, and do it."""
        try:
            recording = self._waiting.get(timeout=LOOK_S)
        except queue.Empty:
            return
        if self._is_to_delete.is_set():
            self._delete_all()
        elif recording is not None:
            self._try("kept", lambda: self._write(recording))

    def _write(self, recording: Recording) -> None:
        name, data = recording.name, flac_of(recording.samples)
        if self._seal is not None:
            name += SEALED
            data = self._seal.close(data, name)
        self._shelf.put(name, data)
        _log.info("The clip %s is kept (%d kB).", name, len(data) // 1000)

    def _delete_all(self) -> None:
        self._is_to_delete.clear()
        while not self._waiting.empty():
            self._waiting.get_nowait()
        if self._try("deleted", lambda: self._shelf.delete(self._shelf.clips())):
            self._problems["kept"] = None  # there is room again
            _log.info("All clips are deleted.")

    def _forget_old(self) -> None:
        self._shelf.forget_before(night_at(self._now()), self._keep_nights)

    def _try(self, use: Use, action: Callable[[], object]) -> bool:
        """Do something; whether it succeeded. What fails is told once."""
        try:
            action()
        except StorageError as error:
            sentence = str(error)
        except Exception as error:  # noqa: BLE001  # edge of a thread
            _log.exception("A clip could not be kept or deleted; this is a bug.")
            sentence = f"Clips fail ({type(error).__name__}): this is a bug."
        else:
            self._problems[use] = None
            return True
        if sentence not in self._problems.values():
            _log.warning("%s", sentence)
        self._problems[use] = sentence
        return False

    def _look(self) -> None:
        """Tell what there is."""
        found: list[Clip] = []
        self._try("read", lambda: found.extend(self._shelf.clips()))
        oldest = found[0].start if found else None
        size = sum(clip.size for clip in found)
        problem = next((text for text in self._problems.values() if text is not None), None)
        self._tell(Kept(len(found), size, oldest, problem))
