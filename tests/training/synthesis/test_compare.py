"""The comparison of real with synthetic sounds, tried on a made-up folder of recordings."""

import csv

import numpy as np
import pytest
import soundfile

from osa_daemon.errors import InputError
from osa_daemon.training.synthesis import breath, draw_voice
from osa_daemon.training.synthesis.compare import compare
from osa_daemon.training.synthesis.comparison_picture import draw
from osa_daemon.training.synthesis.comparison_table import table
from osa_daemon.training.synthesis.recordings import read_others, read_recordings

CLIPS = (("a.flac", "breath", "rest"), ("b.flac", "breath", "rest"), ("c.flac", "noise", "fan"))


@pytest.fixture
def data(tmp_path):
    """Return a data folder: two people who breathe twice, and a fan."""
    sounds = tmp_path / "sounds"
    sounds.mkdir()
    manifest, segments = [], []
    for number, (name, label, subclass) in enumerate(CLIPS):
        rng = np.random.default_rng(number)
        clip = 0.001 * rng.standard_normal(64000).astype(np.float32)
        for start in (16000, 40000) if label == "breath" else ():
            sound = 0.05 * breath(draw_voice(rng), rng, 1.0, phase="inhale", effort=1.0)
            clip[start : start + 16000] += sound
            segments.append((name, start / 16000, start / 16000 + 1.0, "unknown"))
        soundfile.write(sounds / name, np.clip(clip, -1.0, 1.0), 16000)
        manifest.append((name, label, subclass, f"person{number}", "train"))
    write(sounds / "manifest.csv", ("file", "class", "subclass", "group", "split"), manifest)
    write(sounds / "segments.csv", ("file", "t_start", "t_end", "phase"), segments)
    return tmp_path


def write(path, header, rows):
    """Write rows as CSV."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows([header, *rows])


def test_sounds_are_drawn_evenly_from_the_groups(data):
    """With room for two of four breaths, each of the two people gives one."""
    found = read_recordings(data, 2, 1)["breath"]
    assert {sound.group for sound in found} == {"person0", "person1"}
    assert [len(sound.samples) for sound in found] == [16000, 16000]


def test_floor_is_that_of_the_recording(data):
    """The floor behind a breath is the noise of its clip, within 3 dB."""
    for sound in read_recordings(data, 4, 1)["breath"]:
        assert 20.0 * abs(np.log10(sound.floor.rms / 0.001)) < 3.0


def test_other_sounds_are_stretches_of_the_other_classes(data):
    """What is not a sleeper's comes from talk, music, animals, household and noise alone."""
    assert {sound.label for sound in read_others(data, 1)} == {"noise"}


def test_table_and_picture_without_an_encoder(data, tmp_path):
    """Where no encoder is at hand, spectra, envelopes and modulation are compared all the same."""
    comparisons = compare(data, 4, 1, None)
    text = table(comparisons, 1)
    assert "breath: 4 sounds, 2 groups" in text
    assert "spectrum" in text
    draw(comparisons, tmp_path / "picture.png")
    assert (tmp_path / "picture.png").read_bytes().startswith(b"\x89PNG")


def test_missing_data_folder_is_named(tmp_path):
    """A folder without recordings is an input error that names the file."""
    with pytest.raises(InputError, match=r"manifest\.csv"):
        read_recordings(tmp_path, 4, 1)
