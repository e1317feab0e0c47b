"""What is known of a night beside its events: the JSON object in NAME.json (contract C3)."""

import json
from pathlib import Path
from typing import Any

from osa_daemon.errors import InputError


def read_facts(path: Path) -> dict[str, Any]:
    """Read the facts of a night; a file that is not there holds none.

    Raises:
        InputError: the file cannot be read, or holds no JSON object.
    """
    if not path.exists():
        return {}
    try:
        facts = json.loads(path.read_text(encoding="utf-8-sig"))
    except (OSError, ValueError, RecursionError) as error:
        raise InputError(f"{path} cannot be read: {error}.") from error
    if not isinstance(facts, dict):
        raise InputError(f'{path} must hold a JSON object such as {{"person": "a"}}.')
    return facts
