"""Who is signed in, how many, and for how long."""

from pathlib import Path

from osa_daemon.web.sessions import CLOCK_BACK_S, LASTS_S, MOST_SESSIONS, Sessions

DAY_S = 86_400.0


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
    world.now_s -= CLOCK_BACK_S + 1
    assert not sessions.holds(token)


def test_a_clock_that_starts_where_it_was_saved_signs_nobody_out():
    """A Pi has no battery for its clock: until the network sets it, it is hours behind."""
    world = World()
    sessions = world.sessions()
    token = sessions.begin()
    world.now_s -= CLOCK_BACK_S - 1
    assert sessions.holds(token)
    world.now_s += CLOCK_BACK_S + LASTS_S - 2
    assert sessions.holds(token)  # that it was behind took nothing away


def test_a_session_lasts_while_it_is_used(tmp_path: Path):
    """A phone beside the bed for years is signed in for years, over restarts, too."""
    world, path = World(), tmp_path / "sessions"
    sessions = world.sessions(path)
    token, idle = sessions.begin(), sessions.begin()
    for _ in range(60):
        world.now_s += DAY_S
        assert sessions.holds(token)
    assert not sessions.holds(idle)
    world.now_s += LASTS_S - DAY_S - 1
    assert world.sessions(path).holds(token)
    world.now_s += LASTS_S
    assert not world.sessions(path).holds(token)


def test_a_use_is_written_down_once_a_day(tmp_path: Path):
    """The page asks each second: the card is not to wear with it."""
    world, path = World(), tmp_path / "sessions"
    sessions = world.sessions(path)
    token = sessions.begin()
    texts = []
    for _ in range(48):
        world.now_s += 3600
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
        world.now_s += 1
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
    for damaged in ("", "{", '{"sessions": 1}', '{"sessions": {"a": 1}}', "[" * 20_000):
        path.write_text(damaged)
        assert not world.sessions(path).holds(token)


def test_a_full_disk_keeps_nobody_out(tmp_path: Path):
    """Where the file cannot be written, sessions last as long as the process."""
    sessions = World().sessions(tmp_path / "missing" / "sessions")
    assert sessions.holds(sessions.begin())
