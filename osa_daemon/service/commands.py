"""Commands from the broker on their way to the chain's thread."""

import logging
import queue

from osa_daemon.publish.topics import COMMANDS

ACKNOWLEDGE = "acknowledge"
MOST_WAITING = 20  # anyone on the broker can send them in any number
LONGEST_KEY = 40

_SETTINGS = {
    "sensitivity": "detection.sensitivity",
    "alert_after_s": "alerts.after_s",
    "monitoring": "monitoring.hours",
    "alerts": "alerts.enabled",
}

_log = logging.getLogger(__name__)


class Commands:
    """A bounded queue of keys: `put` is called by the publisher's thread, `take` by the chain's.

    No command of this version has a value, so that payloads, which anyone may write, are not
    looked at.
    """

    def __init__(self) -> None:
        self._waiting: queue.Queue[str] = queue.Queue(MOST_WAITING)

    def put(self, key: str, _payload: bytes) -> None:
        """Note a command; dropped where too many wait."""
        try:
            self._waiting.put_nowait(key)
        except queue.Full:
            _log.warning("Too many commands at once: %.40r is dropped.", key)

    def take(self) -> str | None:
        """Return the next command's key, or None."""
        try:
            return self._waiting.get_nowait()
        except queue.Empty:
            return None


def refusal(key: str) -> str:
    """Return the sentence that answers a command which is not carried out."""
    if key in _SETTINGS:
        return (
            f"{key} cannot be changed over MQTT in this version: "
            f"change {_SETTINGS[key]} in the settings file."
        )
    if key in COMMANDS:
        return f"{key} cannot be changed over MQTT in this version: only {ACKNOWLEDGE} can be sent."
    return f"There is no command {key[:LONGEST_KEY]!a}: only {ACKNOWLEDGE} can be sent."
