"""The shape of the repository: sizes, names, what files may hold, what scripts promise."""

import ast
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

REPOSITORY = Path(__file__).resolve().parent.parent
TEST_FILES = sorted((REPOSITORY / "tests").rglob("test_*.py"))
LARGE_FILES = re.compile(
    r"osa_daemon/models/(?:encoder|detector)\.onnx|tests/data/night(/\w+)?\.ogg"
)
CHECKERS = {"raises", "warns", "fail", "wait_for", "check"}
SHAPELESS_NAMES = {"utils", "util", "helpers", "helper", "common", "manager", "base", "misc"}
# written apart, so that this file does not hold what it looks for
PLACES_OF_ONE_MACHINE = re.compile(
    "|".join(
        (
            r"(?<![\w.}])/" + "work/",
            r"(?<!\w)/" + r"(tmp/venv|tmp/plan|opt/wheels|opt/pypi|root/)",
            r"(?<!-no-emit)--?-(extra-)?" + "index-url",
            r"--find" + "-links",
            r"files\.python"
            + r"hosted|https?://\S*py"
            + r"pi|deb\."
            + r"debian\.org|registry\.npm",
        )
    )
)


def tracked_files() -> list[Path]:
    """Every file that belongs to the repository; all but hidden folders where git is absent."""
    listing = subprocess.run(
        ["git", "-c", "safe.directory=*", "ls-files", "-z"],
        cwd=REPOSITORY,
        capture_output=True,
        check=False,
    )
    if listing.returncode == 0 and listing.stdout:
        paths = [REPOSITORY / name for name in listing.stdout.decode().split("\0") if name]
        return [path for path in paths if path.is_file()]
    return [
        path
        for path in REPOSITORY.rglob("*")
        if path.is_file()
        and not any(
            (part.startswith(".") and part != ".ci") or part == "__pycache__"
            for part in path.relative_to(REPOSITORY).parts
        )
    ]


def name_of(path: Path) -> str:
    """A path as the repository spells it."""
    return path.relative_to(REPOSITORY).as_posix()


def text_files() -> Iterator[tuple[str, str]]:
    """Name and text of every file that holds text."""
    for path in tracked_files():
        content = path.read_bytes()
        if b"\0" not in content[:8192]:
            yield name_of(path), content.decode("utf-8", "replace")


def scripts() -> list[Path]:
    """Everything in scripts/ that a person starts."""
    folder = REPOSITORY / "scripts"
    return sorted(
        path
        for path in folder.iterdir()
        if path.is_file() and (path.suffix == ".py" or os.access(path, os.X_OK))
    )


def test_modules_and_functions_stay_small() -> None:
    """No module is longer than 400 lines and no function longer than 60."""
    sizes = subprocess.run(
        [sys.executable, REPOSITORY / "scripts" / "sizes"],
        capture_output=True,
        text=True,
        check=False,
    )
    assert sizes.returncode == 0, sizes.stdout + sizes.stderr


def test_names_say_what_a_module_holds() -> None:
    """No module is a drawer for whatever fits nowhere else."""
    shapeless = [
        name_of(path)
        for path in tracked_files()
        if path.suffix == ".py" and {path.stem, path.parent.name} & SHAPELESS_NAMES
    ]
    assert not shapeless


def test_no_file_knows_one_machine_or_a_package_registry() -> None:
    """No path of somebody's machine and no address of a package registry is committed."""
    found = [
        f"{name}:{number}: {line.strip()[:100]}"
        for name, text in text_files()
        for number, line in enumerate(text.splitlines(), 1)
        if PLACES_OF_ONE_MACHINE.search(line)
    ]
    assert not found, "\n".join(found)


def test_only_the_model_and_the_night_are_large() -> None:
    """No tracked file is over 1 MB save the models and the bundled night."""
    large = [name_of(path) for path in tracked_files() if path.stat().st_size > 1_000_000]
    assert all(LARGE_FILES.fullmatch(name) for name in large), large


def checks_something(function: ast.AST, checkers: set[str]) -> bool:
    """Whether it can fail: assert, raise, a call of `CHECKERS`, of assert_…, or of a checker."""
    for node in ast.walk(function):
        if isinstance(node, ast.Assert | ast.Raise):
            return True
        if isinstance(node, ast.Call):
            called = node.func.attr if isinstance(node.func, ast.Attribute) else None
            called = node.func.id if isinstance(node.func, ast.Name) else called
            called = called or ""
            if called in checkers | CHECKERS or called.startswith("assert_"):
                return True
    return False


@pytest.mark.parametrize("path", TEST_FILES, ids=name_of)
def test_each_test_says_what_must_hold_and_checks_it(path: Path) -> None:
    """Each test function has a docstring and checks something, itself or by what it calls."""
    functions = [
        node
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)
    ]
    checkers = {node.name for node in functions if checks_something(node, set())}
    lacking = [
        f"{name_of(path)}:{node.lineno} {node.name}"
        for node in functions
        if node.name.startswith("test_")
        and not (ast.get_docstring(node) and checks_something(node, checkers))
    ]
    assert not lacking


@pytest.mark.parametrize("script", scripts(), ids=name_of)
def test_each_script_explains_itself(script: Path, tmp_path: Path) -> None:
    """--help prints how a script is used, without torch and from any folder."""
    command = [str(script), "--help"]
    if not os.access(script, os.X_OK) or script.read_bytes().startswith(b"#!/usr/bin/env python3"):
        command.insert(0, sys.executable)
    answer = subprocess.run(
        command,
        cwd=tmp_path,
        capture_output=True,
        text=True,
        stdin=subprocess.DEVNULL,
        timeout=60,
        check=False,
    )
    assert answer.returncode == 0, answer.stderr
    assert "usage" in answer.stdout.lower()
