"""EDF and EDF+ files that carry their own scoring, or have a table beside them."""

import re
import sys
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.errors import InputError, ResourceError
from osa_daemon.evaluation.corpora import edf
from osa_daemon.evaluation.corpora.folder import read_folder
from tests.evaluation.corpora.writers import rml_of, tone, write_edf

SOUND = {"EEG": tone(4, 8_000, 10.0), "Mic": tone(4, 8_000)}
SCORED = (
    (0.0, 30.0, "Sleep stage W"),
    (0.5, 1.5, "Obstructive Apnea"),
    (1.0, None, "turns to the left after the apnea"),
    (2.25, 1.0, "Hypopnoea"),
    (3.0, None, "Lights on"),
)


def write_scored(path: Path, *annotations: tuple[float, float | None, str]) -> Path:
    """An EDF+ file of 4 s with annotations."""
    return write_edf(path, SOUND, rate_hz=8_000, annotations=annotations, patient="p7")


def test_annotations_become_the_truth(tmp_path: Path) -> None:
    """Apneas and hypopneas are taken, stages and remarks are left out."""
    write_scored(tmp_path / "n.edf", *SCORED)
    (night,) = read_folder(tmp_path)
    assert [(e.onset_s, e.duration_s, e.type) for e in night.events] == [
        (0.5, 1.5, "obstructive_apnea"),
        (2.25, 1.0, "hypopnea"),
    ]
    assert night.sound == tmp_path / "n.edf"
    assert night.facts == {"person": "p7", "format": "EDF+", "channel": "Mic"}


def test_facts_beside_the_file_come_first(tmp_path: Path) -> None:
    """What a person wrote about the night holds over its header."""
    write_scored(tmp_path / "n.edf", *SCORED)
    (tmp_path / "n.json").write_text('{"person": "b", "kind": "snorer"}')
    (night,) = read_folder(tmp_path)
    assert (night.facts["person"], night.facts["kind"]) == ("b", "snorer")


def test_a_table_beside_an_edf_file_scores_it(tmp_path: Path) -> None:
    """It comes before the file's own annotations."""
    write_scored(tmp_path / "n.edf", *SCORED)
    (tmp_path / "n.csv").write_text("onset,duration,type\n1,2,central apnea\n")
    (night,) = read_folder(tmp_path)
    assert [event.type for event in night.events] == ["central_apnea"]
    assert night.facts["format"] == "EDF and CSV"


def test_silence_stays_silence(tmp_path: Path) -> None:
    """A digital 0 is heard as 0: runs of it are known to the bedside as a dead microphone."""
    write_edf(tmp_path / "n.edf", {"Mic": np.zeros(3 * 16_000)}, rate_hz=16_000, annotations=SCORED)
    piece = edf.open_piece(tmp_path / "n.edf")
    assert np.abs(piece.sound(0, piece.frames)).max() < 2**-15
    assert len(set(piece.sound(0, piece.frames))) == 1


@pytest.mark.parametrize(
    ("annotation", "words"),
    [
        ((1.0, 10.0, "Positional apnea"), "is no known event"),
        ((1.0, None, "Obstructive apnea"), "with the duration None"),
    ],
)
def test_an_annotation_that_cannot_be_understood_is_one_sentence(
    tmp_path: Path, annotation: tuple[float, float | None, str], words: str
) -> None:
    """The file, the annotation and its time are named."""
    path = write_scored(tmp_path / "n.edf", annotation)
    with pytest.raises(InputError, match=words) as caught:
        read_folder(tmp_path)
    assert str(caught.value).startswith(f'{path} has the annotation "{annotation[2]}" at 1 s')


def test_an_unscored_file_is_told(tmp_path: Path) -> None:
    """The sentence says what would score it."""
    write_edf(tmp_path / "n.edf", SOUND, rate_hz=8_000)
    with pytest.raises(InputError, match=r"is not scored: expected n\.rml, n\.csv or EDF\+"):
        read_folder(tmp_path)


def test_a_truncated_file_is_told(tmp_path: Path) -> None:
    """Where a copy ended early, the sentence tells how much is there."""
    path = write_scored(tmp_path / "n.edf", *SCORED)
    path.write_bytes(path.read_bytes()[:-40_000])
    with pytest.raises(InputError, match=re.escape(f"{path} is cut short: 2 of 4 data records")):
        read_folder(tmp_path)


@pytest.mark.parametrize("length", [0, 100, 300, 1024])
def test_a_file_that_ends_in_its_header_is_told(tmp_path: Path, length: int) -> None:
    """It is no EDF file any more."""
    path = write_scored(tmp_path / "n.edf", *SCORED)
    path.write_bytes(path.read_bytes()[:length])
    with pytest.raises(InputError, match=r"is not an EDF file|is cut short"):
        read_folder(tmp_path)


def test_what_is_no_edf_file_is_told(tmp_path: Path) -> None:
    """Whatever it holds."""
    (tmp_path / "n.edf").write_bytes(np.random.default_rng(3).bytes(5_000))
    with pytest.raises(InputError, match="is not an EDF file"):
        read_folder(tmp_path)


@given(st.integers(0, 1_500), st.binary(min_size=1, max_size=4))
def test_a_damaged_file_is_read_or_one_sentence(at: int, other: bytes) -> None:
    """Whatever stands in its header and at the beginning of its data."""
    with TemporaryDirectory() as name:
        path = write_scored(Path(name) / "n.edf", *SCORED)
        content = bytearray(path.read_bytes())
        content[at : at + len(other)] = other
        path.write_bytes(content)
        try:
            nights = read_folder(Path(name))
        except InputError as error:
            assert "\n" not in str(error)
        else:
            assert nights[0].open_source().read(1.0) is not None


def test_an_envelope_is_no_sound(tmp_path: Path) -> None:
    """A channel of 8 Hz, as UCDDB's, tells of no breath."""
    write_edf(tmp_path / "n.edf", {"Mic": tone(4, 8, 1.0)}, rate_hz=8)
    with pytest.raises(InputError, match="Mic at 8 Hz: that is no sound"):
        read_folder(tmp_path)


def test_without_edfio_the_sentence_says_what_to_install(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reading EDF files is the only thing that needs it."""
    (tmp_path / "n.edf").write_bytes(b"0" * 512)
    (tmp_path / "n.rml").write_text(rml_of())
    monkeypatch.setitem(sys.modules, "edfio", None)
    with pytest.raises(ResourceError, match="pip install edfio"):
        read_folder(tmp_path)
