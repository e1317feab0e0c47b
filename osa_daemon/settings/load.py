"""Defaults, file, environment and overrides put together, each value with its origin."""

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from osa_daemon.errors import ConfigError
from osa_daemon.settings.build import build
from osa_daemon.settings.catalogue import catalogue
from osa_daemon.settings.model import Settings
from osa_daemon.settings.origin import DEFAULT, Given, Layer, Origin, Problem
from osa_daemon.settings.overrides import read_overrides
from osa_daemon.settings.yaml_file import YamlFile, read_yaml

DEFAULT_CONFIG = Path("/etc/osa-daemon/config.yaml")
OVERRIDES_NAME = "overrides.json"
VARIABLES = {
    "OSA_MQTT_PASSWORD_FILE": "mqtt.password_file",
    "OSA_MQTT_KEY_FILE": "mqtt.tls.key_file",
    "OSA_NTFY_TOKEN_FILE": "ntfy.token_file",
    "OSA_CLIPS_KEY_FILE": "clips.key_file",
}
_MOST_PROBLEMS = 20


@dataclass(frozen=True, slots=True)
class Loaded:
    """Settings and where they come from.

    `base` is what file and environment give, `overrides` what passes over it; both by dotted
    key. `config_path` is None where there was no file. `warnings` are sentences on overrides
    that were left out because they are not valid (any more). `knows_overrides` is false where
    their file could not be read.
    """

    settings: Settings
    base: Mapping[str, Given]
    overrides: Mapping[str, Given]
    config_path: Path | None
    overrides_path: Path
    warnings: tuple[str, ...] = ()
    knows_overrides: bool = True

    @property
    def provenance(self) -> dict[str, Origin]:
        """The origin of every key, in the order of the model."""
        given = {**self.base, **self.overrides}
        return {
            row.key: given[row.key].origin if row.key in given else DEFAULT for row in catalogue()
        }


def load(
    config_path: Path | None = None,
    overrides_path: Path | None = None,
    environ: Mapping[str, str] | None = None,
) -> Loaded:
    """Read all layers; raise ConfigError, one sentence a line, if file or environment is wrong.

    `config_path` None means `DEFAULT_CONFIG`, which may be missing; `overrides_path` None means
    `overrides.json` in the state directory. Overrides that are not valid are left out with a
    warning: a value set from Home Assistant long ago must not keep the daemon from starting.
    """
    file = YamlFile()
    config_path = config_path or _default_config()
    if config_path is not None:
        file = read_yaml(config_path)
    base = {**file.given, **_environment(os.environ if environ is None else environ)}
    settings = build(base)
    if isinstance(settings, list) or file.problems:
        raise ConfigError(_sentences(file.problems, settings))
    path = overrides_path or settings.journal.state_dir / OVERRIDES_NAME
    stored, warnings = read_overrides(path)
    without = Loaded(settings, base, {}, config_path, path, knows_overrides=stored is not None)
    return combine(without, stored or {}, warnings)


def _default_config() -> Path | None:
    try:
        DEFAULT_CONFIG.stat()
    except (FileNotFoundError, NotADirectoryError):
        return None
    except OSError:
        pass  # reading it will tell why not
    return DEFAULT_CONFIG


def combine(loaded: Loaded, stored: Mapping[str, Given], warnings: Sequence[str]) -> Loaded:
    """Return `loaded` with the valid ones of `stored` as its overrides, and warnings on others."""
    kept = dict(stored)
    settings = build({**loaded.base, **kept})
    left_out = list(warnings)
    if isinstance(settings, list):
        kept, refused = _one_by_one(loaded.base, stored)
        left_out += [f"{problem} The override is ignored." for problem in refused]
        settings = build({**loaded.base, **kept})
    assert isinstance(settings, Settings)  # the base alone is valid
    return replace(loaded, settings=settings, overrides=kept, warnings=tuple(left_out))


def _one_by_one(
    base: Mapping[str, Given], stored: Mapping[str, Given]
) -> tuple[dict[str, Given], list[Problem]]:
    kept: dict[str, Given] = {}
    refused = []
    for key, item in stored.items():
        built = build({**base, **kept, key: item})
        if isinstance(built, Settings):
            kept[key] = item
        else:
            refused.append(built[0])
    return kept, refused


def _environment(environ: Mapping[str, str]) -> dict[str, Given]:
    return {
        key: Given(environ[name], Origin(Layer.ENVIRONMENT, name))
        for name, key in VARIABLES.items()
        if environ.get(name)
    }


def _sentences(problems: list[Problem], built: Settings | list[Problem]) -> str:
    found = list(problems)
    if isinstance(built, list):
        found += [problem for problem in built if not (problems and problem.conflict)]
    found.sort(key=lambda problem: problem.origin.line)
    lines = [str(problem) for problem in found[:_MOST_PROBLEMS]]
    if len(found) > _MOST_PROBLEMS:
        lines.append(f"There are {len(found) - _MOST_PROBLEMS} more.")
    return "\n".join(lines)
