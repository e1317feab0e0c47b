"""An EDF+ file of a night's events, read back by the library that others use, too."""

import sys
from dataclasses import replace
from datetime import UTC, date, datetime, time, timedelta
from io import BytesIO
from zoneinfo import ZoneInfo

import edfio
import pytest

from osa_daemon.errors import InputError, ResourceError
from osa_daemon.evaluation.corpora.kinds import is_other, kind_of
from osa_daemon.report.edf import BEGINNING, edf_of
from osa_daemon.report.night import Night

BERLIN = ZoneInfo("Europe/Berlin")


def test_annotations_are_the_journals_events(night: Night):
    """Each at its moment, with its length and type; the file says when it began."""
    file = edfio.read_edf(BytesIO(edf_of(night, BERLIN)))
    began = datetime.combine(file.startdate, file.starttime, BERLIN)
    assert began == night.began_utc
    assert len(file.annotations) == len(night.events) > 20
    for found, event in zip(file.annotations, night.events, strict=True):
        at = began.astimezone(UTC) + timedelta(seconds=found.onset)
        assert abs((at - event.onset_utc).total_seconds()) < 0.002
        assert found.duration == round(event.duration_s, 3)
        assert kind_of(found.text) == event.type


def test_the_same_night_is_the_same_file(night: Night):
    """Byte for byte; and nobody's name is in it."""
    assert edf_of(night, BERLIN) == edf_of(night, BERLIN)
    assert edfio.read_edf(BytesIO(edf_of(night))).patient.name == "X"


def test_seconds_are_true_over_a_change_of_the_clock(night: Night):
    """An hour that the clock is set back by in the night is an hour in the file."""
    began = datetime(2026, 10, 24, 23, 30, tzinfo=BERLIN)
    event = replace(night.events[0], onset_utc=began.astimezone(UTC) + timedelta(hours=4))
    changed = replace(
        night,
        night=date(2026, 10, 24),
        events=(event,),
        minutes=(replace(night.minutes[0], start_utc=began.astimezone(UTC)),),
        alerts=(),
    )
    file = edfio.read_edf(BytesIO(edf_of(changed, BERLIN)))
    assert (file.startdate, file.starttime) == (date(2026, 10, 24), time(23, 30))
    assert file.annotations[0].onset == 4 * 3600


def test_a_night_without_events_is_a_file_without_any(night: Night):
    """But for its beginning, which no reader takes for an event."""
    file = edfio.read_edf(BytesIO(edf_of(replace(night, events=()))))
    assert [each.text for each in file.annotations] == [BEGINNING]
    assert is_other(BEGINNING)
    assert kind_of(BEGINNING) is None


def test_a_night_before_the_format_is_a_sentence(night: Night):
    """A Pi without a clock begins in 1970, and may have listened."""
    began = datetime(1970, 1, 1, 22, tzinfo=UTC)
    early = replace(night.events[0], onset_utc=began)
    with pytest.raises(InputError, match="the years 1985 to 2084 alone"):
        edf_of(replace(night, events=(early,)))


def test_without_edfio_it_is_said_how_to_get_it(night: Night, monkeypatch: pytest.MonkeyPatch):
    """One sentence with the package, the extra and the option."""
    monkeypatch.setitem(sys.modules, "edfio", None)
    with pytest.raises(ResourceError, match=r"--edf needs edfio, of the extra report.*pip install"):
        edf_of(night)
