"""A folder of scored recordings: which formats it holds, and its nights."""

from collections.abc import Sequence
from pathlib import Path

from osa_daemon.errors import InputError
from osa_daemon.evaluation.corpora import respevt
from osa_daemon.evaluation.corpora.edf import AMBIENT
from osa_daemon.evaluation.corpora.edf_nights import nights_of, read_edf_night
from osa_daemon.evaluation.corpora.nights import read_night
from osa_daemon.evaluation.corpora.tables import read_table_night, table_beside
from osa_daemon.evaluation.reference import ReferenceNight

SOUND_SUFFIXES = frozenset({".flac", ".wav", ".ogg", ".opus", ".mp3", ".aiff", ".w64", ".rf64"})
EDF_SUFFIX = ".edf"
RML_SUFFIX = ".rml"


def read_folder(folder: Path, channel: str = AMBIENT) -> list[ReferenceNight]:
    """Read every night of a folder, in order of their names.

    Recordings are sought in the folder itself and, where it holds none, in the folders below.
    Formats: sound files with NAME.events.csv (contract C3) or another table of events, APSAA's
    folders, EDF files with Philips RML (PSG-Audio), a table or EDF+ annotations.

    Args:
        folder: the recordings and their scoring.
        channel: the channel of EDF files that is listened to.

    Raises:
        InputError: there is no such folder, or no night in it, or a night cannot be read.
        ResourceError: EDF files are there, and edfio is not installed.
    """
    if not folder.is_dir():
        raise InputError(
            f"{folder} is no folder: give one that holds NAME.flac and NAME.events.csv."
        )
    files = sorted(path for path in folder.rglob("[!.]*") if path.is_file())
    recordings = _recordings([path for path in files if path.parent == folder])
    recordings = recordings or _recordings(files)
    if not recordings:
        raise InputError(_nothing(folder, files))
    scorings = {path.stem: path for path in files if path.suffix.lower() == RML_SUFFIX}
    edf = nights_of([path for path in recordings if path.suffix.lower() == EDF_SUFFIX])
    nights = [
        read_edf_night(name, paths, scorings.get(name.stem), channel) for name, paths in edf.items()
    ]
    nights += [_read_sound(path) for path in recordings if path.suffix.lower() in SOUND_SUFFIXES]
    return sorted(nights, key=lambda night: night.sound)


def _recordings(files: Sequence[Path]) -> list[Path]:
    suffixes = SOUND_SUFFIXES | {EDF_SUFFIX}
    return [path for path in files if path.suffix.lower() in suffixes]


def _read_sound(sound: Path) -> ReferenceNight:
    if Path(f"{sound.with_suffix('')}.events.csv").exists():
        return read_night(sound)
    table = table_beside(sound)
    if table is None:
        raise InputError(
            f"{sound} is not scored: expected {sound.stem}.events.csv (onset_s,duration_s,type) "
            f"or {sound.stem}.csv with onset, duration and type beside it."
        )
    return read_table_night(sound, table)


def _nothing(folder: Path, files: Sequence[Path]) -> str:
    if any(path.name.endswith(respevt.SUFFIX) for path in files):
        return (
            f"{folder} holds UCDDB, which has no sound: its sound channel is an envelope of 8 Hz; "
            "its events serve as timelines of simulated nights only."
        )
    return (
        f"{folder} holds no nights: expected NAME.flac, NAME.wav or NAME.ogg with NAME.events.csv "
        "or NAME.csv beside it, or NAME.edf with NAME.rml, NAME.csv or EDF+ annotations."
    )
