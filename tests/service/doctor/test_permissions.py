"""Permissions of the daemon's user, judged from modes and groups, whoever runs doctor."""

import os
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from osa_daemon.service.doctor.account import READ, WRITE, Account
from osa_daemon.service.doctor.finding import Verdict
from osa_daemon.service.doctor.permissions import check_permissions, state_folder_obstacle
from osa_daemon.service.doctor.storage import check_disk, check_journal, check_state_dir
from osa_daemon.service.doctor.unit import parse_unit
from osa_daemon.settings.load import Loaded, load

STRANGER = Account("osa-daemon", 424_242, frozenset({424_242}))
GROUPED = Account("osa-daemon", 424_242, frozenset({424_242, os.getgid()}))


@pytest.fixture
def folder() -> Iterator[Path]:
    """A folder that everybody may enter, which those of pytest are not."""
    made = Path(tempfile.mkdtemp(dir="/tmp"))
    made.chmod(0o755)
    yield made
    shutil.rmtree(made)


def test_the_first_obstacle_is_named(folder: Path) -> None:
    """A closed folder on the way comes before the file; a group that fits opens both."""
    inner = folder / "inner"
    inner.mkdir(0o750)
    file = inner / "file"
    file.write_text("x")
    file.chmod(0o640)
    assert STRANGER.obstacle(file, READ) == inner
    inner.chmod(0o755)
    assert STRANGER.obstacle(file, READ) == file
    assert GROUPED.obstacle(file, READ) is None
    assert GROUPED.obstacle(file, WRITE) == file
    assert Account("root", 0, frozenset()).obstacle(file, WRITE) is None
    with pytest.raises(FileNotFoundError):
        STRANGER.obstacle(inner / "none", READ)


def settings(folder: Path, mode: int) -> Loaded:
    """Settings that name a password file with this mode."""
    secret = folder / "password"
    secret.write_text("x")
    secret.chmod(mode)
    config = folder / "config.yaml"
    config.write_text(f"mqtt:\n  username: osa\n  password_file: {secret}\n")
    config.chmod(0o644)
    return load(config, folder / "none.json", environ={})


def test_a_secret_that_the_daemon_may_not_read_is_bad(folder: Path) -> None:
    """With the command that puts it right; one that systemd hands over does not matter."""
    loaded = settings(folder, 0o600)
    (finding,) = check_permissions(loaded, None, STRANGER, folder)
    assert finding.verdict is Verdict.BAD
    assert f"sudo chgrp osa-daemon {folder}/password" in finding.text
    handed = parse_unit("LoadState=loaded\nEnvironment=OSA_MQTT_PASSWORD_FILE=/run/x\n")
    (finding,) = check_permissions(loaded, handed, STRANGER, folder)
    assert finding.verdict is Verdict.GOOD


def test_what_the_daemon_may_read_is_good(folder: Path) -> None:
    """One line says so."""
    (finding,) = check_permissions(settings(folder, 0o640), None, GROUPED, folder)
    assert finding.verdict is Verdict.GOOD
    assert finding.text.startswith("osa-daemon may read")


def test_a_sound_device_that_is_closed_is_bad(folder: Path) -> None:
    """The remedy names the group that the device belongs to."""
    nodes = folder / "dev/snd"
    nodes.mkdir(parents=True)
    (nodes / "pcmC1D0c").touch()
    (nodes / "pcmC1D0c").chmod(0o660)
    loaded = settings(folder, 0o644)
    (finding,) = check_permissions(loaded, None, STRANGER, folder)
    assert finding.verdict is Verdict.BAD
    assert "sudo usermod -aG" in finding.text
    (finding,) = check_permissions(loaded, None, GROUPED, folder)
    assert finding.verdict is Verdict.GOOD


def test_a_service_without_its_user_or_group_is_bad(folder: Path) -> None:
    """Half of an installation is told as such."""
    unit = parse_unit("LoadState=loaded\nUser=osa-nobody-here\nSupplementaryGroups=osa-no-group\n")
    assert unit is not None
    assert Account.of_service(unit) is None
    (finding,) = check_permissions(settings(folder, 0o644), unit, None, folder)
    assert "user osa-nobody-here is not there" in finding.text
    lacking = Account("x", 424_242, frozenset(), ("osa-no-group",))
    (finding,) = check_permissions(settings(folder, 0o644), None, lacking, folder)
    assert "the group osa-no-group" in finding.text


def test_the_account_of_this_process_is_known() -> None:
    """Its own user and groups."""
    account = Account.current()
    assert account.uid == os.geteuid()
    assert os.getegid() in account.gids


def test_a_state_folder_is_judged_for_the_daemons_user(folder: Path) -> None:
    """It is tried where doctor runs as that user, and left as it was; else modes tell."""
    folder.chmod(0o755)
    assert check_state_dir(folder).verdict is Verdict.GOOD
    assert list(folder.iterdir()) == []
    closed = check_state_dir(folder, STRANGER)
    assert closed.verdict is Verdict.BAD
    assert f"sudo chown osa-daemon: {folder}" in closed.text


def test_a_journal_that_root_has_made_is_bad(folder: Path) -> None:
    """After `sudo osa-daemon run` the daemon could not write any more: the remedy is told."""
    state = folder / "state"
    state.mkdir()
    state.chmod(0o777)
    journal = state / "journal.sqlite3"
    journal.touch()
    journal.chmod(0o640)
    finding = check_state_dir(state, STRANGER)
    assert finding.verdict is Verdict.BAD
    assert f"sudo chown osa-daemon: {journal}" in finding.text
    journal.chmod(0o666)
    assert check_state_dir(state, STRANGER).verdict is Verdict.GOOD


def test_a_state_folder_that_is_missing_is_bad(folder: Path) -> None:
    """It is not made, and the remedy is told."""
    finding = check_state_dir(folder / "none")
    assert finding.verdict is Verdict.BAD
    assert "create it" in finding.text
    assert not (folder / "none").exists()
    assert state_folder_obstacle(folder, Account.current()) is None


def test_the_disk_is_that_of_the_state_folder(tmp_path: Path) -> None:
    """A folder that is not there yet is judged by the one above."""
    (finding,) = check_disk(tmp_path / "none" / "deep")
    assert str(tmp_path) in finding.text


def test_a_full_disk_is_bad(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """How much to free is said."""
    usage = shutil.disk_usage(tmp_path)._replace(free=5_000_000)
    monkeypatch.setattr(shutil, "disk_usage", lambda _path: usage)
    (finding,) = check_disk(tmp_path)
    assert finding.verdict is Verdict.BAD
    assert "make room, 200 MB or more" in finding.text


def test_journals_that_were_set_aside_are_told(tmp_path: Path) -> None:
    """A damaged one points at the card."""
    (tmp_path / "journal.sqlite3.damaged-20260301T000000Z").touch()
    _, finding = check_disk(tmp_path)
    assert finding.verdict is Verdict.DOUBTFUL
    assert "SD card may be failing" in finding.text


def test_a_journal_is_read(tmp_path: Path) -> None:
    """None yet is fine; one that is no journal is bad."""
    path = tmp_path / "journal.sqlite3"
    assert check_journal(path).verdict is Verdict.GOOD
    path.write_bytes(b"not a database at all, but long enough to be looked into" * 40)
    finding = check_journal(path)
    assert finding.verdict is Verdict.BAD
    assert "sets it aside" in finding.text
