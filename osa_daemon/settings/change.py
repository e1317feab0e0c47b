"""Changing a setting while the daemon runs: checked with all others, then written down."""

from collections.abc import Callable

from osa_daemon.errors import ConfigError
from osa_daemon.settings import scalar
from osa_daemon.settings.build import build
from osa_daemon.settings.catalogue import Setting, catalogue
from osa_daemon.settings.load import Loaded, combine
from osa_daemon.settings.model import Settings
from osa_daemon.settings.nearest import unknown_key
from osa_daemon.settings.origin import Given, Layer, Origin
from osa_daemon.settings.overrides import remove_overrides, write_overrides
from osa_daemon.settings.words import wrong_value

ALL = "all"


def parse_value(key: str, text: str) -> scalar.Value:
    """Return the value that `text` (a command's payload) means for `key`.

    Raises:
        ConfigError: there is no such key, or the text is not of its kind.
    """
    setting = _setting(key)
    try:
        return scalar.read(text, setting, quoted=False)
    except scalar.NotWanted as remark:
        raise ConfigError(f"{wrong_value(setting, text, str(remark))}.") from None


def change(
    loaded: Loaded,
    key: str,
    value: scalar.Value,
    check: Callable[[Settings], object] = lambda _: None,
) -> Loaded:
    """Return the settings with `key` overridden by `value`, written to the overrides file.

    `check` is given the new settings before they are written; what it raises stops the change.

    Raises:
        ConfigError: no such key, not one that can change live, or not allowed beside the others;
            nothing has changed then.
        StorageError: the file cannot be written; nothing has changed then.
    """
    if not _setting(key).about.live:
        raise ConfigError(f"{key} cannot change while the daemon runs: set it in the file.")
    given = Given(value, Origin(Layer.OVERRIDE, str(loaded.overrides_path)))
    stored = {**loaded.overrides, key: given}
    built = build({**loaded.base, **stored})
    if isinstance(built, list):
        raise ConfigError(f"{built[0].sentence}.")
    check(built)
    return _keep(loaded, stored)


def reset(loaded: Loaded, key: str) -> Loaded:
    """Return the settings without the override of `key`, or without any for "all".

    The value from the file (or the default) holds again. A key that is not overridden is fine.

    Raises:
        ConfigError: no such key, or the remaining overrides are not allowed without it.
        StorageError: the file cannot be written.
    """
    if key == ALL:
        remove_overrides(loaded.overrides_path)
        return combine(loaded, {}, [])
    _setting(key)
    stored = {other: given for other, given in loaded.overrides.items() if other != key}
    built = build({**loaded.base, **stored})
    if isinstance(built, list):
        raise ConfigError(f"Without the override of {key}, {built[0].sentence}.")
    return _keep(loaded, stored)


def _keep(loaded: Loaded, stored: dict[str, Given]) -> Loaded:
    write_overrides(loaded.overrides_path, {key: given.value for key, given in stored.items()})
    return combine(loaded, stored, [])


def _setting(key: str) -> Setting:
    for row in catalogue():
        if row.key == key:
            return row
    sentence = unknown_key(key)
    raise ConfigError(sentence if sentence.endswith("?") else f"{sentence}.")
