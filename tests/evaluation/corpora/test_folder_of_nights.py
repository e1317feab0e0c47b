"""Nights with a known truth: what is read, and what each damaged file leads to."""

import re
from pathlib import Path

import pytest

from osa_daemon.errors import InputError, UsageError
from osa_daemon.evaluation.corpora.folder import read_folder
from osa_daemon.evaluation.corpora.nights import read_night
from tests.evaluation.corpora.writers import write_wav

HEADER = "onset_s,duration_s,type\n"


@pytest.fixture
def sound(tmp_path: Path) -> Path:
    """The place of a sound file; only what lies beside it is read."""
    (tmp_path / "n.events.csv").write_text(HEADER)
    return tmp_path / "n.wav"


def beside(sound: Path, name: str, content: str | bytes) -> None:
    """Write a file of the night."""
    data = content.encode() if isinstance(content, str) else content
    sound.with_name(name).write_bytes(data)


def test_a_night_is_read(sound: Path):
    """Types are C3's, an event outside of the audible spans does not count, facts are kept."""
    beside(sound, "n.events.csv", HEADER + "10,12,obstructive\n100,20.5,hypopnea\n")
    beside(sound, "n.audible.csv", "onset_s,duration_s\n0,50\n")
    beside(sound, "n.json", '{"person": "a"}')
    night = read_night(sound)
    assert [(e.onset_s, e.duration_s, e.type, e.counts) for e in night.events] == [
        (10.0, 12.0, "obstructive_apnea", True),
        (100.0, 20.5, "hypopnea", False),
    ]
    assert night.audible == ((0.0, 50.0),)
    assert night.facts == {"person": "a"}


def test_a_night_may_have_no_events(sound: Path):
    """A header alone is a night without events."""
    night = read_night(sound)
    assert (night.events, night.audible, night.facts) == ((), None, {})


def test_a_byte_order_mark_is_no_part_of_the_header(sound: Path):
    """Spreadsheets write one."""
    beside(sound, "n.events.csv", b"\xef\xbb\xbf" + (HEADER + "1,12,apnea\n").encode())
    beside(sound, "n.json", b"\xef\xbb\xbf{}")
    assert len(read_night(sound).events) == 1


@pytest.mark.parametrize(
    ("name", "content", "words"),
    [
        ("n.events.csv", b"\xff\xfe\x00", "cannot be read"),
        ("n.events.csv", HEADER + "1,2," + "x" * 200_000, "cannot be read"),
        ("n.events.csv", "", 'is empty: write its first line, "onset_s,duration_s,type", alone'),
        ("n.events.csv", "\n\n", "is empty"),
        ("n.audible.csv", "", 'is empty: write its first line, "onset_s,duration_s", alone'),
        ("n.events.csv", "1,12,apnea\n", "lacks the column onset_s"),
        ("n.events.csv", "onset_s,type\n", "lacks the column duration_s"),
        ("n.events.csv", HEADER + "1,12,sigh\n", 'line 2, has the type "sigh"'),
        ("n.events.csv", HEADER + "1,12\n", 'line 2, has the type ""'),
        ("n.events.csv", HEADER + "1,12,apnea\n1\n", 'line 3, has the type ""'),
        ("n.events.csv", HEADER + "soon,12,apnea\n", 'the onset_s "soon"'),
        ("n.events.csv", HEADER + "nan,12,apnea\n", 'the onset_s "nan"'),
        ("n.events.csv", HEADER + "1,inf,apnea\n", 'the duration_s "inf"'),
        ("n.events.csv", HEADER + "-1,12,apnea\n", 'the onset_s "-1"'),
        ("n.events.csv", HEADER + "1,-12,apnea\n", 'the duration_s "-12"'),
        ("n.audible.csv", "onset_s,duration_s\n0,x\n", 'the duration_s "x"'),
        ("n.audible.csv", "onset_s,duration_s\n0\n", 'the duration_s ""'),
        ("n.audible.csv", "onset_s\n0\n", "lacks the column duration_s"),
        ("n.json", "{", "cannot be read"),
        ("n.json", "[" * 100_000, "cannot be read"),
        ("n.json", b"\xff", "cannot be read"),
        ("n.json", "[]", "must hold a JSON object"),
        ("n.json", '{"snr_db": "loud"}', "snr_db is 'loud'; it must be a number"),
        ("n.json", '{"distance_m": true}', "distance_m is True; it must be a number"),
        ("n.json", '{"snr_db": 1' + "0" * 400 + "}", "it must be a number"),
        ("n.json", '{"snr_db": Infinity}', "snr_db is inf; it must be a number"),
    ],
)
def test_a_damaged_file_is_one_sentence(sound: Path, name: str, content: str | bytes, words: str):
    """The file is named, and what is wrong in it."""
    beside(sound, name, content)
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        read_night(sound)
    assert str(caught.value).startswith(str(sound.with_name(name)))
    assert "\n" not in str(caught.value)


def test_a_night_without_its_events_is_refused(tmp_path: Path):
    """A sound alone is no night with a known truth."""
    (tmp_path / "n.wav").touch()
    with pytest.raises(InputError, match=r"is not scored: expected n\.events\.csv"):
        read_folder(tmp_path)


def test_what_is_no_folder_is_refused(tmp_path: Path):
    """A file or nothing in place of the folder is one sentence."""
    with pytest.raises(InputError, match="is no folder"):
        read_folder(tmp_path / "no")


@pytest.mark.parametrize("other", ["n.ogg", "n.edf"])
def test_two_recordings_of_one_name_are_refused(sound: Path, other: str):
    """One scoring cannot belong to both."""
    beside(sound, "n.wav", b"")
    beside(sound, other, b"")
    with pytest.raises(InputError, match=r"have one name"):
        read_folder(sound.parent)


@pytest.mark.parametrize("lone", ["m", "n2", "n11"])
def test_a_scoring_without_its_sound_is_refused(sound: Path, lone: str):
    """A night that is left out in silence would make the figures look better or worse."""
    beside(sound, "n.wav", b"")
    beside(sound, "n1.wav", b"")
    beside(sound, "n1.events.csv", HEADER)
    beside(sound, f"{lone}.events.csv", HEADER)
    with pytest.raises(InputError, match=rf"{lone}\.events\.csv has no recording beside it"):
        read_folder(sound.parent)


def test_scorings_elsewhere_do_not_matter(sound: Path):
    """A second scorer's folder and old nights below are none of the folder's own."""
    beside(sound, "n.wav", b"")
    for name in ("second/n.events.csv", "old/m.events.csv"):
        path = sound.parent / name
        path.parent.mkdir()
        path.write_text(HEADER)
    assert len(read_folder(sound.parent)) == 1


def test_one_sound_with_a_table_of_another_name_is_read(tmp_path: Path):
    """A folder for each person: the one table that speaks of events belongs to the one sound."""
    write_wav(tmp_path / "n.wav")
    (tmp_path / "scored.events.csv").write_text(HEADER + "10,12,apnea\n")
    (night,) = read_folder(tmp_path)
    assert len(night.events) == 1


def test_a_channel_is_not_asked_of_sound_files(sound: Path):
    """Which channel was heard would not be the one that was asked for."""
    beside(sound, "n.wav", b"")
    with pytest.raises(UsageError, match="--channel Tracheal is of EDF files"):
        read_folder(sound.parent, "Tracheal")
