"""The page beside the daemon: its process is looked after, told all states, and listened to.

The chain never waits for it: it leaves a state here and goes on. What fails here is told as a
problem and tried again; it ends nothing.
"""

import importlib.util
import logging
import os
import threading
from collections import deque
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any, Final, Protocol

from osa_daemon.clock import SYSTEM_CLOCK, Clock
from osa_daemon.publish.mqtt import MqttPublisher
from osa_daemon.publish.payloads import Value
from osa_daemon.service.commands import Command, Commands
from osa_daemon.service.page_child import Line, PageChild
from osa_daemon.settings.load import Loaded
from osa_daemon.web.access import refusal

BUSY: Final = "The daemon is busy: try again in a moment."
MOST_SOUNDS: Final = 4
MOST_ANSWERS: Final = 64
HUNG_S: Final = 60.0  # without reading what it is sent
STABLE_S: Final = 60.0  # one that lived so long is started anew soon
PAUSE_S, LONGEST_PAUSE_S = 1.0, 60.0

_log = logging.getLogger(__name__)


class Outgoing:
    """What the page has not been sent yet: the newest of each state, a few sounds, answers.

    Filled by any thread, emptied by the page's. A process that begins gets all states first.
    """

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._states: dict[str, Value | Mapping[str, Value]] = {}
        self._changed: dict[str, None] = {}
        self._sounds: deque[Mapping[str, Value]] = deque(maxlen=MOST_SOUNDS)
        self._answers: deque[Line] = deque(maxlen=MOST_ANSWERS)
        self._is_new = True

    def state(self, suffix: str, payload: str | Mapping[str, Value]) -> None:
        """Leave a state."""
        with self._lock:
            self._states[suffix] = payload
            self._changed[suffix] = None

    def sound(self, sound: Mapping[str, Value]) -> None:
        """Leave the sound of a second; the oldest makes way."""
        with self._lock:
            self._sounds.append(sound)

    def answer(self, line: Line) -> None:
        """Leave an answer."""
        with self._lock:
            self._answers.append(line)

    def begin(self) -> None:
        """Let another process be told all states, and no answer to the one before."""
        with self._lock:
            self._is_new = True
            self._answers.clear()

    def next(self) -> Line | None:
        """Take the next line."""
        with self._lock:
            if self._is_new:
                self._is_new = False
                self._changed.clear()
                return {"states": dict(self._states)}
            if self._answers:
                return self._answers.popleft()
            if self._changed:
                suffix = next(iter(self._changed))
                del self._changed[suffix]
                return {"state": suffix, "payload": self._states[suffix]}
            return {"sound": self._sounds.popleft()} if self._sounds else None


class Page:
    """Keeps the page's process running in a thread; `problem` says why it cannot be served.

    `phone_ring` is the file descriptor of the ring that a telephone's sound goes into, where the
    telephone is the microphone; `on_phone` is given, in the page's thread, what is told of it.
    """

    def __init__(
        self,
        config: Path | None,
        commands: Commands,
        *,
        refusal: str | None = None,
        phone_ring: int | None = None,
        on_phone: Callable[[Line], None] | None = None,
        clock: Clock = SYSTEM_CLOCK,
    ) -> None:
        self._config = config
        self._commands = commands
        self._phone_ring, self._on_phone = phone_ring, on_phone
        self._clock = clock
        self._outgoing = Outgoing()
        self._wake = os.eventfd(0, os.EFD_NONBLOCK | os.EFD_CLOEXEC)
        self._stop = threading.Event()
        self._pause_s = PAUSE_S
        self._child: PageChild | None = None
        self._is_refused = refusal is not None
        self.problem = refusal
        self._thread = threading.Thread(target=self._run, name="osa-page", daemon=True)

    @property
    def pid(self) -> int | None:
        """Process id of the page's process, None where none runs."""
        child = self._child
        return None if child is None else child.pid

    def start(self) -> None:
        """Begin, unless the page may not be served as it is set up."""
        if self._is_refused:
            _log.warning("%s", self.problem)
        else:
            self._thread.start()

    def stop(self, timeout_s: float) -> None:
        """End the process and the thread."""
        self._stop.set()
        self._rouse()
        if self._thread.is_alive():
            self._thread.join(timeout_s)

    def state(self, suffix: str, payload: str | Mapping[str, Value]) -> None:
        """Show a state. Never blocks, as `sound` does not."""
        self._outgoing.state(suffix, payload)
        self._rouse()

    def sound(self, sound: Mapping[str, Value]) -> None:
        """Show the sound of a second."""
        self._outgoing.sound(sound)
        self._rouse()

    def tell_phone(self, line: Line) -> None:
        """Tell the telephone's side of the page something."""
        self._outgoing.answer({"phone": line})
        self._rouse()

    def _rouse(self) -> None:
        os.eventfd_write(self._wake, 1)

    def _run(self) -> None:
        while not self._stop.is_set():
            began_s = self._clock.monotonic_s()
            try:
                self._child = PageChild(self._config, self._phone_ring)
                self._outgoing.begin()
                self._look_after(self._child)
            except Exception:  # noqa: BLE001 the edge of a thread: no page is worth the listening
                _log.exception("The page's process cannot be looked after.")
                self.problem = "The page is not served: the log says what went wrong with it."
            finally:
                if self._child is not None:
                    self._child.kill()
                    self._child = None
            if self._stop.is_set():
                return
            if self._clock.monotonic_s() - began_s >= STABLE_S:
                self._pause_s = PAUSE_S
            self._stop.wait(self._pause_s)
            self._pause_s = min(2 * self._pause_s, LONGEST_PAUSE_S)

    def _look_after(self, child: PageChild) -> None:
        """Exchange lines until it ends, hangs, or is to end."""
        free_s = self._clock.monotonic_s()
        while not self._stop.is_set():
            lines = child.exchange(self._wake, self._outgoing.next)
            if lines is None:
                break
            self._drain()
            for line in lines:
                self._take(line)
            now_s = self._clock.monotonic_s()
            if not child.is_behind:
                free_s = now_s
            elif now_s - free_s > HUNG_S:
                _log.warning("The page's process reads nothing: it is started anew.")
                return
        if not self._stop.is_set():
            self._mourn(child)

    def _drain(self) -> None:
        try:
            os.eventfd_read(self._wake)
        except BlockingIOError:
            return

    def _mourn(self, child: PageChild) -> None:
        child.kill()
        if self.problem is None:
            self.problem = f"The page is not served: its process ended (code {child.exit_code})."
            _log.warning("%s", self.problem)

    def _take(self, line: Line) -> None:
        """Take a line of the process's: a command is for the chain, and answered by it."""
        if "ready" in line:
            self.problem = None
            self._tell_place(line["ready"])
        elif "problem" in line:
            if line["problem"] != self.problem:
                _log.warning("%s", line["problem"])
            self.problem = str(line["problem"])
        elif "phone" in line:
            if self._on_phone is not None:
                self._on_phone(line["phone"])
        elif "id" in line:
            self._pass_on(_command_of(line, partial(self._answer, line["id"])))

    def _tell_place(self, ready: Mapping[str, Any]) -> None:
        told = ready.get("fingerprint")
        seal = f"; its certificate has the SHA-256 fingerprint {told}" if told else ""
        _log.info("The page is served at %s%s", ready.get("url"), seal)

    def _pass_on(self, command: Command) -> None:
        if not self._commands.ask(command):
            command.answer(BUSY)

    def _answer(self, number: int, refused: str | None) -> None:
        self._outgoing.answer({"answer": number, "error": refused})
        self._rouse()


class HasProblem(Protocol):
    """A way out of the daemon that can fail."""

    @property
    def problem(self) -> str | None:
        """Why it does not work, in a sentence; None where it does."""
        ...


class Teed:
    """The publisher as the rooms see it, where there is a page: each state goes to both."""

    def __init__(self, publisher: MqttPublisher, page: Page) -> None:
        self._publisher = publisher
        self._page = page

    def set_state(self, suffix: str, payload: str | Mapping[str, Value]) -> None:
        """Publish the value of a topic, and show it."""
        self._publisher.set_state(suffix, payload)
        self._page.state(suffix, payload)

    def repeat_state(self, suffix: str) -> None:
        """Publish the value of a topic once more."""
        self._publisher.repeat_state(suffix)

    def send_event(self, event_id: str, payload: Mapping[str, Value]) -> bool:
        """Send an event until it is acknowledged; False where there is no room now."""
        return self._publisher.send_event(event_id, payload)


def make_page(
    loaded: Loaded,
    commands: Commands,
    phone_ring: int | None = None,
    on_phone: Callable[[Line], None] | None = None,
) -> Page | None:
    """Return the page, None where it is not enabled; see `Page` for what a telephone needs."""
    if not loaded.settings.web.enabled:
        return None
    lacking = [name for name in ("starlette", "uvicorn") if importlib.util.find_spec(name) is None]
    why = refusal(loaded.settings)
    if lacking:
        why = (
            f"The page is not served: {lacking[0]} is not installed; run scripts/install.sh again."
        )
    return Page(loaded.config_path, commands, refusal=why, phone_ring=phone_ring, on_phone=on_phone)


def problem_of(*ways: HasProblem | None) -> str | None:
    """Return what is wrong with any of these ways out, in sentences; None where nothing is."""
    texts = [way.problem for way in ways if way is not None and way.problem is not None]
    return " ".join(texts) or None


def _text(payload: object) -> bytes:
    """Return a payload as bytes; half a surrogate, which no text has, becomes a question mark."""
    return str("" if payload is None else payload).encode(errors="replace")


def _command_of(line: Line, answer: Callable[[str | None], None]) -> Command:
    if "set" in line:
        key, value = str(line["set"]), line.get("value")
        return Command(key, answer=answer, change=lambda live: live.put(key, value))
    if "reset" in line:
        key = str(line["reset"])
        return Command(key, answer=answer, change=lambda live: live.reset(key))
    return Command(str(line.get("command")), _text(line.get("payload")), answer)
