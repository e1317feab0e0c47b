"""What all sections of the model share."""

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
