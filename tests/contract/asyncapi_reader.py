"""Reads config/asyncapi.yaml, and holds messages against it; knows nothing of who wrote it."""

import json
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from tests.json_schema import Schema, refusals
from tests.mosquitto import Heard

PATH = Path(__file__).resolve().parents[2] / "config" / "asyncapi.yaml"


@dataclass(frozen=True, slots=True)
class Rule:
    """What the document says of one topic; `sends`: the daemon does, else it listens."""

    operation: str
    topic: str
    sends: bool
    message: str
    is_text: bool
    schema: Schema
    examples: tuple[Any, ...]
    qos: int
    is_retained: bool
    expiry_s: int | None

    def faults_of_payload(self, payload: str) -> list[str]:
        """Why a payload is not allowed; empty where it is."""
        if self.is_text:
            return refusals(self.schema, payload)
        try:
            return refusals(self.schema, json.loads(payload))
        except json.JSONDecodeError as error:
            return [f"no JSON: {error}"]


class Contract:
    """The document, its addresses filled with `parameters`; others take their default."""

    def __init__(self, **parameters: str) -> None:
        self.document: dict[str, Any] = yaml.safe_load(PATH.read_text("utf-8"))
        self._parameters = parameters
        rules = [self._rule(name) for name in self.document["operations"]]
        self.rules = {rule.topic: rule for rule in rules}
        assert len(self.rules) == len(rules), "two operations share a topic"

    def follow(self, node: dict[str, Any]) -> dict[str, Any]:
        """The node itself, or what it refers to."""
        while "$ref" in node:
            place: Any = self.document
            for part in node["$ref"].removeprefix("#/").split("/"):
                place = place[part]
            node = place
        return node

    def schema(self, node: dict[str, Any]) -> Schema:
        """The schema with all that it refers to at hand."""
        return {"$ref": node["$ref"], "components": self.document["components"]}

    def faults(self, heard: Heard) -> list[str]:
        """What is wrong with a message, in sentences; empty where nothing is."""
        rule = self.rules.get(heard.topic)
        if rule is None:
            return [f"{heard.topic} is not in the document"]
        told: list[tuple[str, object, object]] = [
            ("QoS", heard.qos, rule.qos),
            ("retained", heard.is_retained, rule.is_retained),
            ("expires", heard.expiry_s is not None, rule.expiry_s is not None),
        ]
        faults = [f"{what} is {is_so}, not {want}" for what, is_so, want in told if is_so != want]
        if heard.expiry_s is not None and not 0 < heard.expiry_s <= (rule.expiry_s or 0):
            faults.append(f"expires in {heard.expiry_s} s, not in {rule.expiry_s}")
        return [f"{heard.topic}: {f}" for f in faults + rule.faults_of_payload(heard.payload)]

    def address(self, node: dict[str, Any]) -> str:
        """The topic of a channel."""
        topic: str = node["address"]
        for name, parameter in node["parameters"].items():
            default = self.follow(parameter)["default"]
            topic = topic.replace(f"{{{name}}}", self._parameters.get(name, default))
        assert "{" not in topic, f"{topic} has a parameter that is not described"
        return topic

    def _rule(self, name: str) -> Rule:
        operation = self.document["operations"][name]
        (reference,) = operation["messages"]
        message = self.follow(reference)
        binding = operation["bindings"]["mqtt"]
        content = message.get("contentType", self.document["defaultContentType"])
        return Rule(
            operation=name,
            topic=self.address(self.follow(operation["channel"])),
            sends=operation["action"] == "send",
            message=message["name"],
            is_text=content == "text/plain",
            schema=self.schema(message["payload"]),
            examples=tuple(example["payload"] for example in message["examples"]),
            qos=binding["qos"],
            is_retained=binding["retain"],
            expiry_s=binding.get("messageExpiryInterval"),
        )
