"""`osa-daemon check-config`: every value, its unit, where it comes from, and what to expect."""

import json
import sys
from argparse import Namespace
from dataclasses import asdict
from pathlib import Path

from osa_daemon.errors import ModelError
from osa_daemon.service.meaning import UNKNOWN, Meaning, meaning_of
from osa_daemon.settings.catalogue import Setting, catalogue
from osa_daemon.settings.load import Loaded, load
from osa_daemon.settings.origin import Layer, Origin
from osa_daemon.settings.scalar import Value
from osa_daemon.settings.words import show


def check_config_command(arguments: Namespace) -> int:
    """Print all values with their origin; raise ConfigError where the settings are not valid."""
    loaded = load(arguments.file or arguments.config)
    values = values_of(loaded)
    meaning, words = _expected(loaded)
    if arguments.json:
        print(json.dumps(_as_json(loaded, values, meaning), ensure_ascii=False))
        return 0
    print(f"{loaded.config_path or 'No settings file: defaults'} is valid.\n")
    _print_table(loaded, values)
    print(f"\n{words}")
    for warning in loaded.warnings:
        print(warning, file=sys.stderr)
    return 0


def _expected(loaded: Loaded) -> tuple[Meaning | None, str]:
    """Return what the settings of detection mean; a model that is missing does not spoil them."""
    try:
        meaning = meaning_of(loaded.settings)
    except ModelError as error:
        return None, str(error)
    return meaning, meaning.sentence if meaning else UNKNOWN


def values_of(loaded: Loaded) -> dict[str, Value]:
    """Return the value of every key, as in YAML (paths as text)."""
    return {row.key: _value(loaded, row) for row in catalogue()}


def _value(loaded: Loaded, row: Setting) -> Value:
    place: object = loaded.settings
    for name in row.key.split("."):
        place = getattr(place, name)
    if isinstance(place, Path):
        return str(place)
    assert place is None or isinstance(place, bool | int | float | str)
    return place


def _print_table(loaded: Loaded, values: dict[str, Value]) -> None:
    rows = [
        (row.key, f"{show(values[row.key])} {row.about.unit}".strip(), _where(origin))
        for row, origin in zip(catalogue(), loaded.provenance.values(), strict=True)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for key, value, where in rows:
        print(f"{key:<{widths[0]}}  {value:<{widths[1]}}  {where}")


def _where(origin: Origin) -> str:
    if origin.layer is Layer.FILE:
        return f"line {origin.line}"
    if origin.layer is Layer.OVERRIDE:
        return "override (reset with `osa-daemon settings reset`)"
    return origin.name or origin.layer.value


def _as_json(
    loaded: Loaded, values: dict[str, Value], meaning: Meaning | None
) -> dict[str, object]:
    rows = {}
    for row, origin in zip(catalogue(), loaded.provenance.values(), strict=True):
        rows[row.key] = {
            "value": values[row.key],
            "unit": row.about.unit or None,
            "default": row.default,
            "live": row.about.live,
            "origin": origin.layer.value,
            "name": origin.name or None,
            "line": origin.line or None,
        }
    path = str(loaded.config_path) if loaded.config_path else None
    return {
        "v": 1,
        "file": path,
        "settings": rows,
        "expected": asdict(meaning) if meaning else None,
        "warnings": list(loaded.warnings),
    }
