"""Who is signed in, how many, and for how long."""

from pathlib import Path

from osa_daemon.web.sessions import LASTS_S, MOST_SESSIONS, Sessions


class World:
    """A clock and a password that a test sets."""

    def __init__(self) -> None:
        self.now_s = 1e9
        self.line: str | None = "scrypt$1"

    def sessions(self, path: Path | None = None) -> Sessions:
        """Sessions in it."""
        return Sessions(path, lambda: self.line, lambda: self.now_s)


def test_a_session_ends_by_itself_by_signing_out_and_by_another_password():
    """Each of the three ends it; a made-up token never holds."""
    world = World()
    sessions = world.sessions()
    token = sessions.begin()
    assert sessions.holds(token)
    assert not sessions.holds(token + "x")
    assert not sessions.holds("")
    world.now_s += LASTS_S
    assert not sessions.holds(token)
    token = sessions.begin()
    sessions.end(token)
    assert not sessions.holds(token)
    token = sessions.begin()
    world.line = "scrypt$2"
    assert not sessions.holds(token)
    world.line = None
    assert not sessions.holds(token)


def test_a_clock_that_goes_back_makes_no_session_last_for_ever():
    """A session that seems to last longer than any can is none."""
    world = World()
    sessions = world.sessions()
    token = sessions.begin()
    world.now_s -= 86_400
    assert not sessions.holds(token)


def test_there_are_so_many_and_the_oldest_makes_way():
    """Signing in again and again fills nothing."""
    sessions = World().sessions()
    tokens = [sessions.begin() for _ in range(MOST_SESSIONS + 3)]
    assert [sessions.holds(token) for token in tokens] == [False] * 3 + [True] * MOST_SESSIONS


def test_a_restart_keeps_them_and_the_file_gives_none_away(tmp_path: Path):
    """Another process knows them by their hashes; the file is its owner's and holds no token."""
    world, path = World(), tmp_path / "sessions"
    token = world.sessions(path).begin()
    assert world.sessions(path).holds(token)
    assert token not in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    for damaged in ("", "{", '{"sessions": 1}', '{"sessions": {"a": 1}}', "[" * 20_000):
        path.write_text(damaged)
        assert not world.sessions(path).holds(token)


def test_a_full_disk_keeps_nobody_out(tmp_path: Path):
    """Where the file cannot be written, sessions last as long as the process."""
    sessions = World().sessions(tmp_path / "missing" / "sessions")
    assert sessions.holds(sessions.begin())
