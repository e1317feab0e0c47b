"""What somebody may have meant by a key that does not exist."""

from difflib import get_close_matches

from osa_daemon.settings.catalogue import catalogue, section_keys
from osa_daemon.settings.words import shorten

_PASSWORD = {"pass", "pwd", "secret", "token"}
_SECRETS = {"ntfy": ("token", "ntfy.token_file")}  # by section; elsewhere it is the broker's


def unknown_key(key: str) -> str:
    """Return the sentence for an unknown dotted `key`: what it may be instead."""
    section, _, name = key.rpartition(".")
    shown = shorten(key)
    if _is_password(name) and section == "web":
        return f"{shown} is not a setting: `osa-daemon web-password` sets the page's password"
    if _is_password(name):
        secret, key_of_file = _SECRETS.get(section, ("password", "mqtt.password_file"))
        return (
            f"{shown} is not a setting: write the {secret} into a file that only the daemon can "
            f"read and name that file in {key_of_file}"
        )
    meant = nearest(key)
    if meant is None:
        where = f"in the section {shorten(section)}" if section in section_keys() else "here"
        return f"{shown} is not a setting; {where} there are {', '.join(_children(section))}"
    if meant == key or meant.endswith(f".{key}"):
        above, _, leaf = meant.rpartition(".")
        return f"{shown} is not a setting here: write {leaf} in the section {above}"
    return f"{shown} is not a setting; did you mean {meant}?"


def _is_password(name: str) -> bool:
    return name.lower() in _PASSWORD or name.lower().endswith(("password", "passwd", "passphrase"))


def nearest(key: str) -> str | None:
    """Return the known key or section most like `key`, or None if none is."""
    section, _, name = key.rpartition(".")
    prefix = f"{section}." if section in section_keys() else ""
    known = [*section_keys(), *(setting.key for setting in catalogue())]
    beside = {
        other.rpartition(".")[2]: other
        for other in known
        if other.rpartition(".")[0] == prefix[:-1]
    }
    if close := get_close_matches(name.lower(), beside, n=1, cutoff=0.6):
        return beside[close[0]]
    if same := [other for other in known if other == key or other.endswith(f".{name.lower()}")]:
        return sorted(same, key=len)[0]
    close = get_close_matches(key.lower(), known, n=1, cutoff=0.75)
    return close[0] if close else None


def _children(section: str) -> list[str]:
    prefix = f"{section}." if section in section_keys() else ""
    names = [
        s.key.removeprefix(prefix).split(".")[0] for s in catalogue() if s.key.startswith(prefix)
    ]
    return list(dict.fromkeys(names))
