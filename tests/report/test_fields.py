"""What programs get of a night: names, columns of one length, times with their offset."""

import csv
import json
from dataclasses import replace
from datetime import datetime, timedelta

from osa_daemon.journal.rows import TraceRow
from osa_daemon.report.fields import (
    CSV_COLUMNS,
    event_fields,
    events_csv,
    minutes_fields,
    report_fields,
    trace_fields,
)
from osa_daemon.report.night import Night


def test_a_report_is_json_with_every_event(night: Night):
    """Figures, interval, average, events and alerts; it survives being written and read."""
    fields = report_fields(night.night, night.row, night.events, night.alerts, 7.5)
    told = json.loads(json.dumps(fields))
    assert told["night"] == "2026-11-29"
    assert told["interval"][0] < told["index"] < told["interval"][1]
    assert told["average_14"] == 7.5
    assert [each["id"] for each in told["event_list"]] == [each.id for each in night.events]
    assert len(told["alert_list"]) == len(night.alerts) > 0


def test_a_row_of_csv_is_an_event(night: Night):
    """What is read again are the journal's events, at their moments."""
    rows = list(csv.DictReader(events_csv(night.events).splitlines()))
    assert [row["id"] for row in rows] == [event.id for event in night.events]
    for row, event in zip(rows, night.events, strict=True):
        onset = datetime.fromisoformat(row["onset"])
        assert abs(onset - event.onset_utc) < timedelta(milliseconds=1)
        assert float(row["duration_s"]) == round(event.duration_s, 2)
    assert {"v", *CSV_COLUMNS} == set(event_fields(night.events[0]))


def test_without_events_the_header_stays():
    """So that a program that reads many nights finds its columns."""
    assert events_csv(()) == ",".join(CSV_COLUMNS) + "\n"


def test_minutes_are_columns_of_one_length(night: Night):
    """Each has a value for each minute; what is not known is null."""
    columns = minutes_fields(night.minutes)
    assert {len(column) for column in columns.values()} == {len(night.minutes)}
    assert None in columns["breathing_rate_bpm"]
    assert datetime.fromisoformat(columns["start"][0]) == night.minutes[0].start_utc.replace(
        microsecond=0
    )


def test_a_minute_without_sound_has_no_level(night: Night):
    """The journal's -120 dB stands for none: a curve through it would show a fall."""
    lost = replace(night.minutes[3], heard_s=0.0, gap_s=60.0, level_dbfs=-120.0, noise_dbfs=-120.0)
    columns = minutes_fields([night.minutes[2], lost])
    assert columns["level_dbfs"] == [round(night.minutes[2].level_dbfs, 2), None]
    assert columns["noise_dbfs"] == [round(night.minutes[2].noise_dbfs, 2), None]
    assert columns["gap_s"][1] == 60.0


def test_the_course_of_an_event_begins_before_it(night: Night):
    """Its first second is as long before the onset as the journal says."""
    event = night.events[0]
    trace = TraceRow(
        "e", 2.5, (None, -50.0), (None, -60.5), (0.0, 0.9), (0, 0), (0, 1), (False, True)
    )
    columns = trace_fields(event, trace)
    before = event.onset_utc - datetime.fromisoformat(columns["start"])
    assert abs(before.total_seconds() - 2.5) < 0.001
    assert (columns["level_dbfs"], columns["audible"]) == ([None, -50.0], [0, 1])


def test_of_lost_seconds_no_probability_is_told(night: Night):
    """A curve at 0 would say that no pause was heard, where nothing was."""
    trace = TraceRow(
        "e", 1.0, (None, -50.0), (None, -60.5), (0.0, 0.9), (0.0, 0.1), (0.0, 0.2), (False, True)
    )
    columns = trace_fields(night.events[0], trace)
    told = (columns["breath"], columns["apnea"], columns["hypopnea"])
    assert told == ([None, 0.9], [None, 0.1], [None, 0.2])
