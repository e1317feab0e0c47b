"""JSON schema of the settings file, for editors."""

from typing import Any

from osa_daemon.settings.catalogue import Setting, catalogue, section_keys, section_text
from osa_daemon.settings.model import Settings

DIALECT = "http://json-schema.org/draft-07/schema#"  # what YAML editors know best


def json_schema() -> dict[str, Any]:
    """Return the schema: every key with its sentence, default, range and choices.

    It is pydantic's, made flat and given our words. A section may be empty (`mqtt:` alone), as
    in the commented file.
    """
    made = Settings.model_json_schema()
    root = _section("Settings of osa_daemon")
    for section in sorted(section_keys()):
        _properties(root, section)[_name(section)] = _section(section_text(section))
    for row in catalogue():
        _properties(root, row.key)[_name(row.key)] = _value(row, _made_by_pydantic(made, row.key))
    return {"$schema": DIALECT, "title": "osa_daemon settings", **root}


def _section(text: str) -> dict[str, Any]:
    return {
        "type": ["object", "null"],
        "description": text,
        "additionalProperties": False,
        "properties": {},
    }


def _properties(root: dict[str, Any], key: str) -> dict[str, Any]:
    place = root
    for section in key.split(".")[:-1]:
        place = place["properties"][section]
    properties: dict[str, Any] = place["properties"]
    return properties


def _name(key: str) -> str:
    return key.rpartition(".")[2]


def _made_by_pydantic(made: dict[str, Any], key: str) -> dict[str, Any]:
    place = made
    for name in key.split("."):
        place = place["properties"][name]
        if "$ref" in place:
            place = made["$defs"][place["$ref"].rpartition("/")[2]]
    return place


def _value(row: Setting, made: dict[str, Any]) -> dict[str, Any]:
    of_value = made["anyOf"][0] if row.optional else made
    kept = ("enum", "minimum", "maximum", "pattern")
    return {
        "type": [of_value["type"], "null"] if row.optional else of_value["type"],
        "description": f"{row.about.text} Allowed: {row.allowed}.",
        "default": row.default,
        **{name: of_value[name] for name in kept if name in of_value},
    }
