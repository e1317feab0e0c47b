"""`osa-daemon clips`: which sound is kept; deletes and exports it."""

import json
import os
from argparse import Namespace
from collections.abc import Sequence
from datetime import date
from pathlib import Path

from osa_daemon.clips.clip import Clip
from osa_daemon.clips.sealing import read_seal
from osa_daemon.errors import ConfigError, InputError, StorageError, UsageError
from osa_daemon.service.caller import give_to_caller
from osa_daemon.service.clips import shelf_of
from osa_daemon.service.clock import iso
from osa_daemon.settings.load import load
from osa_daemon.settings.model import Settings

KEPT = {
    "nothing": "No sound is kept (clips.keep: nothing).",
    "alerts": "Sound is kept of each pause that raises an alert (clips.keep: alerts).",
    "events": "Sound is kept of each decided event (clips.keep: events).",
}


def clips_command(arguments: Namespace) -> int:
    """List clips, delete all or some of them, or write one as a FLAC file."""
    settings = load(arguments.config).settings
    clips = shelf_of(settings).clips()
    if arguments.action is None:
        chosen = _of_night(clips, arguments.night)
        _list(settings, chosen, as_json=arguments.json)
    elif arguments.action == "delete":
        chosen = _chosen(clips, arguments.names, arguments.night)
        count = shelf_of(settings).delete(chosen)
        if len(chosen) == len(clips):
            shelf_of(settings).delete_parts()  # of a daemon that was killed while it wrote
        _say(arguments, f"{count} of {len(clips)} clips deleted.", {"deleted": count})
    else:
        _export(settings, clips, arguments)
    return 0


def _list(settings: Settings, clips: Sequence[Clip], *, as_json: bool) -> None:
    if as_json:
        rows = [_fields(clip) for clip in clips]
        print(json.dumps({"v": 1, "keep": settings.clips.keep, "clips": rows}))
        return
    print(KEPT[settings.clips.keep])
    for clip in clips:
        seal = "  encrypted" if clip.is_sealed else ""
        print(f"{clip.id}  night {clip.night}  {clip.size / 1000:6.0f} kB{seal}")
    if not clips:
        print(f"There are no clips in {shelf_of(settings).folder}.")


def _fields(clip: Clip) -> dict[str, object]:
    return {
        "id": clip.id,
        "kind": clip.kind,
        "start": iso(clip.start.astimezone()),
        "night": clip.night.isoformat(),
        "bytes": clip.size,
        "encrypted": clip.is_sealed,
        "file": str(clip.path),
    }


def _of_night(clips: Sequence[Clip], night: str | None) -> list[Clip]:
    return [clip for clip in clips if night is None or clip.night == date.fromisoformat(night)]


def _chosen(clips: Sequence[Clip], names: Sequence[str], night: str | None) -> list[Clip]:
    """Return those that are named, or all, of one night where that is asked for."""
    for name in names:
        _find(clips, name)
    return [clip for clip in _of_night(clips, night) if not names or clip.id in names]


def _find(clips: Sequence[Clip], name: str) -> Clip:
    for clip in clips:
        if clip.id == name:
            return clip
    raise InputError(f"There is no clip {name[:80]!r}: `osa-daemon clips` lists those there are.")


def _export(settings: Settings, clips: Sequence[Clip], arguments: Namespace) -> None:
    if len(arguments.names) != 2:
        raise UsageError(
            "osa-daemon clips export: name a clip and the file to write, such as "
            "`osa-daemon clips export 2026-11-30T012345_apnea_6d1c1d0e out.flac`."
        )
    clip, out = _find(clips, arguments.names[0]), Path(arguments.names[1])
    try:
        data = clip.path.read_bytes()
    except OSError as error:
        raise InputError(f"{clip.path} cannot be read: {error.strerror or error}.") from None
    if clip.is_sealed:
        seal = read_seal(settings.clips.key_file)
        if seal is None:
            raise ConfigError(
                f"{clip.id} is encrypted: clips.key_file must name the file with its key."
            )
        data = seal.open(data, clip.path.name)
    _write(out, data)
    _say(arguments, f"{out} is written: it is not encrypted.", {"file": str(out)})


def _write(path: Path, data: bytes) -> None:
    """Write a file that only its owner may read; raise StorageError where that cannot be."""
    try:
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(data)
        give_to_caller(path)
    except FileExistsError:
        raise StorageError(f"{path} is there already: name another file.") from None
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}.") from None


def _say(arguments: Namespace, sentence: str, fields: dict[str, object]) -> None:
    print(json.dumps({"v": 1, **fields}) if arguments.json else sentence)
