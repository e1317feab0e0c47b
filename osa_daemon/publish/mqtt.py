"""The publisher: what the rest of the daemon sees of MQTT."""

import logging
import threading
from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import replace
from random import Random

from osa_daemon.clock import SYSTEM_CLOCK, Clock
from osa_daemon.publish.connection import Connection, Received, Report
from osa_daemon.publish.credentials import read_password, tls_context
from osa_daemon.publish.delivery import availability
from osa_daemon.publish.discovery import discovery_payload, discovery_topic
from osa_daemon.publish.mailbox import Mailbox, Message
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.payloads import Value, encode
from osa_daemon.publish.seldom import Seldom
from osa_daemon.publish.session import Link, Peer, Session
from osa_daemon.publish.timing import Timing
from osa_daemon.publish.topics import AVAILABILITY, EVENT, OFFLINE, find_topic

DISCOVERY_MIN_INTERVAL_S = 5.0  # Home Assistant loses parts of payloads that come closer
MAX_RECEIVED = 100

TakeReport = Callable[[Peer, Report], None]
Connect = Callable[[TakeReport], Peer]

_log = logging.getLogger(__name__)


class MqttPublisher:
    """Publishes states and events, whatever the broker does.

    Every method may be called from any thread and none blocks, `stop` aside. No failure of the
    network raises: `connected` and `problem` tell of it, and it is tried again for ever.

    `on_event_acknowledged` is given the id of an event once the broker has it; `on_command` the
    key and the untrusted payload of a message on `set/<key>`. Both are called from the
    publisher's thread and must return soon; what they raise is logged.

    `connect` makes a peer that is not yet opened, and is given what takes its reports; None is
    the broker of the settings. Without `start`, whoever calls `step` is the publisher's thread.

    Raises:
        ConfigError: the password or a certificate cannot be read.
    """

    def __init__(
        self,
        settings: MqttSettings,
        on_event_acknowledged: Callable[[str], None],
        on_command: Callable[[str, bytes], None] | None = None,
        *,
        timing: Timing | None = None,
        random: Random | None = None,
        clock: Clock = SYSTEM_CLOCK,
        connect: Connect | None = None,
    ) -> None:
        read_password(settings)
        tls_context(settings)
        self._settings = settings
        self._clock = clock
        self._connect = connect or self._open_connection
        self._mailbox = Mailbox()
        self._session = Session(
            settings,
            self._mailbox,
            lambda: self._connect(self._take_report),
            on_acknowledged=on_event_acknowledged,
            on_command=on_command,
            timing=timing or Timing(),
            random=random or Random(),
        )
        self._reports: deque[tuple[Peer, Report]] = deque()
        self._dropped = Seldom(_log, clock=clock.monotonic_s)  # used by paho's thread
        self._wake = threading.Event()
        self._stop_timeout_s: float | None = None
        self._is_stopping = False
        self._stepped_s = self._clock.monotonic_s()
        self._thread = threading.Thread(target=self._run, name="osa-publish", daemon=True)
        self._announcing = threading.Lock()  # two threads change what is announced
        self._announce(settings)

    def start(self) -> None:
        """Begin to connect in the background."""
        self._thread.start()

    def set_state(self, suffix: str, payload: str | Mapping[str, Value]) -> None:
        """Publish the value of a topic of `topics.TOPICS`; the latest wins.

        Sent where it differs from the last, and again on every new connection where retained.

        Raises:
            KeyError: there is no such topic, or it is not a state of the caller's.
        """
        topic = find_topic(suffix)
        if topic in (AVAILABILITY, EVENT) or "+" in suffix:
            raise KeyError(suffix)
        self._put_state(
            Message(
                self._settings.topic(suffix),
                payload if isinstance(payload, str) else encode(payload),
                topic.qos,
                topic.is_retained,
                topic.expiry_s,
                topic.min_interval_s,
            )
        )

    def repeat_state(self, suffix: str) -> None:
        """Publish the value of a topic once more, though it has not changed."""
        self._mailbox.repeat_state(self._settings.topic(suffix))
        self._wake.set()

    def set_discovery(self, payload: str) -> None:
        """Replace Home Assistant's device payload."""
        self._put_state(
            Message(
                discovery_topic(self._settings),
                payload,
                qos=1,
                is_retained=True,
                min_interval_s=DISCOVERY_MIN_INTERVAL_S,
            )
        )

    def announce_range(self, alert_after_range: tuple[int, int]) -> None:
        """Announce other bounds of the command `alert_after_s`."""
        with self._announcing:
            self._announce(replace(self._announced, alert_after_range=alert_after_range))

    def announce_page(self, configuration_url: str | None) -> None:
        """Announce another place of the page."""
        with self._announcing:
            if configuration_url != self._announced.configuration_url:
                self._announce(replace(self._announced, configuration_url=configuration_url))

    def _announce(self, settings: MqttSettings) -> None:
        self._announced = settings
        if settings.discovery:
            self.set_discovery(discovery_payload(settings))

    def send_event(self, event_id: str, payload: Mapping[str, Value]) -> bool:
        """Send a decided event until the broker acknowledges it.

        False where the queue is full: the event stays the caller's, to be offered again.
        """
        message = Message(
            self._settings.topic(EVENT.suffix), encode(payload), EVENT.qos, EVENT.is_retained
        )
        is_taken = self._mailbox.put_event(event_id, message)
        self._wake.set()
        return is_taken

    def stop(self, timeout_s: float, status: Mapping[str, Value] | None = None) -> None:
        """Send what waits, then the last `status` and `offline`, and end; at most `timeout_s`.

        Events that the broker has not acknowledged by then stay in the caller's outbox.
        """
        if status is not None:
            self.set_state("status", status)
        self._stop_timeout_s = timeout_s
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join(timeout_s + 1.0)

    def step(self) -> float:
        """Do what is due; the time in seconds until the next step at the latest."""
        now_s = self._clock.monotonic_s()
        self._stepped_s = now_s
        while self._reports:
            peer, report = self._reports.popleft()
            self._session.handle(peer, report, now_s)
        if self._stop_timeout_s is not None and not self._is_stopping:
            self._is_stopping = True
            self._session.stop(now_s, self._stop_timeout_s)
        return self._session.step(now_s)

    @property
    def connected(self) -> bool:
        """Whether the link is open, as far as acknowledgements tell."""
        return self._session.link is Link.ONLINE

    @property
    def problem(self) -> str | None:
        """Why there is no link, or what the broker refuses, in one sentence."""
        return self._session.problem

    @property
    def puback_age_s(self) -> float | None:
        """Seconds since the broker last acknowledged something or connected; None if never."""
        puback_s = self._session.puback_s
        return None if puback_s is None else self._clock.monotonic_s() - puback_s

    @property
    def step_age_s(self) -> float:
        """Seconds since the publisher's thread last went round: its heartbeat."""
        return self._clock.monotonic_s() - self._stepped_s

    @property
    def waiting_events(self) -> int:
        """Events given to `send_event` and not yet acknowledged."""
        return self._mailbox.waiting_events

    def _put_state(self, message: Message) -> None:
        self._mailbox.put_state(message, self._clock.monotonic_s())
        self._wake.set()

    def _open_connection(self, report: TakeReport) -> Connection:
        """Reads the credentials anew: they may have been put right."""
        return Connection(
            self._settings,
            read_password(self._settings),
            tls_context(self._settings),
            will=availability(self._settings, OFFLINE),
            report=report,
        )

    def _take_report(self, peer: Peer, report: Report) -> None:
        """Called from paho's thread. Only a broker's messages can come in any number."""
        if isinstance(report, Received) and len(self._reports) >= MAX_RECEIVED:
            self._dropped.warning("MQTT: a message is dropped: too many at once.")
            return
        self._reports.append((peer, report))
        self._wake.set()

    def _run(self) -> None:
        while self._session.link is not Link.ENDED:
            self._wake.clear()
            self._wake.wait(self.step())
