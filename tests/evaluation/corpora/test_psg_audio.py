"""PSG-Audio: numbered EDF pieces of 48 kHz with a Philips RML file."""

import datetime as dt
import pickle
import re
import tracemalloc
from pathlib import Path

import numpy as np
import pytest

from osa_daemon.audio.block import Block
from osa_daemon.audio.source import Source, SourceState
from osa_daemon.errors import InputError
from osa_daemon.evaluation.corpora.folder import read_folder
from tests.evaluation.corpora.writers import rml_event, rml_of, tone, write_edf

NAME = "00000995-100507"
SOUND = {"Mic": tone(3), "Tracheal": tone(3, hz=880.0), "Snore": tone(3, hz=50.0)}


def blocks_of(source: Source) -> list[Block]:
    """All that a source gives."""
    blocks = []
    while (block := source.read(1.0)) is not None:
        blocks.append(block)
    source.close()
    return blocks


def write_night(
    folder: Path, *events: str, starts: tuple[dt.time, ...] = (dt.time(22, 1),)
) -> None:
    """A night of pieces of 3 s, and its scoring."""
    for number, start in enumerate(starts, start=1):
        write_edf(folder / f"{NAME}[{number:03d}].edf", SOUND, start=start)
    (folder / f"{NAME}.rml").write_text(rml_of(*events))


def strongest_hz(sound: np.ndarray) -> float:
    """The frequency of the strongest part."""
    power = np.abs(np.fft.rfft(sound * np.hanning(len(sound))))
    return float(np.argmax(power) * 16_000 / len(sound))


def test_respiratory_events_become_the_truth(tmp_path: Path) -> None:
    """Types are mapped to C3's; other families and what is no apnea or hypopnea are left out."""
    write_night(
        tmp_path,
        rml_event("Hypopnea", 2.5, 0.25),
        rml_event("ObstructiveApnea", 0.5, 1.5),
        rml_event("CentralApnea", 1, 0.5),
        rml_event("MixedApnea", 1.25, 0.5),
        rml_event("Snore", 1, 0.5, family="Nasal"),
        rml_event("RelativeDesaturation", 1, 20, family="SpO2"),
        rml_event("Arousal", 2, 3, family="Neuro"),
        rml_event("RERA", 2, 3),
        rml_event("PeriodicRespiration", 0, 3),
    )
    (night,) = read_folder(tmp_path)
    assert [(e.onset_s, e.duration_s, e.type, e.counts) for e in night.events] == [
        (0.5, 1.5, "obstructive_apnea", True),
        (1.0, 0.5, "central_apnea", True),
        (1.25, 0.5, "mixed_apnea", True),
        (2.5, 0.25, "hypopnea", True),
    ]


def test_a_night_is_named_by_its_patient_and_day(tmp_path: Path) -> None:
    """The first piece is its name, the patient the person; channel and format are told."""
    write_night(tmp_path)
    (night,) = read_folder(tmp_path)
    assert night.sound.name == f"{NAME}[001].edf"
    assert night.facts == {"person": "00000995", "format": "PSG-Audio", "channel": "Mic"}


@pytest.mark.parametrize(("channel", "hz"), [("Mic", 440), ("tracheal", 880)])
def test_the_channel_asked_for_is_heard(tmp_path: Path, channel: str, hz: int) -> None:
    """The ambient microphone is the default channel; capitals do not matter."""
    write_night(tmp_path)
    (night,) = read_folder(tmp_path, channel)
    sound = np.concatenate([block.samples for block in blocks_of(night.open_source())])
    assert sound.dtype == np.float32
    assert len(sound) == 3 * 16_000
    assert strongest_hz(sound) == pytest.approx(hz, abs=1)
    assert np.abs(sound[4000:-4000]).max() == pytest.approx(0.5, abs=0.01)


def test_pieces_without_a_gap_are_one_sound(tmp_path: Path) -> None:
    """Nothing is heard of the border, though headers tell the start in whole seconds."""
    starts = (dt.time(23, 59, 57), dt.time(0, 0, 0), dt.time(0, 0, 3))
    write_night(tmp_path, starts=starts)
    (night,) = read_folder(tmp_path)
    blocks = blocks_of(night.open_source())
    assert [block.start for block in blocks] == [4_000 * k for k in range(36)]
    sound = np.concatenate([block.samples for block in blocks])
    expected = 0.5 * np.sin(2 * np.pi * 440 * np.arange(9 * 16_000) / 16_000)
    assert np.abs(sound - expected)[1000:-1000].max() < 0.01


def test_time_between_pieces_is_a_gap(tmp_path: Path) -> None:
    """The sound after it stands where the clock says, and an event within it does not count."""
    events = (rml_event("Hypopnea", 1, 1), rml_event("Hypopnea", 20, 10))
    write_night(tmp_path, *events, starts=(dt.time(22, 1), dt.time(22, 2)))
    (night,) = read_folder(tmp_path)
    blocks = blocks_of(night.open_source())
    assert blocks[11].end == 3 * 16_000
    assert blocks[12].start == 60 * 16_000
    assert blocks[-1].end == 63 * 16_000
    assert [event.counts for event in night.events] == [True, False]


def test_pieces_that_all_began_at_one_time_follow_one_another(tmp_path: Path) -> None:
    """Times that were taken out tell of no gap and no overlap."""
    write_night(tmp_path, starts=(dt.time(0), dt.time(0)))
    (night,) = read_folder(tmp_path)
    assert blocks_of(night.open_source())[-1].end == 6 * 16_000


def test_sound_and_scoring_may_lie_in_folders_of_their_own(tmp_path: Path) -> None:
    """As the data set has them; scoring without sound is no night."""
    other = "00001014-100507"
    for name in (NAME, other):
        write_edf(tmp_path / "APNEA_EDF" / name / f"{name}[001].edf", SOUND)
    scores = tmp_path / "APNEA_RML_clean"
    scores.mkdir()
    for name in (NAME, other, "00001020-100507"):
        (scores / f"{name}.rml").write_text(rml_of(rml_event("Hypopnea", 1, 1)))
    people = [night.facts["person"] for night in read_folder(tmp_path)]
    assert people == ["00000995", "00001014"]


def test_a_night_can_be_sent_to_another_process(tmp_path: Path) -> None:
    """It is opened there."""
    write_night(tmp_path)
    (night,) = read_folder(tmp_path)
    source = pickle.loads(pickle.dumps(night)).open_source()
    assert blocks_of(source)[-1].end == 3 * 16_000
    assert source.health().state is SourceState.ENDED


def test_memory_does_not_grow_with_the_night(tmp_path: Path) -> None:
    """Two minutes of 48 kHz take no more than 40 s do."""
    peaks = []
    for seconds in (40, 120):
        folder = tmp_path / str(seconds)
        noise = np.random.default_rng(2).normal(0, 0.1, seconds * 48_000)
        write_edf(folder / f"{NAME}[001].edf", {"Mic": noise.clip(-1, 1)})
        (folder / f"{NAME}.rml").write_text(rml_of())
        (night,) = read_folder(folder)
        tracemalloc.start()
        source = night.open_source()
        while source.read(1.0) is not None:
            pass
        peaks.append(tracemalloc.get_traced_memory()[1])
        tracemalloc.stop()
    assert peaks[1] < 1.2 * peaks[0]


@pytest.mark.parametrize(
    ("scoring", "words"),
    [
        (rml_of(rml_event("Hypopnea", 1, -2)), 'line 7, has the Duration "-2"'),
        (rml_of(rml_event("Hypopnea", -1, 2)), 'line 7, has the Start "-1"'),
        (rml_of(rml_event("Hypopnea", "soon", 2)), 'the Start "soon"'),
        (rml_of(rml_event("Hypopnea", "nan", 2)), 'the Start "nan"'),
        (rml_of(rml_event("Hypopnea", 1, 2), rml_event("Sigh", 1, 2)), "line 8, has the resp"),
        (rml_of('<Event Family="Respiratory" Type="Hypopnea" Start="1" />'), 'the Duration ""'),
        ("<PatientStudy></PatientStudy>", "holds no <Events>"),
        (rml_of()[:300], "is damaged"),
        ("", "is damaged"),
        ('<?xml version="1.0" encoding="utf-77"?><a/>', "names an encoding that is not known"),
    ],
)
def test_a_damaged_scoring_file_is_one_sentence(tmp_path: Path, scoring: str, words: str) -> None:
    """The file, the line and what is wrong with it are named."""
    write_night(tmp_path)
    path = tmp_path / f"{NAME}.rml"
    path.write_text(scoring)
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        read_folder(tmp_path)
    assert str(caught.value).startswith(str(path))
    assert "\n" not in str(caught.value)


def test_a_scoring_file_without_respiratory_events_is_a_night_without_events(
    tmp_path: Path,
) -> None:
    """It was scored, and nothing was found."""
    write_night(tmp_path, rml_event("Snore", 1, 0.5, family="Nasal"))
    (night,) = read_folder(tmp_path)
    assert night.events == ()


def test_a_missing_channel_tells_which_are_there(tmp_path: Path) -> None:
    """The sentence names those to choose from."""
    write_night(tmp_path)
    with pytest.raises(InputError, match="its channels are Mic, Tracheal, Snore"):
        read_folder(tmp_path, "Ambient")


def test_a_missing_first_piece_is_told(tmp_path: Path) -> None:
    """The scoring counts from it: without it every event would stand in the wrong place."""
    write_night(tmp_path)
    (tmp_path / f"{NAME}[001].edf").rename(tmp_path / f"{NAME}[002].edf")
    with pytest.raises(InputError, match=r"piece \[001\], which is missing"):
        read_folder(tmp_path)


def test_pieces_that_overlap_are_told(tmp_path: Path) -> None:
    """Sound cannot be in two places."""
    write_night(tmp_path, starts=(dt.time(22, 1, 0), dt.time(22, 1, 1)))
    with pytest.raises(InputError, match="must not overlap"):
        read_folder(tmp_path)


def test_pieces_of_different_rates_are_told(tmp_path: Path) -> None:
    """They are not of one recording."""
    write_night(tmp_path)
    sound = {"Mic": tone(3, rate_hz=8_000)}
    write_edf(tmp_path / f"{NAME}[002].edf", sound, rate_hz=8_000, start=dt.time(22, 1, 3))
    with pytest.raises(InputError, match="8000 Hz"):
        read_folder(tmp_path)
