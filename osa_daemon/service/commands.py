"""Commands of the broker and of the page on their way to the chain's thread."""

import logging
import queue
from collections.abc import Callable
from dataclasses import dataclass

from osa_daemon.clock import SYSTEM_CLOCK, Clock
from osa_daemon.publish.seldom import Seldom
from osa_daemon.publish.topics import COMMANDS
from osa_daemon.service.live import LiveSettings

ACKNOWLEDGE, TEST_ALERT, DELETE_CLIPS = "acknowledge", "test_alert", "delete_clips"
MOST_WAITING = 20  # anyone on the broker can send them in any number
LONGEST_KEY = 40

_log = logging.getLogger(__name__)


def _unasked(_refusal: str | None) -> None:
    """The broker is answered on the topic `settings`."""


@dataclass(frozen=True, slots=True)
class Command:
    """What somebody wants: a key and its payload, or a `change` of any live setting.

    `answer` is given the sentence on what was refused, or None where it was done.
    """

    key: str
    payload: bytes = b""
    answer: Callable[[str | None], None] = _unasked
    change: Callable[[LiveSettings], None] | None = None


class Commands:
    """A bounded queue: `put` is called by the publisher's thread, `take` by the chain's.

    Keys and payloads are untrusted: anyone on the broker may write them. An empty payload is no
    command: so a retained message is cleared.
    """

    def __init__(self, clock: Clock = SYSTEM_CLOCK) -> None:
        self._waiting: queue.Queue[Command] = queue.Queue(MOST_WAITING)
        self._dropped = Seldom(_log, clock=clock.monotonic_s)

    def put(self, key: str, payload: bytes) -> None:
        """Note a command; dropped where too many wait."""
        if payload and not self.ask(Command(key, payload)):
            self._dropped.warning(f"Too many commands at once: {_quoted(key)} is dropped.")

    def ask(self, command: Command) -> bool:
        """Note a command that is answered; False where too many wait."""
        try:
            self._waiting.put_nowait(command)
        except queue.Full:
            return False
        return True

    def take(self) -> Command | None:
        """Return the next command, or None."""
        try:
            return self._waiting.get_nowait()
        except queue.Empty:
            return None


def unknown(key: str) -> str:
    """Return the sentence that answers a command which there is not."""
    return f"There is no command {_quoted(key)}; there are {', '.join(COMMANDS)}."


def _quoted(key: str) -> str:
    return ascii(key[:LONGEST_KEY])
