"""Every setting: its default, range, unit and sentence. The one source of all of these.

The file, its JSON schema, the README's table, `check-config` and what Home Assistant may set
are made from this module and the sections that it imports.
"""

from pathlib import Path
from typing import Annotated, Final, Literal, Self

from pydantic import BaseModel, Field, model_validator

from osa_daemon.settings.about import About
from osa_daemon.settings.alerts import Alerts
from osa_daemon.settings.clips import Clips
from osa_daemon.settings.hours import Hours
from osa_daemon.settings.section import CONFIG, HOURS, check_pair, conflict, span
from osa_daemon.settings.text import (
    AbsolutePath,
    DeviceText,
    HostName,
    HoursText,
    Label,
    Sentence,
    Slug,
    Topic,
)
from osa_daemon.settings.topic_address import TopicAddress, TopicUrl
from osa_daemon.settings.web import Web

PHONE: Final = "phone"  # as `microphone.device`
Sensitivity = Literal["low", "balanced", "high"]
LeastLevel = Literal["alert", "urgent"]

_LABEL = "1 to 60 printable characters without spaces at either end"
_TOPIC = "an MQTT topic of at most 100 characters without spaces, +, #, $ or empty levels"
_FILE = "an absolute path, or null"


class Microphone(BaseModel):
    """Which microphone is listened to."""

    model_config = CONFIG

    device: Annotated[
        DeviceText,
        About(
            "Microphone to use: an identity or name as `osa-daemon devices` prints it "
            "(`usb:…` stays the same across restarts), `default` for whatever the system's "
            "default is at the time, or `phone` for a phone or tablet that has the page `phone/` "
            "open (it needs `web.enabled`).",
            allowed="`default`, `phone`, an identity such as usb:… or a name from "
            "`osa-daemon devices`",
        ),
    ] = "default"


class Thresholds(BaseModel):
    """Single thresholds set by hand: they pass over sensitivity and limit."""

    model_config = CONFIG

    event: Annotated[
        float | None,
        Field(ge=0.01, le=0.99),
        About(
            "Probability from which a pause counts as an event: passes over `sensitivity` and "
            "`max_false_events_per_night`; null leaves it to them.",
            live=True,
        ),
    ] = None
    in_progress: Annotated[
        float | None,
        Field(ge=0.01, le=0.99),
        About(
            "Probability from which a pause is reported while it lasts, and alerted: passes over "
            "`sensitivity`; null leaves it to that. Below 0.5 it is also the least that an alert "
            "asks of the slower reading of the pause.",
            live=True,
        ),
    ] = None


class Detection(BaseModel):
    """How readily a pause is reported."""

    model_config = CONFIG

    sensitivity: Annotated[
        Sensitivity,
        About(
            "Operating point of the detector: `high` misses less, or tells more pauses in time, "
            "and errs more often; `osa-daemon check-config` says what each does with this model. "
            "Sets every threshold that the settings below do not set.",
            live=True,
        ),
    ] = "balanced"
    max_false_events_per_night: Annotated[
        float | None,
        Field(ge=0.1, le=50),
        About(
            "False events to put up with in a night of 8 h: sets the threshold of events and "
            "passes over `sensitivity`, which still sets that of alerts; null leaves both to it. "
            "A limit that the model cannot keep is kept as nearly as it can, with a warning.",
            live=True,
        ),
    ] = None
    thresholds: Thresholds = Thresholds()


class Tls(BaseModel):
    """Encryption of the connection to the broker."""

    model_config = CONFIG

    enabled: Annotated[bool, About("Whether the connection is encrypted (usual port: 8883).")] = (
        False
    )
    ca_file: Annotated[
        AbsolutePath | None,
        About(
            "Certificate that the broker's is checked against; null takes the system's.",
            allowed=_FILE,
        ),
    ] = None
    cert_file: Annotated[
        AbsolutePath | None,
        About("Client certificate, for brokers that ask for one.", allowed=_FILE),
    ] = None
    key_file: Annotated[
        AbsolutePath | None,
        About("Private key of the client certificate.", allowed=_FILE),
    ] = None

    @model_validator(mode="after")
    def _fits_together(self) -> Self:
        check_pair("mqtt.tls", self.cert_file, self.key_file, "a client certificate needs both")
        for key in ("ca_file", "cert_file"):
            if getattr(self, key) is not None and not self.enabled:
                raise conflict(
                    key,
                    f"mqtt.tls.{key} is {getattr(self, key)}, but mqtt.tls.enabled is false: "
                    "set it to true, or remove the file to send unencrypted",
                )
        return self


class Mqtt(BaseModel):
    """The broker, and how this device appears in Home Assistant."""

    model_config = CONFIG

    host: Annotated[
        HostName,
        About(
            "Host name or address of the MQTT broker.",
            allowed="a host name or address such as homeassistant.local or 192.168.1.5",
        ),
    ] = "localhost"
    port: Annotated[int, Field(ge=1, le=65535), About("Port of the broker.")] = 1883
    username: Annotated[
        Label | None, About("User name at the broker; null for none.", allowed=f"{_LABEL}, or null")
    ] = None
    password_file: Annotated[
        AbsolutePath | None,
        About(
            "File that holds the password alone, readable by the daemon only; the variable "
            "OSA_MQTT_PASSWORD_FILE may name it instead.",
            allowed=_FILE,
        ),
    ] = None
    base_topic: Annotated[
        Topic,
        About("Topics start with this and `device_id`.", allowed=_TOPIC),
    ] = "osa_daemon"
    discovery: Annotated[bool, About("Whether the device announces itself to Home Assistant.")] = (
        True
    )
    discovery_prefix: Annotated[
        Topic,
        About("Home Assistant's discovery prefix.", allowed=_TOPIC),
    ] = "homeassistant"
    device_id: Annotated[
        Slug,
        About(
            "Name of this device in topics and entity ids: one for each bed on a broker.",
            allowed="1 to 40 of the characters a-z, 0-9 and _, not starting with _",
        ),
    ] = "bedside"
    device_name: Annotated[
        Label, About("Name of this device as people read it.", allowed=_LABEL)
    ] = "Bedside"
    area: Annotated[
        Label | None,
        About("Room that is suggested to Home Assistant.", allowed=f"{_LABEL}, or null"),
    ] = None
    keepalive_s: Annotated[
        int,
        Field(ge=5, le=600),
        About("Longest silence on the connection before either side checks it.", "s"),
    ] = 30
    tls: Tls = Tls()

    @model_validator(mode="after")
    def _password_has_a_user(self) -> Self:
        if self.password_file is not None and self.username is None:
            raise conflict(
                "password_file",
                f"mqtt.password_file is {self.password_file}, but mqtt.username is not set: "
                "set the user name that the password belongs to",
            )
        return self


class Ntfy(BaseModel):
    """A second way for alerts: a message by an ntfy server. Off while there is no `url`."""

    model_config = CONFIG

    url: Annotated[
        TopicUrl | None,
        About(
            "Topic that alerts are sent to; null sends none. Whoever knows it can read along, so "
            "let nobody guess it.",
            allowed="an http or https address such as https://ntfy.example.org/my-bedroom, or null",
            secret=True,
        ),
    ] = None
    token_file: Annotated[
        AbsolutePath | None,
        About(
            "File that holds an access token alone, readable by the daemon only, for a server "
            "that asks for one; the variable OSA_NTFY_TOKEN_FILE may name it instead.",
            allowed=_FILE,
        ),
    ] = None
    least_level: Annotated[
        LeastLevel,
        About("Least urgent alert that is sent; a test is sent always."),
    ] = "alert"
    message: Annotated[
        Sentence,
        About(
            "What the message says. It passes through a server and stands on a locked phone: "
            "better that it names no health condition.",
            allowed="1 to 200 printable characters without spaces at either end",
        ),
    ] = "Please look in."
    tell_over: Annotated[
        bool, About("Whether a message tells too that an alert which was sent is over.")
    ] = False

    def address(self) -> TopicAddress | None:
        """The topic taken apart, or None where nothing is sent."""
        return None if self.url is None else TopicAddress.parse(self.url)


class Monitoring(BaseModel):
    """When the daemon listens."""

    model_config = CONFIG

    enabled: Annotated[
        bool, About("Whether to listen at all; Home Assistant may switch it.", live=True)
    ] = True
    hours: Annotated[
        HoursText | None,
        About(
            "Local time in which to listen; null listens all day.",
            live=True,
            allowed=HOURS,
        ),
    ] = None

    def span(self) -> Hours | None:
        """The hours as times of day, or None for all day."""
        return span(self.hours)


class Journal(BaseModel):
    """Where events and nights are kept."""

    model_config = CONFIG

    state_dir: Annotated[
        AbsolutePath,
        About("Folder of the journal and of the overrides.", allowed="an absolute path"),
    ] = Path("/var/lib/osa-daemon")
    keep_days: Annotated[
        int, Field(ge=30, le=3650), About("How long events and nights are kept.", "d", live=True)
    ] = 730

    @property
    def path(self) -> Path:
        """The journal's file."""
        return self.state_dir / "journal.sqlite3"


class Logging(BaseModel):
    """What the daemon writes to its log."""

    model_config = CONFIG

    level: Annotated[
        Literal["debug", "info", "warning", "error"],
        About("Least severe message that is logged.", live=True),
    ] = "info"


class Settings(BaseModel):
    """All settings. Immutable; a change makes a new one."""

    model_config = CONFIG

    microphone: Microphone = Microphone()
    detection: Detection = Detection()
    alerts: Alerts = Alerts()
    mqtt: Mqtt = Mqtt()
    ntfy: Ntfy = Ntfy()
    monitoring: Monitoring = Monitoring()
    journal: Journal = Journal()
    clips: Clips = Clips()
    web: Web = Web()
    logging: Logging = Logging()
