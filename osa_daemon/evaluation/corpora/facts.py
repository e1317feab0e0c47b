"""What is known of a night beside its events: the JSON object in NAME.json (contract C3)."""

import json
import math
from pathlib import Path
from typing import Any

from osa_daemon.errors import InputError

NUMBERS = ("snr_db", "distance_m")


def read_facts(path: Path) -> dict[str, Any]:
    """Read the facts of a night; a file that is not there holds none.

    Raises:
        InputError: the file cannot be read, or holds no JSON object, or words where a number goes
            (NaN is not known).
    """
    if not path.exists():
        return {}
    try:
        facts = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    if not isinstance(facts, dict):
        raise InputError(f'{path} must hold a JSON object such as {{"person": "a"}}.')
    for name in NUMBERS:
        value = facts.get(name)
        if value is not None and (isinstance(value, bool) or not _is_number(value)):
            raise InputError(f"{path}: {name} is {value!r}; it must be a number.")
    return facts


def _is_number(value: object) -> bool:
    try:
        return isinstance(value, int | float) and not math.isinf(value)
    except OverflowError:  # an integer of hundreds of digits
        return False
