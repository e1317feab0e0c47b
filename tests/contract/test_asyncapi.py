"""config/asyncapi.yaml: complete, consistent, and an AsyncAPI 3 document."""

import copy
import hashlib
import json
import re
import shutil
import subprocess
import tarfile
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from jsonschema import Draft7Validator

from osa_daemon.publish import topics
from osa_daemon.publish.delivery import availability
from osa_daemon.publish.discovery import birth_topic, discovery_topic
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.settings.model import Mqtt
from tests.contract.asyncapi_reader import PATH, Contract
from tests.json_schema import Schema, refusals

SETTINGS = MqttSettings(
    host="localhost", base_topic="house/osa", device_id="bed_2", discovery_prefix="ha"
)
CONTRACT = Contract(base="house/osa", device_id="bed_2", discovery_prefix="ha")
DOCUMENT = CONTRACT.document
BY_OPERATION = {rule.operation: rule for rule in CONTRACT.rules.values()}

# the official schema lies in an npm package, which nothing else here needs
PACKAGE = "@asyncapi/specs@6.11.1"
OFFICIAL = "package/schemas/3.0.0-without-$id.json"
OFFICIAL_SHA256 = "abe96881dbfaad495ccbb6bd8d3fb43ca18a13b9d7564849ccb66f39d5e5b20f"


def objects(of: Schema, *required: str, **optional: Schema) -> Schema:
    """The schema of an object with these keys; a name's value may be anything but null."""
    anything: Schema = {"not": {"type": "null"}}
    return {
        "type": "object",
        "required": list(required),
        "additionalProperties": False,
        "properties": dict.fromkeys(required, anything) | optional | of,
    }


def each(schema: Schema) -> Schema:
    """An object of any keys whose values are of one kind."""
    return {"type": "object", "additionalProperties": schema, "minProperties": 1}


REFERENCE = objects({"$ref": {"type": "string", "pattern": "^#/"}}, "$ref")
REFERENCES = {"type": "array", "items": REFERENCE, "minItems": 1}
TEXT = {"type": "string", "minLength": 1}
# what this document uses of AsyncAPI 3.0.0 (its specification names the objects and their keys)
SHAPE = objects(
    {
        "asyncapi": {"const": "3.0.0"},
        "info": objects({}, "title", "version", "description", "license"),
        "servers": each(
            objects(
                {"bindings": REFERENCE, "protocol": {"enum": ["mqtt", "mqtts"]}},
                *("host", "protocol", "protocolVersion", "description", "variables", "bindings"),
            )
        ),
        "channels": each(
            objects(
                {"messages": each(REFERENCE), "parameters": each(REFERENCE), "summary": TEXT},
                *("address", "summary", "messages", "parameters"),
                description=TEXT,
            )
        ),
        "operations": each(
            objects(
                {
                    "action": {"enum": ["send", "receive"]},
                    "channel": REFERENCE,
                    "messages": REFERENCES,
                    "bindings": objects({"mqtt": {"type": "object"}}, "mqtt"),
                },
                *("action", "channel", "messages", "bindings"),
                description=TEXT,
                reply=objects({"channel": REFERENCE, "messages": REFERENCES}, "channel"),
            )
        ),
        "components": objects(
            {
                "messages": each(
                    objects(
                        {
                            "payload": REFERENCE,
                            "contentType": {"enum": ["text/plain", "application/json"]},
                            "examples": {"type": "array", "minItems": 1},
                        },
                        *("name", "contentType", "summary", "payload", "examples"),
                    )
                ),
                "parameters": each(objects({}, "default", "description")),
                "schemas": each({"type": "object"}),
            },
            *("serverBindings", "parameters", "messages", "schemas"),
        ),
    },
    *("asyncapi", "info", "defaultContentType", "servers", "channels", "operations", "components"),
)


def nodes(node: object) -> Iterator[dict[str, Any]]:
    """Every object in the document."""
    if isinstance(node, dict):
        yield node
        for inner in node.values():
            yield from nodes(inner)
    elif isinstance(node, list):
        for inner in node:
            yield from nodes(inner)


def test_it_has_the_shape_of_an_asyncapi_document() -> None:
    """Objects have the keys that AsyncAPI 3 gives them, and no other."""
    assert refusals(SHAPE, DOCUMENT) == []


def test_every_reference_leads_somewhere() -> None:
    """Nothing refers to what is not there."""
    references = [node for node in nodes(DOCUMENT) if "$ref" in node]
    assert len(references) > 100
    for node in references:
        assert CONTRACT.follow(node)


def test_nothing_lies_unused() -> None:
    """Each component is referred to."""
    used = {node["$ref"] for node in nodes(DOCUMENT) if "$ref" in node}
    for kind, named in DOCUMENT["components"].items():
        assert {f"#/components/{kind}/{name}" for name in named} <= used


@pytest.mark.parametrize("topic", topics.TOPICS, ids=lambda topic: topic.suffix)
def test_topics_are_those_of_the_publisher(topic: topics.Topic) -> None:
    """Each is sent or received with the QoS, retain flag and expiry that the publisher's has."""
    keys = topics.COMMANDS if topic == topics.SET else ("",)
    for key in keys:
        rule = CONTRACT.rules[SETTINGS.topic(topic.suffix.replace("+", key))]
        assert rule.sends is (topic != topics.SET)
        assert (rule.qos, rule.is_retained, rule.expiry_s) == (
            topic.qos,
            topic.is_retained,
            topic.expiry_s,
        )


def test_there_is_no_topic_more() -> None:
    """Beside the publisher's topics there are Home Assistant's two."""
    told = {topic.suffix for topic in topics.TOPICS if topic != topics.SET}
    told |= {f"set/{key}" for key in topics.COMMANDS}
    named = {SETTINGS.topic(suffix) for suffix in told}
    assert CONTRACT.rules.keys() == named | {discovery_topic(SETTINGS), birth_topic(SETTINGS)}
    assert len(CONTRACT.rules) == len(DOCUMENT["channels"]) == len(DOCUMENT["operations"])


def test_the_last_will_is_that_of_the_connection() -> None:
    """Each server is left with the will that the publisher leaves, and by the client it names."""
    will = availability(SETTINGS, topics.OFFLINE)
    for server in DOCUMENT["servers"].values():
        binding = CONTRACT.follow(server["bindings"])["mqtt"]
        told = binding["lastWill"]
        assert told["topic"].format(base="house/osa", device_id="bed_2") == will.topic
        assert (told["message"], told["qos"], told["retain"]) == (
            will.payload,
            will.qos,
            will.is_retained,
        )
        assert binding["clientId"].format(device_id="bed_2") == SETTINGS.client_name
        assert binding["keepAlive"] == Mqtt().keepalive_s


@pytest.mark.parametrize("name", BY_OPERATION)
def test_every_example_is_what_it_is_an_example_of(name: str) -> None:
    """Examples are there, and their schema allows them."""
    rule = BY_OPERATION[name]
    assert rule.examples
    for example in rule.examples:
        text = example if rule.is_text else json.dumps(example)
        assert rule.faults_of_payload(text) == []


def test_every_payload_schema_is_a_schema_and_in_words() -> None:
    """Draft 07, which AsyncAPI's own schemas extend; every field of ours says what it means."""
    for name, schema in DOCUMENT["components"]["schemas"].items():
        Draft7Validator.check_schema(schema)
        assert schema["description"]
        if name in ("discovery", "entity"):
            continue  # Home Assistant's documentation describes these
        for described in schema.get("properties", {}).values():
            assert described["description"].endswith((".", ")"))


def test_every_object_is_closed() -> None:
    """Unless all keys are known, a misspelt one would pass."""
    described = [
        node
        for schema in DOCUMENT["components"]["schemas"].values()
        for node in nodes(schema)
        if node.get("type") == "object"
    ]
    assert len(described) > 10
    assert all(node["additionalProperties"] is False for node in described)


def test_every_command_says_what_answers_it() -> None:
    """Its reply is on `settings`; its words name where a refusal is told."""
    for key in topics.COMMANDS:
        operation = DOCUMENT["operations"][f"receive_set_{key}"]
        channel = CONTRACT.follow(operation["reply"]["channel"])
        assert CONTRACT.address(channel) == SETTINGS.topic("settings")
        assert "problem/configuration" in operation["description"]


def test_a_reader_of_yaml_1_2_reads_the_same() -> None:
    """ON, OFF and times are quoted, and there are no anchors: readers differ in these."""
    text = PATH.read_text("utf-8")
    assert not re.search(
        r"(:|-) (ON|OFF|on|off|yes|no|\d\d:\d\d\S*|\d{4}-\d\d-\d\d\S*)$", text, re.M
    )
    assert not re.search(r"(:|-) [&*]\w", text)


@pytest.fixture(scope="module")
def official(tmp_path_factory: pytest.TempPathFactory) -> Schema:
    """AsyncAPI's own schema of version 3.0.0, fetched by npm where there is one."""
    npm = shutil.which("npm")
    if npm is None:
        pytest.skip("npm is not installed, which brings AsyncAPI's own schema")
    folder = tmp_path_factory.mktemp("specs")
    try:
        fetched = subprocess.run(
            [npm, "pack", "--ignore-scripts", "--silent", PACKAGE],
            cwd=folder,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )
    except subprocess.TimeoutExpired:
        pytest.skip(f"npm did not bring {PACKAGE} within 2 minutes")
    if fetched.returncode:
        pytest.skip(f"npm cannot bring {PACKAGE}: {fetched.stderr.strip()[-200:]}")
    with tarfile.open(folder / fetched.stdout.split()[-1]) as archive:
        member = archive.extractfile(OFFICIAL)
        assert member is not None
        content = member.read()
    assert hashlib.sha256(content).hexdigest() == OFFICIAL_SHA256
    schema: Schema = json.loads(content)
    return schema


@pytest.mark.slow
def test_asyncapis_own_schema_allows_it(official: Schema) -> None:
    """The document is valid by the schema that AsyncAPI publishes, MQTT bindings included."""
    assert refusals(official, DOCUMENT) == []


def spoil_binding(document: dict[str, Any]) -> None:
    """A QoS that MQTT does not have."""
    document["operations"]["send_status"]["bindings"]["mqtt"]["qos"] = 3


def spoil_channel(document: dict[str, Any]) -> None:
    """A key that channels do not have."""
    document["channels"]["status"]["payload"] = {}


def spoil_action(document: dict[str, Any]) -> None:
    """A word of version 2."""
    document["operations"]["send_status"]["action"] = "publish"


@pytest.mark.slow
@pytest.mark.parametrize("spoil", [spoil_binding, spoil_channel, spoil_action])
def test_asyncapis_own_schema_refuses_a_spoilt_one(
    official: Schema, spoil: Callable[[dict[str, Any]], None]
) -> None:
    """The check by that schema can fail."""
    document = copy.deepcopy(DOCUMENT)
    spoil(document)
    assert refusals(official, document)
