#!/usr/bin/env python3
"""Store what many beds tell, from one MQTT broker in one PostgreSQL database.

Runs until it is stopped. An event is acknowledged to the broker only once it is committed, so
that whatever is killed meanwhile, each event is stored once. Needs the tables of
config/fleet/schema.sql, paho-mqtt 2 and psycopg 3, and the folder fleet beside it; not the daemon.
"""

import argparse
import contextlib
import random
import signal
import sys
import time
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from fleet.rows import STATEMENTS, NotWantedError, Row, row_of

BATCH = 500  # messages in one transaction
IDLE_S = 1.0  # longest wait for the first message of a batch
GATHER_S = 0.01  # … for one more: the broker sends at most 20 before the first is acknowledged
CONNECT_S = 10.0
KEEPALIVE_S = 60
SESSION_S = 14 * 86_400  # how long the broker keeps what comes while we are away
MAX_PACKET_BYTES = 65_536  # the largest of these messages has 1 kB
RETRY_S, RETRY_MOST_S = 1.0, 30.0
# Events and states wait at the broker while we are away, figures that are soon told anew do not.
SUBSCRIPTIONS = (
    ("event", 1),
    ("status", 1),
    ("availability", 0),
    ("night/current", 0),
    ("night/last", 0),
    ("breathing", 0),
)


class Failure(Exception):  # noqa: N818  # a sentence, not a bug; tried again
    """Broker or database cannot be used now; the message says why and what to do."""


def say(sentence: str) -> None:
    """Tell on standard error, where systemd's journal finds it."""
    print(sentence, file=sys.stderr, flush=True)


class Broker:
    """One connection to the broker, with a session that outlives it. Used by one thread."""

    def __init__(self, settings: argparse.Namespace) -> None:
        self._settings = settings
        self._address = f"{settings.broker}:{settings.port}"
        self._rows: list[Row] = []
        self._failure: str | None = None
        self._is_ready = False
        self._client = _client(settings)
        self._client.on_connect = self._on_connect
        self._client.on_subscribe = self._on_subscribe
        self._client.on_message = self._on_message
        self._refused = 0

    def open(self) -> None:
        """Connect and subscribe; raises Failure."""
        from paho.mqtt.packettypes import PacketTypes
        from paho.mqtt.properties import Properties

        properties = Properties(PacketTypes.CONNECT)
        properties.SessionExpiryInterval = SESSION_S
        properties.MaximumPacketSize = MAX_PACKET_BYTES
        properties.ReceiveMaximum = BATCH
        try:
            self._client.connect(
                self._settings.broker,
                self._settings.port,
                KEEPALIVE_S,
                clean_start=False,
                properties=properties,
            )
        except (OSError, ValueError) as error:
            raise Failure(f"The broker at {self._address} cannot be reached: {error}.") from None
        until_s = time.monotonic() + CONNECT_S
        while not self._is_ready:
            self._loop(0.1)
            if time.monotonic() > until_s:
                raise Failure(f"The broker at {self._address} does not answer.")

    def take(self) -> list[Row]:
        """The rows of what has come, at most `BATCH`; empty after `IDLE_S` without any."""
        wait_s = IDLE_S
        while len(self._rows) < BATCH:
            before = len(self._rows)
            self._loop(wait_s)
            if len(self._rows) == before:
                break
            wait_s = GATHER_S
        rows, self._rows = self._rows, []
        return rows

    def acknowledge(self, rows: Sequence[Row]) -> None:
        """Tell the broker that these are stored."""
        for row in rows:
            if row.mid:
                self._client.ack(row.mid, 1)

    def close(self) -> None:
        """Leave; the session stays."""
        self._client.disconnect()

    def _loop(self, timeout_s: float) -> None:
        import paho.mqtt.client as paho

        code = self._client.loop(timeout_s)
        if self._failure is not None:
            raise Failure(self._failure)
        if code != paho.MQTT_ERR_SUCCESS:
            reason = paho.error_string(code).rstrip(".").lower()
            raise Failure(f"The connection to the broker at {self._address} was lost: {reason}.")

    def _on_connect(self, client: Any, _data: object, _flags: object, reason: Any, _p: Any) -> None:
        if reason.is_failure:
            self._failure = (
                f"The broker at {self._address} refuses user "
                f"{self._settings.username or '(none)'}: {str(reason).lower()}."
            )
            return
        client.subscribe(
            [(f"{self._settings.base_topic}/+/{suffix}", qos) for suffix, qos in SUBSCRIPTIONS]
        )

    def _on_subscribe(self, _c: Any, _data: object, _mid: int, reasons: Any, _p: Any) -> None:
        if any(reason.is_failure for reason in reasons):
            self._failure = (
                f"The broker at {self._address} does not let "
                f"{self._settings.username or 'us'} read {self._settings.base_topic}/+/…: "
                "check its access list."
            )
        self._is_ready = True

    def _on_message(self, _client: Any, _data: object, message: Any) -> None:
        """Note a row; a message that makes none is acknowledged with the next batch."""
        mid = message.mid if message.qos else 0
        row = None
        try:
            topic = message.topic.removeprefix(f"{self._settings.base_topic}/")
            row = row_of(topic, message.payload, datetime.now(UTC), is_old=message.retain)
        except NotWantedError as error:
            self._refused += 1
            if self._refused & (self._refused - 1) == 0:  # the 1st, 2nd, 4th, 8th …
                say(f"Message {self._refused} is left out: on {topic[:80]!a} {error}.")
        except UnicodeError:
            pass  # the topic is no text
        if row is not None or mid:
            self._rows.append(Row(row.table, row.values, mid) if row else Row("", {}, mid))


def _client(settings: argparse.Namespace) -> Any:
    import paho.mqtt.client as paho

    client = paho.Client(
        paho.CallbackAPIVersion.VERSION2,
        client_id=settings.client_id,
        protocol=paho.MQTTv5,
        manual_ack=True,
        reconnect_on_failure=False,
    )
    client.connect_timeout = CONNECT_S
    if settings.username:
        client.username_pw_set(settings.username, password_of(settings))
    if settings.tls or settings.tls_ca:
        try:
            client.tls_set(ca_certs=settings.tls_ca)
        except OSError as error:  # an ssl.SSLError is one, too
            raise Failure(f"--tls-ca {settings.tls_ca} cannot be used: {error}.") from None
    return client


def password_of(settings: argparse.Namespace) -> str | None:
    """The password of the broker's user; raises Failure."""
    if settings.password_file is None:
        return None
    try:
        return settings.password_file.read_text("utf-8").rstrip("\r\n")
    except (OSError, ValueError) as error:
        raise Failure(f"{settings.password_file} cannot be read as a password: {error}.") from None


def write(database: Any, rows: Sequence[Row]) -> None:
    """Commit all rows; one that the database does not take is left out with a sentence."""
    import psycopg

    try:
        with database.transaction(), database.cursor() as cursor:
            for table, statement in STATEMENTS.items():
                values = [row.values for row in rows if row.table == table]
                if values:
                    cursor.executemany(statement, values)
    except (psycopg.DataError, psycopg.IntegrityError):
        for row in rows:
            _write_one(database, row)


def _write_one(database: Any, row: Row) -> None:
    import psycopg

    if not row.table:
        return
    try:
        with database.transaction():
            database.execute(STATEMENTS[row.table], row.values)
    except (psycopg.DataError, psycopg.IntegrityError) as error:
        say(f"A row for {row.table} is left out: {str(error).splitlines()[0][:200]!a}.")


def open_database(settings: argparse.Namespace) -> Any:
    """Connect; raises Failure."""
    import psycopg

    try:
        return psycopg.connect(settings.database, connect_timeout=int(CONNECT_S), autocommit=True)
    except psycopg.Error as error:
        raise Failure(f"The database cannot be reached: {_first_line(error)}.") from None


def _first_line(error: Exception) -> str:
    return (str(error).strip().splitlines() or [type(error).__name__])[0].rstrip(".")


def session(settings: argparse.Namespace, is_stopped: Callable[[], bool]) -> None:
    """Store until told to stop; raises Failure where broker or database fails."""
    import psycopg

    with contextlib.ExitStack() as stack:
        database = stack.enter_context(contextlib.closing(open_database(settings)))
        broker = Broker(settings)
        stack.callback(broker.close)
        broker.open()
        say("Storing.")
        while not is_stopped():
            rows = broker.take()
            if not rows:
                continue
            try:
                write(database, rows)
            except psycopg.errors.UndefinedTable as error:
                hint = "make the tables with psql --file=config/fleet/schema.sql"
                raise Failure(f"{_first_line(error)}: {hint}.") from None
            except psycopg.Error as error:
                raise Failure(f"The database does not store: {_first_line(error)}.") from None
            broker.acknowledge(rows)


def run(settings: argparse.Namespace) -> int:
    """Store for ever, whatever fails; return the exit code after SIGTERM or SIGINT."""
    stopped: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda signum, _frame: stopped.append(signum))
    told, pause_s = "", RETRY_S
    while not stopped:
        began_s = time.monotonic()
        try:
            session(settings, lambda: bool(stopped))
        except Failure as failure:
            if str(failure) != told:
                told = str(failure)
                say(told)
            pause_s = RETRY_S if time.monotonic() - began_s > RETRY_MOST_S else pause_s
            until_s = time.monotonic() + random.uniform(0.5, 1.0) * pause_s
            pause_s = min(2 * pause_s, RETRY_MOST_S)
            while not stopped and time.monotonic() < until_s:
                time.sleep(0.1)
    return 0


def parse(arguments: Sequence[str] | None = None) -> argparse.Namespace:
    """The command line."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--broker", default="localhost", help="default: %(default)s")
    parser.add_argument("--port", type=int, default=1883, help="default: %(default)s")
    parser.add_argument("--username", help="of the broker, for example store")
    parser.add_argument("--password-file", type=Path, help="file with that user's password")
    parser.add_argument("--tls", action="store_true", help="encrypt; the system's authorities")
    parser.add_argument("--tls-ca", help="encrypt; the authority that signed the broker's name")
    parser.add_argument("--base-topic", default="osa_daemon", help="default: %(default)s")
    parser.add_argument(
        "--client-id",
        default="osa_daemon_store",
        help="name of the session at the broker, one for each database (default: %(default)s)",
    )
    parser.add_argument(
        "--database",
        default="",
        help='libpq\'s words, such as "host=/run/postgresql dbname=beds"; what is missing comes '
        "from PGHOST, PGDATABASE, ~/.pgpass and so on",
    )
    return parser.parse_args(arguments)


def main() -> int:
    """Check what is needed, then store."""
    settings = parse()
    try:
        import paho.mqtt.client  # noqa: F401
        import psycopg  # noqa: F401
    except ImportError as error:
        say(f"{error.name} is not installed: pip install 'paho-mqtt>=2.1' 'psycopg[binary]'.")
        return 4
    return run(settings)


if __name__ == "__main__":
    sys.exit(main())
