"""What can be known of Home Assistant from the broker alone."""

import json
from typing import Any

from osa_daemon.publish.connection import Received
from osa_daemon.publish.discovery import birth_topic, discovery_topic
from osa_daemon.publish.topics import OFFLINE, ONLINE
from osa_daemon.service.doctor.broker import Visit
from osa_daemon.service.doctor.finding import Finding, doubtful, good

NAME = "home assistant"
_SEE = "whether it was taken, Settings → Devices & services → MQTT shows there"


def check_home_assistant(visit: Visit) -> Finding:
    """Whether it was heard, and whether our announcement waits for it.

    That it is not heard is nothing: Home Assistant tells when it starts, and what it tells is not
    retained unless somebody set that.
    """
    settings = visit.settings
    if not settings.discovery:
        return good(NAME, "not looked for: mqtt.discovery is false")
    topic = birth_topic(settings)
    birth = visit.heard.get(topic)
    announced, is_seen = _announced(visit)
    if birth is not None and birth.payload == OFFLINE.encode():
        return doubtful(NAME, f"it says on {topic} that it has stopped: start it. {announced}.")
    if birth is not None and birth.payload == ONLINE.encode():
        return good(NAME, f"it is there ({topic}). {announced}")
    if is_seen:
        return good(NAME, f"{announced}; {_SEE}")
    if not visit.hears_itself and visit.refusal is None:
        return good(
            NAME,
            "what the daemon announces cannot be read back with this user, so it is not known "
            f"whether it is there; {_SEE}",
        )
    return doubtful(NAME, f"{announced}.")


def _announced(visit: Visit) -> tuple[str, bool]:
    """Return a sentence on our own announcement, without its full stop, and whether it is there."""
    topic = discovery_topic(visit.settings)
    message = visit.heard.get(topic)
    if message is not None and message.payload:
        version = _version(message)
        by = f" by version {version}" if version else ""
        return f"The device is announced on {topic}{by}", True
    if visit.own("availability") is not None:
        return (
            f"No announcement is seen on {topic}: this user may not read it, or may not write it, "
            "or it was deleted; a restart of the daemon makes it anew"
        ), False
    return f"No announcement is seen on {topic}: the daemon makes it when it first connects", False


def _version(message: Received) -> str | None:
    try:
        document: Any = json.loads(message.payload)
        version = document["origin"]["sw_version"]
    except (ValueError, KeyError, TypeError):
        return None
    return version[:20] if isinstance(version, str) and version.isprintable() else None
