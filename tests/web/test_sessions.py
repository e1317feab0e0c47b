"""Who is signed in, how many, and for how long."""

from pathlib import Path

import pytest

from osa_daemon.web.sessions import LASTS_S, LONGEST_S, MOST_SESSIONS, Sessions

DAY_S = 86_400.0


class World:
    """Clocks and a password that a test sets."""

    def __init__(self) -> None:
        self.wall_s = 1e9
        self.monotonic_s = 0.0
        self.line: str | None = "scrypt$1"

    def passes(self, seconds: float) -> None:
        """Let time go by."""
        self.wall_s += seconds
        self.monotonic_s += seconds

    def sessions(self, path: Path | None = None) -> Sessions:
        """Sessions in it."""
        return Sessions(path, lambda: self.line, lambda: self.wall_s, lambda: self.monotonic_s)


def test_a_session_ends_by_itself_by_signing_out_and_by_another_password():
    """Each of the three ends it; a made-up token never holds."""
    world = World()
    sessions = world.sessions()
    token = sessions.begin()
    assert sessions.holds(token)
    assert not sessions.holds(token + "x")
    assert not sessions.holds("")
    world.passes(LASTS_S)
    assert not sessions.holds(token)
    token = sessions.begin()
    sessions.end(token)
    assert not sessions.holds(token)
    token = sessions.begin()
    world.line = "scrypt$2"
    assert not sessions.holds(token)
    world.line = None
    assert not sessions.holds(token)


@pytest.mark.parametrize("days", [-20_000, -40, -1.5, -0.1, 0.1, 1.5, 20, 40, 300])
def test_a_clock_that_is_set_signs_nobody_out(tmp_path: Path, days: float):
    """A Pi has no battery for its clock, and a server of time may be wrong for a minute."""
    world, path = World(), tmp_path / "sessions"
    sessions = world.sessions(path)
    token = sessions.begin()
    world.wall_s += days * DAY_S
    assert sessions.holds(token)
    world.wall_s -= days * DAY_S
    assert sessions.holds(token)
    assert world.sessions(path).holds(token)


@pytest.mark.parametrize("days", [-20_000, -1.5, -0.1])
def test_a_start_before_the_clock_is_set_signs_nobody_out(tmp_path: Path, days: float):
    """The page is asked before the network has set the clock, and after it."""
    world, path = World(), tmp_path / "sessions"
    token = world.sessions(path).begin()
    world.wall_s += days * DAY_S
    sessions = world.sessions(path)
    assert sessions.holds(token)
    sessions.begin()  # which writes all of them
    world.wall_s -= days * DAY_S
    assert sessions.holds(token)
    assert world.sessions(path).holds(token)


def test_a_session_lasts_while_it_is_used(tmp_path: Path):
    """A phone beside the bed stays signed in, over restarts, too; who does not come does not."""
    world, path = World(), tmp_path / "sessions"
    sessions = world.sessions(path)
    token, idle = sessions.begin(), sessions.begin()
    for _ in range(60):
        world.passes(DAY_S)
        assert sessions.holds(token)
    assert not sessions.holds(idle)
    world.passes(LASTS_S - DAY_S - 1)
    assert world.sessions(path).holds(token)
    world.passes(LASTS_S)
    assert not world.sessions(path).holds(token)


def test_no_session_lasts_for_ever(tmp_path: Path):
    """A token that somebody else has got hold of is worth nothing one day, however it is used."""
    world, path = World(), tmp_path / "sessions"
    sessions = world.sessions(path)
    token = sessions.begin()
    days = 0
    while sessions.holds(token):
        world.passes(DAY_S)
        days += 1
        if days % 50 == 0:
            sessions = world.sessions(path)
    assert days == LONGEST_S / DAY_S
    assert not world.sessions(path).holds(token)


def test_a_use_is_written_down_once_a_day(tmp_path: Path):
    """The page asks each second: the card is not to wear with it."""
    world, path = World(), tmp_path / "sessions"
    sessions = world.sessions(path)
    token = sessions.begin()
    texts = []
    for _ in range(48):
        world.passes(3600)
        assert sessions.holds(token)
        texts.append(path.read_text())
    assert len(set(texts)) == 3  # as it was begun, and after each day


def test_there_are_so_many_and_the_least_used_makes_way():
    """Signing in again and again fills nothing, and ends nobody who is there."""
    world = World()
    sessions = world.sessions()
    tokens = []
    for _ in range(MOST_SESSIONS + 3):
        tokens.append(sessions.begin())
        world.passes(1)
        assert sessions.holds(tokens[0])
    there = [sessions.holds(token) for token in tokens]
    assert there == [True] + [False] * 3 + [True] * (MOST_SESSIONS - 1)


def test_a_restart_keeps_them_and_the_file_gives_none_away(tmp_path: Path):
    """Another process knows them by their hashes; the file is its owner's and holds no token."""
    world, path = World(), tmp_path / "sessions"
    token = world.sessions(path).begin()
    assert world.sessions(path).holds(token)
    assert token not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    huge = '{"sessions": {"a": [1' + "0" * 400 + ', "b", 1]}}'
    for damaged in ("", "{", '{"sessions": 1}', '{"sessions": {"a": 1}}', "[" * 20_000, huge):
        path.write_text(damaged)
        assert not world.sessions(path).holds(token)


def test_a_full_disk_keeps_nobody_out(tmp_path: Path):
    """Where the file cannot be written, sessions last as long as the process."""
    sessions = World().sessions(tmp_path / "missing" / "sessions")
    assert sessions.holds(sessions.begin())
