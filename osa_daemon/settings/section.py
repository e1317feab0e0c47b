"""What all sections of the model share."""

from pathlib import Path
from typing import Final

from pydantic import ConfigDict
from pydantic_core import PydanticCustomError

from osa_daemon.settings.hours import Hours

CONFIG: Final = ConfigDict(frozen=True, extra="forbid", strict=True)
HOURS: Final = 'two times such as "22:00-09:00", or null'


def conflict(key: str, sentence: str) -> PydanticCustomError:
    """Two settings that do not fit; `key` (within the section) is the one to point at."""
    return PydanticCustomError("conflict", "{sentence}", {"key": key, "sentence": sentence})


def span(hours: str | None) -> Hours | None:
    """Return the hours as times of day, None for null."""
    return None if hours is None else Hours.parse(hours)


def check_pair(section: str, cert_file: Path | None, key_file: Path | None, needs: str) -> None:
    """Raise where a certificate of `section` has no key, or a key no certificate; `needs`: why."""
    if (cert_file is None) == (key_file is None):
        return
    given, missing = ("cert_file", "key_file")[:: 1 if cert_file else -1]
    told = f"{section}.{given} is {cert_file or key_file}"
    raise conflict(given, f"{told}, but {section}.{missing} is not set: {needs}")
