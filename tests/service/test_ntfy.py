"""Alerts by ntfy in the daemon: wiring, doctor, check-config, and a test from end to end."""

import json
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from osa_daemon import cli
from osa_daemon.audio.source import SourceState
from osa_daemon.publish.ntfy_settings import NtfySettings
from osa_daemon.scoring.event import AlertLevel
from osa_daemon.service.doctor import examination
from osa_daemon.service.doctor.finding import Finding, Verdict
from osa_daemon.service.doctor.ntfy import check_ntfy
from osa_daemon.service.ntfy import ntfy_settings
from osa_daemon.service.run import make_ntfy
from osa_daemon.settings.model import Mqtt, Ntfy, Settings
from osa_daemon.settings.topic_address import TopicAddress
from tests.daemon import DaemonProcess
from tests.mosquitto import Mosquitto, Subscriber, free_port
from tests.ntfy_server import TOKEN, TOPIC, NtfyServer, RawServer, pour
from tests.service.at_bedside import Script, Wire, live_settings, make

Start = Callable[..., DaemonProcess]
Subscribe = Callable[..., Subscriber]
URL = f"https://ntfy.example.org/{TOPIC}"


@pytest.fixture
def server() -> Iterator[NtfyServer]:
    """A server that wants the token."""
    one = NtfyServer(token=TOKEN).start()
    yield one
    one.close()


@pytest.fixture
def token_file(tmp_path: Path) -> Path:
    """The right token, for the daemon's eyes only."""
    path = tmp_path / "token"
    path.write_text(f"{TOKEN}\n")
    path.chmod(0o600)
    return path


def settings_of(url: str, token_file: Path | None = None) -> NtfySettings:
    """Settings of a channel."""
    return NtfySettings(TopicAddress.parse(url), "Bed", "Look.", token_file)


def test_off_by_default() -> None:
    """No channel is made, so no thread and no connection."""
    assert make_ntfy(Settings()) is None


def test_the_channel_gets_what_the_settings_say() -> None:
    """Each of them; the title is the device's name."""
    ntfy = Ntfy(
        url=URL, token_file=Path("/t"), least_level="urgent", message="Hello.", tell_over=True
    )
    made = ntfy_settings(Settings(ntfy=ntfy, mqtt=Mqtt(device_name="Anna")))
    assert made == NtfySettings(
        TopicAddress("https", "ntfy.example.org", 443, "/", TOPIC),
        "Anna",
        "Hello.",
        Path("/t"),
        AlertLevel.URGENT,
        True,
    )


def test_a_test_alert_goes_from_mqtt_to_the_server_and_problems_come_back(
    mosquitto: Mosquitto,
    subscribe: Subscribe,
    start_daemon: Start,
    server: NtfyServer,
    token_file: Path,
    tmp_path: Path,
) -> None:
    """The real daemon: a wrong token is told on `problem/configuration`, a right one delivers."""
    token_file.write_text("tk_wrong")
    subscriber = subscribe(mosquitto.port)
    daemon = start_daemon(
        mosquitto.port,
        settings=(
            f"  device_name: Bett\nntfy:\n  url: {server.url}\n  token_file: {token_file}\n"
            f"microphone:\n  device: name:no such thing\njournal:\n  state_dir: {tmp_path}/state\n"
        ),
    )
    daemon.wait_until_ready()
    command = "osa_daemon/bedside/set/"
    subscriber.publish(command + "test_alert", "PRESS")
    subscriber.wait_for(lambda: "(401)" in (subscriber.last("problem/configuration") or ""))
    subscriber.publish(command + "acknowledge", "PRESS")
    subscriber.wait_for(lambda: '"active":false' in subscriber.on("/alert")[-1])
    token_file.write_text(TOKEN)
    subscriber.publish(command + "test_alert", "PRESS")
    subscriber.wait_for(lambda: "(401)" not in subscriber.on("problem/configuration")[-1])
    assert daemon.end() == 0
    sent = [asked.fields for asked in server.asked if TOKEN in asked.headers["Authorization"]]
    assert [(m["title"], m["message"], m["priority"]) for m in sent] == [
        ("Bett", "This is a test.", 4)
    ]
    log = daemon.log.read_text()
    assert "unencrypted: use https://" in log
    assert "ntfy: " in log
    assert TOKEN not in log
    assert TOPIC not in log


def test_what_keeps_messages_back_stands_beside_other_problems(tmp_path: Path) -> None:
    """Told when it comes, and that it is over; a problem of the settings stays."""
    wire, away = Wire(), "A server is away."
    live = live_settings(tmp_path, overrides="{")
    bedside = make(tmp_path, wire, Script((SourceState.STARTING, None, 1)), live)
    told: list[str] = []
    for problem in (None, away, away, None):
        bedside._rooms.ways_problem = lambda problem=problem: problem  # type: ignore[misc]
        bedside._ticked_s = float("-inf")
        bedside._tick()
        told.append((wire.all("problem/configuration") or [{"text": ""}])[-1]["text"])
    bedside._rooms.store.close()
    assert told == ["", f"{away} {live.warnings}", f"{away} {live.warnings}", live.warnings]
    assert len(wire.all("problem/configuration")) == 2


def test_doctor_asks_the_server_and_sends_no_message(server: NtfyServer, token_file: Path) -> None:
    """Its health is looked at, with the token; plain http with one is a note."""
    first, second = check_ntfy(settings_of(server.url, token_file))
    assert first.verdict is Verdict.GOOD
    assert f"127.0.0.1:{server.port} answers" in first.text
    assert second.verdict is Verdict.DOUBTFUL
    assert "use https://" in second.text
    assert [(asked.method, asked.path) for asked in server.asked] == [("GET", "/v1/health")]


def test_doctor_tells_a_token_that_the_server_does_not_know(
    server: NtfyServer, token_file: Path
) -> None:
    """Bad, whether it is wrong, missing, or cannot be read."""
    token_file.write_text("tk_wrong")
    (finding, _) = check_ntfy(settings_of(server.url, token_file))
    assert_bad(finding, "does not know the token")
    assert_bad(*check_ntfy(settings_of(server.url)), says="asks for an access token (401)")
    token_file.unlink()
    assert_bad(*check_ntfy(settings_of(server.url, token_file)), says="cannot be read")


def test_doctor_tells_a_server_that_is_away_or_another(server: NtfyServer) -> None:
    """Nobody there is bad; somebody else there is a note, for a proxy may let messages alone by."""
    nobody = f"http://127.0.0.1:{free_port()}/{TOPIC}"
    assert_bad(*check_ntfy(settings_of(nobody)), says="is not there")
    page = RawServer(pour(b"HTTP/1.1 200 OK\r\nContent-Length: 6\r\n\r\n<html>", b""))
    (finding,) = check_ntfy(settings_of(page.url))
    page.close()
    assert finding.verdict is Verdict.DOUBTFUL
    assert "not as an ntfy server does" in finding.text


def assert_bad(finding: Finding, says: str) -> None:
    """It is bad, and says so."""
    assert finding.verdict is Verdict.BAD
    assert says in finding.text


def test_doctor_looks_only_where_a_topic_is_set(
    tmp_path: Path,
    server: NtfyServer,
    token_file: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """With one it has its lines, and a token file that everyone may read has one too."""
    monkeypatch.setattr(examination, "list_devices", tuple)
    monkeypatch.setattr(examination, "check_models", lambda: Finding("m", Verdict.GOOD, ""))
    token_file.chmod(0o644)
    config = tmp_path / "config.yaml"
    mqtt = f"mqtt: {{host: 127.0.0.1, port: {free_port()}}}\njournal: {{state_dir: {tmp_path}}}\n"
    config.write_text(mqtt + f"ntfy: {{token_file: {token_file}}}\n")
    cli.main(["doctor", "--config", str(config)])
    assert "ntfy" not in capsys.readouterr().out
    config.write_text(mqtt + f"ntfy: {{url: '{server.url}', token_file: {token_file}}}\n")
    cli.main(["doctor", "--config", str(config)])
    out = capsys.readouterr().out
    assert f"ok    ntfy: http://127.0.0.1:{server.port} answers" in out
    assert f"note  secrets: ntfy.token_file {token_file} can be read by every user" in out
    assert TOPIC not in out


@pytest.mark.parametrize("options", [(), ("--json",)])
def test_check_config_shows_no_topic_and_warns_of_the_token(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], options: tuple[str, ...]
) -> None:
    """That there is one is shown; a token in the open, or missing, is a warning and no error."""
    config = tmp_path / "config.yaml"
    url = URL.replace("https", "http")
    config.write_text(f"ntfy:\n  url: {url}\n  token_file: {tmp_path}/none\n")
    assert cli.main(["check-config", str(config), *options]) == 0
    out, err = capsys.readouterr()
    told = " ".join(json.loads(out)["warnings"]) if options else err
    assert "unencrypted" in told
    assert "none cannot be read" in told
    assert "(set, not shown)" in out
    assert TOPIC not in out + err
