"""What the views ask for: nights, events, settings, health, files; from a real journal."""

import json
import re
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import AlertRow, EventRow, MinuteRow, NightRow
from osa_daemon.settings.catalogue import catalogue
from osa_daemon.web.files import Files
from osa_daemon.web.health import as_told
from tests.web.page import ServedPage

NIGHT = date(2026, 11, 29)
START = datetime(2026, 11, 29, 22, 0, tzinfo=UTC)
FIGURES = json.dumps({"events": 3, "apneas": 3, "index": 1.5, "monitorable_s": 7200.0})


def event(number: int) -> EventRow:
    """An event of the night."""
    onset = START + timedelta(minutes=number)
    return EventRow(
        id=f"event-{number}", type="apnea", onset_utc=onset, end_utc=onset + timedelta(seconds=15),
        duration_s=15.0, confidence=0.9, character="silent", monitorable=True, truncated=False,
        night=NIGHT,
    )  # fmt: skip


def fill(page: ServedPage) -> None:
    """A night with three events, two minutes and an alert."""
    journal = Journal.open(page.loaded.settings.journal.path)
    try:
        for number in range(3):
            journal.record_event(event(number), "{}", START)
        journal.record_minutes(
            [
                MinuteRow(START + timedelta(minutes=n), NIGHT, 60, 58.04, 3, 0, -50.123, -61, 14.5)
                for n in range(2)
            ]
        )
        journal.record_night(NightRow(NIGHT, START, START, FIGURES, "{}"))
        journal.record_alert(AlertRow(START, None, NIGHT, "apnea", "alert", "A pause.", False))
    finally:
        journal.close()


@pytest.fixture(scope="module")
def page(shared_page: ServedPage) -> ServedPage:
    """A page whose journal has a night."""
    fill(shared_page)
    return shared_page


def test_nights_are_listed_with_their_figures_and_average(page: ServedPage):
    """The fields of `osa-daemon nights --json`, an interval, and the average of 14 nights."""
    told = page.browser().ask("/api/nights").json
    assert [night["night"] for night in told["nights"]] == ["2026-11-29"]
    assert told["nights"][0]["index"] == told["average_14"] == 1.5
    assert "interval" in told["nights"][0]


def test_a_night_has_its_minutes_as_columns_its_events_and_alerts(page: ServedPage):
    """Columns are of one length; a night that there is not is a sentence."""
    told = page.browser().ask("/api/nights/2026-11-29").json
    assert {len(column) for column in told["minutes"].values()} == {2}
    assert told["minutes"]["level_dbfs"] == [-50.12, -50.12]
    assert [row["id"] for row in told["event_list"]] == ["event-0", "event-1", "event-2"]
    assert told["alert_list"][0]["text"] == "A pause."
    missing = page.browser().ask("/api/nights/2026-11-28")
    assert (missing.status, list(missing.json)) == (404, ["error"])
    for wrong in ("yesterday", "2026-13-01", "%2e%2e", "2026-11-29%00"):
        assert page.browser().ask(f"/api/nights/{wrong}").status in {404, 422}


def test_a_night_is_a_file_by_a_process_of_its_own(page: ServedPage):
    """What `osa-daemon report` prints is passed on under a name; its failures are sentences."""
    browser = page.browser()
    answer = browser.ask("/api/nights/2026-11-29/report.json")
    assert answer.status == 200, answer.body
    assert [row["id"] for row in answer.json["event_list"]] == ["event-0", "event-1", "event-2"]
    assert 'filename="night-2026-11-29.json"' in answer.headers["content-disposition"]
    assert browser.ask("/api/nights/2026-11-28/report.json").status == 404
    assert browser.ask("/api/nights/2026-11-29/report.exe").status == 422
    assert browser.ask("/api/nights/--help/report.pdf").status == 422


def test_an_event_knows_its_neighbours(page: ServedPage):
    """The first has none before it, the last none behind it."""
    told = [page.browser().ask(f"/api/events/event-{n}").json for n in range(3)]
    assert [(t["previous"], t["next"]) for t in told] == [
        (None, "event-1"),
        ("event-0", "event-2"),
        ("event-1", None),
    ]
    assert told[1]["event"]["onset"]
    assert page.browser().ask("/api/events/'%20OR%201=1").status == 404


def test_settings_are_all_there_and_no_secret_among_them(page: ServedPage):
    """Each key with kind, value and origin; a secret says only whether it is set."""
    page.config.write_text(page.config.read_text() + "ntfy:\n  url: https://ntfy.example/s3cret\n")
    answer = page.browser().ask("/api/settings")
    rows = {row["key"]: row for row in answer.json["settings"]}
    assert list(rows) == [row.key for row in catalogue()]
    assert b"s3cret" not in answer.body
    secret = rows["ntfy.url"]
    assert (secret["value"], secret["is_set"], secret["secret"]) == (None, True, True)
    port = rows["web.port"]
    assert (port["value"], port["origin"]) == (page.port, "file")
    assert str(page.config) in port["origin_path"]
    assert rows["alerts.after_s"]["origin"] == "default"


def test_a_change_is_the_daemon_s_to_make_or_to_refuse(page: ServedPage):
    """What is no setting is refused here; the daemon's own sentence is passed on."""
    browser = page.browser().look()
    assert browser.ask("/api/settings", {"key": "no.such", "value": 1}).status == 422
    assert browser.ask("/api/settings", {"key": "alerts.after_s"}).status == 422
    assert browser.ask("/api/settings", {"key": "alerts.after_s", "value": [1]}).status == 422
    assert page.commands.take() is None
    with page.obeying(None) as taken:
        answer = browser.ask("/api/settings", {"key": "alerts.after_s", "value": 31})
        assert (answer.status, "settings" in answer.json) == (200, True)
        assert browser.ask("/api/settings", {"key": "alerts.after_s", "reset": True}).status == 200
        assert browser.ask("/api/commands", {"key": "alerts", "payload": "OFF"}).status == 200
    assert [command.change is not None for command in taken] == [True, True, False]
    assert taken[2].payload == b"OFF"
    with page.obeying("alerts.after_s is 1, but must be more."):
        refused = browser.ask("/api/settings", {"key": "alerts.after_s", "value": 1})
    assert (refused.status, refused.json["error"]) == (
        409,
        "alerts.after_s is 1, but must be more.",
    )


def test_doctor_s_findings_are_put_as_the_page_has_them():
    """Names and verdicts become checks and states; another text than doctor's is refused."""
    rows = [{"name": "disk", "verdict": "bad", "text": "it is full: make room."}]
    told = as_told(json.dumps({"v": 1, "findings": rows}).encode())
    assert told["findings"] == [
        {"check": "disk", "state": "wrong", "text": "it is full: make room.", "remedy": None}
    ]
    with pytest.raises(Exception, match="cannot be read"):
        as_told(b"nothing")


def test_files_are_those_that_were_there_and_no_path_leads_elsewhere(page: ServedPage):
    """No path climbs; what the browser has already is not sent again; text comes packed."""
    browser = page.browser()
    first = browser.ask("/static/index.html")
    assert first.status == 200
    again = browser.ask("/static/index.html", If_None_Match=first.headers["etag"])
    assert (again.status, again.body) == (304, b"")
    for path in (
        "/static/../__main__.py",
        "/static/%2e%2e/__main__.py",
        "/static/..%2f__main__.py",
        "/static//etc/passwd",
        "/static/",
        "/try/../../app.py",
    ):
        assert browser.ask(path).status == 404, path
    assert browser.ask("/", method="PUT").status in {403, 405}


def test_a_file_s_kind_is_known_and_large_ones_are_not_kept_in_memory(tmp_path: Path):
    """Modules are JavaScript, also where the system's table has no such kind."""
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "a.mjs").write_text("export const a = 1;\n" * 100)
    (tmp_path / ".hidden").write_text("x")
    (tmp_path / "m.onnx").write_bytes(b"m" * 600_000)
    files = Files(tmp_path)
    assert "sub/a.mjs" in files
    assert ".hidden" not in files
    kept = files._kept["sub/a.mjs"]
    assert kept.kind == "text/javascript"
    assert kept.packed is not None
    assert re.fullmatch('"[0-9a-f]{32}"', kept.tag)
    assert files._kept["m.onnx"].data is None
