"""Schemas and payload builders agree: whatever is built is allowed, and each key is described."""

import inspect
import json
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta, timezone
from itertools import product
from typing import Any, get_args, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.publish import payloads, topics
from osa_daemon.publish.discovery import discovery_document
from osa_daemon.publish.discovery_schema import entity_schema
from osa_daemon.publish.entities import ENTITIES
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.payload_schemas import ALERT_KINDS, command_schema, state_schemas
from osa_daemon.scoring.event import Alert, AlertLevel, Event, Progress
from osa_daemon.service.live import SETTING_OF
from tests.json_schema import Schema, refusals

NOW = datetime(2026, 7, 2, 3, 4, 5, 678_901, timezone(timedelta(hours=2)))
SCHEMAS = state_schemas(SETTING_OF)

times = st.datetimes(
    datetime(2000, 1, 1),  # noqa: DTZ001 hypothesis wants it so
    datetime(2100, 1, 1),  # noqa: DTZ001
    timezones=st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m))),
)
shares = st.floats(0, 1)
amounts = st.floats(0, 1e9)
counts = st.integers(0, 10_000)
texts = st.text(st.characters(codec="utf-8"), max_size=1000)


def unknown_or(known: st.SearchStrategy[Any]) -> st.SearchStrategy[Any]:
    """The same, or None."""
    return st.one_of(known, st.none())


def measured(known: st.SearchStrategy[float]) -> st.SearchStrategy[Any]:
    """The same, None, or what a division by zero leaves."""
    return st.one_of(known, st.none(), st.sampled_from([float("nan"), float("inf")]))


events = st.builds(
    Event,
    id=st.text(min_size=1, max_size=40),
    type=st.sampled_from(get_args(get_type_hints(Event)["type"])),
    onset_s=st.floats(-1e6, 1e6),
    duration_s=st.floats(10, 600),
    confidence=shares,
    character=st.sampled_from(get_args(get_type_hints(Event)["character"])),
    monitorable=st.booleans(),
    truncated=st.booleans(),
)
alerts = st.builds(
    Alert,
    active=st.booleans(),
    level=st.sampled_from(AlertLevel),
    kind=st.sampled_from(ALERT_KINDS),
    since_s=amounts,
    text=texts,
    acknowledged=st.booleans(),
)
nights = st.builds(
    payloads.night_payload,
    st.dates(),
    events=counts,
    apneas=counts,
    hypopneas=counts,
    index=measured(amounts),
    index_reason=unknown_or(texts),
    longest_apnea_s=measured(amounts),
    monitorable_s=amounts,
    monitorable_share=measured(shares),
    snoring_share=measured(shares),
    breathing_rate_bpm=measured(amounts),
    started=unknown_or(times),
    updated=times,
)
diagnostics = st.builds(
    payloads.diagnostics_payload,
    cpu_share=measured(amounts),
    memory_mb=measured(amounts),
    overruns=unknown_or(counts),
    outbox=unknown_or(counts),
    temperature_c=measured(st.floats(-40, 150)),
    throttled=unknown_or(st.sampled_from(payloads.THROTTLED)),
    model_version=unknown_or(texts),
    events_last_hour=unknown_or(counts),
    average_14_nights=measured(amounts),
)
levels = measured(st.floats(-120, 20))
values = st.fixed_dictionaries(
    {
        "sensitivity": st.sampled_from(["low", "balanced", "high"]),
        "alert_after_s": st.integers(10, 110),
        "monitoring": st.booleans(),
        "alerts": st.booleans(),
        "bed_presence": unknown_or(st.booleans()),
    }
)
BUILT: dict[str, st.SearchStrategy[payloads.Payload]] = {
    "status": st.builds(
        payloads.status_payload,
        st.sampled_from(payloads.DAEMON_STATES),
        times,
        unknown_or(texts),
        texts,
        unknown_or(texts),
    ),
    "event": st.builds(payloads.event_payload, events, times, st.dates(), is_durable=st.booleans()),
    "alert": st.builds(payloads.alert_payload, st.none() | alerts, st.none() | times),
    "night": nights,
    "breathing": st.builds(
        payloads.breathing_payload, measured(st.floats(0, 60)), is_snoring=st.booleans()
    ),
    "diagnostics": diagnostics,
    "level": st.builds(payloads.level_payload, levels, levels),
    "problem": st.builds(payloads.problem_payload, unknown_or(texts)),
    "settings": st.builds(payloads.settings_payload, values),
    "clips": st.builds(
        payloads.clips_payload,
        is_keeping=st.booleans(),
        is_encrypted=st.booleans(),
        count=counts,
        size=st.integers(0, 10**12),
        oldest=unknown_or(times),
        problem=unknown_or(texts),
    ),
}
OBJECTS = [name for name, schema in SCHEMAS.items() if schema["type"] == "object"]


def sent(payload: payloads.Payload) -> Any:
    """The payload as a subscriber reads it."""
    return json.loads(payloads.encode(payload))


@pytest.mark.parametrize("name", OBJECTS)
@given(data=st.data())
def test_what_is_built_is_allowed(name: str, data: st.DataObject) -> None:
    """Any plain data within its ranges gives a payload that its schema allows."""
    payload = data.draw(BUILT[name])
    assert refusals(SCHEMAS[name], sent(payload)) == []


@pytest.mark.parametrize("name", OBJECTS)
@given(data=st.data())
def test_each_key_is_described_and_wanted(name: str, data: st.DataObject) -> None:
    """A payload without one of its keys, or with another, is refused."""
    payload = sent(data.draw(BUILT[name]))
    described = SCHEMAS[name]
    assert payload.keys() == set(described["required"]) == described["properties"].keys()
    key = data.draw(st.sampled_from(sorted(payload)))
    assert refusals(described, {k: v for k, v in payload.items() if k != key})
    assert refusals(described, payload | {"more": None})
    assert refusals(described, payload | {key: []})


def known_or_not(build: Callable[..., payloads.Payload], known: dict[str, Any]) -> list[Any]:
    """What is built of every combination of known and None, for parameters that take None."""
    hints = get_type_hints(build)
    takes = [name for name in known if type(None) in get_args(hints[name])]
    kept = {name: value for name, value in known.items() if name not in takes}
    pairs = [[(name, known[name]), (name, None)] for name in takes]
    return [sent(build(**kept, **dict(chosen))) for chosen in product(*pairs)]


@pytest.mark.parametrize(
    ("name", "build", "known"),
    [
        (
            "status",
            payloads.status_payload,
            {"state": "paused", "since": NOW, "reason": "r", "version": "1", "model": "m"},
        ),
        (
            "night",
            payloads.night_payload,
            {
                "night": date(2026, 7, 1),
                "events": 3,
                "apneas": 2,
                "hypopneas": 1,
                "index": 1.5,
                "index_reason": "r",
                "longest_apnea_s": 12.0,
                "monitorable_s": 7200.0,
                "monitorable_share": 1.0,
                "snoring_share": 0.0,
                "breathing_rate_bpm": 14.0,
                "started": NOW,
                "updated": NOW,
            },
        ),
        (
            "diagnostics",
            payloads.diagnostics_payload,
            {
                "cpu_share": 1.2,
                "memory_mb": 99.0,
                "overruns": 0,
                "outbox": 0,
                "temperature_c": -3.0,
                "throttled": "no",
                "model_version": "m",
                "events_last_hour": 0,
                "average_14_nights": 4.0,
            },
        ),
        ("breathing", payloads.breathing_payload, {"rate_bpm": 14.0, "is_snoring": True}),
        ("level", payloads.level_payload, {"level_dbfs": -50.0, "noise_dbfs": -60.0}),
        ("problem", payloads.problem_payload, {"text": "gone"}),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_unknown_may_be_unknown_in_every_combination(
    name: str, build: Callable[..., payloads.Payload], known: dict[str, Any]
) -> None:
    """Whichever of the values are None, the payload is allowed."""
    assert known.keys() == inspect.signature(build).parameters.keys()
    for payload in known_or_not(build, known):
        assert refusals(SCHEMAS[name], payload) == []


def test_texts_are_those_that_are_sent() -> None:
    """Topics whose payload is no JSON allow exactly the texts that there are."""
    allowed = {name: s["enum"] for name, s in SCHEMAS.items() if s["type"] == "string"}
    assert allowed == {
        "availability": [topics.ONLINE, topics.OFFLINE],
        "apnea": [progress.value for progress in Progress],
        "breathing_audible": ["ON", "OFF"],
    }


def test_kinds_of_alerts_are_contract_c4() -> None:
    """The four kinds of C4, whichever of them this version raises; null only without an alert."""
    kinds = get_args(get_type_hints(Alert)["kind"])
    assert set(kinds) <= set(ALERT_KINDS) == {"apnea", "cluster", "index", "technical"}
    raised = payloads.alert_payload(Alert(True, AlertLevel.ALERT, "apnea", 0.0, "t"), NOW)
    assert refusals(SCHEMAS["alert"], sent(raised)) == []
    assert refusals(SCHEMAS["alert"], sent(raised) | {"kind": None})
    assert refusals(SCHEMAS["alert"], sent(payloads.alert_payload(None, None)) | {"active": True})


@pytest.mark.parametrize(
    "text", ["2026-07-02T03:04:05.678", "2026-07-02T03:04:05.678Z", "2026-07-02", "yesterday"]
)
def test_a_time_without_its_offset_is_refused(text: str) -> None:
    """Somebody would read it in the wrong zone."""
    status = sent(payloads.status_payload("starting", NOW, None, "1", None))
    assert refusals(SCHEMAS["status"], status | {"since": text})


@pytest.mark.parametrize(
    ("name", "key", "value"),
    [
        ("event", "duration_s", 9.9),
        ("event", "confidence", 1.01),
        ("night", "monitorable_share", 1.01),
        ("night", "events", -1),
        ("night", "index", -0.1),
        ("settings", "alert_after_s", 111),
        ("settings", "sensitivity", "medium"),
        ("problem", "state", "on"),
        ("status", "state", "sleeping"),
        ("status", "v", 2),
    ],
)
@given(data=st.data())
def test_what_is_out_of_range_is_refused(
    name: str, key: str, value: object, data: st.DataObject
) -> None:
    """Ranges, choices and the version of the form are part of the schema."""
    payload = sent(data.draw(BUILT[name])) | {key: value}
    assert refusals(SCHEMAS[name], payload)


def test_a_problem_has_a_text_exactly_where_there_is_one() -> None:
    """ON without a sentence helps nobody; OFF with one contradicts itself."""
    assert refusals(SCHEMAS["problem"], {"v": 1, "state": "ON", "text": None})
    assert refusals(SCHEMAS["problem"], {"v": 1, "state": "OFF", "text": "gone"})


@pytest.mark.parametrize("key", topics.COMMANDS)
def test_each_command_has_a_schema(key: str) -> None:
    """Its payload is described, with words for people."""
    assert command_schema(key, SETTING_OF)["description"]


def test_an_unknown_command_has_none() -> None:
    """A new command cannot be forgotten: the document is not made without its schema."""
    with pytest.raises(KeyError):
        command_schema("volume", SETTING_OF)


def test_entities_are_described_without_a_key_that_none_has() -> None:
    """The schema of an entity has exactly the keys that the device payload uses."""
    components = discovery_document(MqttSettings("localhost"))["components"]
    used = {key for entity in ENTITIES for key in components[entity.key]}
    described: Schema = entity_schema()
    assert described["properties"].keys() == used
    everywhere = set.intersection(*(set(components[entity.key]) for entity in ENTITIES))
    assert set(described["required"]) == everywhere


def test_the_time_of_now_is_allowed() -> None:
    """The zone of this machine gives times that are allowed."""
    status = payloads.status_payload("starting", datetime.now(UTC).astimezone(), None, "1", None)
    assert refusals(SCHEMAS["status"], sent(status)) == []
