"""A real Home Assistant in a process of its own, and what its REST API says."""

import contextlib
import json
import re
import signal
import socket
import subprocess
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from http.client import HTTPException
from pathlib import Path
from typing import Any

from tests.mosquitto import free_port, wait_for

START_S = 120.0
STOP_S = 60.0
TOKEN_S = 1200.0  # it lasts 30 minutes
REPOSITORY = Path(__file__).resolve().parents[2]
BLUEPRINTS = REPOSITORY / "config" / "home_assistant" / "blueprints"

CONFIGURATION = """\
homeassistant:
  name: Home
  latitude: 0
  longitude: 0
  elevation: 0
  unit_system: metric
  time_zone: UTC
  country: GB
  currency: EUR
frontend:
history:
recorder:
logger:
  default: warning
"""
HTTP = """\
http:
  server_host: 127.0.0.1
  server_port: {port}
"""
# newer versions keep it apart: what stands in YAML is tried for five minutes, then they end
STORED_HTTP: dict[str, Any] = {
    "version": 3,
    "minor_version": 1,
    "key": "http",
    "data": {
        "stable": {
            "server_host": ["127.0.0.1"],
            "cors_allowed_origins": [],
            "login_attempts_threshold": -1,
            "ip_ban_enabled": False,
            "ssl_profile": "intermediate_v6",
            "use_x_frame_options": True,
            "created_at": "2026-01-01T00:00:00+00:00",
            "error": None,
            "error_message": None,
        },
        "pending": None,
        "yaml_migration_done": True,
    },
}
# of an installation without what cameras, voices and weather want, none of it about the device
NOISE = re.compile(
    "Skipping pip installation|zlib_ng|haffmpeg|libturbojpeg|google_translate|components.met|"
    "radio_browser|Task exception was never retrieved"
)
# a test that ends the broker says so
BROKER_LOST = re.compile(
    r"\[paho\.mqtt\.client\] failed to receive on socket|components\.mqtt\.client\] "
    "(Disconnected from MQTT|Failed to connect to MQTT|Error returned from MQTT server: The connec)"
)
COMPLAINT = re.compile(r"^\S+ \S+ (WARNING|ERROR|CRITICAL) ")


class HomeAssistant:
    """Runs `root`/hass on a configuration in `folder`, with `more` lines of YAML in it."""

    def __init__(self, root: Path, folder: Path, more: str = "") -> None:
        self.version = root.name
        self.folder = folder
        self.log = folder.with_name(f"{folder.name}.log")
        self.port = free_port()
        self.url = f"http://127.0.0.1:{self.port}"
        self._root = root
        self._process: subprocess.Popen[bytes] | None = None
        self._refresh_token = ""
        self._token, self._token_s = "", 0.0
        self._configure(more)

    def _configure(self, more: str) -> None:
        storage = self.folder / ".storage"
        storage.mkdir(parents=True)
        text = CONFIGURATION + more
        if tuple(map(int, self.version.split(".")[:2])) < (2026, 3):
            text += HTTP.format(port=self.port)
        else:
            document = json.loads(json.dumps(STORED_HTTP))
            document["data"]["stable"]["server_port"] = self.port
            (storage / "http").write_text(json.dumps(document))
        (self.folder / "configuration.yaml").write_text(text)

    def start(self) -> "HomeAssistant":
        """Start it and wait until it runs; the first time, make its owner."""
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [str(self._root / "hass"), str(self.folder)],
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        wait_for(self._answers, START_S, f"Home Assistant {self.version} ({self.log})")
        if not self._refresh_token:
            self._welcome()
        wait_for(lambda: self.get("/api/config")["state"] == "RUNNING", START_S, "RUNNING")
        return self

    def stop(self) -> None:
        """End it as its service does."""
        if self._process is not None:
            self._process.send_signal(signal.SIGTERM)
            try:
                self._process.wait(STOP_S)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
            self._process = None

    def _answers(self) -> bool:
        assert self._process is not None
        assert self._process.poll() is None, self.log.read_text()[-3000:]
        try:
            with urllib.request.urlopen(f"{self.url}/manifest.json", timeout=5):
                return True
        except OSError:
            return False

    def _welcome(self) -> None:
        client = f"{self.url}/"
        owner = {"name": "Owner", "username": "owner", "password": "an owner's password"}
        words = {"client_id": client, "language": "en", **owner}
        code = self._send("/api/onboarding/users", json.dumps(words).encode())["auth_code"]
        grant = {"grant_type": "authorization_code", "code": code, "client_id": client}
        self._refresh_token = self._grant(grant)["refresh_token"]

    def _grant(self, words: dict[str, str]) -> dict[str, Any]:
        answer: dict[str, Any] = self._send("/auth/token", urllib.parse.urlencode(words).encode())
        self._token, self._token_s = answer["access_token"], time.monotonic()
        return answer

    def _headers(self) -> dict[str, str]:
        if self._refresh_token and time.monotonic() - self._token_s > TOKEN_S:
            words = {"grant_type": "refresh_token", "refresh_token": self._refresh_token}
            self._grant({**words, "client_id": f"{self.url}/"})
        return {"Authorization": f"Bearer {self._token}"} if self._token else {}

    def _send(self, path: str, body: bytes | None, headers: dict[str, str] | None = None) -> Any:
        request = urllib.request.Request(f"{self.url}{path}", body, headers or {})
        if body is not None and body.startswith((b"{", b"[")):
            request.add_header("Content-Type", "application/json")
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                text = answer.read().decode()
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{path}: {error.code} {error.read().decode()[:500]}") from None
        try:
            return json.loads(text)
        except ValueError:
            return text

    def get(self, path: str) -> Any:
        """What a path of the API answers."""
        return self._send(path, None, self._headers())

    def post(self, path: str, document: dict[str, Any]) -> Any:
        """What a path of the API answers to a document."""
        return self._send(path, json.dumps(document).encode(), self._headers())

    def add_mqtt(self, port: int) -> None:
        """Set up the MQTT integration with the broker on `port`, as a person would."""
        flow = self.post("/api/config/config_entries/flow", {"handler": "mqtt"})
        asked = {field["name"] for field in flow["data_schema"]}
        answer: dict[str, Any] = {"broker": "127.0.0.1", "port": port}
        if "protocol" in asked:
            other = {"set_client_cert": False, "set_ca_cert": "off", "transport": "tcp"}
            answer |= {"protocol": "5", "other_settings": other}
        done = self.post(f"/api/config/config_entries/flow/{flow['flow_id']}", answer)
        assert done["type"] == "create_entry", done

    def states(self) -> dict[str, dict[str, Any]]:
        """Every state, by entity id."""
        return {state["entity_id"]: state for state in self.get("/api/states")}

    def state(self, entity_id: str) -> str | None:
        """The state of one entity; None where there is no such entity."""
        found = self.states().get(entity_id)
        return None if found is None else str(found["state"])

    def call(self, service: str, entity_id: str, **data: Any) -> None:
        """Call a service, such as select.select_option, on an entity."""
        path = f"/api/services/{service.replace('.', '/')}"
        self.post(path, {"entity_id": entity_id, **data})

    def render(self, template: str) -> Any:
        """What a template gives."""
        return self.post("/api/template", {"template": template})

    def changes(self) -> "Changes":
        """Listen to changes of states from now on."""
        request = urllib.request.Request(
            f"{self.url}/api/stream?restrict=state_changed", headers=self._headers()
        )
        return Changes(urllib.request.urlopen(request, timeout=120))

    def complaints(self, begin: int = 0) -> list[str]:
        """Warnings and errors in its log from byte `begin` on, those of `NOISE` left out."""
        lines = self.log.read_bytes()[begin:].decode(errors="replace").splitlines()
        return [line for line in lines if COMPLAINT.match(line) and not NOISE.search(line)]


class Changes:
    """States as they change, from Home Assistant's stream of events."""

    def __init__(self, stream: Any) -> None:
        self.seen: list[tuple[float, str, str]] = []
        self._stream = stream
        self._is_open = False
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()
        wait_for(lambda: self._is_open, 10.0, "the stream of events")

    def _listen(self) -> None:
        try:
            for line in self._stream:
                self._is_open = True
                if line.startswith(b"data: {"):
                    self._note(json.loads(line[6:])["data"])
        except (OSError, ValueError, AttributeError, HTTPException):
            return  # closed, by either side

    def _note(self, data: dict[str, Any]) -> None:
        old, new = data["old_state"] or {}, data["new_state"] or {}
        if old.get("state") != new.get("state"):
            self.seen.append((time.time(), data["entity_id"], str(new.get("state"))))

    def of(self, entity_id: str) -> list[tuple[float, str]]:
        """When (wall clock) an entity took which states."""
        return [(at, state) for at, seen, state in list(self.seen) if seen == entity_id]

    def close(self) -> None:
        """Stop listening."""
        with contextlib.suppress(OSError, AttributeError):
            self._stream.fp.raw._sock.shutdown(
                socket.SHUT_RDWR
            )  # wakes who reads, as close() does not
        self._thread.join(5)
        self._stream.close()
