"""Files of others are what they say they are."""

import csv
import hashlib
import json
import subprocess
import sys
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


def test_the_bill_of_materials_names_what_the_page_takes_from_others() -> None:
    """With version, licence and the digest of each file."""
    command = [sys.executable, REPOSITORY / "scripts/sbom"]
    bill = json.loads(subprocess.run(command, capture_output=True, text=True, check=True).stdout)
    uplot = next(part for part in bill["components"] if part["bom-ref"] == "npm:uplot")
    assert uplot["licenses"] == [{"expression": "MIT"}]
    digests = {row["value"] for row in uplot["properties"]}
    table = (REPOSITORY / FOLDERS[0] / "README").read_text("utf-8")
    assert all(digest in table for digest in digests)
    assert len(digests) == 3
