"""What an installation is made of: the bill of materials, licences, the audit."""

import csv
import importlib.metadata
import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parent.parent
SCRIPTS = REPOSITORY / "scripts"
# what may be passed on beside this program's own licence, MIT
PERMITTED = {
    *("0BSD", "Apache-2.0", "BSD-2-Clause", "BSD-3-Clause", "CC0-1.0", "MIT", "MIT-CMU", "MIT-0"),
    *("PSF-2.0", "Zlib", "EPL-2.0"),
    # of parts that are loaded, and can be replaced
    "LGPL-2.1-or-later",
}

TEXT = {"type": "string", "minLength": 1}
DIGEST = {"type": "string", "pattern": "^[0-9a-f]{64}$"}
COMPONENT = {
    "type": "object",
    "required": ["type", "bom-ref", "name", "licenses"],
    "additionalProperties": False,
    "properties": {
        "type": {"enum": ["application", "library", "machine-learning-model"]},
        **dict.fromkeys(("bom-ref", "name", "version", "description"), TEXT),
        "purl": {"type": "string", "pattern": "^pkg:(pypi|deb|npm)/"},
        "licenses": {
            "type": "array",
            "minItems": 1,
            "maxItems": 1,
            "items": {"required": ["expression"], "additionalProperties": {"type": "string"}},
        },
        "hashes": {"items": {"properties": {"alg": {"const": "SHA-256"}, "content": DIGEST}}},
        "properties": {
            "minItems": 1,
            "items": {"required": ["name", "value"], "properties": {"name": TEXT, "value": DIGEST}},
        },
    },
}
# the part of CycloneDX 1.6 (ECMA-424) that the document uses
BILL = {
    "type": "object",
    "required": ["bomFormat", "specVersion", "serialNumber", "version", "metadata", "components"],
    "additionalProperties": False,
    "properties": {
        "bomFormat": {"const": "CycloneDX"},
        "specVersion": {"const": "1.6"},
        "serialNumber": {
            "pattern": "^urn:uuid:[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$"
        },
        "version": {"const": 1},
        "metadata": {"additionalProperties": False, "properties": {"component": COMPONENT}},
        "components": {"type": "array", "items": COMPONENT},
        "dependencies": {
            "type": "array",
            "items": {
                "required": ["ref", "dependsOn"],
                "additionalProperties": False,
                "properties": {
                    "ref": TEXT,
                    "dependsOn": {"type": "array", "uniqueItems": True, "items": TEXT},
                },
            },
        },
    },
}


def bill() -> str:
    """What scripts/sbom writes."""
    command = [sys.executable, SCRIPTS / "sbom"]
    return subprocess.run(command, capture_output=True, text=True, check=True).stdout


def pins() -> dict[str, str]:
    """Versions of the lock, by package name."""
    text = (SCRIPTS / "requirements.lock").read_text("utf-8")
    return dict(re.findall(r"(?m)^([A-Za-z0-9._-]+)==([^ ;\\]+)", text))


def test_the_bill_is_cyclonedx_and_repeats() -> None:
    """It keeps to the format, names each part once, and comes out the same twice."""
    text = bill()
    document = json.loads(text)
    Draft202012Validator(BILL).validate(document)
    names = [document["metadata"]["component"]["bom-ref"]]
    names += [component["bom-ref"] for component in document["components"]]
    assert len(names) == len(set(names))
    for row in document["dependencies"]:
        assert {row["ref"], *row["dependsOn"]} <= set(names)
    assert bill() == text


def test_the_bill_holds_the_lock_and_the_models() -> None:
    """Each locked package with its version and digests, each model with its own."""
    found: dict[str, Any] = {part["name"]: part for part in json.loads(bill())["components"]}
    lock = (SCRIPTS / "requirements.lock").read_text("utf-8")
    for name, version in pins().items():
        assert found[name]["version"] == version
        assert all(row["value"] in lock for row in found[name]["properties"])
    for line in (REPOSITORY / "osa_daemon/models/SHA256SUMS").read_text("utf-8").splitlines():
        digest, name = line.split()
        assert found[name]["hashes"][0]["content"] == digest


def test_the_bill_says_who_needs_whom() -> None:
    """This program needs what pyproject.toml asks for; nothing of the lock is needed by nobody."""
    rows = {row["ref"]: row["dependsOn"] for row in json.loads(bill())["dependencies"]}
    assert {"numpy", "onnxruntime", "encoder.onnx"} <= set(rows["osa-daemon"])
    assert "cffi" in rows["sounddevice"]
    assert {name for needed in rows.values() for name in needed} >= set(pins())


def test_every_locked_package_has_a_licence_that_lets_it_be_passed_on() -> None:
    """scripts/licences.csv has a row for each, in names of SPDX, and none that is not permitted."""
    with (SCRIPTS / "licences.csv").open(encoding="utf-8") as file:
        licences = {row["package"]: row["licence"] for row in csv.DictReader(file)}
    assert set(licences) == set(pins())
    for name, expression in licences.items():
        assert set(re.split(r" AND | OR ", expression)) <= PERMITTED, name


def test_the_licences_are_those_that_the_packages_declare() -> None:
    """Where a package declares one in names of SPDX, and is here in the version of the lock."""
    with (SCRIPTS / "licences.csv").open(encoding="utf-8") as file:
        licences = {row["package"]: row["licence"] for row in csv.DictReader(file)}
    compared = 0
    for name, version in pins().items():
        installed = importlib.metadata.distribution(canonicalize_name(name))
        declared = installed.metadata.get("License-Expression")
        if installed.version == version and declared is not None:
            assert licences[name] == declared, name
            compared += 1
    assert compared > 5


@pytest.mark.parametrize(
    ("answer", "code", "words"),
    [
        ("none", 0, "Nothing is known against"),
        ("one", 1, "PYSEC-2026-1, fixed in 9.9"),
        ("no connection", 4, "could not be asked"),
        ("half", 4, "not asked about"),
    ],
)
def test_the_audit_claims_only_what_it_was_told(
    tmp_path: Path, answer: str, code: int, words: str
) -> None:
    """A finding, none, and no answer are told apart by words and exit code."""
    rows: list[dict[str, object]] = [
        {"name": name, "version": version, "vulns": []} for name, version in pins().items()
    ]
    if answer == "one":
        rows[0]["vulns"] = [{"id": "PYSEC-2026-1", "fix_versions": ["9.9"]}]
    elif answer == "half":
        rows[0]["skip_reason"] = "not found"
    (tmp_path / "answer.json").write_text(json.dumps({"dependencies": rows}))
    stand_in = tmp_path / "pip-audit"
    copy = "" if answer == "no connection" else f'cp "{tmp_path}/answer.json" "${{!#}}"; '
    stand_in.write_text(f"#!/bin/bash\necho no route to host >&2\n{copy}exit 1\n")
    stand_in.chmod(0o755)
    done = subprocess.run(
        [SCRIPTS / "audit"],
        env={"PATH": f"{tmp_path}:/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == code, done.stderr
    assert words in done.stdout + done.stderr


def test_without_its_program_the_audit_asks_nothing(tmp_path: Path) -> None:
    """It says what to install, and exits with 4."""
    done = subprocess.run(
        [SCRIPTS / "audit"],
        env={"PATH": "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 4
    assert "pip install pip-audit" in done.stderr
