"""Broken files through the real command: a sentence that a user can act on, exit code 2."""

import subprocess
import sys
from pathlib import Path

import pytest

BROKEN = {
    "type": ("alerts:\n  after_s: soon\n", 2, "alerts.after_s is soon", "whole number from 10"),
    "range": ("alerts:\n  after_s: 300\n", 2, "alerts.after_s is 300", "from 10 to 110"),
    "unit": ("alerts:\n  after_s: 30s\n", 2, "alerts.after_s is 30s", "write 30"),
    "choice": ("detection:\n  sensitivity: max\n", 2, "is max", "low, balanced, high"),
    "bool": ("alerts:\n  enabled: maybe\n", 2, "alerts.enabled is maybe", "true or false"),
    "time": ("monitoring:\n  hours: 22:00\n", 2, "monitoring.hours is 22:00", "22:00-09:00"),
    "tab": ("alerts:\n\tafter_s: 30\n", 2, "tab", "spaces"),
    "duplicate": (
        "mqtt:\n  port: 1883\nalerts:\n  after_s: 30\nmqtt:\n  port: 1884\n",
        5,
        "mqtt stands twice",
        "in line 1 and in line 5",
    ),
    "unknown section": ("detektion:\n  sensitivity: low\n", 1, "detektion", "mean detection?"),
    "unknown key": ("mqtt:\n  hots: pi\n", 2, "mqtt.hots", "did you mean mqtt.host?"),
    "wrong place": ("host: pi\n", 1, "host is not a setting here", "in the section mqtt"),
    "dotted": ("mqtt.host: pi\n", 1, "mqtt.host is not a setting here", "in the section mqtt"),
    "password": ("mqtt:\n  password: hunter2\n", 2, "mqtt.password", "mqtt.password_file"),
    "user's password": ("mqtt_password: hunter2\n", 1, "mqtt_password", "mqtt.password_file"),
    "password as a path": (
        "mqtt:\n  username: osa\n  password_file: hunter2\n",
        3,
        "mqtt.password_file is … (not shown: it may be the secret itself)",
        "an absolute path",
    ),
    "password in the host": (
        "mqtt:\n  host: mqtt://osa:hunter2@pi:1883\n",
        2,
        "mqtt.host is mqtt://…@pi:1883",
        "write the host without mqtt://",
    ),
    "password like a tag": ("mqtt:\n  password: !hunter2\n", 2, "tags such as", "in quotes"),
    "token as a path": (
        "ntfy:\n  token_file: tk_hunter2\n",
        2,
        "ntfy.token_file is … (not shown: it may be the secret itself)",
        "an absolute path",
    ),
    "token": ("ntfy:\n  token: hunter2\n", 2, "write the token into a file", "ntfy.token_file"),
    "topic as a section": (
        "ntfy: https://ntfy.example.org/hunter2\n",
        1,
        "ntfy is one value",
        "a section",
    ),
    "broker as a section": ("mqtt: mqtt://a:hunter2@pi\n", 1, "mqtt is one value", "a section"),
    "list": ("mqtt:\n  - host: pi\n", 1, "mqtt is a list", "a section"),
    "section": ("mqtt: localhost\n", 1, "mqtt is one value", "a section"),
    "quote": ("mqtt:\n  area: 'Bedroom\n", 3, "quotation mark", "never closed"),
    "indentation": ("mqtt:\n  host: pi\n port: 1\n", 3, "go on from those above", "indented"),
    "colon": ("mqtt:\n  area: a: b\n", 2, "colon", "quotes"),
    "conflict": ("alerts:\n  after_s: 15\n", 2, "alerts.after_s is 15", "alerts.notice_s"),
    "card": ("microphone:\n  device: 2\n", 2, "microphone.device is 2", "osa-daemon devices"),
    "certificate": (
        "mqtt:\n  tls:\n    enabled: true\n    cert_file: /c.pem\n",
        4,
        "mqtt.tls.cert_file is /c.pem",
        "mqtt.tls.key_file",
    ),
    "tag": ("mqtt:\n  host: !!python/name:os.system\n", 2, "tags such as", "remove it"),
    "two documents": ("mqtt:\n---\nalerts:\n", 2, "second document", "keep one"),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_file_yields_a_sentence(name: str, tmp_path: Path) -> None:
    """Standard error names file, line, key and value, what is allowed; no traceback."""
    text, line, what, allowed = BROKEN[name]
    path = tmp_path / "config.yaml"
    path.write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "osa_daemon", "check-config", str(path)],
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert done.returncode == 2
    assert done.stdout == ""
    (sentence,) = done.stderr.splitlines()
    assert sentence.startswith(f"{path}, line {line}, column ")
    assert what in sentence
    assert allowed in sentence
    assert len(sentence) < 400 + len(str(path))
    assert "hunter2" not in sentence
