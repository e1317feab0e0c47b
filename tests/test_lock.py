"""The pins under scripts/: what a Pi installs is what pyproject.toml asks for."""

import re
import tomllib
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name

REPOSITORY = Path(__file__).resolve().parent.parent
PINS = ("requirements.lock", "requirements-dev.txt", "requirements-train.txt")
PAGE = {"anyio", "h11", "starlette", "uvicorn", "websockets"}  # which training needs not


def pinned(name: str) -> dict[str, list[str]]:
    """Versions by package name (more than one where Python versions differ)."""
    pins: dict[str, list[str]] = {}
    for line in (REPOSITORY / "scripts" / name).read_text("utf-8").splitlines():
        if match := re.match(r"([A-Za-z0-9._-]+)==([^ ;\\]+)", line):
            pins.setdefault(canonicalize_name(match[1]), []).append(match[2])
    return pins


def asked_for(kind: str) -> list[Requirement]:
    """What pyproject.toml asks for: at run time, or by an extra."""
    project = tomllib.loads((REPOSITORY / "pyproject.toml").read_text("utf-8"))["project"]
    if kind == "runtime":
        return [Requirement(line) for line in project["dependencies"]]
    return [Requirement(line) for line in project["optional-dependencies"][kind]]


@pytest.mark.parametrize(
    ("kind", "name"),
    [
        *zip(("runtime", "dev", "train"), PINS, strict=True),
        ("fleet", "requirements-dev.txt"),
        *((extra, "requirements.lock") for extra in ("web", "report")),
    ],
)
def test_every_dependency_is_pinned_within_its_range(kind: str, name: str) -> None:
    """Each requirement has a pin, and the pin satisfies it; torch is pinned by itself."""
    pins = pinned(name)
    for requirement in asked_for(kind):
        if requirement.name in ("torch", "osa-daemon"):  # the latter: another extra of ours
            continue
        versions = pins.get(canonicalize_name(requirement.name), [])
        assert versions, f"{requirement.name} is not in {name}: run scripts/lock"
        assert all(requirement.specifier.contains(version) for version in versions)


def test_tests_run_with_the_versions_that_a_pi_gets() -> None:
    """The pins of tests and training agree with the lock of the runtime dependencies."""
    lock = pinned("requirements.lock")
    tests, training = map(pinned, PINS[1:])
    assert {key: tests.get(key) for key in lock} == lock
    assert set(lock) - set(training) <= PAGE
    assert {key: training.get(key, versions) for key, versions in lock.items()} == lock


def test_every_locked_package_has_hashes() -> None:
    """Each pin carries at least one sha256, for pip runs with --require-hashes."""
    entries = re.split(r"\n(?=[A-Za-z0-9])", (REPOSITORY / "scripts" / PINS[0]).read_text("utf-8"))
    entries = [entry for entry in entries if "==" in entry.splitlines()[0]]
    assert entries
    assert all("--hash=sha256:" in entry for entry in entries)


@pytest.mark.parametrize("name", PINS)
def test_pins_name_no_place_to_fetch_from(name: str) -> None:
    """Where packages come from is the machine's affair: no address, no path."""
    assert "://" not in (REPOSITORY / "scripts" / name).read_text("utf-8")
