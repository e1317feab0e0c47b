"""The MQTT topics of one device: the only place where their names stand."""

from dataclasses import dataclass
from typing import Literal

RETAINED = True
PASSING = False


@dataclass(frozen=True, slots=True)
class Topic:
    """One topic below `base/<device_id>/`.

    `expiry_s` is the MQTT 5 message expiry of values that must not outlive the daemon, or None.
    `min_interval_s` is the shortest time between two different values; 0 means at once.
    """

    suffix: str
    is_retained: bool
    qos: Literal[0, 1]
    expiry_s: int | None
    min_interval_s: float
    description: str


AVAILABILITY = Topic("availability", RETAINED, 1, None, 0, "online, or offline (last will)")
STATUS = Topic("status", RETAINED, 1, None, 0, "what the daemon is doing, since when and why")
HEARING = Topic("hearing", RETAINED, 1, None, 0, "online while sound arrives and is usable")
APNEA = Topic("apnea", RETAINED, 1, None, 0, "ON, OFF or None: a pause in breathing sound now")
BREATHING_AUDIBLE = Topic("breathing_audible", RETAINED, 1, None, 10, "ON or OFF")
ALERT = Topic("alert", RETAINED, 1, None, 0, "the alert that is raised, or that none is")
EVENT = Topic("event", PASSING, 1, None, 0, "a decided respiratory event, sent once it is durable")
LAST_EVENT = Topic("last_event", RETAINED, 1, None, 0, "the last decided event")
NIGHT_CURRENT = Topic("night/current", RETAINED, 1, None, 10, "figures of the night so far")
NIGHT_LAST = Topic("night/last", RETAINED, 1, None, 10, "figures of the night before")
BREATHING = Topic("breathing", RETAINED, 1, 180, 60, "breathing rate and snoring")
DIAGNOSTICS = Topic("diagnostics", RETAINED, 0, 180, 60, "load, memory, overruns, outbox")
LEVEL = Topic("level", PASSING, 0, None, 10, "sound level and noise floor")
PROBLEM_MICROPHONE = Topic("problem/microphone", RETAINED, 1, None, 0, "the microphone fails")
PROBLEM_CONFIGURATION = Topic("problem/configuration", RETAINED, 1, None, 0, "a setting is wrong")
PROBLEM_STORAGE = Topic("problem/storage", RETAINED, 1, None, 0, "events cannot be stored")
SETTINGS = Topic("settings", RETAINED, 1, None, 0, "the live values of what can be set")
CLIPS = Topic("clips", RETAINED, 1, None, 0, "whether sound is kept, and how much of it there is")
SET = Topic("set/+", PASSING, 1, None, 0, "commands, one key a topic; answered on settings")

TOPICS = (
    AVAILABILITY,
    STATUS,
    HEARING,
    APNEA,
    BREATHING_AUDIBLE,
    ALERT,
    EVENT,
    LAST_EVENT,
    NIGHT_CURRENT,
    NIGHT_LAST,
    BREATHING,
    DIAGNOSTICS,
    LEVEL,
    PROBLEM_MICROPHONE,
    PROBLEM_CONFIGURATION,
    PROBLEM_STORAGE,
    SETTINGS,
    CLIPS,
    SET,
)

COMMANDS = (
    "sensitivity",
    "alert_after_s",
    "monitoring",
    "alerts",
    "bed_presence",
    "acknowledge",
    "test_alert",
    "delete_clips",
)

ONLINE = "online"
OFFLINE = "offline"


def find_topic(suffix: str) -> Topic:
    """The row of the table for `suffix`.

    Raises:
        KeyError: no such topic.
    """
    for topic in TOPICS:
        if topic.suffix == suffix:
            return topic
    raise KeyError(suffix)
