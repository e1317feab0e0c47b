"""The daemon's own settings, changed in memory with the daemon's own sentences."""

from typing import Any

from osa_daemon.settings.build import build
from osa_daemon.settings.catalogue import Setting, catalogue, find_setting
from osa_daemon.settings.origin import Given, Layer, Origin

FILE = "/etc/osa-daemon/config.yaml"
IN_FILE: dict[str, Any] = {"mqtt.host": "homeassistant.local", "alerts.after_s": 35}


class FakeSettings:
    """The settings as the page is told of them."""

    def __init__(self) -> None:
        self._overrides: dict[str, Any] = {"detection.sensitivity": "high"}

    def rows(self) -> list[dict[str, Any]]:
        """Return all of them."""
        return [self._row(setting) for setting in catalogue()]

    def change(self, wanted: dict[str, Any]) -> str | None:
        """Change or reset one; return the sentence where that is not allowed."""
        key = wanted["key"]
        fresh = {other: value for other, value in self._overrides.items() if other != key}
        if not wanted.get("reset"):
            if not find_setting(key).about.live:
                return f"{key} cannot change while the daemon runs: set it in the file."
            fresh[key] = wanted["value"]
        origin = Origin(Layer.OVERRIDE, "overrides.json")
        built = build({name: Given(value, origin) for name, value in (IN_FILE | fresh).items()})
        if isinstance(built, list):
            return f"{built[0].sentence}."
        self._overrides = fresh
        return None

    def _row(self, setting: Setting) -> dict[str, Any]:
        key = setting.key
        known = {**IN_FILE, **self._overrides}
        origin = "override" if key in self._overrides else "file" if key in IN_FILE else "default"
        return {
            "key": key,
            "section": key.rpartition(".")[0],
            "text": setting.about.text,
            "unit": setting.about.unit or None,
            "kind": setting.kind,
            "choices": list(setting.choices) or None,
            "least": setting.minimum,
            "most": setting.maximum,
            "allowed": setting.allowed,
            "default": setting.default,
            "value": known.get(key, setting.default),
            "origin": origin,
            "origin_path": FILE if origin == "file" else None,
            "live": setting.about.live,
            "secret": False,
        }
