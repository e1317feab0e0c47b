"""The view *settings*: every setting, its value, and where that comes from."""

from functools import reduce
from pathlib import Path
from typing import Any

from osa_daemon.errors import InputError
from osa_daemon.settings.catalogue import Setting, catalogue
from osa_daemon.settings.load import Loaded, load
from osa_daemon.settings.origin import Layer, Origin


def settings_fields(config: Path | None) -> dict[str, Any]:
    """Return all settings as they are in the files now; a secret's value is never among them.

    Raises:
        ConfigError: the files are not valid.
    """
    loaded = load(config)
    origins = loaded.provenance
    rows = [_row(row, loaded, origins[row.key]) for row in catalogue()]
    return {"settings": rows, "warnings": list(loaded.warnings)}


def known_key(key: str) -> str:
    """Return the key of a setting that there is.

    Raises:
        InputError: there is none of that name.
    """
    if not any(row.key == key for row in catalogue()):
        raise InputError("There is no such setting.")
    return key


def _row(row: Setting, loaded: Loaded, origin: Origin) -> dict[str, Any]:
    value = reduce(getattr, row.key.split("."), loaded.settings)
    shown = str(value) if isinstance(value, Path) else value
    is_secret = row.about.secret and value is not None
    return {
        "key": row.key,
        "section": row.key.rpartition(".")[0],
        "text": row.about.text,
        "unit": row.about.unit,
        "kind": row.kind,
        "choices": list(row.choices),
        "least": row.minimum,
        "most": row.maximum,
        "optional": row.optional,
        "allowed": row.allowed,
        "default": row.default,
        "value": None if is_secret else shown,
        "is_set": value is not None,
        "origin": origin.layer.value,
        "origin_path": None if origin.layer is Layer.DEFAULT else str(origin),
        "live": row.about.live,
        "secret": row.about.secret,
    }
