"""The line that `systemctl status` shows: what the daemon does, what came of it, what is wrong."""

import time
from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Final

from osa_daemon.publish.payloads import DaemonState

AWAY_S: Final = 15.0  # a broker that restarts is not worth a word
LONGEST_CAUSE: Final = 110


class StatusLine:
    """Keeps what is so; told by any thread, read by the main thread.

    `wall` gives the local time, `monotonic` seconds.
    """

    def __init__(
        self,
        wall: Callable[[], datetime] = lambda: datetime.now().astimezone(),
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._wall = wall
        self._monotonic = monotonic
        self._state: tuple[DaemonState, str, datetime] = ("starting", "", wall())
        self._connected_s = monotonic()

    def tell(self, state: DaemonState, text: str) -> None:
        """Take a state of the topic `status`, and its cause in a sentence."""
        before, _, since = self._state
        self._state = (state, text, since if state == before else self._wall())

    def line(
        self,
        events: int | None,
        *,
        is_connected: bool,
        starting: str | None = None,
        troubles: tuple[str, ...] = (),
    ) -> str:
        """Return the line; `events` of this night, `starting`: what a start is busy with.

        `troubles` are a few words each; `is_connected`: whether the broker is there now.
        """
        parts = [self._doing(starting)]
        if events is not None:
            parts.append(f"{events} event{'' if events == 1 else 's'} tonight")
        if is_connected:
            self._connected_s = self._monotonic()
        elif (away_s := self._monotonic() - self._connected_s) >= AWAY_S:
            parts.append(f"broker away{_for(away_s)}")
        return "; ".join([*parts, *troubles])

    def _doing(self, starting: str | None) -> str:
        state, text, since = self._state
        cause = text if len(text) <= LONGEST_CAUSE else text[: LONGEST_CAUSE - 1] + "…"
        cause = cause.rstrip(".")
        match state:
            case "starting":
                return f"Starting: {starting}" if starting else "Starting"
            case "monitoring":
                return f"Listening since {self._moment(since)}"
            case "paused":
                return f"Not listening since {self._moment(since)}: {cause}"
            case _:
                return f"Hearing nothing since {self._moment(since)}: {cause}"

    def _moment(self, since: datetime) -> str:
        is_recent = self._wall() - since < timedelta(hours=20)
        return f"{since:%H:%M}" if is_recent else f"{since:%Y-%m-%d %H:%M}"


def _for(seconds: float) -> str:
    if seconds < 60:
        return ""
    return f" for {seconds / 60:.0f} min" if seconds < 5400 else f" for {seconds / 3600:.0f} h"
