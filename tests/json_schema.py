"""Validation against a JSON schema, in sentences; formats are checked too."""

from datetime import datetime
from typing import Any, TypeAlias

from jsonschema import Draft7Validator, FormatChecker

Schema: TypeAlias = dict[str, Any]

FORMATS = FormatChecker()


@FORMATS.checks("date-time", raises=ValueError)
def is_time(value: object) -> bool:
    """ISO 8601 with an offset from UTC."""
    return not isinstance(value, str) or datetime.fromisoformat(value).tzinfo is not None


def refusals(schema: Schema, value: object) -> list[str]:
    """Why `value` is not allowed; empty where it is."""
    return [
        f"{error.json_path}: {error.message}"
        for error in Draft7Validator(schema, format_checker=FORMATS).iter_errors(value)
    ]
