"""Contract C4 as config/asyncapi.yaml has it: real traffic is what the document says."""

import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from tests.contract.asyncapi_reader import Contract, Rule
from tests.contract.traffic import BAD, BASE, DEVICE, GOOD, PREFIX, ROOT, Traffic, record

CONTRACT = Contract(base=BASE, device_id=DEVICE, discovery_prefix=PREFIX)
COMMAND = f"{ROOT}/set/"


@pytest.fixture(scope="module")
def traffic(tmp_path_factory: pytest.TempPathFactory) -> Traffic:
    """A night with the daemon, recorded once."""
    sound = Path(__file__).parents[1] / "data" / "night.ogg"
    return record(tmp_path_factory.mktemp("traffic"), sound)


def test_what_the_daemon_tells_is_what_the_document_says(traffic: Traffic) -> None:
    """Topic, payload, QoS, retain flag and expiry of every message, the last will's too."""
    told = [heard for heard in traffic.live if not heard.topic.startswith(COMMAND)]
    assert len(told) > 50
    assert [fault for heard in told for fault in CONTRACT.faults(heard)] == []


def test_every_topic_was_heard(traffic: Traffic) -> None:
    """The document holds no topic that nobody uses, commands included."""
    heard = {heard.topic for heard in traffic.live}
    assert CONTRACT.rules.keys() - heard == set()


def test_commands_are_told_right_from_wrong(traffic: Traffic) -> None:
    """What the daemon carried out the document allows; what it refused the document refuses."""
    commands = [heard for heard in traffic.live if heard.topic.startswith(COMMAND)]
    sent = [(heard.topic.removeprefix(COMMAND), heard.payload) for heard in commands]
    allowed = [
        pair for pair, heard in zip(sent, commands, strict=True) if not CONTRACT.faults(heard)
    ]
    assert sorted(sent) == sorted(row[:2] for row in (*GOOD, *BAD))
    assert sorted(allowed) == sorted(row[:2] for row in GOOD)


def test_every_example_of_a_command_was_obeyed_or_is_of_a_kind_that_was() -> None:
    """The commands sent are those that the document shows, a number beside its default aside."""
    shown = {
        (rule.topic.removeprefix(COMMAND), str(example))
        for rule in CONTRACT.rules.values()
        if rule.topic.startswith(COMMAND)
        for example in rule.examples
    }
    assert shown - {row[:2] for row in GOOD} == {("alert_after_s", "30")}


def test_a_late_subscriber_is_given_what_is_retained_and_nothing_else(traffic: Traffic) -> None:
    """Every retained topic of the document, once, as it is after the last will."""
    retained = {rule.topic for rule in CONTRACT.rules.values() if rule.is_retained}
    assert sorted(heard.topic for heard in traffic.late) == sorted(retained)
    assert [fault for heard in traffic.late for fault in CONTRACT.faults(heard)] == []


def test_a_value_that_expires_is_given_its_whole_time(traffic: Traffic) -> None:
    """The expiry that passes is the document's, less the second in which it is passed on."""
    expiring = [heard for heard in traffic.live if heard.expiry_s is not None]
    assert expiring
    for heard in expiring:
        stated_s = CONTRACT.rules[heard.topic].expiry_s
        assert stated_s is not None
        assert stated_s - 5 <= (heard.expiry_s or 0) <= stated_s


def test_the_last_will_is_the_documents(traffic: Traffic) -> None:
    """The broker says of the killed daemon what the document's servers say that it says."""
    servers = CONTRACT.document["servers"].values()
    wills = [CONTRACT.follow(server["bindings"])["mqtt"]["lastWill"] for server in servers]
    last = [heard for heard in traffic.live if heard.topic == f"{ROOT}/availability"][-1]
    for will in wills:
        topic = will["topic"].format(base=BASE, device_id=DEVICE)
        assert (topic, will["message"], will["qos"], will["retain"]) == (
            last.topic,
            last.payload,
            last.qos,
            last.is_retained,
        )


def test_a_recording_that_was_changed_is_refused(traffic: Traffic) -> None:
    """Each key dropped or of another type, a key more, another choice: the check can fail."""
    seen = {heard.topic: heard for heard in traffic.live if not CONTRACT.faults(heard)}
    assert seen.keys() == CONTRACT.rules.keys()
    passed = [
        f"{heard.topic}: {changed}"
        for heard in seen.values()
        for changed in mutants(CONTRACT.rules[heard.topic], heard.payload)
        if not CONTRACT.faults(replace(heard, payload=changed))
    ]
    assert passed == []


def mutants(rule: Rule, payload: str) -> Iterator[str]:
    """Payloads that are wrong in one thing each."""
    schema = CONTRACT.follow(rule.schema)
    if schema["type"] != "object":
        yield ""
        if "enum" in schema:
            yield f"{payload}?"
            yield payload.swapcase()
        elif schema["type"] == "integer":
            yield from ("9", "111", "30.5", '"30"', "{}")
        return
    value = json.loads(payload)
    yield from ("", "online", "null", "[]", json.dumps([value]), json.dumps(value)[:-1])
    for changed in changes(value, schema, set()):
        yield json.dumps(changed)


def changes(
    value: dict[str, Any], schema: dict[str, Any], met: set[tuple[int, str]]
) -> Iterator[dict[str, Any]]:
    """The object without each of its keys, with one more, with each value of a wrong type.

    `met`: keys of schemas that were changed already, as entities are many of one form.
    """
    yield value | {"surplus": 1}
    for key, kept in value.items():
        described = CONTRACT.follow(schema["properties"][key])
        if described.get("type") == "object":
            yield from (value | {key: inner} for inner in changes(kept, described, met))
        if (id(schema), key) not in met:
            met.add((id(schema), key))
            yield from ({**value, key: wrong} for wrong in wrongs(kept, described))
            if key in schema["required"]:
                yield {name: other for name, other in value.items() if name != key}


def wrongs(kept: object, described: dict[str, Any]) -> Iterator[object]:
    """Values that one key must not have."""
    yield {"deep": 1} if not isinstance(kept, dict) else "flat"
    yield [1]
    if "enum" in described:
        yield "no such value"
    if isinstance(kept, int | float):  # a truth value too
        yield str(kept)
    if "minimum" in described:
        yield described["minimum"] - 1


@pytest.mark.parametrize(
    "change",
    [
        {"topic": f"{ROOT}/status/more"},
        {"topic": "osa_daemon/bedside/status"},
        {"qos": 0},
        {"is_retained": False},
        {"expiry_s": 60},
    ],
    ids=str,
)
def test_a_message_that_was_sent_otherwise_is_refused(
    traffic: Traffic, change: dict[str, Any]
) -> None:
    """Another topic, QoS, retain flag or an expiry where there is none."""
    status = next(heard for heard in traffic.live if heard.topic == f"{ROOT}/status")
    assert CONTRACT.faults(status) == []
    assert CONTRACT.faults(replace(status, **change))


@pytest.mark.parametrize("expiry_s", [None, 0, 181])
def test_an_expiry_that_is_not_the_stated_one_is_refused(
    traffic: Traffic, expiry_s: int | None
) -> None:
    """A value that must not outlive the daemon says for how long it holds."""
    breathing = next(heard for heard in traffic.live if heard.topic == f"{ROOT}/breathing")
    assert CONTRACT.faults(replace(breathing, expiry_s=expiry_s))
