"""Reading the settings again while the daemon runs: what can change live does, or nothing does."""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import reduce

from osa_daemon.errors import ConfigError
from osa_daemon.settings.build import build
from osa_daemon.settings.catalogue import catalogue
from osa_daemon.settings.load import Loaded, combine, load
from osa_daemon.settings.model import Settings


@dataclass(frozen=True, slots=True)
class Reread:
    """What is to be in force now, which keys `changed` by it, and which have to wait.

    `waits` are keys whose new value only a restart takes up; `loaded` holds their old one.
    """

    loaded: Loaded
    changed: tuple[str, ...]
    waits: tuple[str, ...]


def reread(loaded: Loaded, environ: Mapping[str, str] | None = None) -> Reread:
    """Read file and overrides again, those that `loaded` came from.

    Overrides pass over the file as ever. Where their file cannot be read any more, those in force
    stay, with the warning that tells of it.

    Raises:
        ConfigError: the file is missing, unreadable or not valid, one sentence a line: nothing
            is to change then.
    """
    fresh = load(loaded.config_path, loaded.overrides_path, environ)
    live = {row.key for row in catalogue() if row.about.live}
    base = {key: given for key, given in fresh.base.items() if key in live}
    base |= {key: given for key, given in loaded.base.items() if key not in live}
    settings = build(base)
    if not isinstance(settings, Settings):
        raise ConfigError(f"{settings[0]} A restart takes up both.")
    overrides = fresh.overrides if fresh.knows_overrides else loaded.overrides
    taken = combine(
        Loaded(settings, base, {}, fresh.config_path, loaded.overrides_path),
        overrides,
        fresh.warnings,
    )
    return Reread(
        taken,
        changed=_differing(loaded.settings, taken.settings),
        waits=_differing(taken.settings, fresh.settings, but=live),
    )


def _differing(
    before: Settings, after: Settings, but: set[str] | frozenset[str] = frozenset()
) -> tuple[str, ...]:
    return tuple(
        row.key
        for row in catalogue()
        if row.key not in but and _value(before, row.key) != _value(after, row.key)
    )


def _value(settings: Settings, key: str) -> object:
    return reduce(getattr, key.split("."), settings)
