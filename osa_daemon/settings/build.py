"""Given values become `Settings`, or sentences on what is wrong with them."""

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from osa_daemon.settings.catalogue import catalogue
from osa_daemon.settings.model import Settings
from osa_daemon.settings.origin import DEFAULT, Given, Problem
from osa_daemon.settings.words import show, wrong_value


def build(given: Mapping[str, Given]) -> Settings | list[Problem]:
    """Return the settings that `given` (by dotted key) and the defaults make, or the problems."""
    try:
        return Settings.model_validate(_nested(given))
    except ValidationError as error:
        return [_problem(detail, given) for detail in error.errors(include_url=False)]


def _nested(given: Mapping[str, Given]) -> dict[str, Any]:
    root: dict[str, Any] = {}
    for key, item in given.items():
        *sections, name = key.split(".")
        place = root
        for section in sections:
            place = place.setdefault(section, {})
        place[name] = item.value
    return root


def _problem(detail: ErrorDetails, given: Mapping[str, Given]) -> Problem:
    key = ".".join(str(part) for part in detail["loc"])
    context = detail.get("ctx", {})
    if detail["type"] == "conflict":
        key = f"{key}.{context['key']}"
        return Problem(_place(key, given), key, context["sentence"], conflict=True)
    setting = next(row for row in catalogue() if row.key == key)
    remark = str(context["error"]) if detail["type"] == "value_error" else ""
    sentence = wrong_value(setting, show(given[key].value), remark)
    return Problem(given[key].origin, key, sentence)


def _place(key: str, given: Mapping[str, Given]) -> Any:
    """The origin of `key`, or of the last given key of its section if it has its default."""
    if key in given:
        return given[key].origin
    section = key.rpartition(".")[0]
    beside = [item.origin for other, item in given.items() if other.rpartition(".")[0] == section]
    return beside[-1] if beside else DEFAULT
