"""Nights as files."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from osa_daemon.errors import StorageError
from osa_daemon.training.simulator import Material, NightSpec, SimulatedNight, simulate, write_c3


@pytest.fixture(scope="module")
def night() -> SimulatedNight:
    """A night with events."""
    spec = NightSpec(2, "train", "synthesised", "events", 150, severity="severe")
    return simulate(spec, Material(None, "train", "all"))


def test_files_read_back(night: SimulatedNight, tmp_path: Path) -> None:
    """Sound, events, audible spans and facts are what the night holds."""
    write_c3(night, tmp_path, "n")
    audio, rate_hz = sf.read(tmp_path / "n.flac", dtype="float32")
    assert rate_hz == 16_000
    assert np.abs(audio - night.audio).max() <= 2 / 32_768
    with (tmp_path / "n.events.csv").open() as file:
        rows = list(csv.DictReader(file))
    assert [r["type"] for r in rows] == [e.type for e in night.events]
    assert float(rows[0]["onset_s"]) == pytest.approx(night.events[0].onset_s, abs=0.01)
    with (tmp_path / "n.audible.csv").open() as file:
        assert len(list(csv.DictReader(file))) == len(night.audible)
    facts = json.loads((tmp_path / "n.json").read_text())
    assert facts["person"] == night.person
    assert facts["kind"] == "events"
    assert len(facts["events"]) == len(night.events)


@pytest.mark.parametrize("audio_format", ["ogg", "wav"])
def test_other_formats_hold_every_sample(
    night: SimulatedNight, tmp_path: Path, audio_format: str
) -> None:
    """Vorbis and WAV files are as long as the night."""
    write_c3(night, tmp_path, "n", audio_format=audio_format)  # type: ignore[arg-type]
    assert sf.info(tmp_path / f"n.{audio_format}").frames == len(night.audio)


def test_unwritable_folder_is_one_sentence(night: SimulatedNight, tmp_path: Path) -> None:
    """A folder that cannot be made is named."""
    (tmp_path / "file").write_text("in the way")
    with pytest.raises(StorageError, match="file"):
        write_c3(night, tmp_path / "file", "n")
