"""`osa-daemon settings`: what was changed from Home Assistant, and how to undo it."""

import json
import sys
from argparse import Namespace

from osa_daemon.errors import UsageError
from osa_daemon.settings.change import ALL, reset
from osa_daemon.settings.load import Loaded, load
from osa_daemon.settings.words import show


def settings_command(arguments: Namespace) -> int:
    """List the overrides, or reset one of them (or all)."""
    loaded = load(arguments.config)
    if arguments.action == "reset":
        if arguments.key is None:
            raise UsageError(
                "osa-daemon settings reset: name a key such as alerts.after_s, or all."
            )
        return _reset(loaded, arguments.key, as_json=arguments.json)
    if arguments.json:
        print(json.dumps(_as_json(loaded)))
    elif loaded.overrides:
        for key, given in loaded.overrides.items():
            print(f"{key}: {show(given.value)}")
    else:
        print(f"Nothing is overridden ({loaded.overrides_path}).")
    for warning in loaded.warnings:
        print(warning, file=sys.stderr)
    return 0


def _reset(loaded: Loaded, key: str, *, as_json: bool) -> int:
    there = bool(loaded.overrides or loaded.warnings) if key == ALL else key in loaded.overrides
    after = reset(loaded, key)
    if as_json:
        print(json.dumps(_as_json(after)))
    elif there:
        print(f"{key} is reset; a running daemon takes it up with a reload or restart.")
    else:
        print(f"{key} was not overridden." if key != ALL else "Nothing was overridden.")
    return 0


def _as_json(loaded: Loaded) -> dict[str, object]:
    values = {key: given.value for key, given in loaded.overrides.items()}
    return {"v": 1, "file": str(loaded.overrides_path), "overrides": values}
