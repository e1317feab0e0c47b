"""Clips as the daemon keeps them: what the settings want, and what is told of it."""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from osa_daemon.clips.keeper import Keeper, Kept
from osa_daemon.clips.recorder import Recorder, Wanted
from osa_daemon.clips.shelf import Shelf
from osa_daemon.publish import topics
from osa_daemon.publish.payloads import clips_payload
from osa_daemon.service.bulletin import Publisher
from osa_daemon.service.clip_key import seal_of
from osa_daemon.settings.clips import MB
from osa_daemon.settings.model import Settings

FOLDER = "clips"  # in the state directory


def shelf_of(settings: Settings) -> Shelf:
    """Return the folder of clips that the settings name."""
    folder: Path = settings.journal.state_dir / FOLDER
    return Shelf(folder, settings.clips.max_mb * MB)


class Clips:
    """Keeps what the settings want, deletes what is too old, and tells both on the topic `clips`.

    Also where nothing is kept: what was kept before grows old, and is deleted on demand.

    Raises:
        ConfigError: the key is wrong. Sound is never kept in the open in its place.
    """

    def __init__(self, settings: Settings, publisher: Publisher) -> None:
        clips = settings.clips
        seal = seal_of(settings)
        self._publisher = publisher
        self._wanted = Wanted(clips.keep, clips.before_s, clips.after_s)
        self._is_sealed = seal is not None
        self._keeper = Keeper(shelf_of(settings), clips.keep_nights, seal, self._tell)
        self.start, self.stop = self._keeper.start, self._keeper.stop
        self.delete_all = self._keeper.delete_all

    def recorder(self, wall_time: Callable[[float], datetime]) -> Recorder:
        """Return what hears along with the chain; `wall_time` of a second of its stream."""
        return Recorder(self._wanted, wall_time, self._keeper.keep)

    def _tell(self, kept: Kept) -> None:
        oldest = None if kept.oldest is None else kept.oldest.astimezone()
        payload = clips_payload(
            is_keeping=self._wanted.keep != "nothing",
            is_encrypted=self._is_sealed,
            count=kept.count,
            size=kept.size,
            oldest=oldest,
            problem=kept.problem,
        )
        self._publisher.set_state(topics.CLIPS.suffix, payload)
