"""The payloads, made from plain data."""

import json
from datetime import UTC, date, datetime, timedelta, timezone

import pytest

from osa_daemon.publish import payloads
from osa_daemon.scoring.event import Alert, AlertLevel, Event

SUMMER = timezone(timedelta(hours=2))
ONSET = datetime(2026, 7, 2, 1, 59, 59, 500_000, tzinfo=SUMMER)
EVENT = Event("id-1", "apnea", 123.25, 17.5, 0.91234, "silent", monitorable=True, truncated=False)


def test_event_carries_its_times_in_three_forms() -> None:
    """Onset and end are wall-clock times with their offset, beside the seconds of the source."""
    payload = payloads.event_payload(EVENT, ONSET, date(2026, 7, 1), is_durable=True)
    assert payload["onset"] == "2026-07-02T01:59:59.500+02:00"
    assert payload["end"] == "2026-07-02T02:00:17.000+02:00"
    assert (payload["onset_s"], payload["duration_s"], payload["night"]) == (
        123.25,
        17.5,
        "2026-07-01",
    )
    assert (payload["event_type"], payload["type"], payload["durable"]) == ("apnea", "apnea", True)


def test_time_without_offset_is_a_mistake() -> None:
    """A naive time would be read in the wrong zone by somebody."""
    with pytest.raises(ValueError, match="no offset"):
        payloads.event_payload(EVENT, ONSET.replace(tzinfo=None), date(2026, 7, 1), is_durable=True)


def test_unknown_is_null() -> None:
    """What is not known is null, never a missing key; what is not a number too."""
    payload = payloads.level_payload(float("-inf"), None)
    assert json.loads(payloads.encode(payload)) == {
        "v": 1,
        "level_dbfs": None,
        "noise_dbfs": None,
    }


def test_no_alert_has_every_key() -> None:
    """Before the first alert the topic already has its form."""
    alert = Alert(True, AlertLevel.ALERT, "apnea", 5.0, "No breathing sound for 30 s.")
    assert payloads.alert_payload(None, None).keys() == payloads.alert_payload(alert, ONSET).keys()
    assert payloads.alert_payload(None, None)["active"] is False


def test_acknowledged_alert_says_so() -> None:
    """An alert that someone took note of is over, and tells why."""
    alert = Alert(False, AlertLevel.ALERT, "apnea", 5.0, "Taken note of.", acknowledged=True)
    payload = payloads.alert_payload(alert, ONSET, event_id="id-1")
    assert (payload["active"], payload["acknowledged"], payload["event_id"]) == (
        False,
        True,
        "id-1",
    )


def test_problem_is_on_with_a_text_and_off_without() -> None:
    """A problem's text is what turns it on; a long one is cut."""
    assert payloads.problem_payload(None)["state"] == "OFF"
    assert payloads.problem_payload("gone")["state"] == "ON"
    assert len(str(payloads.problem_payload("x" * 9999)["text"])) == payloads.MAX_TEXT


def test_any_text_can_be_sent() -> None:
    """A file name that is no UTF-8 does not keep the payload from being sent."""
    line = payloads.encode(payloads.problem_payload("cannot read \udcff"))
    assert json.loads(line.encode())["text"] == "cannot read ?"


def test_figures_are_rounded() -> None:
    """Figures change when they change for a person, not at every frame."""
    payload = payloads.night_payload(
        date(2026, 7, 1),
        events=3,
        apneas=2,
        hypopneas=1,
        index=1.2345,
        index_reason=None,
        longest_apnea_s=21.049,
        monitorable_s=8765.4321,
        monitorable_share=0.98765,
        snoring_share=0.0,
        breathing_rate_bpm=None,
        started=None,
        updated=datetime(2026, 7, 2, tzinfo=UTC),
    )
    assert (payload["index"], payload["longest_apnea_s"], payload["monitorable_share"]) == (
        1.2,
        21.0,
        0.99,
    )
