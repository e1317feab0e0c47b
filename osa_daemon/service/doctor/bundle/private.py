"""What is secret and what tells whose house it is: in the settings, their files, the machine."""

import os
import pwd
import re
import socket
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Final

from osa_daemon.audio.usb import cards
from osa_daemon.service.check_config import values_of
from osa_daemon.settings.catalogue import Setting, catalogue
from osa_daemon.settings.load import VARIABLES, Loaded

ROOT: Final = Path("/")
# words that tell of nobody: ours, and what everybody has
PLAIN: Final = frozenset(
    {
        *("osa", "osa-daemon", "osa_daemon", "bedside", "homeassistant", "home_assistant"),
        *("localhost", "mosquitto", "mqtt", "mqtt-password", "ntfy", "ntfy-token", "core", "null"),
        *("etc", "var", "lib", "run", "usr", "opt", "srv", "mnt", "tmp", "home", "media", "root"),
        *("ssl", "certs", "ca-certificates", "private", "secrets", "credentials", "local"),
        *("raspberrypi", "pi", "debian", "default", "microphone", "bedroom", "config.yaml"),
        *("osa-daemon.service", "state", "data", "share", "password", "token", "true", "false"),
    }
)
LEAST_WORD: Final = 3
SECRET_FILES: Final = ("password_file", "key_file", "token_file")  # ends of such settings
KEPT_TEXTS: Final = ("monitoring.hours", "alerts.active_hours", "alerts.quiet_hours")
_LARGEST_SECRET_FILE: Final = 65_536
_ORDINARY_USERS: Final = range(1000, 60_000)
_YAML_VALUE: Final = re.compile(r"[^\s:,\[\]{}\"'#]+")


def secrets_of(loaded: Loaded, environment: Mapping[str, str]) -> set[str]:
    """Return the secrets that the settings hold or name, as far as this user may read them.

    `environment`: variables of the service, which may name other files.
    """
    values = values_of(loaded)
    named = [value for key, value in values.items() if key.endswith(SECRET_FILES)]
    named += [environment[name] for name in VARIABLES if name in environment]
    found = {str(values[row.key]) for row in catalogue() if row.about.secret and values[row.key]}
    address = loaded.settings.ntfy.address()
    if address is not None:
        found.add(address.topic)
    for path in named:
        if path is not None:
            found |= _content(Path(str(path)))
    return found


def private_of(loaded: Loaded) -> dict[str, str]:
    """Return texts of the settings that tell of the house, each with what it is."""
    found: dict[str, str] = {}
    values = values_of(loaded)
    for row in catalogue():
        value = values[row.key]
        if is_private(row, value):
            for text in _parts(str(value)):
                found.setdefault(text, row.key)
    if loaded.config_path is not None:
        for text in _parts(str(loaded.config_path)):
            found.setdefault(text, "settings file")
    address = loaded.settings.ntfy.address()
    if address is not None:
        for text in _parts(address.host):
            found.setdefault(text, "ntfy.url")
    return found


def is_private(row: Setting, value: object) -> bool:
    """Whether this value of a setting is a text that somebody chose."""
    return (
        row.kind == "text"
        and row.key not in KEPT_TEXTS
        and value is not None
        and value != row.default
        and str(value) not in PLAIN
    )


def private_words(text: str) -> dict[str, str]:
    """Return the values in a settings file that cannot be read as one, comments aside."""
    known = {word for row in catalogue() for word in row.key.split(".")} | PLAIN
    known |= {choice for row in catalogue() for choice in row.choices}
    found = {}
    for line in text.splitlines():
        if not line.lstrip().startswith("#"):
            words = _YAML_VALUE.findall(line)
            whole = line.partition(":")[2].strip().strip("\"'")
            for word in (*words, whole):
                if len(word) >= LEAST_WORD and word not in known and not _is_number(word):
                    found[word] = "of the settings file"
    return found


def private_of_machine(root: Path = ROOT) -> dict[str, str]:
    """Return names of this machine and its users, and serial numbers."""
    found: dict[str, str] = {}
    host = socket.gethostname()
    for name in (host, host.partition(".")[0]):
        if len(name) >= LEAST_WORD and name not in PLAIN:
            found[name] = "host name"
    for text in _users():
        if len(text) >= LEAST_WORD and text not in PLAIN:
            found.setdefault(text, "user")
    for path in ("etc/machine-id", "proc/device-tree/serial-number"):
        for text in _content(root / path):
            found[text] = "machine"
    for card in cards(root):
        if card.usb_serial and len(card.usb_serial) >= LEAST_WORD:
            found[card.usb_serial] = "serial of a microphone"
    return found


def _users() -> Iterator[str]:
    for entry in pwd.getpwall():
        if entry.pw_uid in _ORDINARY_USERS:
            yield entry.pw_name
            yield entry.pw_gecos.partition(",")[0]
    yield os.environ.get("SUDO_USER", "")


def _parts(value: str) -> Iterator[str]:
    """Give a text, and what messages name alone: parts of a path, the first of a host's name."""
    yield value
    parts = Path(value).parts[1:] if value.startswith("/") else value.split(".")[:1]
    for part in parts:
        if len(part) >= LEAST_WORD and part not in PLAIN and not part.isdigit():
            yield part


def _content(path: Path) -> set[str]:
    """Return what a file with a secret holds, whole and line by line; nothing where unreadable."""
    try:
        if not path.is_file():  # a pipe would keep us waiting
            return set()
        with path.open("rb") as file:
            text = file.read(_LARGEST_SECRET_FILE).decode(errors="replace")
    except OSError:
        return set()
    text = text.rstrip("\0")
    lines = {line.strip() for line in text.splitlines() if not line.startswith("-----")}
    return {part for part in (text.strip(), text.rstrip("\r\n"), *lines) if part}


def _is_number(word: str) -> bool:
    return word.replace(".", "").replace("-", "").isdigit()
