"""What a phone is shown of an alert: no more than that somebody should look.

Neither the time of the pause nor anything else of the alert's payload goes out: a message passes
through a server that may be somebody else's, and stands on a locked phone.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field

from osa_daemon.publish.ntfy_settings import NtfySettings
from osa_daemon.publish.payloads import TEST_TEXT, Value
from osa_daemon.scoring.event import AlertLevel

# of whatever keeps it from hearing or from keeping what it heard: which is said at home
TECHNICAL_TEXT = "What listens at the bedside needs a look."
OVER_TEXT = "It is over."
# https://docs.ntfy.sh/publish/#message-priority: 3 is the usual one, 4 high, 5 the most
_PRIORITIES = {AlertLevel.ALERT.value: 4, AlertLevel.URGENT.value: 5}
_USUAL_PRIORITY = 3
_TAGS = {AlertLevel.ALERT.value: "bell", AlertLevel.URGENT.value: "rotating_light"}


@dataclass(frozen=True, slots=True)
class Message:
    """Text, priority (1 to 5) and tag, as ntfy names them.

    `id` is chance: where an answer was lost and the message is sent again, apps that know
    ntfy's sequence ids show it once.
    """

    text: str
    priority: int
    tag: str
    id: str = field(default_factory=lambda: secrets.token_hex(8))

    def body(self, topic: str, title: str) -> bytes:
        """The message as ntfy's server takes it (https://docs.ntfy.sh/publish/#publish-as-json)."""
        fields = {
            "topic": topic,
            "title": title,
            "message": self.text,
            "priority": self.priority,
            "tags": [self.tag],
            "sequence_id": self.id,
        }
        return json.dumps(fields).encode("ascii")


def is_test(payload: Mapping[str, Value]) -> bool:
    """Whether the alert was raised to see who hears of it."""
    return payload["kind"] == "technical" and payload["text"] == TEST_TEXT


def message_of(payload: Mapping[str, Value], settings: NtfySettings) -> Message:
    """Return the message for an alert that is raised.

    A test comes with the priority of the least urgent alert that is sent, to be as loud.
    """
    level = settings.least_level.value if is_test(payload) else str(payload["level"])
    text, tag = settings.message, _TAGS[level]
    if is_test(payload):
        text = TEST_TEXT
    elif payload["kind"] == "technical":
        text, tag = TECHNICAL_TEXT, "wrench"
    return Message(text, _PRIORITIES[level], tag)


def message_of_end() -> Message:
    """Return the message that an alert is over."""
    return Message(OVER_TEXT, _USUAL_PRIORITY, "white_check_mark")
