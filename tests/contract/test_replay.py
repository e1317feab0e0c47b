"""Contract C2 and C3: `replay` and `evaluate` on the bundled nights, through the command line."""

import csv
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile

EVENT_KEYS = {
    "v",
    "id",
    "type",
    "onset_s",
    "duration_s",
    "confidence",
    "character",
    "monitorable",
    "truncated",
}
SUMMARY_KEYS = {"events", "index", "monitorable_s", "audio_s", "cpu_s", "peak_rss_mb"}
FRAME_HEADER = (
    "t_s,audible,monitorable,level_dbfs,noise_dbfs,p_breath,p_apnea,p_hypopnea,p_snore,"
    "in_progress,alert"
)


def osa_daemon(*arguments: str | Path) -> subprocess.CompletedProcess[str]:
    """Run the command in a process of its own."""
    return subprocess.run(
        [sys.executable, "-m", "osa_daemon", *map(str, arguments)],
        capture_output=True,
        text=True,
        timeout=300,
        check=False,
    )


def events_of(path: Path) -> list[dict[str, Any]]:
    """Read a file of events."""
    return [json.loads(line) for line in path.read_text().splitlines()]


@pytest.fixture(scope="module")
def night(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, Any]]:
    """The bundled night, replayed once: the folder of its output, and the summary."""
    folder = tmp_path_factory.mktemp("night")
    sound = Path(__file__).parents[1] / "data" / "night.ogg"
    done = osa_daemon(
        "replay", sound, "--events", folder / "e.jsonl", "--frames", folder / "f.csv", "--json"
    )
    assert done.returncode == 0, done.stderr
    return folder, json.loads(done.stdout.splitlines()[-1])


def test_the_summary_has_its_keys_and_the_length(night: tuple[Path, dict[str, Any]]):
    """The last line of standard output is the summary of C2."""
    _, summary = night
    assert summary.keys() >= SUMMARY_KEYS
    assert summary["audio_s"] == pytest.approx(1080, abs=1)
    assert summary["index"] is None


def test_memory_stays_small(night: tuple[Path, dict[str, Any]]):
    """A night of 18 minutes needs no more memory than any other: at most 150 MB."""
    assert night[1]["peak_rss_mb"] <= 150


def test_events_are_as_the_contract_has_them(night: tuple[Path, dict[str, Any]]):
    """Every event has its keys, lasts 10 s at least, and they come in order."""
    events = events_of(night[0] / "e.jsonl")
    assert len(events) == night[1]["events"] > 0
    assert all(event.keys() == EVENT_KEYS for event in events)
    assert all(event["duration_s"] >= 10 for event in events)
    assert all(event["type"] in ("apnea", "hypopnea") for event in events)
    onsets = [event["onset_s"] for event in events]
    assert onsets == sorted(onsets)


def test_frames_are_one_row_a_second(night: tuple[Path, dict[str, Any]]):
    """The table has C2's header, a row for each second, and flags of 0 and 1."""
    text = (night[0] / "f.csv").read_text()
    assert text.splitlines()[0] == FRAME_HEADER
    rows = list(csv.DictReader(text.splitlines()))
    assert [int(row["t_s"]) for row in rows] == list(range(1080))
    for name in ("audible", "monitorable", "in_progress", "alert"):
        assert {row[name] for row in rows} <= {"0", "1"}


def test_the_bundled_night_is_heard(data: Path, tmp_path: Path):
    """`evaluate` finds at least 85 % of the bundled events, and at most one false one a night."""
    done = osa_daemon("evaluate", data, "--json", tmp_path / "figures.json")
    assert done.returncode == 0, done.stderr
    figures = json.loads((tmp_path / "figures.json").read_text())
    assert figures["all"]["recall"] >= 0.85, done.stdout
    assert all(row["false"] <= 1 for row in figures["nights"].values()), done.stdout


def test_a_replay_repeats_exactly(data: Path, tmp_path: Path):
    """The same file gives the same events, ids included."""
    for name in ("a", "b"):
        done = osa_daemon("replay", data / "short.ogg", "--events", tmp_path / name)
        assert done.returncode == 0, done.stderr
    assert (tmp_path / "a").read_text() == (tmp_path / "b").read_text() != ""


@pytest.mark.parametrize("level", [0.0, 1.0, np.nan])
def test_sound_without_meaning_gives_no_event(level: float, tmp_path: Path):
    """Digital silence, full scale and NaN are survived, and nothing is heard in them."""
    sound = tmp_path / "sound.wav"
    soundfile.write(sound, np.full(16_000 * 60, level, np.float32), 16_000, subtype="FLOAT")
    done = osa_daemon("replay", sound, "--events", tmp_path / "e.jsonl", "--json")
    assert done.returncode == 0, done.stderr
    assert events_of(tmp_path / "e.jsonl") == []


def test_what_cannot_be_written_leaves_nothing(data: Path, tmp_path: Path):
    """An output that cannot be written is one sentence, exit code 4, and nothing half-written."""
    done = osa_daemon(
        "replay",
        data / "short.ogg",
        "--events",
        tmp_path / "e.jsonl",
        "--frames",
        tmp_path / "no" / "f.csv",
    )
    assert done.returncode == 4
    assert "cannot be written" in done.stderr
    assert "Traceback" not in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_a_folder_without_nights_is_one_sentence(tmp_path: Path):
    """`evaluate` of an empty folder ends with exit code 3 and says what is expected."""
    done = osa_daemon("evaluate", tmp_path)
    assert done.returncode == 3
    assert "NAME.events.csv" in done.stderr
