"""The bundle: no secret in it, wherever one stood; what it holds is told."""

import base64
import json
import stat
import tarfile
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import Phase, given
from hypothesis import settings as examples
from hypothesis import strategies as st

from osa_daemon.cli import main
from osa_daemon.errors import OsaError
from osa_daemon.journal.journal import Journal
from osa_daemon.publish.connection import Received
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.service.doctor.broker import Visit
from osa_daemon.service.doctor.bundle import command
from osa_daemon.service.doctor.bundle.command import scrubber_for, write_bundle
from osa_daemon.service.doctor.bundle.parts import (
    Part,
    as_json,
    log_part,
    nights_part,
    settings_part,
    sound_part,
    status_part,
    tells_of_breathing,
    unit_part,
)
from osa_daemon.service.doctor.bundle.private import KEPT_TEXTS, is_private
from osa_daemon.service.doctor.bundle.scrub import Scrubber
from osa_daemon.service.doctor.examination import Examination
from osa_daemon.settings.catalogue import catalogue
from osa_daemon.settings.load import load
from tests.mosquitto import Mosquitto

pytestmark = pytest.mark.usefixtures("no_models")
# letters that stand in no text of ours, so that what is found was planted
RARE = "qxzjkvQXZ"
WORDS = st.text(RARE, min_size=8, max_size=14)
LABELS = st.tuples(WORDS, st.sampled_from([" ", "'", '"', "\\", "ß", "%", "&", "-"]), WORDS).map(
    "".join
)
PLANTED: dict[str, st.SearchStrategy[str]] = {
    "microphone.device": LABELS | WORDS.map("usb:0d8c:0014:{}".format),
    "mqtt.host": WORDS | WORDS.map("{}.example".format) | st.just("192.168.77.13"),
    "mqtt.username": LABELS,
    "mqtt.base_topic": WORDS,
    "mqtt.discovery_prefix": WORDS,
    "mqtt.device_id": WORDS.map(str.lower),
    "mqtt.device_name": LABELS,
    "mqtt.area": LABELS,
    "mqtt.tls.ca_file": WORDS.map("/{}/ca.pem".format),
    "mqtt.tls.cert_file": WORDS.map("/etc/{}.pem".format),
    "ntfy.message": LABELS,
}
SECRETS = st.text(RARE + "!\"'\\$%&/=?äß€ ", min_size=8, max_size=30).map(lambda s: f"q{s}q")


@st.composite
def houses(draw: st.DrawFn) -> dict[str, str]:
    """Values of settings that tell of a house, and the secrets that belong to it."""
    drawn = {key: draw(values) for key, values in PLANTED.items()}
    secrets = {name: draw(SECRETS) for name in ("password", "token", "key")}
    return drawn | secrets | {"topic": draw(WORDS), "ntfy": draw(WORDS)}


def write_house(folder: Path, house: dict[str, str]) -> Path:
    """Write the settings file, and the files with secrets that it names."""
    for name in ("password", "token", "key"):
        (folder / name).write_text(house[name] + "\n")
    document: dict[str, Any] = {}
    for key in PLANTED:
        place = document
        *sections, last = key.split(".")
        for section in sections:
            place = place.setdefault(section, {})
        place[last] = house[key]
    document["mqtt"]["password_file"] = str(folder / "password")
    document["mqtt"]["tls"] |= {"enabled": True, "key_file": str(folder / "key")}
    document["ntfy"] |= {"url": f"https://{house['ntfy']}.example/{house['topic']}"}
    document["ntfy"]["token_file"] = str(folder / "token")
    document["journal"] = {"state_dir": str(folder)}
    config = folder / "config.yaml"
    config.write_text(json.dumps(document))
    return config


def spoken(house: dict[str, str]) -> str:
    """Texts in which each value stands in each way of writing."""
    lines = []
    for value in house.values():
        lines += [f"at {value}:1883 x", f'user "{value}"', f"({value})", json.dumps({"a": value})]
        lines += [quote(value, safe=""), repr(value), f"a{value}b", value.upper(), value.title()]
        lines.append(base64.b64encode(value.encode()).decode())
    return "\n".join(lines)


def opened(path: Path) -> dict[str, bytes]:
    """The files in a bundle."""
    with tarfile.open(path) as tar:
        return {
            member.name: file.read()
            for member in tar.getmembers()
            if (file := tar.extractfile(member)) is not None
        }


def traces(house: dict[str, str], text: str) -> list[str]:
    """The values of a house that stand in a text, plain or as JSON; secrets in any way of writing.

    Upper and lower case are the same.
    """
    found = []
    for key, value in house.items():
        forms = {value, json.dumps(value)[1:-1]}
        if key in {"password", "token", "key", "topic"}:
            encoded = base64.b64encode(value.encode()).decode().rstrip("=")
            forms |= {quote(value, safe=""), repr(value)[1:-1], encoded}
        found += [key for form in forms if form.lower() in text.lower()]
    return found


@examples(max_examples=25, phases=[Phase.explicit, Phase.reuse, Phase.generate])
@given(houses())
def test_nothing_that_was_planted_is_in_the_bundle(house: dict[str, str]) -> None:
    """Settings, files with secrets, log, unit, status and findings: not a trace of any of them."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        config = write_house(folder, house)
        begun = Examination(None, load(config, folder / "none.json", environ={}))
        assert begun.loaded is not None
        text = spoken(house)
        parts = [
            settings_part(begun.loaded),
            log_part(lambda _command: text, with_nights=True),
            unit_part(lambda _command: f"{text}\nEnvironment=X={house['password']}\n"),
            Part("findings.json", "", as_json({"findings": [text, house]})),
        ]
        bundle = folder / "out.tar.gz"
        write_bundle(bundle, parts, scrubber_for(begun, config))
        files = opened(bundle)
    assert len(files) == len(parts) + 1
    for file, content in files.items():
        assert traces(house, content.decode()) == [], file


def test_each_text_of_the_settings_counts_as_private() -> None:
    """A setting that is added later, too; but for hours, which tell of nobody."""
    texts = [row for row in catalogue() if row.kind == "text" and row.key not in KEPT_TEXTS]
    assert {row.key for row in texts} >= PLANTED.keys()
    assert all(is_private(row, "qxz") for row in texts)
    assert not any(is_private(row, row.default) for row in texts)


def test_a_bundle_that_would_leak_is_not_written(tmp_path: Path) -> None:
    """The last look stops it, as a bug."""

    class Blind(Scrubber):
        def text(self, text: str) -> str:
            return text

    with pytest.raises(OsaError, match="nothing was written"):
        write_bundle(tmp_path / "out", [Part("a", "", "pass-word-1")], Blind(["pass-word-1"]))
    assert not (tmp_path / "out").exists()


LOG = """\
2026-11-30T01:02:03+0100 osa-daemon[7]: INFO monitoring: Hearing through Snowball.
2026-11-30T02:17:31+0100 osa-daemon[7]: INFO apnea of 24 s at 2026-11-30T02:17:00+01:00
2026-11-30T02:17:40+0100 osa-daemon[7]: WARNING alert on: A pause of 30 s.
2026-11-30T03:00:00+0100 osa-daemon[7]: INFO paused: Nobody is in bed
2026-11-30T03:00:01+0100 osa-daemon[7]: WARNING MQTT: no broker answers at nas.lan:1883
2026-11-30T03:00:02+0100 osa-daemon[7]:   File "/x/osa_daemon/service/alerting/alert.py", line 3
"""


def test_the_log_tells_nothing_of_the_sleeper() -> None:
    """What a night was like stays at home, unless the user wants it in; tracebacks stay whole."""
    part = log_part(lambda _command: LOG, with_nights=False)
    assert part.text.startswith("(3 lines on breathing and alerts are left out)\n")
    assert "02:17" not in part.text
    assert "Snowball" in part.text
    assert "line 3" in part.text
    assert log_part(lambda _command: LOG, with_nights=True).text == LOG
    assert log_part(lambda _command: None, with_nights=False).text == ""
    assert tells_of_breathing("INFO urgent over: x")


UNIT = """\
[Service]
Environment=HOME=/var/lib/osa-daemon "MY_KEY=a b" OSA_MQTT_PASSWORD_FILE=/run/x
SetCredentialEncrypted=mqtt-password: \\
        Whxqht+dQJax1aZeCGLxmiAAAAABAAAADAAAABAAAAA
SetCredential=a:hunter2
"""


def test_the_unit_shows_no_credentials() -> None:
    """Neither those that stand in it, over several lines, nor variables that are not ours."""
    text = unit_part(lambda asked: UNIT if "cat" in asked else None).text
    assert not [secret for secret in ("hunter2", "Whxq", "a b") if secret in text]
    assert "OSA_MQTT_PASSWORD_FILE=/run/x" in text
    assert "MY_KEY=<value>" in text


def test_the_cards_are_named(tmp_path: Path) -> None:
    """By the kernel's name and vendor and product, from a root of its own."""
    usb = tmp_path / "devices/1-1.2"
    (usb / "1-1.2:1.0/sound/card1").mkdir(parents=True)
    (usb / "idVendor").write_text("0d8c\n")
    (usb / "idProduct").write_text("0014\n")
    (usb / "1-1.2:1.0/sound/card1/id").write_text("Device\n")
    (tmp_path / "sys/class/sound").mkdir(parents=True)
    (tmp_path / "sys/class/sound/card1").symlink_to(usb / "1-1.2:1.0/sound/card1")
    assert "== card1: Device 0d8c 0014" in sound_part(tmp_path).text


@pytest.fixture
def home(tmp_path: Path, mosquitto: Mosquitto, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file with a journal of one event, and a log."""
    monkeypatch.setattr(
        command, "answer", lambda asked, _timeout_s=0: LOG if "journalctl" in asked else None
    )
    config = tmp_path / "config.yaml"
    config.write_text(
        f"mqtt: {{host: 127.0.0.1, port: {mosquitto.port}, area: Annas Zimmer}}\n"
        f"journal: {{state_dir: {tmp_path}}}\n"
    )
    return config


def test_what_it_holds_is_printed(
    home: Path,
    event_row: Callable[..., Any],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    """The manifest names every file; the bundle is for its owner alone, the same each time."""
    with Journal.open(tmp_path / "journal.sqlite3") as journal:
        journal.record_event(event_row("e1"), "{}", datetime.now(UTC))
    out = tmp_path / "out.tar.gz"
    assert main(["doctor", "--bundle", str(out), "--config", str(home)]) == 0
    printed = capsys.readouterr().out
    files = opened(out)
    for name in files:
        assert name.rpartition("/")[2] in printed + "MANIFEST.txt"
    assert "Read it before you send it" in printed
    assert stat.S_IMODE(out.stat().st_mode) == 0o600
    whole = b"".join(files.values()).decode()
    assert "Zimmer" not in whole
    assert "2026-11-22" not in whole  # the night of the event
    counts = json.loads(files["osa-daemon-doctor/journal.json"])
    assert counts["rows"]["events"] == 1


def test_nights_are_in_it_only_on_demand(
    home: Path, event_row: Callable[..., Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """With --with-nights the manifest says so in capitals."""
    out = tmp_path / "out.tar.gz"
    asked = ["doctor", "--bundle", str(out), "--with-nights", "--json", "--config", str(home)]
    assert main(asked) == 0
    told = json.loads(capsys.readouterr().out)
    about = {part["name"]: part["about"] for part in told["parts"]}
    assert about["nights.json"].startswith("YOUR NIGHTS")
    assert "apnea of 24 s" in opened(out)["osa-daemon-doctor/log.txt"].decode()


def test_settings_that_are_wrong_give_a_bundle_all_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """A password that somebody wrote into the file itself does not come out with the message."""
    monkeypatch.setattr(command, "answer", lambda *_asked: "log of qxhunter2 on qxnas")
    config = tmp_path / "config.yaml"
    config.write_text("mqtt:\n  host: 'qxnas qxof'\n  password: qxhunter2\n  port: qxport\n")
    out = tmp_path / "out.tar.gz"
    assert main(["doctor", "--bundle", str(out), "--config", str(config)]) == 0
    whole = b"".join(opened(out).values()).decode()
    assert "qx" not in whole
    assert "settings" in whole
    assert "qx" not in capsys.readouterr().out


def test_the_status_is_what_was_heard() -> None:
    """What anybody wrote there is taken as text where it is no JSON; nothing heard is empty."""
    assert status_part(None).text == "{}\n"
    visit = Visit(MqttSettings("x"))
    visit.heard["osa_daemon/bedside/status"] = Received("s", b'{"state":"deaf"}')
    visit.heard["osa_daemon/bedside/hearing"] = Received("h", b"off\xffline")
    assert json.loads(status_part(visit).text) == {
        "status": {"state": "deaf"},
        "hearing": "off�line",
    }


def test_a_journal_that_is_missing_is_said(tmp_path: Path) -> None:
    """No night is no failure."""
    assert "There is no journal" in nights_part(tmp_path / "none").text
