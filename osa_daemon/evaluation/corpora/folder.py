"""A folder of scored recordings: which formats it holds, and its nights."""

from collections.abc import Iterable, Sequence
from pathlib import Path

from osa_daemon.errors import InputError, UsageError
from osa_daemon.evaluation.corpora import respevt
from osa_daemon.evaluation.corpora.edf import AMBIENT
from osa_daemon.evaluation.corpora.edf_nights import nights_of, read_edf_night
from osa_daemon.evaluation.corpora.nights import read_night
from osa_daemon.evaluation.corpora.tables import read_table_night, table_beside
from osa_daemon.evaluation.reference import ReferenceNight

SOUND_SUFFIXES = frozenset({".flac", ".wav", ".ogg", ".opus", ".mp3", ".aiff", ".w64", ".rf64"})
EDF_SUFFIX = ".edf"
EVENTS = ".events.csv"  # behind a night's name, contract C3
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
        InputError: there is no such folder, or no night in it, or a night cannot be read; two
            recordings have one name, or NAME.events.csv has no recording.
        UsageError: a channel is asked for and no recording has channels.
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
    if channel != AMBIENT and all(path.suffix.lower() != EDF_SUFFIX for path in recordings):
        raise UsageError(f"--channel {channel} is of EDF files, and {folder} holds none.")
    scorings = {path.stem: path for path in files if path.suffix.lower() == RML_SUFFIX}
    edf = nights_of([path for path in recordings if path.suffix.lower() == EDF_SUFFIX])
    _require_pairs(recordings, edf, files)
    nights = [
        read_edf_night(name, paths, scorings.get(name.stem), channel) for name, paths in edf.items()
    ]
    nights += [_read_sound(path) for path in recordings if path.suffix.lower() in SOUND_SUFFIXES]
    return sorted(nights, key=lambda night: night.sound)


def _recordings(files: Sequence[Path]) -> list[Path]:
    suffixes = SOUND_SUFFIXES | {EDF_SUFFIX}
    return [path for path in files if path.suffix.lower() in suffixes]


def _require_pairs(recordings: Sequence[Path], edf: Iterable[Path], files: Sequence[Path]) -> None:
    """Raise `InputError` where it is not plain which recording a scoring belongs to.

    `edf`: the names of nights of EDF files, which may lie in several pieces.
    """
    sounds: dict[Path, Path] = {}
    for path in recordings:
        other = sounds.setdefault(path.with_suffix(""), path)
        if other != path:
            raise InputError(f"{other} and {path.name} have one name: keep the scored one.")
    sounds |= {name.with_suffix(""): name for name in edf}
    scored = {sound.parent for sound in sounds if Path(f"{sound}{EVENTS}").exists()}
    for path in files:
        if path.parent not in scored or not path.name.endswith(EVENTS):
            continue
        name = path.name[: -len(EVENTS)]
        if path.with_name(name) not in sounds:
            raise InputError(f"{path} has no recording beside it: add the sound, or take it away.")


def _read_sound(sound: Path) -> ReferenceNight:
    if Path(f"{sound.with_suffix('')}{EVENTS}").exists():
        return read_night(sound)
    table = table_beside(sound)
    if table is None:
        raise InputError(
            f"{sound} is not scored: expected {sound.stem}{EVENTS} (onset_s,duration_s,type) "
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
