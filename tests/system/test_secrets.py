"""The broker's password stays where it is: in no log, no output, no message, no file of ours."""

import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.daemon import DaemonProcess
from tests.mosquitto import PASSWORD, USER, Mosquitto, Subscriber, wait_for

WRONG = "Wr0ng-b@rracuda"


def settings_text(folder: Path, secret: Path) -> str:
    """Settings that log all there is, with a password file."""
    return (
        f"  username: {USER}\n  password_file: {secret}\n"
        f"journal:\n  state_dir: {folder / 'state'}\nlogging:\n  level: debug\n"
    )


def written(folder: Path) -> bytes:
    """Everything that lies in a folder, file names too."""
    files = [path for path in folder.rglob("*") if path.is_file()]
    return b"\n".join(str(path).encode() + path.read_bytes() for path in files)


@pytest.mark.parametrize("password", [PASSWORD, WRONG])
def test_no_password_comes_out(
    make_mosquitto: Callable[[], Mosquitto],
    subscribe: Callable[..., Subscriber],
    start_daemon: Callable[..., DaemonProcess],
    data: Path,
    tmp_path: Path,
    password: str,
) -> None:
    """Right or wrong, at log level debug: neither daemon nor broker's messages nor journal show it.

    The file is readable by everyone, which the daemon tells, and takes it all the same.
    """
    broker = make_mosquitto().with_password().start()
    everything = subscribe(broker.port, password=PASSWORD)
    secret = tmp_path / "mqtt-password"
    secret.write_text(f"{password}\n")
    secret.chmod(0o644)
    home = tmp_path / "home"
    source = ("--source", f"file:{data / 'short.ogg'}")
    daemon = start_daemon(broker.port, *source, settings=settings_text(home, secret), folder=home)
    daemon.wait_until_ready()
    if password == PASSWORD:
        everything.wait_for(lambda: "chmod 640" in (everything.last("/configuration") or ""))
    else:
        wait_for(lambda: f'refused user "{USER}"' in daemon.log.read_text(), what="a refusal")
    assert daemon.end() == 0
    log = daemon.log.read_text()
    assert log.count(f"mqtt.password_file {secret} can be read by every user") == 1
    assert not [heard for heard in everything.heard if password in heard.payload + heard.topic]
    assert not [line for line in daemon.notified if password in line]
    assert password.encode() not in written(home)


@pytest.mark.parametrize("command", [("check-config",), ("check-config", "--json"), ("doctor",)])
def test_no_command_shows_the_password(
    make_mosquitto: Callable[[], Mosquitto], tmp_path: Path, command: tuple[str, ...]
) -> None:
    """What a person runs to see what is wrong can be shown to others."""
    broker = make_mosquitto().with_password().start()
    secret = tmp_path / "mqtt-password"
    secret.write_text(WRONG)
    config = tmp_path / "config.yaml"
    config.write_text(
        f"mqtt:\n  host: 127.0.0.1\n  port: {broker.port}\n{settings_text(tmp_path, secret)}"
    )
    done = subprocess.run(
        [sys.executable, "-m", "osa_daemon", *command, "--config", str(config)],
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )
    assert str(secret) in done.stdout + done.stderr
    assert WRONG not in done.stdout + done.stderr
