"""The settings in force, which commands may change while the daemon runs; and who lies in bed."""

import logging
from collections.abc import Mapping, Sequence
from datetime import datetime

from osa_daemon.detector.model import Metadata
from osa_daemon.errors import ConfigError, ModelError
from osa_daemon.publish.payloads import Value
from osa_daemon.scoring.thresholds import ScoringSettings
from osa_daemon.service.rules import scoring_settings, shortfall
from osa_daemon.service.secret_files import exposed
from osa_daemon.settings.alerts import Alerts
from osa_daemon.settings.change import change, parse_value, reset
from osa_daemon.settings.hours import Hours
from osa_daemon.settings.load import Loaded
from osa_daemon.settings.model import Settings
from osa_daemon.settings.reload import reread
from osa_daemon.settings.words import shorten

BED_PRESENCE = "bed_presence"
SETTING_OF: Mapping[str, str] = {  # key of a command → the setting that it overrides
    "sensitivity": "detection.sensitivity",
    "alert_after_s": "alerts.after_s",
    "monitoring": "monitoring.enabled",
    "alerts": "alerts.enabled",
}
NIGHT = Hours.parse("21:00-09:00")  # where the settings do not tell when somebody sleeps
NOT_TAKEN_UP = (
    "The settings before stay in force; put the file right, because the daemon would not start "
    "with it, and reload again."
)
_IN_BED = {"on": True, "off": False, "none": None}

_log = logging.getLogger(__name__)


class LiveSettings:
    """Settings, the rules that follow from them, and bed presence; used by one thread.

    `in_bed` is None until somebody tells: then the bed does not matter. It is not kept over a
    restart, because what was so then says nothing of now.
    """

    def __init__(self, loaded: Loaded, metadata: Metadata) -> None:
        self._loaded = loaded
        self._metadata = metadata
        self.rules: ScoringSettings = scoring_settings(loaded.settings, metadata)
        self.in_bed: bool | None = None
        self._refusal: str | None = None  # why the file was not taken up
        self._waits: tuple[str, ...] = ()  # keys that the file changes and a restart takes up

    @property
    def settings(self) -> Settings:
        """The settings in force."""
        return self._loaded.settings

    @property
    def is_refused(self) -> bool:
        """Whether the settings file was not taken up when it was read last."""
        return self._refusal is not None

    @property
    def warnings(self) -> str | None:
        """What is wrong with the settings in force and the files that they name, in sentences.

        None where nothing is.
        """
        told = shortfall(self._loaded.settings, self._metadata)
        secrets = exposed(self._loaded)
        sentences = (self._refusal, told, needs_restart(self._waits))
        first = [sentence for sentence in sentences if sentence is not None]
        told_once = dict.fromkeys([*first, *self._loaded.warnings, *secrets])
        return " ".join(told_once) or None

    @property
    def alerts(self) -> Alerts:
        """The alert policy as it is set now."""
        return self._loaded.settings.alerts

    @property
    def values(self) -> dict[str, Value]:
        """What subscribers see of it, by the key of the command."""
        settings = self._loaded.settings
        return {
            "sensitivity": settings.detection.sensitivity,
            "alert_after_s": settings.alerts.after_s,
            "alerts": settings.alerts.enabled,
            "monitoring": settings.monitoring.enabled,
            BED_PRESENCE: self.in_bed,
        }

    def set(self, key: str, payload: bytes) -> None:
        """Carry out a command: checked with all other settings, written down, in force.

        Raises:
            ConfigError: the payload is no value of `key`; nothing has changed.
            ModelError: the model has no rules for it; nothing has changed.
            StorageError: the change cannot be written down; nothing has changed.
        """
        text = _text_of(key, payload)
        if key == BED_PRESENCE:
            self.in_bed = _presence(text)
            return
        setting = SETTING_OF[key]
        value = parse_value(setting, text)
        if value == self.values[key]:
            return  # an SD card wears with every write
        self._loaded = change(
            self._loaded, setting, value, lambda new: scoring_settings(new, self._metadata)
        )
        self.rules = scoring_settings(self._loaded.settings, self._metadata)

    def put(self, key: str, value: Value) -> None:
        """Override any setting that can change live; raises as `set` does."""
        if key in self._loaded.overrides and self._loaded.overrides[key].value == value:
            return  # an SD card wears with every write
        self._loaded = change(
            self._loaded, key, value, lambda new: scoring_settings(new, self._metadata)
        )
        self.rules = scoring_settings(self._loaded.settings, self._metadata)

    def reset(self, key: str) -> None:
        """Let the file's value, or the default, hold again; raises as `set` does."""
        self._loaded = reset(self._loaded, key)
        self.rules = scoring_settings(self._loaded.settings, self._metadata)

    def reload(self) -> bool:
        """Read the settings file again: all of it that can change live is in force, or nothing.

        Return whether it was taken up. What is wrong with it, and what needs a restart, stands in
        `warnings` from now on, and in the log.
        """
        try:
            read = reread(self._loaded)
            rules = scoring_settings(read.loaded.settings, self._metadata)
        except (ConfigError, ModelError) as error:
            self._refusal = f"{' '.join(str(error).split())} {NOT_TAKEN_UP}"
            _log.error("%s", self._refusal)
            return False
        self._loaded, self.rules, self._waits = read.loaded, rules, read.waits
        self._refusal = None
        _log.info("The settings were read again. %s", _changes(read.changed))
        told = shortfall(read.loaded.settings, self._metadata)
        for sentence in (needs_restart(read.waits), told, *read.loaded.warnings):
            if sentence is not None:
                _log.warning("%s", sentence)
        return True

    def rests(self, now: datetime) -> str | None:
        """Return why nobody listens at the local time `now`; None where the daemon is to listen."""
        monitoring = self._loaded.settings.monitoring
        hours = monitoring.span()
        if not monitoring.enabled:
            return "Monitoring is switched off"
        if hours is not None and now.time() not in hours:
            return f"Listening begins at {hours.start:%H:%M} (monitoring.hours)"
        return "Nobody is in bed" if self.in_bed is False else None

    def is_night(self, now: datetime) -> bool:
        """Return whether somebody is expected to sleep: by the hours, the bed, or the clock."""
        hours = self._loaded.settings.monitoring.span()
        if hours is not None:
            return now.time() in hours
        return now.time() in NIGHT if self.in_bed is None else self.in_bed


def needs_restart(keys: Sequence[str]) -> str | None:
    """Return the sentence on settings that were changed and are not in force; None without any."""
    if not keys:
        return None
    verb = "was" if len(keys) == 1 else "were"
    return (
        f"{', '.join(keys)} {verb} changed in the settings, but cannot change while the daemon "
        "runs: sudo systemctl restart osa-daemon takes that up."
    )


def _changes(keys: Sequence[str]) -> str:
    return f"In force now: {', '.join(keys)}." if keys else "Nothing that can change live differs."


def _text_of(key: str, payload: bytes) -> str:
    try:
        return payload.decode()
    except UnicodeDecodeError:
        raise ConfigError(f"The command {key} is not UTF-8 text: nothing is changed.") from None


def _presence(text: str) -> bool | None:
    if text.lower() not in _IN_BED:
        raise ConfigError(f"{BED_PRESENCE} is {shorten(text)}, but must be ON, OFF or None.")
    return _IN_BED[text.lower()]
