"""The sentences about single values."""

import re

from osa_daemon.settings.catalogue import Setting

_LONGEST = 60
_LOGIN = re.compile(r"://.*@", re.DOTALL)  # user and password in an address


def wrong_value(setting: Setting, shown: str, remark: str = "") -> str:
    """Say what stands there, what is allowed and, if there is one, a remark that helps."""
    end = f": {remark}" if remark else ""
    shown = shorten(_LOGIN.sub("://…@", shown))
    if setting.key == "mqtt.password_file":
        shown = "… (not shown: it may be the password itself)"
    return f"{setting.key} is {shown}, but must be {setting.allowed}{end}"


def shorten(text: str) -> str:
    """Return `text` on one printable line of bounded length."""
    line = "".join(sign if sign.isprintable() else "�" for sign in text)
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"


def show(value: object) -> str:
    """Return a value as it is written in YAML: true, null, 30, text."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return shorten(str(value)) or '""'
