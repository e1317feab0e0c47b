"""A folder of scored recordings: which format it has, and its nights."""

from pathlib import Path

from osa_daemon.errors import InputError
from osa_daemon.evaluation.corpora.nights import read_night
from osa_daemon.evaluation.reference import ReferenceNight

SOUND_SUFFIXES = (".flac", ".wav", ".ogg")


def read_folder(folder: Path) -> list[ReferenceNight]:
    """Read every night of a folder, in order of their names.

    Raises:
        InputError: there is no such folder, or no night in it, or a night is not as C3 has it.
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder} is no folder: give one that holds NAME.flac and NAME.events.csv."
        )
    sounds = [path for path in sorted(folder.iterdir()) if path.suffix in SOUND_SUFFIXES]
    nights = [read_night(path) for path in sounds]
    if not nights:
        raise InputError(
            f"{folder} holds no nights: expected NAME.flac, NAME.wav or NAME.ogg with "
            "NAME.events.csv beside it."
        )
    return nights
