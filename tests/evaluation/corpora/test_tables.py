"""Sound with a table of events beside it: plain CSV, and APSAA's folders."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.errors import InputError
from osa_daemon.evaluation.corpora.event_table import seconds_of
from osa_daemon.evaluation.corpora.folder import read_folder
from osa_daemon.scoring.matching import Span
from tests.evaluation.corpora.writers import write_wav


def events_of(folder: Path, table: str, facts: str | None = None) -> list[tuple[float, float, str]]:
    """The events of a sound of 60 s with this table beside it."""
    write_wav(folder / "n.wav")
    (folder / "n.csv").write_text(table, encoding="utf-8")
    if facts is not None:
        (folder / "n.json").write_text(facts)
    (night,) = read_folder(folder)
    return [(e.onset_s, e.duration_s, e.type) for e in night.events]


@pytest.mark.parametrize(
    "table",
    [
        "onset,duration,type\n5,12.5,obstructive apnea\n30,20,hypopnea\n",
        "Type;Start (s);Duration (s)\nOA;5;12.5\nHypopnea;30;20\n",
        "Start\tEnd\tEvent\n0:00:30\t0:00:50\tHypopnoea\n0:05\t0:17.5\tObstructiveApnea\n",
        "\ufeffStart Time,End Time,Label\n5,17.5,apnea_obstructive\n\n30,50,H\n",
        "onset_s,duration_s,type,remark\n5,12.5,obstructive,a\n30,20,hypopnea\n",
    ],
)
def test_tables_are_read_as_laboratories_write_them(tmp_path: Path, table: str) -> None:
    """Columns by their usual names, seconds or times, in any order."""
    expected = [(5.0, 12.5, "obstructive_apnea"), (30.0, 20.0, "hypopnea")]
    assert events_of(tmp_path, table) == expected


def test_a_plain_table_names_its_format(tmp_path: Path) -> None:
    """The person is the name of the sound, unless the facts beside it tell."""
    events_of(tmp_path, "onset,duration,type\n")
    (night,) = read_folder(tmp_path)
    assert night.facts == {"person": "n", "format": "CSV"}
    assert night.open_source().read(1.0) is not None


def test_other_scored_events_are_left_out(tmp_path: Path) -> None:
    """Arousals, desaturations, stages and the like are no respiratory events."""
    kinds = ("SpO2 desaturation", "Arousal", "Snore", "N2", "PLM", "Supine", "RERA", "Lights Off")
    table = "onset,duration,type\n" + "".join(f"1,2,{kind}\n" for kind in kinds)
    assert events_of(tmp_path, table) == []


def test_times_of_the_clock_count_from_the_stated_start(tmp_path: Path) -> None:
    """Midnight included."""
    table = "time,duration,event\n23:59:50,5,apnea\n00:00:10,5,apnea\n"
    facts = '{"recording_start": "23:59:40"}'
    assert [event[0] for event in events_of(tmp_path, table, facts)] == [10.0, 30.0]


def test_times_of_the_clock_without_a_start_are_told(tmp_path: Path) -> None:
    """They lie behind the end of the sound: the sentence says what to state, and where."""
    with pytest.raises(InputError, match='state "recording_start" beside the sound'):
        events_of(tmp_path, "time,duration,event\n23:59:50,5,apnea\n")


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ("", 'is empty: write its first line, "onset,duration,type", alone where'),
        ("\n", "is empty"),
        ("onset,type\n", "events need onset (or start), duration (or end)"),
        ("a,b,c\n1,2,3\n", 'has the columns "a, b, c"'),
        ("onset,duration,type\n1,12,sigh\n", 'line 2, has the type "sigh"'),
        ("onset,duration,type\n1,12\n", 'line 2, has the type ""'),
        ("onset,duration,type\nsoon,12,apnea\n", 'line 2, has the onset "soon"'),
        ("onset,duration,type\n1,12,apnea\n2,,apnea\n", 'line 3, has the duration ""'),
        ("onset,duration,type\n1,-12,apnea\n", "line 2, has a duration of -12 s"),
        ("onset,end,type\n9,3,apnea\n", "line 2, has a duration of -6 s"),
        ("onset,duration,type\n1," + "9" * 400 + ",apnea\n", "line 2, has the duration"),
        ("onset,duration,type\n1,2," + "x" * 200_000, "cannot be read"),
    ],
)
def test_a_damaged_table_is_one_sentence(tmp_path: Path, table: str, words: str) -> None:
    """The file, the line and what is wrong with it are named."""
    with pytest.raises(InputError, match=re.escape(words)) as caught:
        events_of(tmp_path, table)
    assert str(caught.value).startswith(str(tmp_path / "n.csv"))
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize(
    "facts", ['{"recording_start": "late"}', '{"recording_start": 5}', '{"sound_start_s": "5"}']
)
def test_a_start_that_is_none_is_told(tmp_path: Path, facts: str) -> None:
    """The file and the value are named."""
    with pytest.raises(InputError, match=r"n\.json has the (recording_start|sound_start_s)"):
        events_of(tmp_path, "onset,duration,type\n", facts)


def write_apsaa(folder: Path, *people: str) -> None:
    """A folder for each person, as in APSAA: sound, annotations, other sensors."""
    for person in people:
        write_wav(folder / person / f"{person}.wav")
        (folder / person / f"{person}_Annotations.csv").write_text(
            "Event,Start Time,Duration\nHypopnea,00:00:10,15\nDesaturation,00:00:20,30\n"
            "Obstructive Apnea,00:00:40,12\n"
        )
        (folder / person / f"{person}_accelerometer.csv").write_text("t,x\n0,1\n")


def test_apsaa_folders_are_people(tmp_path: Path) -> None:
    """Each folder is a night of that person; only apneas and hypopneas are taken."""
    write_apsaa(tmp_path, "12", "7")
    nights = read_folder(tmp_path)
    assert [night.facts for night in nights] == [
        {"person": "12", "format": "APSAA"},
        {"person": "7", "format": "APSAA"},
    ]
    assert nights[0].events == (
        Span(10.0, 15.0, "hypopnea"),
        Span(40.0, 12.0, "obstructive_apnea"),
    )


def test_apsaa_with_a_delay_needs_its_direction(tmp_path: Path) -> None:
    """Which of scoring and sound began first is not guessed; the facts tell, as seconds."""
    write_apsaa(tmp_path, "7")
    (tmp_path / "7" / "sync_output.mat").write_bytes(b"MATLAB 5.0")
    with pytest.raises(InputError, match=r'write 7\.json beside 7\.wav with \{"sound_start_s"'):
        read_folder(tmp_path)
    (tmp_path / "7" / "7.json").write_text('{"sound_start_s": 20}')
    (night,) = read_folder(tmp_path)
    # the first event began before the sound and reaches 5 s into it
    assert [(e.onset_s, e.duration_s) for e in night.events] == [(0.0, 5.0), (20.0, 12.0)]


def test_a_sound_without_any_table_is_told(tmp_path: Path) -> None:
    """With what was expected beside it."""
    write_wav(tmp_path / "n.wav")
    with pytest.raises(InputError, match=r"is not scored: expected n\.events\.csv .* or n\.csv"):
        read_folder(tmp_path)


def test_a_folder_of_nothing_is_told(tmp_path: Path) -> None:
    """The sentence lists what could be there."""
    (tmp_path / "notes.txt").touch()
    with pytest.raises(InputError, match=r"expected NAME\.flac.*NAME\.edf with NAME\.rml"):
        read_folder(tmp_path)


@given(st.integers(0, 200_000), st.integers(0, 9))
def test_times_are_seconds(seconds: int, tenths: int) -> None:
    """h:mm:ss.f and a number of seconds mean the same."""
    minutes = seconds // 60
    text = f"{minutes // 60:02d}:{minutes % 60:02d}:{seconds % 60:02d}.{tenths}"
    assert seconds_of(text) == pytest.approx(seconds_of(f"{seconds}.{tenths}"))


@given(st.text(max_size=12))
def test_no_text_is_more_than_no_time(text: str) -> None:
    """Whatever is written: a finite number of seconds, or none."""
    assert abs(seconds_of(text)) != float("inf")
