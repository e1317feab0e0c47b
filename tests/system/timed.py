"""A subscriber that notes when a message comes."""

import time
from typing import Any

from tests.mosquitto import Subscriber


class Timed(Subscriber):
    """Hears the bedside's topics; `at` holds when each message came (s), its topic and payload."""

    def __init__(self, port: int) -> None:
        self.at: list[tuple[float, str, str]] = []
        super().__init__(port, "osa_daemon/bedside/#")
        note = self.client.on_message

        def noted(client: Any, data: Any, message: Any) -> None:
            suffix = message.topic.partition("/bedside/")[2]
            self.at.append((time.monotonic(), suffix, message.payload.decode()))
            assert note is not None
            note(client, data, message)

        self.client.on_message = noted

    def times_of(self, suffix: str, payload: str) -> list[float]:
        """When this was told (s)."""
        return [at_s for at_s, *told in list(self.at) if told == [suffix, payload]]
