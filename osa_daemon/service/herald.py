"""The handshake with systemd: ready, what is done now, the settings being read again."""

import logging

from osa_daemon.service import notify
from osa_daemon.service.reload import Reload
from osa_daemon.service.signals import Signals

_log = logging.getLogger(__name__)


class Herald:
    """Used by the main thread."""

    def __init__(self, signals: Signals, reload: Reload) -> None:
        self._signals = signals
        self._reload = reload
        self._line: str | None = None
        self._is_reloading = False
        self.is_ready = False

    def tell(self, line: str, *, is_up: bool) -> None:
        """Tell what has changed; `is_up`: the first sound, or its absence, was announced."""
        if is_up and not self.is_ready:
            self.is_ready = True
            notify.ready(line)
            _log.info("Ready: %s", line)
        elif self._is_reloading and not self._reload.is_asked:
            self._is_reloading = False
            notify.ready(line)
        elif line != self._line:
            notify.status(line)
        self._line = line
        # before the first sound nothing is there to take it up: it waits, and is not lost
        if self.is_ready and not self._is_reloading and self._signals.take_reload():
            self._is_reloading = True
            notify.reloading()
            self._reload.ask()
