"""Material without a data folder, and one with a tiny manifest of its own."""

import csv
from pathlib import Path

import numpy as np
import pytest
import soundfile as sf

from osa_daemon.training.simulator import Material

MANIFEST = [
    "file",
    "class",
    "subclass",
    "seconds",
    "source",
    "source_licence",
    "group",
    "split",
    "notes",
    "shippable",
]
CLIPS = (
    ("breath/a.flac", "breath", "rest", "CC-BY-4.0", "a", "train"),
    ("breath/b.flac", "breath", "rest", "no licence stated in repository", "b", "train"),
    ("breath/c.flac", "breath", "rest", "CC-BY-NC-ND-4.0", "c", "train"),
    ("breath/d.flac", "breath", "rest", "CC0-1.0", "d", "val"),
    ("breath/e.flac", "breath", "rest", "CC-BY-NC-ND-4.0", "e", "test"),
    ("snore/f.flac", "snore", "web", "YouTube audio, uploader copyright", "f", "train"),
    ("snore/v.flac", "snore", "web", "GPL-2.0-or-later (package)", "v", "train"),
)


@pytest.fixture
def nothing() -> Material:
    """Material without recordings."""
    return Material(None, "train", "all")


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """A data folder of seven one-second clips and three nights."""
    sounds, physiology = tmp_path / "sounds", tmp_path / "physiology"
    (physiology / "timelines").mkdir(parents=True)
    rng = np.random.default_rng(0)
    for number, row in enumerate(CLIPS):
        path = sounds / row[0]
        path.parent.mkdir(parents=True, exist_ok=True)
        tone = 0.1 * np.sin(2 * np.pi * 500 * (number + 1) * np.arange(16_000) / 16_000)
        sf.write(path, tone + 0.01 * rng.standard_normal(16_000), 16_000)
    _write(
        sounds / "manifest.csv",
        MANIFEST,
        [
            (f, c, s, "1.0", "made here", lic, g, split, "", "no")
            for f, c, s, lic, g, split in CLIPS
        ],
    )
    _write(
        sounds / "segments.csv",
        ["file", "t_start", "t_end", "phase"],
        [(row[0], "0.1", "0.9", "unknown") for row in CLIPS],
    )
    nights = [(f"ucdd_{s}", f"person_{s}", s, "yes", "1.0") for s in ("train", "val", "test")]
    _write(
        physiology / "nights.csv",
        ["night", "person", "split", "redistributable", "hours"],
        nights,
    )
    for night, *_ in nights:
        rows = [(f"{60 + 45 * k}", "15", "obstructive") for k in range(40)]
        _write(physiology / "timelines" / f"{night}.csv", ["onset_s", "duration_s", "type"], rows)
    _write(physiology / "airflow.csv", ["file", "person", "split"], [])
    return tmp_path


def _write(path: Path, header: list[str], rows: list[tuple[str, ...]]) -> None:
    with path.open("w", newline="") as file:
        csv.writer(file).writerows([header, *rows])
