"""The journal for an older program, which takes over again after a failed upgrade.

`python -m osa_daemon.service.roll_back --version N [--config FILE]`, as the daemon's user while
the daemon is down; N is the version of journals that the older program writes.
"""

import argparse
import sqlite3
import sys
from collections.abc import Sequence
from datetime import UTC, datetime
from pathlib import Path

from osa_daemon.errors import EXIT_OK, EXIT_RESOURCE, ConfigError
from osa_daemon.journal.versions import go_back
from osa_daemon.settings.load import load
from osa_daemon.settings.model import Settings


def main(arguments: Sequence[str] | None = None) -> int:
    """Go back where that is needed, and say what was done."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--version", type=int, required=True)
    parser.add_argument("--config", type=Path, help="settings file")
    options = parser.parse_args(arguments)
    path = _settings(options.config).journal.path
    try:
        aside = go_back(path, options.version, datetime.now(UTC))
    except (sqlite3.Error, OSError) as error:
        print(f"The journal {path} cannot be brought back to an older version: {error}.")
        return EXIT_RESOURCE
    if aside is not None:
        print(
            f"The journal {path} is one of version {options.version} again; the newer is {aside}."
        )
    return EXIT_OK


def _settings(config: Path | None) -> Settings:
    try:
        return load(config).settings
    except ConfigError:
        return Settings()  # the journal is most likely where it always is


if __name__ == "__main__":
    sys.exit(main())
