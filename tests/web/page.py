"""A page as the daemon has it: its real process, and browsers that are sockets of a test."""

import http.client
import json
import socket
import ssl
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from osa_daemon.service.commands import Command, Commands
from osa_daemon.service.page import Page, make_page
from osa_daemon.settings.load import load
from osa_daemon.web.password import hashed, write_hash
from tests.mosquitto import free_port, wait_for

START_S = 60.0
PASSWORD = "a long night"


class Answer:
    """What a request led to."""

    def __init__(self, status: int, headers: dict[str, str], body: bytes) -> None:
        self.status, self.headers, self.body = status, headers, body

    @property
    def json(self) -> Any:
        """The body as JSON."""
        return json.loads(self.body)


class Browser:
    """Somebody who asks, from `source`, with a cookie and the token of forms once it has them."""

    def __init__(
        self, port: int, source: str = "127.0.0.1", tls: ssl.SSLContext | None = None
    ) -> None:
        self.port, self.source, self.tls = port, source, tls
        self.cookie = self.csrf = ""
        self.host = f"127.0.0.1:{port}"

    def connect(self) -> http.client.HTTPConnection:
        """A connection of its own."""
        options: dict[str, Any] = {"timeout": 30, "source_address": (self.source, 0)}
        if self.tls is None:
            return http.client.HTTPConnection("127.0.0.1", self.port, **options)
        return http.client.HTTPSConnection("127.0.0.1", self.port, context=self.tls, **options)

    def headers(self, **more: str) -> dict[str, str]:
        """What its requests bear."""
        scheme = "http" if self.tls is None else "https"
        known = {"Host": self.host, "Origin": f"{scheme}://{self.host}", "Cookie": self.cookie}
        known["X-CSRF-Token"] = self.csrf
        known |= {name.replace("_", "-"): value for name, value in more.items()}
        return {name: value for name, value in known.items() if value}

    def ask(self, path: str, data: Any = None, method: str = "", **headers: str) -> Answer:
        """GET, or POST where there is data."""
        connection = self.connect()
        try:
            body = None if data is None else json.dumps(data)
            connection.request(
                method or ("GET" if data is None else "POST"), path, body, self.headers(**headers)
            )
            answer = connection.getresponse()
            told = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, told, answer.read())
        finally:
            connection.close()

    def look(self) -> "Browser":
        """Fetch the token of forms."""
        self.csrf = self.ask("/api/session").json["csrf"]
        return self

    def sign_in(self, password: str = PASSWORD) -> Answer:
        """Try the password; keep the session where it is right."""
        self.look()
        answer = self.ask("/api/login", {"password": password})
        if answer.status == 200:
            self.cookie = answer.headers["set-cookie"].partition(";")[0]
            self.csrf = answer.json["csrf"]
        return answer

    def events(self, timeout_s: float = 30.0) -> Iterator[tuple[str, Any]]:
        """The live events as they come."""
        connection = self.connect()
        connection.timeout = timeout_s
        connection.request("GET", "/api/live", headers=self.headers())
        answer = connection.getresponse()
        assert answer.status == 200, answer.read()
        name = ""
        try:
            while line := answer.readline().decode():
                key, _, value = line.rstrip("\n").partition(": ")
                if key == "event":
                    name = value
                elif key == "data":
                    yield name, json.loads(value)
        finally:
            connection.close()


class ServedPage:
    """A page in `folder`, served by its process and looked after as in the daemon."""

    def __init__(self, folder: Path, settings: str = "", *, password: bool = False) -> None:
        self.folder, self.port = folder, free_port()
        (folder / "state").mkdir(exist_ok=True)
        self.config = folder / "config.yaml"
        self.config.write_text(
            f"journal:\n  state_dir: {folder / 'state'}\n"
            f"web:\n  enabled: true\n  port: {self.port}\n{settings}"
        )
        self.loaded = load(self.config, environ={})
        if password:
            write_hash(folder / "state" / "web-password", hashed(PASSWORD), folder)
        self.commands = Commands()
        page = make_page(self.loaded, self.commands)
        assert page is not None
        self.page: Page = page

    def start(self) -> "ServedPage":
        """Begin, and wait until it takes connections."""
        self.page.start()
        wait_for(self.answers, START_S, "the page")
        return self

    def answers(self) -> bool:
        """Whether somebody listens on its port."""
        with socket.socket() as probe:
            return probe.connect_ex(("127.0.0.1", self.port)) == 0

    def browser(self, source: str = "127.0.0.1", tls: ssl.SSLContext | None = None) -> Browser:
        """One more browser."""
        return Browser(self.port, source, tls)

    @contextmanager
    def obeying(self, refusal: str | None) -> Iterator[list[Command]]:
        """Take commands as the chain does, and answer each so; gives those that were taken."""
        taken: list[Command] = []
        done = threading.Event()

        def obey() -> None:
            while not done.wait(0.01):
                if (command := self.commands.take()) is not None:
                    taken.append(command)
                    command.answer(refusal)

        thread = threading.Thread(target=obey, daemon=True)
        thread.start()
        yield taken
        done.set()
        thread.join(10)

    def close(self) -> None:
        """End it."""
        self.page.stop(10.0)


def closed_within(connection: socket.socket, limit_s: float) -> float:
    """Wait until the other side has closed; how long that took (s)."""
    began_s = time.monotonic()
    connection.settimeout(limit_s)
    try:
        while connection.recv(65_536):
            pass
    except ConnectionError:
        pass
    return time.monotonic() - began_s
