"""What was changed from Home Assistant: a small JSON file in the state directory."""

import json
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from osa_daemon.errors import StorageError
from osa_daemon.settings.catalogue import catalogue
from osa_daemon.settings.origin import Given, Layer, Origin
from osa_daemon.settings.words import shorten

VERSION = 1
MAX_BYTES = 64 * 1024


def read_overrides(path: Path) -> tuple[dict[str, Given] | None, list[str]]:
    """Return the overrides by dotted key, and a sentence on each that had to be left out.

    A missing file is no overrides; of one that cannot be read nothing is known: None. Nothing is
    raised: damage here must not stop the daemon.
    """
    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
        stored = json.loads(data)
    except FileNotFoundError:
        return {}, []
    except OSError as error:
        return None, [f"{path} cannot be read ({error.strerror}): overrides are ignored."]
    except (ValueError, RecursionError):
        return None, [
            f"{path} is damaged: overrides are ignored; `osa-daemon settings reset all` removes it."
        ]
    return _checked(stored, path)


def write_overrides(path: Path, values: Mapping[str, Any]) -> None:
    """Replace the file by `values`, whole or not at all; raise StorageError if it cannot be."""
    fresh = path.with_name(path.name + ".new")
    text = json.dumps({"v": VERSION, "settings": dict(values)}, indent=2) + "\n"
    try:
        with fresh.open("w", encoding="utf-8") as file:
            if os.geteuid() == 0:  # the daemon, whose folder it is, must be able to read it
                folder_is = path.parent.stat()
                os.fchown(file.fileno(), folder_is.st_uid, folder_is.st_gid)
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        fresh.replace(path)
        folder = os.open(path.parent, os.O_RDONLY)
        try:
            os.fsync(folder)
        finally:
            os.close(folder)
    except OSError as error:
        raise StorageError(f"{path} cannot be written: {error.strerror or error}.") from None


def remove_overrides(path: Path) -> None:
    """Remove the file, whatever is in it; raise StorageError if it cannot be removed."""
    try:
        path.unlink(missing_ok=True)
    except OSError as error:
        raise StorageError(f"{path} cannot be removed: {error.strerror or error}.") from None


def _checked(stored: object, path: Path) -> tuple[dict[str, Given] | None, list[str]]:
    values = stored.get("settings") if isinstance(stored, dict) else None
    if not isinstance(values, dict) or not isinstance(stored, dict) or stored.get("v") != VERSION:
        return None, [f"{path} is not a file of overrides of version {VERSION}: it is ignored."]
    live = {row.key for row in catalogue() if row.about.live}
    origin = Origin(Layer.OVERRIDE, str(path))
    given = {key: Given(value, origin) for key, value in values.items() if key in live}
    left_out = [
        f"{path}: {shorten(key)} cannot be overridden: it is ignored."
        for key in values
        if key not in live
    ]
    return given, left_out
