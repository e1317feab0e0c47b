"""The numbers that "try it here" goes by are those of the bedside's modules of the same names."""

import dataclasses
import importlib
from collections.abc import Iterator
from pathlib import Path

import pytest

from osa_daemon.audio import block
from osa_daemon.scoring.thresholds import ScoringSettings
from tests.web.try_site import Browser, browser, site

pytestmark = pytest.mark.browser

PAGE = Path(__file__).parents[2] / "osa_daemon" / "web" / "static" / "try"
ROOMS = ("features", "scoring")
NUMBERS = """async (path) => Object.fromEntries(Object.entries(await import(path)).filter(
    ([name, value]) => name === name.toUpperCase() && ["number", "object"].includes(typeof value)))
"""


@pytest.fixture(scope="module")
def opened(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Browser]:
    """A page of the site, on which modules can be loaded."""
    with site(tmp_path_factory.mktemp("given")) as address, browser() as chromium:
        chromium.page.goto(f"{address}/try/style.css")
        yield chromium


def plain(value: object) -> object:
    """Return a number of Python as JavaScript has it."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = dataclasses.asdict(value)
        return {name.replace("_s", "S"): each for name, each in fields.items()}
    if isinstance(value, tuple):
        return list(value)
    return value


def test_every_number_is_the_bedsides(opened: Browser):
    """A number that one module has and the other lacks, or that differs, is named."""
    wrong, seen = [], 0
    for path in sorted(path for room in ROOMS for path in (PAGE / room).glob("*.js")):
        name = f"{path.parent.name}.{path.stem}"
        if name == "features.fft":
            continue
        module = importlib.import_module(f"osa_daemon.{name}")
        for key, theirs in opened.run(NUMBERS, f"/try/{path.relative_to(PAGE)}").items():
            home = block if key == "SAMPLE_RATE_HZ" else module
            ours = plain(getattr(home, key, getattr(home, f"_{key}", None)))
            seen += 1
            if ours is None or theirs != pytest.approx(ours, rel=1e-7):
                wrong.append(f"{name}: {key} is {theirs}, and {ours} at the bedside")
    assert not wrong
    assert seen >= 30


def test_every_rule_is_the_bedsides(opened: Browser):
    """Every rule that the page has is the bedside's default."""
    found = opened.run(
        """async () => {
            const {scoringSettings} = await import("/try/scoring/thresholds.js");
            return scoringSettings();
        }"""
    )
    rules = dataclasses.asdict(ScoringSettings())
    assert found == {name: rules[name] for name in found}
    assert len(found) >= 15
