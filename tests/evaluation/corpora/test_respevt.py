"""UCDDB: events as timelines, and why its sound is none."""

import datetime as dt
from pathlib import Path

import pytest

from osa_daemon.errors import InputError
from osa_daemon.evaluation.corpora.folder import read_folder
from osa_daemon.evaluation.corpora.respevt import read_respevt
from osa_daemon.scoring.matching import Span

HEADER = """
                                 Desaturation                    B/T
Time      Type       PB/CS  Duration  Low   %Drop  Snore  Arousal  Rate  Change

"""
EVENTS = """23:59:30  HYP-C                17     93.2    3.7    -      +       62    12
23:59:58  APNEA-O              21     90.1    6.0    +      -
00:00:40  APNEA-M     PB       14
00:01:10  POSSIBLE
00:01:30  PB          PB
00:02:00  APNEA-C              10     -       -      -      -       -     -
"""


def write_night(folder: Path, lines: str) -> Path:
    """A file of events with its header."""
    path = folder / "ucddb002_respevt.txt"
    path.write_text(HEADER + lines)
    return path


def test_events_are_read_past_midnight(tmp_path: Path) -> None:
    """Types are C3's, marks before the duration are passed over, other rows left out."""
    path = write_night(tmp_path, EVENTS)
    assert read_respevt(path, dt.time(23, 59, 0)) == (
        Span(30.0, 17.0, "hypopnea"),
        Span(58.0, 21.0, "obstructive_apnea"),
        Span(100.0, 14.0, "mixed_apnea"),
        Span(180.0, 10.0, "central_apnea"),
    )


def test_without_a_start_seconds_count_from_the_first_event(tmp_path: Path) -> None:
    """The file itself does not tell when the recording began."""
    events = read_respevt(write_night(tmp_path, EVENTS))
    assert [event.onset_s for event in events] == [0.0, 28.0, 70.0, 150.0]


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        ("", "holds no events"),
        ("23:59:30  HYP-C  -17\n", "line 5, has no duration"),
        ("23:59:30  HYP-C  PB\n", "line 5, has no duration"),
        ("23:59:30  HYP-C  17\n23:59:59  SIGH  4\n", 'line 6, has the type "SIGH"'),
        ("23:59:30\n", 'line 5, has the type ""'),
    ],
)
def test_a_damaged_file_is_one_sentence(tmp_path: Path, lines: str, words: str) -> None:
    """The file, the line and what is wrong with it are named."""
    path = write_night(tmp_path, lines)
    with pytest.raises(InputError, match=words) as caught:
        read_respevt(path)
    assert str(caught.value).startswith(str(path))


def test_a_missing_file_is_told(tmp_path: Path) -> None:
    """With its name."""
    with pytest.raises(InputError, match=r"no_respevt\.txt cannot be read"):
        read_respevt(tmp_path / "no_respevt.txt")


def test_ucddb_cannot_be_evaluated_from_sound(tmp_path: Path) -> None:
    """The sentence says why: there is nothing to hear in it."""
    write_night(tmp_path, EVENTS)
    (tmp_path / "ucddb002.rec").touch()
    with pytest.raises(InputError, match="envelope of 8 Hz"):
        read_folder(tmp_path)
