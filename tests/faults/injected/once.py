"""Harm that is done once: by the first process to come here, and not by those started after it."""

import os
from pathlib import Path


def is_first() -> bool:
    """Whether nobody has done harm yet; the file that ONCE names is the memory of it."""
    memory = os.environ.get("ONCE")
    if memory is None:
        return True
    try:
        Path(memory).touch(exist_ok=False)
    except FileExistsError:
        return False
    return True
