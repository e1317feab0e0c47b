"""Contract C4: topics, retained flags, QoS and payload keys, spelt out once more by hand."""

from datetime import UTC, date, datetime

import pytest

from osa_daemon.publish import payloads, topics
from osa_daemon.scoring.event import Alert, AlertLevel, Event

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
C4 = {
    "availability": (True, 1),
    "status": (True, 1),
    "hearing": (True, 1),
    "apnea": (True, 1),
    "breathing_audible": (True, 1),
    "alert": (True, 1),
    "event": (False, 1),
    "night/current": (True, 1),
    "night/last": (True, 1),
    "last_event": (True, 1),
    "breathing": (True, 1),
    "diagnostics": (True, 0),
    "level": (False, 0),
    "problem/microphone": (True, 1),
    "problem/configuration": (True, 1),
    "problem/storage": (True, 1),
    "settings": (True, 1),
    "clips": (True, 1),
    "set/+": (False, 1),
}
C2_EVENT = {
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
KEYS = {
    "status": {"v", "state", "since", "reason", "version", "model"},
    "event": C2_EVENT | {"onset", "end", "night", "event_type", "durable"},
    "alert": {"v", "active", "level", "kind", "since", "acknowledged", "event_id", "text"},
    "night": {
        "v",
        "night",
        "events",
        "apneas",
        "hypopneas",
        "index",
        "index_reason",
        "longest_apnea_s",
        "monitorable_s",
        "monitorable_share",
        "snoring_share",
        "breathing_rate_bpm",
        "started",
        "updated",
    },
    "breathing": {"v", "rate_bpm", "snoring"},
    "problem": {"v", "state", "text"},
    "clips": {"v", "keeping", "encrypted", "count", "bytes", "oldest", "problem"},
}


def made() -> dict[str, payloads.Payload]:
    """One payload of each kind."""
    event = Event("id", "hypopnea", 1.0, 12.0, 0.8, "unknown", monitorable=True, truncated=False)
    alert = Alert(True, AlertLevel.URGENT, "apnea", 1.0, "No breathing sound for 60 s.")
    return {
        "status": payloads.status_payload("deaf", NOW, "too loud", "0.1.0", "1"),
        "event": payloads.event_payload(event, NOW, date(2026, 1, 1), is_durable=True),
        "alert": payloads.alert_payload(alert, NOW),
        "night": payloads.night_payload(
            date(2026, 1, 1),
            events=0,
            apneas=0,
            hypopneas=0,
            index=None,
            index_reason="less than 2 h",
            longest_apnea_s=None,
            monitorable_s=0.0,
            monitorable_share=None,
            snoring_share=None,
            breathing_rate_bpm=None,
            started=None,
            updated=NOW,
        ),
        "breathing": payloads.breathing_payload(14.2, is_snoring=False),
        "problem": payloads.problem_payload(None),
        "clips": payloads.clips_payload(
            is_keeping=True, is_encrypted=False, count=1, size=9, oldest=NOW, problem=None
        ),
    }


def test_table_is_contract_c4() -> None:
    """The table holds exactly C4's topics, retained as C4 says and with its QoS."""
    table = {topic.suffix: (topic.is_retained, topic.qos) for topic in topics.TOPICS}
    assert table == C4
    assert len(topics.TOPICS) == len(table)


def test_expiring_values_outlast_their_interval() -> None:
    """A value that expires is sent at least twice in its lifetime, so that none is missed."""
    expiring = {topic.suffix for topic in topics.TOPICS if topic.expiry_s is not None}
    assert expiring == {"breathing", "diagnostics"}
    for topic in topics.TOPICS:
        assert topic.expiry_s is None or topic.expiry_s >= 2 * topic.min_interval_s


def test_telemetry_is_sparse() -> None:
    """Breathing and diagnostics at most each minute, the level at most every 10 s."""
    intervals = {topic.suffix: topic.min_interval_s for topic in topics.TOPICS}
    assert (intervals["breathing"], intervals["diagnostics"], intervals["level"]) == (60, 60, 10)
    assert intervals["apnea"] == intervals["alert"] == intervals["event"] == 0


def test_commands_are_contract_c4() -> None:
    """The keys of `set/<key>`."""
    assert set(topics.COMMANDS) == {
        "sensitivity",
        "alert_after_s",
        "monitoring",
        "alerts",
        "bed_presence",
        "acknowledge",
        "test_alert",
        "delete_clips",
    }


@pytest.mark.parametrize("kind", KEYS)
def test_payload_has_exactly_the_keys_of_the_contract(kind: str) -> None:
    """Every key of C4 and C2 is always there, and no other; the version is 1."""
    payload = made()[kind]
    assert payload.keys() == KEYS[kind]
    assert payload["v"] == 1


def test_states_of_the_daemon_are_contract_c4() -> None:
    """The values of `status`'s state."""
    assert payloads.DAEMON_STATES == (
        "starting",
        "monitoring",
        "paused",
        "deaf",
        "no_microphone",
        "stopping",
    )
