"""`osa-daemon version`."""

import json
import platform
from argparse import Namespace

import osa_daemon


def version_command(arguments: Namespace) -> int:
    """Print the version; with --json also Python's and the machine's."""
    if arguments.json:
        versions = {
            "v": 1,
            "version": osa_daemon.__version__,
            "python": platform.python_version(),
            "machine": platform.machine(),
        }
        print(json.dumps(versions))
    else:
        print(f"osa-daemon {osa_daemon.__version__}")
    return 0
