"""What people read of the settings: the commented file and the table."""

import json
from textwrap import wrap

from osa_daemon.settings.catalogue import Setting, catalogue, section_text
from osa_daemon.settings.scalar import Value

SCHEMA_NAME = "osa-daemon.schema.json"
_WIDTH = 96
_HEAD = f"""\
# yaml-language-server: $schema={SCHEMA_NAME}
#
# Settings of osa_daemon. Every line that begins with # and no space behind it holds a default:
# take the # away and change the value. `osa-daemon check-config` says what is in force.
"""


def commented_file() -> str:
    """Return the settings file as it is installed: every key, commented out, at its default."""
    return _HEAD + _body(mark="#")


def full_file() -> str:
    """Return the same file with every key in force."""
    return _HEAD + _body(mark="")


def settings_table() -> str:
    """Return the settings as a Markdown table."""
    lines = ["| key | default | allowed | what it does |", "|---|---|---|---|"]
    for row in catalogue():
        cells = (f"`{row.key}`", f"`{_yaml(row.default)}`", row.allowed, row.about.text)
        lines.append("| " + " | ".join(cell.replace("|", "\\|") for cell in cells) + " |")
    return "\n".join(lines) + "\n"


def _body(mark: str) -> str:
    lines: list[str] = []
    open_sections: list[str] = []
    for row in catalogue():
        sections = row.key.split(".")[:-1]
        for depth, section in enumerate(sections):
            if open_sections[: depth + 1] != sections[: depth + 1]:
                lines += _section_lines(sections[: depth + 1], section)
        open_sections = sections
        lines += _value_lines(row, "  " * len(sections), mark)
    return "\n".join(lines) + "\n"


def _section_lines(path: list[str], name: str) -> list[str]:
    indent = "  " * (len(path) - 1)
    return ["", f"{indent}# {section_text('.'.join(path))}", f"{indent}{name}:"]


def _value_lines(row: Setting, indent: str, mark: str) -> list[str]:
    text = f"{row.about.text} Allowed: {row.allowed}."
    words = [f"{indent}# {line}" for line in wrap(text, _WIDTH - len(indent))]
    name = row.key.rpartition(".")[2]
    return [*words, f"{indent}{mark}{name}: {_yaml(row.default)}"]


def _yaml(value: Value) -> str:
    return value if isinstance(value, str) else json.dumps(value)
