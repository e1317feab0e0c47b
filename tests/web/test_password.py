"""The password's hash, and the command that sets it."""

import io
import sys
from pathlib import Path

import pytest

from osa_daemon.cli import main
from osa_daemon.errors import StorageError, UsageError
from osa_daemon.settings.load import load
from osa_daemon.web import certificate
from osa_daemon.web.password import hashed, matches, read_hash, write_hash


def test_a_password_matches_its_own_hash_alone():
    """Another password, a damaged line and another method do not; the same makes another line."""
    line = hashed("a long night")
    assert matches("a long night", line)
    assert not matches("a long nigh", line)
    assert not matches("a long night", line[:-5])
    assert not matches("a long night", line.replace("scrypt", "plain"))
    assert not matches("a long night", line.replace("$16384$", "$1073741824$"))
    assert not matches("a long night", "")
    assert hashed("a long night") != line


@pytest.mark.parametrize("password", ["short", "x" * 201, "eight\x00chars", ""])
def test_what_is_no_password_is_a_sentence(password: str):
    """Too short, too long and unprintable ones are refused, and not repeated."""
    with pytest.raises(UsageError, match="8 to 200 printable") as refused:
        hashed(password)
    assert not password or password not in str(refused.value)


def test_one_character_is_no_plural():
    """Whoever types one is told so."""
    with pytest.raises(UsageError, match="has 1 character, but"):
        hashed("x")


def test_the_command_keeps_a_hash_that_only_its_owner_reads(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Standard input is read where there is no terminal; the password itself is kept nowhere."""
    config = tmp_path / "config.yaml"
    config.write_text(f"journal:\n  state_dir: {tmp_path}\nweb:\n  tls:\n    enabled: true\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO("a long night\n"))
    assert main(["web-password", "--config", str(config)]) == 0
    path = tmp_path / "web-password"
    assert matches("a long night", read_hash(path) or "")
    assert path.stat().st_mode & 0o777 == 0o600
    assert "a long night" not in path.read_text() + "".join(capsys.readouterr())


def test_the_command_tells_what_a_browser_and_a_phone_show(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """The certificate's fingerprint, and that of the authority which a phone is to trust."""
    config = tmp_path / "config.yaml"
    config.write_text(f"journal:\n  state_dir: {tmp_path}\nweb:\n  tls:\n    enabled: true\n")
    place = certificate.make_sure(load(config, environ={}).settings)
    monkeypatch.setattr(sys, "stdin", io.StringIO("a long night\n"))
    assert main(["web-password", "--config", str(config)]) == 0
    told = capsys.readouterr().out
    assert place.authority is not None
    assert f"certificate: SHA-256 {certificate.about(place.certificate).fingerprint}" in told
    assert f"trust: SHA-256 {certificate.about(place.authority).fingerprint}" in told


def test_the_command_refuses_a_poor_password_and_leaves_the_one_before(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Exit code 2 and a sentence; nothing is written."""
    config = tmp_path / "config.yaml"
    config.write_text(f"journal:\n  state_dir: {tmp_path}\n")
    monkeypatch.setattr(sys, "stdin", io.StringIO("poor\n"))
    assert main(["web-password", "--config", str(config)]) == 2
    assert "4 characters" in capsys.readouterr().err
    assert not (tmp_path / "web-password").exists()


def test_the_command_leaves_the_brokers_password_alone(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
):
    """Where both were to lie in one file, nothing is written."""
    config, secret = tmp_path / "config.yaml", tmp_path / "mqtt-password"
    secret.write_text("of the broker\n")
    config.write_text(
        f"mqtt:\n  username: bed\n  password_file: {secret}\nweb:\n  password_file: {secret}\n"
    )
    monkeypatch.setattr(sys, "stdin", io.StringIO("a long night\n"))
    assert main(["web-password", "--config", str(config)]) == 2
    assert "set web.password_file to null" in capsys.readouterr().err
    assert secret.read_text() == "of the broker\n"


def test_who_may_not_write_the_password_is_told_to_use_sudo(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """The folder is the daemon's."""

    def refuse(*_: object) -> int:
        raise PermissionError(13, "Permission denied")

    monkeypatch.setattr("osa_daemon.web.password.os.open", refuse)  # root may write anywhere
    with pytest.raises(StorageError, match="with sudo"):
        write_hash(tmp_path / "web-password", "scrypt$", tmp_path)
