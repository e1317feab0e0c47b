"""Opening a sound file: what is wrong with it, in one sentence, and whether it is whole."""

import os
import stat
from pathlib import Path
from typing import Literal

import soundfile

from osa_daemon.audio.resample import MAX_RATE_HZ, MIN_RATE_HZ
from osa_daemon.errors import InputError

FORMATS = "WAV, FLAC, OGG or MP3"
OGG_TAIL_BYTES = 65_536  # an Ogg page is at most 65,307 bytes (RFC 3533)
OGG_LAST_PAGE = 4  # header type flag of a stream's last page (RFC 3533)
RIFF_HEADER_BYTES = 1 << 20  # the data chunk starts within, unless a file is all metadata
RIFF_UNKNOWN_SIZE = 0xFFFF_FFFF  # written by recorders that cannot seek, and by RF64


def open_sound_file(path: Path) -> soundfile.SoundFile:
    """Open `path` for reading from beginning to end.

    Raises:
        InputError: missing, a folder, no plain file, unreadable, empty, no sound that
            libsndfile knows, a rate that holds no breathing sound, or no samples.
    """
    _check_plain_file(path)
    try:
        sound = soundfile.SoundFile(path)
    except (soundfile.SoundFileError, OSError, TypeError) as error:
        raise InputError(
            f"{path} is not a sound file that can be read, or its beginning is damaged; "
            f"give a {FORMATS} file."
        ) from error
    if not MIN_RATE_HZ <= sound.samplerate <= MAX_RATE_HZ:
        rate_hz = sound.samplerate
        sound.close()
        raise InputError(
            f"{path} has a sampling rate of {rate_hz} Hz; {MIN_RATE_HZ} to {MAX_RATE_HZ} Hz "
            "can be used: record with 16,000 Hz or more."
        )
    if sound.frames == 0:
        sound.close()
        raise InputError(f"{path} holds no sound: its length is 0 samples; record it again.")
    # the binding seeks after each read of what can be sought, which in MP3 throws away the
    # decoder's state: up to half of the sound became silence
    sound.seekable = lambda: False
    return sound


def _check_plain_file(path: Path) -> None:
    try:
        about = path.stat()
        if stat.S_ISDIR(about.st_mode):
            raise InputError(f"{path} is a folder; give one sound file ({FORMATS}).")
        if not stat.S_ISREG(about.st_mode):
            raise InputError(f"{path} is not a plain file; give a sound file ({FORMATS}).")
        with path.open("rb"):
            pass
    except FileNotFoundError as error:
        raise InputError(f"{path} does not exist; check the path of the sound file.") from error
    except PermissionError as error:
        raise InputError(
            f"{path} may not be read by this user; change its permissions or run as its owner."
        ) from error
    except (OSError, ValueError) as error:
        reason = getattr(error, "strerror", None) or "not a valid path"
        raise InputError(f"{path} cannot be opened ({reason}); check the path.") from error
    if about.st_size == 0:
        raise InputError(f"{path} is empty (0 bytes); give a sound file ({FORMATS}).")


def missing_part(path: Path, container: str) -> str | None:
    """Say what of the file at `path` is missing at its end by its own account, if anything is.

    `container` is libsndfile's name of the format. Known for WAV (sizes in the header) and
    Ogg (the mark of the last page); other formats show it when they are read.
    """
    if container in {"WAV", "WAVEX"}:
        return _missing_of_riff(path)
    if container == "OGG":
        return _missing_of_ogg(path)
    return None


def _missing_of_riff(path: Path) -> str | None:
    with path.open("rb") as file:
        head = file.read(RIFF_HEADER_BYTES)
        size = os.fstat(file.fileno()).st_size
    order: Literal["big", "little"] = "big" if head[:4] == b"RIFX" else "little"
    at = 12
    while at + 8 <= len(head):
        chunk_bytes = int.from_bytes(head[at + 4 : at + 8], order)
        if head[at : at + 4] == b"data":
            present = size - at - 8
            if chunk_bytes in {0, RIFF_UNKNOWN_SIZE} or chunk_bytes <= present:
                return None
            return f"{100 * (1 - present / chunk_bytes):.0f} % of the sound its header promises"
        at += 8 + chunk_bytes + chunk_bytes % 2
    return None


def _missing_of_ogg(path: Path) -> str | None:
    with path.open("rb") as file:
        file.seek(0, os.SEEK_END)
        file.seek(max(0, file.tell() - OGG_TAIL_BYTES))
        tail = file.read()
    page = tail.rfind(b"OggS")
    is_last = 0 <= page < len(tail) - 5 and bool(tail[page + 5] & OGG_LAST_PAGE)
    return None if is_last else "its end"
