"""Files of others are what they say they are."""

import csv
import hashlib
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parents[2]
FOLDERS = ("osa_daemon/web/static/vendor", "tests/web/vendor")


@pytest.mark.parametrize("folder", FOLDERS)
def test_every_vendored_file_has_its_digest_and_licence(folder: str) -> None:
    """README names each file with name, version, licence and digest, and no file is unnamed."""
    place = REPOSITORY / folder
    lines = (place / "README").read_text("utf-8").splitlines()
    rows = list(csv.DictReader(lines[lines.index("name,version,licence,file,sha256") :]))
    assert {row["file"] for row in rows} == {f.name for f in place.iterdir()} - {"README"}
    for row in rows:
        digest = hashlib.sha256((place / row["file"]).read_bytes()).hexdigest()
        assert digest == row["sha256"], row["file"]
    for name in {row["name"] for row in rows}:
        files = [row["file"] for row in rows if row["name"] == name]
        assert any("LICENSE" in file for file in files), name
