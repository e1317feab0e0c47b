"""The figures of the nights that travel with the repository: a row each in `figures.json`."""

from pathlib import Path
from typing import Any

from osa_daemon.evaluation.corpora.folder import read_folder
from osa_daemon.service.evaluate import night_row
from osa_daemon.service.judge import judge, names_of
from osa_daemon.service.models import Models
from osa_daemon.service.rules import scoring_settings
from osa_daemon.settings.model import Settings

KEY = "bundled"  # of figures.json


def bundled_rows(folder: Path, models: Models) -> dict[str, dict[str, Any]]:
    """Return the counts of each night in `folder`, by name, heard with the default settings.

    Raises:
        InputError: a night cannot be read.
    """
    rules = scoring_settings(Settings(), models.detector().metadata)
    nights = read_folder(folder)
    rows = {}
    for name, night in zip(names_of(nights), nights, strict=True):
        row = night_row(judge(night, models, rules, name))
        rows[name] = {key: value for key, value in row.items() if key != "facts"}
    return rows
