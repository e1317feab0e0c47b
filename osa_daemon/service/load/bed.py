"""A bed that tells what a daemon tells in a night, over the real publisher; nobody sleeps in it."""

import heapq
import itertools
import time
import uuid
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from random import Random

import osa_daemon
from osa_daemon.publish import payloads, topics
from osa_daemon.publish.mailbox import Message
from osa_daemon.publish.mqtt import MqttPublisher
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.payloads import Value, encode
from osa_daemon.scoring.event import Event
from osa_daemon.scoring.night import night_of

EVENTS_PER_HOUR = 30.0
PAUSE_S = 15.0
WATCH_S = 0.05
EVERY_S = {"level": 10.0, "minute": 60.0}  # seconds of the night
VALUES: Mapping[str, Value] = {
    "sensitivity": "balanced",
    "alert_after_s": 30,
    "alerts": True,
    "monitoring": True,
    "bed_presence": None,
}


class Bed:
    """One device; `speed` seconds of its night pass in a second.

    `acknowledged` holds, for each event that the broker has, when it was sent and how long its
    PUBACK took; `online_s` when it was connected (s, monotonic).
    """

    def __init__(self, port: int, name: str, speed: float, random: Random) -> None:
        settings = MqttSettings(
            "127.0.0.1",
            port,
            device_id=name,
            device_name=name,
            area="Ward",
            version=osa_daemon.__version__,
            model="0123456789ab",
        )
        self._settings = settings
        self._speed = speed
        self._random = random
        self._events = 0
        self.sent: dict[str, float] = {}
        self.acknowledged: list[tuple[float, float]] = []
        self.online_s: list[float] = []
        self._is_online = False
        self.publisher = MqttPublisher(settings, self._on_acknowledged)

    def begin(self) -> None:
        """Connect, and tell what a daemon tells at its start."""
        now = datetime.now(UTC)
        self._tell("status", payloads.status_payload("monitoring", now, None, "0", "m"))
        self._tell("hearing", topics.ONLINE)
        self._tell("apnea", "OFF")
        self._tell("breathing_audible", "ON")
        self._tell("alert", payloads.alert_payload(None, None))
        for problem in ("microphone", "configuration", "storage"):
            self._tell(f"problem/{problem}", payloads.problem_payload(None))
        self._tell("settings", payloads.settings_payload(VALUES))
        self._tell("night/last", self._night(now))
        self._minute()
        self.publisher.start()

    def watch(self) -> None:
        """Note when it has become connected."""
        if self.publisher.connected and not self._is_online:
            self.online_s.append(time.monotonic())
        self._is_online = self.publisher.connected

    def due(self, now_s: float) -> Iterator[tuple[float, Callable[[], None]]]:
        """What is to happen first, at random moments of the first interval."""
        for every_s, what in ((EVERY_S["level"], self._level), (EVERY_S["minute"], self._minute)):
            yield now_s + self._random.random() * every_s / self._speed, what
        yield now_s + self._until_pause_s(), self._pause

    def again(self, what: Callable[[], None], now_s: float) -> tuple[float, Callable[[], None]]:
        """When something that has just happened is followed by what."""
        if what == self._level:
            return now_s + EVERY_S["level"] / self._speed, what
        if what == self._minute:
            return now_s + EVERY_S["minute"] / self._speed, what
        if what == self._pause:
            return now_s + PAUSE_S / self._speed, self._breathe
        return now_s + self._until_pause_s(), self._pause

    def _until_pause_s(self) -> float:
        return self._random.expovariate(EVENTS_PER_HOUR / 3600) / self._speed

    def _level(self) -> None:
        level = payloads.level_payload(self._random.uniform(-60, -30), -65.0)
        self._tell("level", level)

    def _minute(self) -> None:
        rate = self._random.uniform(10, 20)
        self._tell("breathing", payloads.breathing_payload(rate, is_snoring=rate > 18))
        self._tell("night/current", self._night(datetime.now(UTC)))
        diagnostics = payloads.diagnostics_payload(
            cpu_share=self._random.random(),
            memory_mb=120.0,
            overruns=0,
            outbox=0,
            temperature_c=50.0,
            throttled="no",
            model_version="0123456789ab",
            events_last_hour=30,
            average_14_nights=12.3,
        )
        self._tell("diagnostics", diagnostics)

    def _pause(self) -> None:
        self._tell("apnea", "ON")

    def _breathe(self) -> None:
        """The pause is over, and decided."""
        self._tell("apnea", "OFF")
        self._events += 1
        event = Event(uuid.uuid4().hex, "apnea", 0.0, PAUSE_S, 0.9, "silent", True, False)
        onset = datetime.now(UTC)
        payload = payloads.event_payload(event, onset, night_of(onset), is_durable=True)
        self.sent[event.id] = time.monotonic()
        if not self.publisher.send_event(event.id, payload):
            del self.sent[event.id]  # a real bed keeps it in its journal; this one has none
            return
        self._tell("last_event", payload)
        self._tell("night/current", self._night(onset))

    def _night(self, now: datetime) -> payloads.Payload:
        return payloads.night_payload(
            night_of(now),
            events=self._events,
            apneas=self._events,
            hypopneas=0,
            index=EVENTS_PER_HOUR,
            index_reason=None,
            longest_apnea_s=PAUSE_S,
            monitorable_s=7200.0,
            monitorable_share=0.9,
            snoring_share=0.1,
            breathing_rate_bpm=14.0,
            started=now - timedelta(hours=2),
            updated=now,
        )

    def _tell(self, suffix: str, payload: str | Mapping[str, Value]) -> None:
        """As `MqttPublisher.set_state`, but the least time between two values passes faster."""
        topic = topics.find_topic(suffix)
        text = payload if isinstance(payload, str) else encode(payload)
        self.publisher._put_state(  # noqa: SLF001  # no daemon may send faster than it allows
            Message(
                self._settings.topic(suffix),
                text,
                topic.qos,
                topic.is_retained,
                topic.expiry_s,
                topic.min_interval_s / self._speed,
            )
        )

    def _on_acknowledged(self, event_id: str) -> None:
        sent_s = self.sent[event_id]
        self.acknowledged.append((sent_s, time.monotonic() - sent_s))


def play(beds: list[Bed], is_over: Callable[[], bool]) -> None:
    """Let the beds' nights pass until it is over."""
    numbers = itertools.count()
    waiting: list[tuple[float, int, Bed, Callable[[], None]]] = []
    for bed in beds:
        for due_s, what in bed.due(time.monotonic()):
            heapq.heappush(waiting, (due_s, next(numbers), bed, what))
    watched_s = 0.0
    while not is_over():
        if time.monotonic() - watched_s >= WATCH_S:
            watched_s = time.monotonic()
            for bed in beds:
                bed.watch()
        pause_s = waiting[0][0] - time.monotonic()
        if pause_s > 0:
            time.sleep(min(pause_s, WATCH_S))
            continue
        _, _, bed, what = heapq.heappop(waiting)
        what()
        due_s, then = bed.again(what, time.monotonic())
        heapq.heappush(waiting, (due_s, next(numbers), bed, then))
