"""Doctor's visit to the broker: what one connection may, and what lies there.

Nothing is published that means anything to anybody: a word on `…/doctor`, which nobody knows, and
an empty message on `…/set/doctor`, which is no command.
"""

import os
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from queue import Empty, Queue

from osa_daemon.errors import BrokerError
from osa_daemon.publish.connection import (
    Acknowledged,
    Closed,
    Connection,
    Opened,
    Received,
    Refused,
    Report,
    Unreachable,
)
from osa_daemon.publish.credentials import read_password, tls_context
from osa_daemon.publish.discovery import birth_topic, discovery_topic
from osa_daemon.publish.mailbox import Message
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.problem import lost, no_connection, refused
from osa_daemon.publish.topics import (
    AVAILABILITY,
    HEARING,
    LEVEL,
    PROBLEM_CONFIGURATION,
    PROBLEM_MICROPHONE,
    PROBLEM_STORAGE,
    STATUS,
)
from osa_daemon.service.doctor.finding import Finding, bad, doubtful, good

NAME, TOPICS = "broker", "topics"
PROBLEMS = (PROBLEM_MICROPHONE, PROBLEM_CONFIGURATION, PROBLEM_STORAGE)
DEADLINE_S = 8.0  # to connect, above paho's own 5 s
ECHO_S = 1.0  # for what a broker sends back, once it has acknowledged it
GOODBYE_S = 1.0
GRACE_S = 0.3  # a broker sends what is retained before what came later; a bridge may be slower
LEVEL_S = 13.0  # the daemon tells its level every 10 s
LARGEST_PACKET = 1 << 18  # our own announcement is 21 kB
OWN = "doctor"
READ = tuple(topic.suffix for topic in (AVAILABILITY, STATUS, HEARING, LEVEL, *PROBLEMS))


@dataclass(slots=True)
class Visit:
    """What a connection showed. `heard`: the last message by topic.

    `refusal`: why the broker does not take what the daemon would say; None where it does.
    `may_command`: it took what somebody else would say, a command.
    """

    settings: MqttSettings
    refusal: str | None = None
    may_command: bool = True
    heard: dict[str, Received] = field(default_factory=dict)

    @property
    def hears_itself(self) -> bool:
        """Whether the access list lets this user read what the daemon tells."""
        return self.settings.topic(OWN) in self.heard

    @property
    def hears_commands(self) -> bool:
        """Whether a message on `set/…` came back."""
        return self._command_topic in self.heard

    @property
    def _command_topic(self) -> str:
        return self.settings.topic(f"set/{OWN}")

    def own(self, suffix: str) -> Received | None:
        """Return the last message on the daemon's topic with this suffix."""
        return self.heard.get(self.settings.topic(suffix))


def visit_broker(settings: MqttSettings, *, await_level: bool = False) -> Visit:
    """Connect, try what the daemon may, listen, and disconnect; `await_level`: until it is told.

    Raises:
        BrokerError: the broker is not there, refuses, or does not answer in time.
        ConfigError: the password or a certificate cannot be read.
    """
    reports: Queue[Report] = Queue()
    connection = Connection(
        settings,
        read_password(settings),
        tls_context(settings),
        # never sent: the connection ends with a goodbye
        Message(settings.topic(OWN), "", qos=0, is_retained=False),
        lambda _connection, report: reports.put(report),
        largest_packet=LARGEST_PACKET,
    )
    connection.open()
    try:
        _await_opening(settings, reports)
        visit = _look_round(settings, connection, reports, await_level=await_level)
    except BrokerError:
        connection.abandon()
        raise
    connection.close()
    _await_goodbye(reports)
    return visit


def _await_goodbye(reports: "Queue[Report]") -> None:
    """Wait until the goodbye is sent: doctor may end right after, and must leave no last will."""
    give_up_s = time.monotonic() + GOODBYE_S
    with suppress(Empty):
        while not isinstance(reports.get(timeout=max(0.0, give_up_s - time.monotonic())), Closed):
            pass


def _await_opening(settings: MqttSettings, reports: "Queue[Report]") -> None:
    try:
        report = reports.get(timeout=DEADLINE_S)
    except Empty:
        raise BrokerError(f"{no_connection(settings, TimeoutError())}.") from None
    if not isinstance(report, Opened):
        raise BrokerError(f"{_sentence(settings, report)}.")


def _sentence(settings: MqttSettings, report: Report) -> str:
    match report:
        case Unreachable(sentence):
            return sentence
        case Refused(code, name):
            return refused(settings, code, name)
    return lost(settings, 0, "", was_online=False)


def _look_round(
    settings: MqttSettings, connection: Connection, reports: "Queue[Report]", *, await_level: bool
) -> Visit:
    visit = Visit(settings)
    own_topics = [settings.topic(suffix) for suffix in (*READ, "set/+", OWN)]
    connection.subscribe(
        [*own_topics, discovery_topic(settings), birth_topic(settings)], with_retained=True
    )
    command = connection.publish(Message(settings.topic(f"set/{OWN}"), "", 1, is_retained=False))
    own = connection.publish(Message(settings.topic(OWN), str(os.getpid()), 1, is_retained=False))
    answers: dict[int | None, str | None] = {}

    def listen(duration_s: float, is_enough: Callable[[], bool]) -> None:
        for report in _until(reports, duration_s, is_enough):
            match report:
                case Received(topic):
                    visit.heard[topic] = report
                case Acknowledged(mid, refusal):
                    answers[mid] = refusal
                case Closed(code, name):
                    raise BrokerError(f"{lost(settings, code, name, was_online=True)}.")

    listen(DEADLINE_S, lambda: len(answers) > 1)
    listen(ECHO_S, lambda: visit.hears_itself and visit.hears_commands)
    listen(GRACE_S, lambda: False)
    if await_level and visit.hears_itself:
        listen(LEVEL_S, lambda: visit.own(LEVEL.suffix) is not None)
    if own not in answers:
        raise BrokerError(
            f"the broker at {settings.address} took the connection and acknowledges nothing: "
            "restart it."
        )
    visit.refusal, visit.may_command = answers[own], answers.get(command) is None
    return visit


def _until(
    reports: "Queue[Report]", duration_s: float, is_enough: Callable[[], bool]
) -> Iterator[Report]:
    """Give what is reported, for so long at most."""
    give_up_s = time.monotonic() + duration_s
    while not is_enough() and (left_s := give_up_s - time.monotonic()) > 0:
        with suppress(Empty):
            yield reports.get(timeout=left_s)


def broker_findings(visit: Visit) -> Iterator[Finding]:
    """Judge a visit that came about."""
    settings = visit.settings
    encrypted = " by TLS" if settings.tls else ", unencrypted"
    user = f' as user "{settings.username}"' if settings.username else ""
    yield good(NAME, f"{settings.address} takes a connection{user}{encrypted}")
    yield _topics(visit)


def _topics(visit: Visit) -> Finding:
    root = visit.settings.root
    if visit.refusal is not None:
        return bad(
            TOPICS,
            f"the broker does not take {root}/{OWN} from this user ({visit.refusal.lower()}): its "
            f"access list must let it write {root}/#; config/mosquitto/acl.conf is one.",
        )
    if visit.may_command and not visit.hears_commands:
        return doubtful(
            TOPICS,
            f"{root} may be written, but what is sent to {root}/set/ did not come back: where "
            "changes from Home Assistant do nothing, the access list must let this user read "
            f"{root}/set/+.",
        )
    commands = "commands may be read" if visit.hears_commands else "commands were not tried"
    read = "" if visit.hears_itself else "; what the daemon tells may not be read with this user"
    return good(TOPICS, f"{root} may be written, {commands}{read}")
