"""What the extra `report` brings, and the sentence where it is not there."""

import sys
from importlib.util import find_spec

from osa_daemon.errors import ResourceError


def check_drawing(option: str) -> None:
    """Raise ResourceError where matplotlib is not installed, before anything else is made."""
    if find_spec("matplotlib") is None:
        raise missing("matplotlib", option)


def missing(package: str, option: str) -> ResourceError:
    """Return the error of a package that is not there, or does not work."""
    return ResourceError(
        f"{option} needs {package}, of the extra report, which is not installed or not usable: "
        f"{sys.executable} -m pip install {package}, or leave {option} out."
    )
