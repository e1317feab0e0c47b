"""The settings being read again: asked for by the main thread, done by the chain's."""

import threading
from collections.abc import Callable

from osa_daemon.service.live import LiveSettings
from osa_daemon.service.tasks import SETTINGS, Doing, unwatched


class Reload:
    """A request that stands until it is carried out; asked for meanwhile, it is still that one.

    `on_taken` is called by the chain's thread once new settings are in force.
    """

    def __init__(
        self,
        live: LiveSettings,
        on_taken: Callable[[], None] = lambda: None,
        doing: Doing = unwatched,
    ) -> None:
        self._live = live
        self.on_taken = on_taken
        self._doing = doing
        self._asked = threading.Event()

    def ask(self) -> None:
        """Let the settings be read again."""
        self._asked.set()

    @property
    def is_asked(self) -> bool:
        """Whether that is still to come, or goes on."""
        return self._asked.is_set()

    def do_where_asked(self, go_by_settings: Callable[[], None], tell: Callable[[], None]) -> None:
        """Take up the settings, all of them or none; `tell` what is wrong with them either way."""
        if not self._asked.is_set():
            return
        with self._doing(SETTINGS):
            is_taken = self._live.reload()
        if is_taken:
            go_by_settings()
            self.on_taken()
        tell()
        self._asked.clear()
