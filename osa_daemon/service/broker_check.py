"""Doctor's look at the broker: one connection under a name of its own, closed at once."""

import os
from queue import Empty, Queue

from osa_daemon.errors import BrokerError, OsaError
from osa_daemon.publish.connection import Connection, Opened, Refused, Report, Unreachable
from osa_daemon.publish.credentials import read_password, tls_context
from osa_daemon.publish.mailbox import Message
from osa_daemon.publish.mqtt_settings import MqttSettings
from osa_daemon.publish.problem import lost, no_connection, refused
from osa_daemon.service.broker import mqtt_settings
from osa_daemon.service.finding import Finding, bad, good
from osa_daemon.settings.model import Mqtt

DEADLINE_S = 8.0  # above paho's own 5 s to connect


def check_broker(mqtt: Mqtt) -> Finding:
    """Whether the broker takes a connection with these settings."""
    try:
        settings = mqtt_settings(mqtt, client_id=f"osa_daemon_doctor_{os.getpid()}")
        connect_once(settings)
    except OsaError as error:
        return bad("broker", str(error))
    return good("broker", f"{settings.address} takes a connection")


def connect_once(settings: MqttSettings) -> None:
    """Connect and disconnect.

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
        Message(settings.topic("doctor"), "", qos=0, is_retained=False),
        lambda _connection, report: reports.put(report),
    )
    connection.open()
    try:
        report = reports.get(timeout=DEADLINE_S)
    except Empty:
        connection.abandon()
        raise BrokerError(f"{no_connection(settings, TimeoutError())}.") from None
    if isinstance(report, Opened):
        connection.close()
        return
    connection.abandon()
    raise BrokerError(f"{_sentence(settings, report)}.")


def _sentence(settings: MqttSettings, report: Report) -> str:
    match report:
        case Unreachable(sentence):
            return sentence
        case Refused(code, name):
            return refused(settings, code, name)
    return lost(settings, 0, "", was_online=False)
