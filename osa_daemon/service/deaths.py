"""Threads that died: a worker that is gone while the process lives on is the worst of ends."""

import logging
import threading
import traceback
from dataclasses import dataclass

NETWORK = "paho-mqtt-client"  # such a thread is replaced with its connection
WITHOUT_WORDS = ("osa-ntfy",)  # what it raises may hold a token or a topic

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Death:
    """The end of a thread that nobody asked for: a bug, `sys.exit` too."""

    thread: str
    error: BaseException


class Deaths:
    """Notes the first thread that an exception ends; `sys.exit` in a thread is one, too."""

    def __init__(self) -> None:
        self.first: Death | None = None

    def install(self) -> None:
        """Hear of every thread of the process from now on."""
        threading.excepthook = self._note

    def _note(self, args: threading.ExceptHookArgs) -> None:
        name = args.thread.name if args.thread is not None else "unknown"
        error = args.exc_value or RuntimeError(args.exc_type.__name__)
        if name.startswith(NETWORK):
            _log.error(
                "The network thread of MQTT ended by %s; its connection is replaced.\n%s",
                type(error).__name__,
                "".join(traceback.format_exception(error)),
            )
            return
        _log.critical(
            "The thread %s ended by %s, which is a bug: the process ends, to be started anew.\n%s",
            name,
            type(error).__name__,
            _places(error) if name in WITHOUT_WORDS else _told(error),
        )
        if self.first is None:
            self.first = Death(name, error)


def _told(error: BaseException) -> str:
    return "".join(traceback.format_exception(error))


def _places(error: BaseException) -> str:
    return "".join(traceback.format_tb(error.__traceback__))
