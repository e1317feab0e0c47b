"""The sentences about single values."""

import re

from osa_daemon.settings.catalogue import Setting

NOT_SHOWN = "(set, not shown)"
_LONGEST = 60
_NAMES_A_SECRET = ("mqtt.password_file", "ntfy.token_file", "web.password_file")
_LOGIN = re.compile(r"://.*@", re.DOTALL)  # user and password in an address


def wrong_value(setting: Setting, shown: str, remark: str = "") -> str:
    """Say what stands there, what is allowed and, if there is one, a remark that helps.

    A secret is not repeated: sentences go into the log.
    """
    end = f": {remark}" if remark else ""
    if setting.about.secret:
        return f"{setting.key} must be {setting.allowed}{end}"
    shown = shorten(_LOGIN.sub("://…@", shown))
    if setting.key in _NAMES_A_SECRET:
        shown = "… (not shown: it may be the secret itself)"
    return f"{setting.key} is {shown}, but must be {setting.allowed}{end}"


def shorten(text: str) -> str:
    """Return `text` on one printable line of bounded length."""
    line = "".join(sign if sign.isprintable() else "�" for sign in text)
    return line if len(line) <= _LONGEST else line[:_LONGEST] + "…"


def show_setting(setting: Setting, value: object) -> str:
    """Return the value of a setting as it is written in YAML; of a secret, that there is one."""
    return NOT_SHOWN if setting.about.secret and value is not None else show(value)


def show(value: object) -> str:
    """Return a value as it is written in YAML: true, null, 30, text."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    return shorten(str(value)) or '""'
