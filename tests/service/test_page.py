"""The daemon's side of the page: what it is told, what comes back, and what its end costs."""

import json
import os
import signal
import socket
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from osa_daemon.audio.source import SourceState
from osa_daemon.service.commands import Command, Commands
from osa_daemon.service.page import BUSY, Outgoing, Page, _command_of, make_page, problem_of
from osa_daemon.settings.load import load
from tests.mosquitto import free_port, wait_for
from tests.service.at_bedside import BREATH, Script, Wire, live_settings, make
from tests.web.page import Browser

Make = Callable[..., Page]


@pytest.fixture
def make_a_page(tmp_path: Path) -> Iterator[Make]:
    """Makes pages of settings; they end with the test."""
    made: list[Page] = []

    def build(web: str, commands: Commands | None = None) -> Page:
        config = tmp_path / "config.yaml"
        config.write_text(f"journal:\n  state_dir: {tmp_path}\nweb:\n  enabled: true\n{web}")
        page = make_page(load(config, environ={}), commands or Commands())
        assert page is not None
        made.append(page)
        return page

    yield build
    for page in made:
        page.stop(10.0)


def test_there_is_no_page_unless_somebody_wants_one(tmp_path: Path):
    """By default nothing listens, and no thread is there for it."""
    config = tmp_path / "config.yaml"
    config.write_text("web:\n  port: 9000\n")
    assert make_page(load(config, environ={}), Commands()) is None


def test_an_interrupt_from_the_terminal_is_for_the_daemon_alone(make_a_page: Make):
    """Ctrl+C goes to a group of processes: the page's is ended by the daemon, not before it."""
    page = make_a_page(f"  port: {free_port()}\n")
    page.start()
    wait_for(lambda: page.pid, 30.0, "the process")
    assert page.pid is not None
    assert os.getpgid(page.pid) == page.pid != os.getpgid(0)


def test_what_the_page_does_not_take_is_bounded_and_the_newest_wins():
    """A page that hangs for a night costs a value of each state and a few sounds."""
    outgoing = Outgoing()
    for number in range(10_000):
        outgoing.state("level", {"n": number})
        outgoing.sound({"n": number})
        outgoing.answer({"answer": number})
    lines = list(iter(outgoing.next, None))
    assert lines[0] == {"states": {"level": {"n": 9999}}}
    assert lines[-1] == {"sound": {"n": 9999}}
    assert len(lines) < 100
    outgoing.state("apnea", "ON")
    outgoing.begin()
    assert outgoing.next() == {"states": {"level": {"n": 9999}, "apnea": "ON"}}
    assert outgoing.next() is None


def test_a_killed_page_comes_back_with_all_states(make_a_page: Make):
    """Its process is started anew, and told what is so; nothing else is touched."""
    port = free_port()
    page = make_a_page(f"  port: {port}\n")
    page.start()
    page.state("apnea", "ON")
    wait_for(lambda: is_served(port), 60.0, "the page")
    first = page.pid
    assert first is not None
    os.kill(first, signal.SIGKILL)
    wait_for(lambda: page.pid not in {first, None}, 30.0, "another process")
    wait_for(lambda: is_served(port), 60.0, "the page")
    events = Browser(port).events()
    assert next(events) == ("states", {"apnea": "ON"})
    events.close()
    wait_for(lambda: page.problem is None, 10.0, "the end of the problem")


def is_served(port: int) -> bool:
    """Whether somebody listens there."""
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def test_a_port_that_is_taken_is_a_problem_in_a_sentence(make_a_page: Make):
    """It is told, tried again, and taken back once the port is free."""
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        page = make_a_page(f"  port: {other.getsockname()[1]}\n")
        page.start()
        wait_for(lambda: page.problem, 60.0, "the problem")
        assert "in use" in str(page.problem)
        assert "web.port" in str(page.problem)
    wait_for(lambda: page.problem is None, 60.0, "the end of the problem")


def test_a_page_that_may_not_be_served_is_never_started(make_a_page: Make):
    """Beyond this machine without a password: a problem, and no process."""
    page = make_a_page("  address: 0.0.0.0\n")
    page.start()
    assert "web-password" in str(page.problem)
    assert page.pid is None
    assert not page._thread.is_alive()
    assert problem_of(None, page) == page.problem
    assert problem_of(None, None) is None


def test_lines_of_the_page_become_commands_and_get_their_answers(tmp_path: Path):
    """Commands, changes and resets reach the chain; where too many wait, that is the answer."""
    commands = Commands()
    page = Page(None, commands)
    told: list[Any] = []
    page._outgoing.answer = told.append  # type: ignore[method-assign]
    page._take({"command": "test_alert", "payload": "PRESS", "id": 1})
    page._take({"set": "alerts.after_s", "value": 40, "id": 2})
    page._take({"reset": "alerts.after_s", "id": 3})
    page._take({"nonsense": True})
    live = live_settings(tmp_path)
    first, second, third = (commands.take() for _ in range(3))
    assert commands.take() is None
    assert first is not None
    assert (first.key, first.payload) == ("test_alert", b"PRESS")
    for command, value in ((second, 40), (third, 30)):
        assert command is not None
        assert command.change is not None
        command.change(live)
        command.answer(None)
        assert live.settings.alerts.after_s == value
    assert told == [{"answer": 2, "error": None}, {"answer": 3, "error": None}]
    for number in range(30):
        page._take({"command": "test_alert", "payload": "PRESS", "id": number})
    assert told[-1] == {"answer": 29, "error": BUSY}


def test_a_change_from_the_page_is_in_force_told_and_kept(tmp_path: Path):
    """It is checked like any other, stands on the topic `settings`, and is answered."""
    wire, commands, live = Wire(), Commands(), live_settings(tmp_path)
    answers: list[str | None] = []
    changes: tuple[tuple[str, Any], ...] = (
        ("alerts.after_s", 45),
        ("alerts.after_s", 1),
        ("web.enabled", True),
        ("detection.sensitivity", "high"),
    )
    for key, value in changes:
        commands.ask(
            Command(key, b"", answers.append, lambda s, key=key, value=value: s.put(key, value))  # type: ignore[misc]
        )
    source = Script((SourceState.RUNNING, BREATH, 20))
    make(tmp_path, wire, source, live, commands=commands).run()
    assert answers[0] is answers[3] is None
    assert "alerts.after_s is 1" in str(answers[1])
    assert "web.enabled cannot change" in str(answers[2])
    assert wire.last("settings")["alert_after_s"] == 45
    assert wire.last("settings")["sensitivity"] == "high"
    kept = json.loads((tmp_path / "overrides.json").read_text())["settings"]
    assert kept == {"alerts.after_s": 45, "detection.sensitivity": "high"}


def test_half_a_surrogate_is_a_payload_like_any_other():
    """A request must not end the page's process, which is a phone's way in."""
    refusals: list[str | None] = []
    command = _command_of({"command": "acknowledge", "payload": "\ud800", "id": 1}, refusals.append)
    assert (command.key, command.payload) == ("acknowledge", b"?")
