"""What the texts call the daemon: no regulated device, and its figure no clinical index."""

import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from osa_daemon.arguments import commands_table
from osa_daemon.publish.discovery import discovery_document
from osa_daemon.publish.mqtt_settings import MqttSettings

REPOSITORY = Path(__file__).resolve().parent.parent
PATTERNS = ("*.md", "systemd/*", "config/**/*.*", "scripts/*.sh")
# 21 CFR 868.2377: an "apnea monitor" is a device that alarms on cessation of breathing
# (alarm_stream is the name of a channel in Home Assistant's app for Android)
CLAIM = re.compile(
    r"alarm(?!_stream)|apno?ea[ -]+(monitor|detector)|\bahi\b|apno?ea.hypopno?ea index", re.I
)
DENIAL = re.compile(r"\b(not|no|never|nor)\b", re.I)
SENTENCE_END = re.compile(r"(?<=[.:;!?])\s+|\n\s*\n|\n(?=[-#|])")


def texts() -> Iterator[tuple[str, str]]:
    """Name and text of what users read."""
    for pattern in PATTERNS:
        for path in sorted(REPOSITORY.glob(pattern)):
            if path.suffix == ".png":
                continue
            yield path.relative_to(REPOSITORY).as_posix(), path.read_text("utf-8")
    discovery = discovery_document(MqttSettings(host="localhost"))
    yield "discovery", json.dumps(discovery, indent=0)
    yield "commands", commands_table()


def claims(text: str) -> list[str]:
    """Sentences that make a claim, those that deny it left out."""
    return [
        sentence
        for sentence in SENTENCE_END.split(text)
        if CLAIM.search(sentence) and not DENIAL.search(sentence)
    ]


@pytest.mark.parametrize(("name", "text"), [pytest.param(*row, id=row[0]) for row in texts()])
def test_no_text_claims_to_be_a_medical_device(name: str, text: str) -> None:
    """Nothing is called an alarm or an apnea monitor, and no figure an apnea-hypopnea index."""
    assert not claims(text), name


@pytest.mark.parametrize(
    "text", ["This apnea monitor is good.", "An alarm sounds.", "Your AHI: 12", "apnea alarm"]
)
def test_a_claim_is_found(text: str) -> None:
    """The words that are looked for are found in plain sentences."""
    assert claims(text)


def test_the_readme_says_what_it_is_not() -> None:
    """The disclaimer stands in the README, word for word."""
    words = " ".join((REPOSITORY / "README.md").read_text("utf-8").split())
    assert "not intended to diagnose, treat, or aid in the management of sleep apnea" in words
    assert "the absence of a notification does not mean the absence of apnea" in words
    assert "not for infants" in words
