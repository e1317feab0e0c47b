"""A phone's way in is behind the gate as it is: its verdict holds for sound, too."""

import asyncio
import json
from collections.abc import Callable, Iterable, Iterator
from itertools import chain, repeat
from pathlib import Path
from typing import Any

import pytest
from starlette.applications import Starlette

from osa_daemon.audio.phone import PhoneLink
from osa_daemon.web import phone
from osa_daemon.web.gate import Gate, Rules
from osa_daemon.web.pace import BURST, Pace
from osa_daemon.web.phone import routes
from osa_daemon.web.sessions import LASTS_S, Sessions

OURS = "127.0.0.1:8321"


class Line:
    """The line to the daemon, of which nothing is kept but what was told."""

    on_phone: Callable[[dict[str, Any]], None] | None = None

    def __init__(self) -> None:
        self.told: list[dict[str, Any]] = []

    def tell(self, line: dict[str, Any]) -> None:
        """Note it."""
        self.told.append(line["phone"])


def knock(
    folder: Path, rules: Rules, host: str, origin: str, pace: Pace | None = None, owed: float = 0.0
) -> tuple[list[str], list[str]]:
    """Try to be the microphone; what it was sent, and the states that the daemon was told."""
    sessions = Sessions(folder / "sessions.json", lambda: None)
    hello = {"hello": 1, "stream": "s" * 16, "rate_hz": 48_000, "ignored": [], "sent": 0}
    headers = [(b"host", host.encode()), (b"origin", origin.encode())]
    return say(sessions, rules, headers, [json.dumps(hello)], pace, owed)


def say(
    sessions: Sessions,
    rules: Rules,
    headers: list[tuple[bytes, bytes]],
    texts: Iterable[str],
    pace: Pace | None = None,
    owed: float = 0.0,
) -> tuple[list[str], list[str]]:
    """Say `texts`, each when it is asked for; what came, and the states the daemon was told."""
    line, link = Line(), PhoneLink()
    app = Starlette(routes=list(routes(link.ring_fd, line, f"http://{OURS}/")))
    gate = Gate(app, rules, sessions, pace or Pace())
    coming = chain(
        [{"type": "websocket.connect"}],
        ({"type": "websocket.receive", "text": text} for text in texts),
        repeat({"type": "websocket.disconnect", "code": 1000}),
    )
    sent: list[str] = []

    async def receive() -> dict[str, Any]:
        return dict(next(coming))

    async def send(message: Any) -> None:
        sent.append(str(message.get("text", message["type"])))

    scope = {
        "type": "websocket", "path": "/api/phone", "raw_path": b"/api/phone", "scheme": "ws",
        "headers": headers, "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 8321),
        "query_string": b"", "subprotocols": [], "state": {"owes": lambda: owed}, "root_path": "",
    }  # fmt: skip
    asyncio.run(gate(scope, receive, send))
    return sent, [told["state"] for told in line.told]


@pytest.mark.parametrize(
    ("host", "origin"),
    [
        (OURS, "http://evil.example"),
        ("evil.example", "http://evil.example"),
        (OURS, ""),
        (OURS, "http://127.0.0.1:8000"),
    ],
)
def test_another_site_s_page_cannot_be_the_microphone(tmp_path: Path, host: str, origin: str):
    """Where there is no password, whom a browser comes from is all that is known of it."""
    rules = Rules(needs_password=False, is_local=True, has_tls=False)
    sent, states = knock(tmp_path, rules, host, origin)
    assert any("not signed in" in text for text in sent)
    assert "running" not in states


def test_without_encryption_no_sound_is_taken_from_other_machines(tmp_path: Path):
    """Where only the trusted proxy is served, a phone is no exception."""
    rules = Rules(needs_password=False, is_local=False, has_tls=False)
    sent, states = knock(tmp_path, rules, OURS, f"http://{OURS}")
    assert any("not signed in" in text for text in sent)
    assert "running" not in states


def test_our_own_page_is_let_in(tmp_path: Path):
    """The same handshake from our own page gets as far as its first message."""
    rules = Rules(needs_password=False, is_local=True, has_tls=False)
    sent, _ = knock(tmp_path, rules, OURS, f"http://{OURS}")
    assert not any("not signed in" in text for text in sent)


def test_whoever_sends_too_fast_waits_with_what_is_next(tmp_path: Path):
    """Frames that came too fast are owed by their sender beyond the end of the connection."""
    rules = Rules(needs_password=False, is_local=True, has_tls=False)
    pace = Pace(lambda: 0.0)
    knock(tmp_path, rules, OURS, f"http://{OURS}", pace, BURST)
    assert pace.wait_s("127.0.0.1") > 0
    assert pace.wait_s("127.0.0.2") == 0


def test_a_phone_that_is_heard_stays_signed_in(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """Its one connection may last for months, and the next one after it needs the session still."""
    monkeypatch.setattr(phone, "HEARD_S", 0.0)
    now_s = 1e9
    sessions = Sessions(tmp_path / "sessions.json", lambda: "scrypt$1", *[lambda: now_s] * 2)
    token = sessions.begin()

    def texts() -> Iterator[str]:
        nonlocal now_s
        hello = {"stream": "a" * 16, "rate_hz": 48_000, "ignored": []}
        yield json.dumps({"v": 1, "hello": hello})
        for _ in range(3):
            now_s += 0.8 * LASTS_S
            yield json.dumps({"v": 1, "note": {}})

    headers = [
        (b"host", OURS.encode()),
        (b"origin", f"http://{OURS}".encode()),
        (b"cookie", f"osa_session={token}".encode()),
    ]
    rules = Rules(needs_password=True, is_local=True, has_tls=False)
    _, states = say(sessions, rules, headers, texts())
    assert "running" in states
    assert sessions.holds(token)
    after = Sessions(tmp_path / "sessions.json", lambda: "scrypt$1", *[lambda: now_s] * 2)
    assert after.holds(token)
