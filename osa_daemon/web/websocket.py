"""A WebSocket that is patient, but not for ever: so many frames, and what is written is taken.

uvicorn bounds a message and not the frames: an empty one costs six bytes and as much time as a
full one, and a whole buffer of them kept everybody else waiting for a second.
"""

import logging
import time
from typing import Any, Final

from uvicorn.config import Config
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol
from uvicorn.server import ServerState
from websockets.exceptions import ProtocolError
from websockets.frames import Frame
from websockets.server import ServerProtocol

from osa_daemon.web.untaken import Untaken

FRAMES_PER_S: Final = 60  # twice the messages of a phone
FRAMES_AT_ONCE: Final = 800  # too many messages are told so before
FRAMES_A_REQUEST: Final = 20  # these cost as much as a request


class CountedFrames(ServerProtocol):
    """Reads frames, of any kind; one more than may come is an error that ends the reading."""

    def __init__(self, most_bytes: int | None) -> None:
        super().__init__(max_size=most_bytes, logger=logging.getLogger("uvicorn.error"))
        self._left: float = FRAMES_AT_ONCE
        self._seen_s = time.monotonic()

    def recv_frame(self, frame: Frame) -> None:
        """Take one."""
        self._gain()
        self._left -= 1
        if self._left < 0:
            raise ProtocolError("too many frames")
        super().recv_frame(frame)

    def owed(self) -> float:
        """What came faster than it may for long, in requests that would cost as much."""
        self._gain()
        return (FRAMES_AT_ONCE - self._left) / FRAMES_A_REQUEST

    def _gain(self) -> None:
        now_s = time.monotonic()
        gained = (now_s - self._seen_s) * FRAMES_PER_S
        self._left = min(FRAMES_AT_ONCE, self._left + gained)
        self._seen_s = now_s


class PatientWebSocket(WebSocketsSansIOProtocol):
    """One connection; `untaken` watches what it is sent. Its scope's state tells what it `owes`."""

    untaken: Untaken

    def __init__(
        self, config: Config, server_state: ServerState, app_state: dict[str, Any]
    ) -> None:
        frames = CountedFrames(config.ws_max_size)
        super().__init__(config, server_state, {**app_state, "owes": frames.owed})
        self.conn = frames

    def pause_writing(self) -> None:
        """The client does not take what was written, be it what it asked for by a ping."""
        super().pause_writing()
        self.untaken.begin()

    def resume_writing(self) -> None:
        """It has taken all."""
        super().resume_writing()
        self.untaken.end()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait no more."""
        self.untaken.end()
        super().connection_lost(exc)
