"""What is generated from the model is what is committed, and is true."""

import json
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

from osa_daemon.settings.catalogue import catalogue
from osa_daemon.settings.documents import SCHEMA_NAME, commented_file, full_file
from osa_daemon.settings.load import Loaded
from osa_daemon.settings.model import Settings
from osa_daemon.settings.schema import json_schema

ROOT = Path(__file__).resolve().parents[2]


def test_the_committed_files_are_up_to_date() -> None:
    """scripts/generate_config.py has nothing to write."""
    script = ROOT / "scripts" / "generate_config.py"
    done = subprocess.run(
        [sys.executable, str(script), "--check"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_the_readme_has_places_for_the_tables() -> None:
    """Both tables stand in the README between their markers."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in ("settings", "commands"):
        assert f"<!-- {name}:begin -->\n|" in readme
        assert f"|\n<!-- {name}:end -->" in readme


def test_the_readme_has_places_for_what_figures_say() -> None:
    """The card's figures and their plain words stand between markers, not written by hand."""
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name, first in (("figures", "|"), ("words", "In plain words: ")):
        assert f"<!-- {name}:begin -->\n{first}" in readme
        assert f"\n<!-- {name}:end -->" in readme


def test_the_commented_file_gives_nothing(load_text: Callable[..., Loaded]) -> None:
    """As installed, the file leaves every value at its default."""
    assert load_text(commented_file()).base == {}


def test_the_file_with_every_key_in_force_is_the_defaults(load_text: Callable[..., Loaded]) -> None:
    """Taking away each mark gives every key, with the value it has anyway."""
    loaded = load_text(full_file())
    assert set(loaded.base) == {row.key for row in catalogue()}
    assert loaded.settings == Settings()


def test_a_mark_taken_away_by_hand_is_the_same(load_text: Callable[..., Loaded]) -> None:
    """A # before a key is all that has to go."""
    text = commented_file().replace("#after_s: 30", "after_s: 31")
    assert load_text(text).settings.alerts.after_s == 31


def test_the_schema_knows_every_key_and_no_other() -> None:
    """Each key has its default and words; sections take no other keys."""
    schema = json_schema()
    for row in catalogue():
        place = schema
        for name in row.key.split("."):
            assert place.get("additionalProperties", False) is False
            place = place["properties"][name]
        assert place["default"] == row.default
        assert place["description"].startswith(row.about.text)
        assert place.get("minimum") == row.minimum
        assert tuple(place.get("enum", ())) == row.choices


def test_the_file_names_its_schema_for_editors() -> None:
    """The first line is what editors look for, and the schema lies beside the file."""
    folder = ROOT / "config"
    first = (folder / "osa-daemon.yaml").read_text().splitlines()[0]
    assert first == f"# yaml-language-server: $schema={SCHEMA_NAME}"
    json.loads((folder / SCHEMA_NAME).read_text())
