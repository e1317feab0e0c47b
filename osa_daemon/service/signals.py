"""What signals ask of the daemon: to end, and to read its settings again."""

import signal
from typing import Self


class Signals:
    """Only notes them: a lock taken in a handler might be one that the interrupted code holds.

    `stop` stays true; however many SIGHUP come before `take_reload`, they are one.
    """

    def __init__(self) -> None:
        self.stop = False
        self._reload = False

    @classmethod
    def install(cls) -> Self:
        """Take SIGTERM, SIGINT and SIGHUP from now on; to be called by the main thread."""
        signals = cls()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, signals._on_stop)
        signal.signal(signal.SIGHUP, signals._on_reload)
        return signals

    def take_reload(self) -> bool:
        """Return whether the settings are to be read again, and take it as done."""
        wanted, self._reload = self._reload, False
        return wanted

    def _on_stop(self, *_: object) -> None:
        self.stop = True

    def _on_reload(self, *_: object) -> None:
        self._reload = True
