"""`osa-daemon check-config`: every value, its unit, where it comes from, and what to expect."""

import json
import sys
from argparse import Namespace
from dataclasses import asdict, dataclass
from pathlib import Path

from osa_daemon.errors import ConfigError, ModelError
from osa_daemon.publish.credentials import read_password, read_token, tls_context
from osa_daemon.service.broker import mqtt_settings
from osa_daemon.service.clip_key import seal_of
from osa_daemon.service.meaning import UNKNOWN, Meaning, meaning_of, metadata_of
from osa_daemon.service.ntfy import ntfy_settings, token_in_the_open
from osa_daemon.service.phone import without_page
from osa_daemon.service.rules import never_loud, precedence, with_shortfall
from osa_daemon.service.secret_files import exposed
from osa_daemon.settings.catalogue import Setting, catalogue
from osa_daemon.settings.load import Loaded, load
from osa_daemon.settings.origin import Layer, Origin
from osa_daemon.settings.scalar import Value
from osa_daemon.settings.words import NOT_SHOWN, show_setting
from osa_daemon.web.access import refusal


def check_config_command(arguments: Namespace) -> int:
    """Print all values with their origin; raise ConfigError where the settings are not valid.

    What `run` puts up with is a warning here too, and no error.
    """
    loaded = load(arguments.file or arguments.config)
    values = values_of(loaded)
    expected = _expected(loaded)
    if arguments.json:
        print(json.dumps(_as_json(loaded, values, expected), ensure_ascii=False))
        return 0
    valid = f"{loaded.config_path} is" if loaded.config_path else "No settings file; defaults are"
    print(f"{valid} valid.\n")
    _print_table(loaded, values)
    print("", expected.words, *expected.notes, sep="\n")
    for warning in expected.warnings:
        print(warning, file=sys.stderr)
    return 0


@dataclass(frozen=True, slots=True)
class _Expected:
    """What the settings of detection mean, in words too; which of them win; what is wrong."""

    meaning: Meaning | None
    words: str
    notes: tuple[str, ...]
    warnings: tuple[str, ...]


def _expected(loaded: Loaded) -> _Expected:
    """Ask the model; one that is missing does not spoil the settings."""
    given = loaded.base.keys() | loaded.overrides.keys()
    found = (precedence(loaded.settings, given), never_loud(loaded.settings))
    notes = tuple(note for note in found if note)
    secret = (
        *_secret_warnings(loaded),
        *_ntfy_warnings(loaded),
        *_page_warnings(loaded),
        *without_page(loaded.settings),
    )
    try:
        metadata = metadata_of()
        meaning = meaning_of(loaded.settings, metadata)
        loaded = with_shortfall(loaded, metadata)
    except ModelError as error:
        return _Expected(None, str(error), notes, (*loaded.warnings, *secret))
    words = meaning.sentence if meaning else UNKNOWN
    return _Expected(meaning, words, notes, (*loaded.warnings, *secret))


def _secret_warnings(loaded: Loaded) -> tuple[str, ...]:
    """Return who else may read the secrets, and why `run` would end here over one, if it would.

    A warning, not an error: the settings may be meant for another machine.
    """
    broker = mqtt_settings(loaded.settings.mqtt)
    told = exposed(loaded)
    try:
        read_password(broker)
        tls_context(broker)
        seal_of(loaded.settings)
    except ConfigError as error:
        if isinstance(error.__cause__, PermissionError):
            return told  # the daemon may read what this user may not
        return (*told, f"{error}. On this machine `run` would end at that.")
    return told


def _page_warnings(loaded: Loaded) -> tuple[str, ...]:
    """Return what keeps the page from being served."""
    why = refusal(loaded.settings) if loaded.settings.web.enabled else None
    return () if why is None else (why,)


def _ntfy_warnings(loaded: Loaded) -> tuple[str, ...]:
    """Return what keeps messages from being sent, or sends a token in the open."""
    ntfy = ntfy_settings(loaded.settings)
    if ntfy is None:
        return ()
    warnings = [token_in_the_open(ntfy)]
    try:
        read_token(ntfy.token_file)
    except ConfigError as error:
        if not isinstance(error.__cause__, PermissionError):  # as above
            warnings.append(f"{error}. On this machine no message is sent while that is so.")
    return tuple(warning for warning in warnings if warning)


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
        (row.key, _shown(row, values[row.key]), _where(origin))
        for row, origin in zip(catalogue(), loaded.provenance.values(), strict=True)
    ]
    widths = [max(len(row[column]) for row in rows) for column in range(2)]
    for key, value, where in rows:
        print(f"{key:<{widths[0]}}  {value:<{widths[1]}}  {where}")


def _shown(row: Setting, value: Value) -> str:
    """Return a value with its unit; null has none."""
    unit = "" if value is None else row.about.unit
    return f"{show_setting(row, value)} {unit}".strip()


def _where(origin: Origin) -> str:
    if origin.layer is Layer.FILE:
        return f"line {origin.line}"
    if origin.layer is Layer.OVERRIDE:
        return "override (reset with `osa-daemon settings reset`)"
    return origin.name or origin.layer.value


def _as_json(loaded: Loaded, values: dict[str, Value], expected: _Expected) -> dict[str, object]:
    rows = {}
    for row, origin in zip(catalogue(), loaded.provenance.values(), strict=True):
        value = values[row.key]
        rows[row.key] = {
            "value": NOT_SHOWN if row.about.secret and value is not None else value,
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
        "expected": asdict(expected.meaning) if expected.meaning else None,
        "notes": list(expected.notes),
        "warnings": list(expected.warnings),
    }
