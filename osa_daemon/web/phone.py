"""The phone that is the microphone: its connection, at most one; its sound goes into a ring.

Part of the page's process. A client that floods, sends nonsense or reads nothing costs its own
connection. `web/phone_wire.py` tells what is said on it.
"""

import asyncio
import json
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any, Final, Protocol

from starlette.routing import WebSocketRoute
from starlette.websockets import WebSocket, WebSocketDisconnect

from osa_daemon.audio.packet import HEAD_FRAMES
from osa_daemon.audio.ring import RingMemory, RingWriter
from osa_daemon.audio.secrecy import lock_memory
from osa_daemon.web import phone_words as words
from osa_daemon.web.phone_stream import PhoneStream
from osa_daemon.web.phone_wire import (
    MOST_SAMPLES,
    Hello,
    Note,
    Refusal,
    WireError,
    read_frame,
    read_text,
)

PATH: Final = "/api/phone"
HELLO_S: Final = 5.0  # until a phone has said who it is
SILENT_S: Final = 8.0  # without a word: four notes were due
STALE_S: Final = 5.0  # after which another phone may take the place of a silent one
HEARD_S: Final = 1.0  # between two answers to what came
SEND_S: Final = 5.0  # for a client to read the little that it is sent
MESSAGES_PER_S: Final = 30  # a frame each 0.1 s, a note each 2 s, and what waited
MESSAGES_AT_ONCE: Final = 400  # more than the frames and notes of 30 s that waited

Tell = Callable[[dict[str, Any]], None]


class DaemonLine(Protocol):
    """The line to the daemon: `tell` sends, `on_phone` is called with what is for a phone."""

    on_phone: Callable[[dict[str, Any]], None] | None

    def tell(self, line: dict[str, Any]) -> None:
        """Send a line."""
        ...


def routes(ring_fd: int, line: DaemonLine, url: str) -> tuple[WebSocketRoute, ...]:
    """Return the routes of a phone whose sound goes into the ring `ring_fd`.

    `url` is the page's, with a / at its end. This process's memory is kept out of swap from here
    on. Before the routes stands the gate, which leaves its verdict in their state: of the session,
    and of whether the request came from our own page, by an encrypted way.
    """

    def is_allowed(websocket: WebSocket) -> bool:
        return bool(websocket.state.is_allowed)

    def in_use(websocket: WebSocket) -> None:
        # what it answers decides nothing: another password does not end a phone that is heard
        websocket.state.gate.lets_in(websocket.state.token)

    def tell(told: dict[str, Any]) -> None:
        line.tell({"phone": told})

    lock_memory()  # sound passes through all of it
    desk = PhoneDesk(RingMemory(ring_fd), tell, is_allowed, in_use, page_url=f"{url}phone/")
    line.on_phone = desk.take
    return (desk.route(),)


class PhoneDesk:
    """Takes phones at the route; one for each daemon.

    Args:
        memory: the ring, shared with the daemon; its room is at least one frame's.
        tell: takes what the daemon is to know: `{"state": …, "text": …, "device": …}`, where
            `state` is `running`, `stalled` or `absent`. Must not wait.
        is_allowed: whether the client of a WebSocket is signed in and comes from our own page.
        in_use: takes the WebSocket that is heard, once in a second or two.
        page_url: where a phone opens the page, for people.
    """

    def __init__(
        self,
        memory: RingMemory,
        tell: Tell,
        is_allowed: Callable[[WebSocket], bool],
        in_use: Callable[[WebSocket], None],
        *,
        page_url: str,
    ) -> None:
        if memory.capacity_frames < HEAD_FRAMES + MOST_SAMPLES:
            raise ValueError(f"a ring of {memory.capacity_frames} frames holds no frame of a phone")
        self._writer = RingWriter(memory)
        self._tell = tell
        self._is_allowed = is_allowed
        self._in_use = in_use
        self._page_url = page_url
        self._current: _Connection | None = None
        self._stream: PhoneStream | None = None  # of the phone that was heard last
        self.rests = False  # nobody listens now: no sound is wanted
        self._told: dict[str, Any] = {}
        self._say(state="absent", text=words.nobody(page_url), device=None)

    def route(self) -> WebSocketRoute:
        """Return the route to mount."""
        return WebSocketRoute(PATH, self.serve)

    async def serve(self, websocket: WebSocket) -> None:
        """Live through one connection."""
        await websocket.accept()
        connection = _Connection(websocket)
        with suppress(WebSocketDisconnect, TimeoutError, RuntimeError):
            try:
                await self._attend(connection)
            except WireError as error:
                await connection.refuse(str(error), error.refusal)

    async def _attend(self, connection: "_Connection") -> None:
        if not self._is_allowed(connection.websocket):
            raise WireError(words.NOT_SIGNED_IN, Refusal.NOT_SIGNED_IN)
        hello = read_text(await connection.text(HELLO_S))
        if not isinstance(hello, Hello):
            raise WireError("The first message is no hello.")
        await self._take_place(connection, hello)
        try:
            await self._welcome(connection, hello)
            while self._current is connection:
                await self._next(connection)
        finally:
            self._leave(connection)

    async def _take_place(self, connection: "_Connection", hello: Hello) -> None:
        """Make this the connection, unless another phone has that place."""
        connection.stream = hello.stream
        before = self._current
        if before is not None and before.stream != hello.stream and not before.is_stale:
            if before.may_be_told_of(hello.stream):
                with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
                    await before.say(told=words.other_refused(connection.name))
            raise WireError(words.taken(before.name), Refusal.ANOTHER_PHONE)
        self._current = connection
        if before is not None:
            # closing waits for a client that may be gone
            before.closing = asyncio.create_task(before.refuse(words.REPLACED, Refusal.REPLACED))

    async def _welcome(self, connection: "_Connection", hello: Hello) -> None:
        known = self._stream
        if known is None or (known.name, known.rate_hz) != (hello.stream, hello.rate_hz):
            # unlike that of any stream before, also of a page's process that ended
            self._stream = PhoneStream(hello, time.monotonic_ns())
        assert self._stream is not None
        connection.hears = words.hears(connection.name, hello.ignored)
        self._say(state="running", text=connection.hears, device=connection.name)
        await connection.say(welcome={"next": self._stream.sequence + 1})

    async def _next(self, connection: "_Connection") -> None:
        """Take one message."""
        message = await connection.message(SILENT_S)
        if self._current is not connection or self._stream is None:
            return
        if isinstance(message, bytes):
            frame = read_frame(message)
            stamped = self._stream.take(frame, time.monotonic_ns())
            if not self.rests:
                self._writer.write(stamped.packet.to_frames(), stamped.stamp_ns)
        else:
            note = read_text(message)
            if not isinstance(note, Note):
                raise WireError("A second hello came.")
            self._note(connection, note)
        if connection.is_answer_due:
            self._in_use(connection.websocket)
            await connection.say(heard=self._stream.sequence, rests=self.rests)

    def _note(self, connection: "_Connection", note: Note) -> None:
        connection.note = note
        if note.stopped is None:
            self._say(state="running", text=connection.hears, device=connection.name)
        else:
            self._say(state="stalled", text=words.stopped(note), device=connection.name)

    def _leave(self, connection: "_Connection") -> None:
        if self._current is connection:
            self._current = None
            text = words.stopped(connection.note, connection.close_code)
            self._say(state="absent", text=text, device=connection.name)

    def _say(self, **told: Any) -> None:
        """Tell the daemon, where it does not know it yet."""
        if told != self._told:
            self._told = told
            self._tell(told)

    def take(self, told: dict[str, Any]) -> None:
        """Take what the daemon says: `{"listens": …}`, whether a phone is to send its sound."""
        self.rests = told.get("listens") is False


class _Connection:
    """One client: what it said last, how much it sent, how its connection ended."""

    def __init__(self, websocket: WebSocket) -> None:
        self.websocket = websocket
        self.name = words.name_of(websocket.headers.get("user-agent", ""))
        self.stream = ""
        self.hears = ""
        self.note: Note | None = None
        self.close_code: int | None = None
        self.closing: asyncio.Task[None] | None = None
        self._last_s = self._answered_s = time.monotonic()
        self._allowed: float = MESSAGES_AT_ONCE
        self._known_others: set[str] = set()

    @property
    def is_stale(self) -> bool:
        """Nothing was heard of it lately."""
        return time.monotonic() - self._last_s > STALE_S

    @property
    def is_answer_due(self) -> bool:
        """It is to be told what has arrived; asking notes that it is."""
        now_s = time.monotonic()
        if now_s - self._answered_s < HEARD_S:
            return False
        self._answered_s = now_s
        return True

    def may_be_told_of(self, stream: str) -> bool:
        """Whether it has not been told yet of the refused phone with this stream, nor of many."""
        if stream in self._known_others or len(self._known_others) >= 100:
            return False
        self._known_others.add(stream)
        return True

    async def message(self, timeout_s: float) -> bytes | str:
        """Return the next message; raises WireError for silence or a flood of them."""
        try:
            message = await asyncio.wait_for(self.websocket.receive(), timeout_s)
        except TimeoutError as error:
            raise WireError(
                f"Nothing was heard of the phone for {timeout_s:.0f} s.", Refusal.SILENT
            ) from error
        if message["type"] == "websocket.disconnect":
            self.close_code = message.get("code")
            raise WebSocketDisconnect(message.get("code", 1006))
        self._count()
        data = message.get("bytes")
        return str(message["text"]) if data is None else bytes(data)

    async def text(self, timeout_s: float) -> str:
        """Return the next message, which must be a text."""
        message = await self.message(timeout_s)
        if isinstance(message, bytes):
            raise WireError("Sound came before a hello.")
        return message

    def _count(self) -> None:
        now_s = time.monotonic()
        gained = (now_s - self._last_s) * MESSAGES_PER_S
        self._allowed = min(MESSAGES_AT_ONCE, self._allowed + gained) - 1
        self._last_s = now_s
        if self._allowed < 0:
            raise WireError(f"More than {MESSAGES_PER_S} messages a second came.")

    async def say(self, **said: object) -> None:
        """Send a message; raises TimeoutError where the client does not read."""
        text = json.dumps({"v": 1, **said}, ensure_ascii=False)
        await asyncio.wait_for(self.websocket.send_text(text), SEND_S)

    async def refuse(self, sentence: str, refusal: Refusal) -> None:
        """Say why, and close, whether or not it still listens."""
        with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
            await self.say(refused=sentence)
        with suppress(TimeoutError, RuntimeError, WebSocketDisconnect):
            await asyncio.wait_for(self.websocket.close(int(refusal)), SEND_S)
