"""The daemon, whose client of the broker raises an error at each message that comes in."""

import sys
from typing import Any

from osa_daemon.cli import main
from osa_daemon.publish.connection import Received
from osa_daemon.publish.mqtt import MqttPublisher

take = MqttPublisher._take_report


def raise_or_take(self: MqttPublisher, connection: Any, report: Any) -> None:
    """Fail where a message came."""
    if isinstance(report, Received):
        raise RuntimeError("injected into the callback")  # noqa: TRY004
    take(self, connection, report)


MqttPublisher._take_report = raise_or_take  # type: ignore[method-assign]
sys.exit(main(["run", *sys.argv[1:]]))
