"""The key of clips as the settings name it; apart from `clips`, which loads what hears."""

from osa_daemon.clips.sealing import Seal, read_seal
from osa_daemon.settings.model import Settings


def seal_of(settings: Settings) -> Seal | None:
    """Return what clips are sealed with; None where no sound is kept, or it is kept in the open.

    Raises:
        ConfigError: the key cannot be read, or is none.
    """
    return None if settings.clips.keep == "nothing" else read_seal(settings.clips.key_file)
