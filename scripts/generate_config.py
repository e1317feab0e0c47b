#!/usr/bin/env python3
"""Write what is made from settings, commands, topics and figures: config/, parts of the README.

Exit code 1 with --check where something is not up to date.
"""

import argparse
import json
import sys
from pathlib import Path

import osa_daemon
from osa_daemon.arguments import commands_table
from osa_daemon.evaluation.card import readme_table
from osa_daemon.evaluation.plain import in_plain_words
from osa_daemon.publish.asyncapi import FILE_NAME, asyncapi_file
from osa_daemon.publish.entities import entities_table
from osa_daemon.service.live import SETTING_OF
from osa_daemon.settings.documents import SCHEMA_NAME, commented_file, settings_table
from osa_daemon.settings.schema import json_schema

ROOT = Path(__file__).resolve().parent.parent


def generated(root: Path) -> dict[Path, str]:
    """Return the path and the text of every generated file."""
    readme = root / "README.md"
    text = readme.read_text(encoding="utf-8")
    text = between(text, "settings", settings_table())
    text = between(text, "entities", entities_table())
    figures = root / "osa_daemon" / "models" / "figures.json"
    test = json.loads(figures.read_text(encoding="utf-8"))["test"] if figures.exists() else {}
    if "set" in test:  # figures of an older release have none: what they became stays
        text = between(text, "figures", readme_table(test))
        text = between(text, "words", in_plain_words(test))
    return {
        root / "config" / "osa-daemon.yaml": commented_file(),
        root / "config" / FILE_NAME: asyncapi_file(osa_daemon.__version__, SETTING_OF),
        root / "config" / SCHEMA_NAME: json.dumps(json_schema(), indent=2) + "\n",
        readme: between(text, "commands", commands_table()),
    }


def between(text: str, name: str, table: str) -> str:
    """Return `text` with `table` between the markers of `name`; unchanged without markers."""
    begin, end = f"<!-- {name}:begin -->\n", f"<!-- {name}:end -->"
    if begin not in text or end not in text:
        return text
    head, _, rest = text.partition(begin)
    return head + begin + table + end + rest.partition(end)[2]


def main() -> int:
    """Write the files, or compare them."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--check", action="store_true", help="write nothing, compare")
    arguments = parser.parse_args()
    stale = {
        path: text
        for path, text in generated(ROOT).items()
        if not path.exists() or path.read_text(encoding="utf-8") != text
    }
    for path, text in stale.items():
        print(f"{path.relative_to(ROOT)} {'is out of date' if arguments.check else 'written'}")
        if not arguments.check:
            path.write_text(text, encoding="utf-8")
    return int(arguments.check and bool(stale))


if __name__ == "__main__":
    sys.exit(main())
