"""The daemon, one of whose threads (DIES: chain, publisher, network) raises after a while."""

import os
import sys
import time
from collections.abc import Callable
from typing import Any

import paho.mqtt.client as paho
from once import is_first

from osa_daemon.cli import main
from osa_daemon.publish.session import Session
from osa_daemon.service.bedside import Bedside

AFTER_S = 10.0
WHO = os.environ["DIES"]
began_s = time.monotonic()
died: list[str] = []


def dying(real: Callable[..., Any]) -> Callable[..., Any]:
    """`real`, that raises once when it is time."""

    def call(*arguments: Any, **more: Any) -> Any:
        if not died and time.monotonic() - began_s > AFTER_S:
            died.append(WHO)
            if not is_first():
                return real(*arguments, **more)
            raise RuntimeError(f"injected into the {WHO}")
        return real(*arguments, **more)

    return call


if WHO == "chain":
    Bedside._tick = dying(Bedside._tick)  # type: ignore[method-assign]
elif WHO == "publisher":
    Session.step = dying(Session.step)  # type: ignore[method-assign]
else:
    paho.Client._loop = dying(paho.Client._loop)  # type: ignore[method-assign]
sys.exit(main(["run", *sys.argv[1:]]))
