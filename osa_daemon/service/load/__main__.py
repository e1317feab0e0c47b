"""Many beds on one private mosquitto: `scripts/load_beds`."""

import argparse
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from math import inf
from pathlib import Path
from typing import Any

from osa_daemon.errors import EXIT_BUG, EXIT_OK, BrokerError, OsaError
from osa_daemon.service.load.broker import Broker
from osa_daemon.service.load.figures import Figures, Steady
from osa_daemon.service.load.watch import CONFIG, Watcher

IN_A_PROCESS = 20
DOWN_S = 2.0  # how long the broker is away
WAIT_S = 90.0
CLEAR_S = 2.0  # around the broker's end, where no latency is taken
EVERYTHING = ("osa_daemon/#", f"homeassistant/device/+{CONFIG}")


@contextmanager
def processes(port: int, beds: int, speed: float) -> Iterator[list[subprocess.Popen[str]]]:
    """The beds, some in each process; when this context ends they have ended."""
    started = []
    try:
        for first in range(0, beds, IN_A_PROCESS):
            count = min(IN_A_PROCESS, beds - first)
            command = [sys.executable, "-m", "osa_daemon.service.load.beds"]
            command += [f"--port={port}", f"--first={first}", f"--count={count}"]
            command += [f"--speed={speed}"]
            started.append(_started(command))
        yield started
    finally:
        for process in started:
            process.kill()
            process.wait()
            for pipe in (process.stdin, process.stdout):
                if pipe is not None:
                    pipe.close()


def _started(command: list[str]) -> subprocess.Popen[str]:
    pipe, quiet = subprocess.PIPE, subprocess.DEVNULL
    return subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=quiet, text=True)


def wait_until(is_so: Callable[[], bool], what: str) -> float:
    """Wait; the time (s, monotonic) at which it was so.

    Raises:
        BrokerError: it is not within `WAIT_S`.
    """
    until_s = time.monotonic() + WAIT_S
    while not is_so():
        if time.monotonic() > until_s:
            raise BrokerError(f"{what} was not seen within {WAIT_S:.0f} s.")
        time.sleep(0.02)
    return time.monotonic()


@dataclass(slots=True)
class Told:
    """What the beds say at their end: see `Bed`."""

    ids: set[str] = field(default_factory=set)
    acknowledged: list[tuple[float, float]] = field(default_factory=list)
    online_s: list[list[float]] = field(default_factory=list)
    waiting: int = 0


def ended(started: list[subprocess.Popen[str]]) -> Told:
    """Let the beds end, and hear what came of them."""
    for process in started:
        assert process.stdin is not None
        process.stdin.close()
    told = Told()
    for process in started:
        assert process.stdout is not None
        line: dict[str, Any] = json.loads(process.stdout.readline() or "{}")
        if not line:
            raise BrokerError("Some of the beds ended before their time.")
        told.ids.update(line["ids"])
        told.acknowledged += [(sent_s, took_s) for sent_s, took_s in line["acknowledged"]]
        told.online_s += line["online_s"]
        told.waiting += line["waiting"]
    return told


def restart(broker: Broker, counter: Watcher, beds: int) -> tuple[float, float]:
    """Kill the broker, start it again, wait for every bed; when it was killed, and back."""
    killed_s = broker.kill()
    time.sleep(DOWN_S)
    back_s = broker.start()
    say("The broker was killed and is back.")
    wait_until(lambda: _heard_since(counter, back_s) == beds, "Every bed after the restart")
    return killed_s, back_s


def birth(counter: Watcher, beds: int) -> list[float]:
    """Let Home Assistant start; how long after it each bed announced itself (s)."""
    counter.announced.clear()
    born_s = time.monotonic()
    counter.bear()
    with suppress(BrokerError):
        wait_until(lambda: len(counter.announced) == beds, "An answer of every bed")
    return [moment_s - born_s for moment_s in list(counter.announced.values())]


def _heard_since(counter: Watcher, since_s: float) -> int:
    return sum(moment_s > since_s for moment_s in list(counter.heard.values()))


def measure(beds: int, speed: float, seconds: float) -> Figures:
    """Run the beds: half of the time before the broker is killed, half after it.

    Raises:
        OsaError: broker or beds do not start, or do not come back.
    """
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="osa-load-")))
        broker = Broker(folder)
        stack.callback(broker.kill)
        broker.start()
        keeper = Watcher(broker.port, [("osa_daemon/+/event", 1)], session="keeper")
        stack.callback(keeper.close)
        counter = Watcher(broker.port, [(topic, 0) for topic in EVERYTHING])
        stack.callback(counter.close)
        wait_until(lambda: keeper.is_subscribed and counter.is_subscribed, "The watchers' session")
        broker.save()  # as it does by itself each minute: so the session outlives the kill
        started = stack.enter_context(processes(broker.port, beds, speed))
        began_s = wait_until(lambda: len(counter.heard) == beds, "Every bed")
        say(f"{beds} beds are online.")
        time.sleep(CLEAR_S)
        steady = _steady(broker, counter, seconds / 2)
        killed_s, back_s = restart(broker, counter, beds)
        time.sleep(seconds / 2)
        answers = birth(counter, beds)
        told = ended(started)
        with suppress(BrokerError):
            wait_until(lambda: told.ids <= keeper.events.keys(), "Every event")
        return Figures(
            beds=beds,
            speed=speed,
            seconds=time.monotonic() - began_s,
            steady=steady,
            start_s=_spread_s([min(moments, default=inf) for moments in told.online_s]),
            back_s=_back_s(told, killed_s, back_s),
            latencies_s=_clear(told, killed_s, back_s),
            events=len(told.ids),
            lost=len(told.ids - keeper.events.keys()),
            duplicates=sum(times > 1 for times in keeper.events.values()),
            unacknowledged=told.waiting,
            answers_s=tuple(sorted(answers)),
        )


def _steady(broker: Broker, counter: Watcher, seconds: float) -> Steady:
    """What the broker costs while nothing happens to it."""
    before, messages = broker.cost(), counter.messages
    time.sleep(seconds)
    after = broker.cost()
    span_s = after.at_s - before.at_s
    return Steady(
        messages_per_s=(counter.messages - messages) / span_s,
        cpu_share=(after.cpu_s - before.cpu_s) / span_s,
        memory_mb=after.memory_mb,
    )


def _spread_s(moments_s: list[float]) -> float:
    return max(moments_s) - min(moments_s)


def _back_s(told: Told, killed_s: float, back_s: float) -> float:
    """From the broker's return until the last bed was connected; infinite where one was not.

    A bed may be back before it is noticed that the broker is.
    """
    firsts = [min((m for m in moments if m > killed_s), default=inf) for moments in told.online_s]
    return max(max(firsts) - back_s, 0.0)


def _clear(told: Told, killed_s: float, back_s: float) -> tuple[float, ...]:
    """The latencies of events that were not sent about the time of the kill."""
    until_s = back_s + _back_s(told, killed_s, back_s) + CLEAR_S
    return tuple(
        took_s for sent_s, took_s in told.acknowledged if not killed_s - CLEAR_S < sent_s < until_s
    )


def say(text: str) -> None:
    """Tell what is going on, apart from the figures."""
    print(text, file=sys.stderr, flush=True)


def main() -> int:
    """Run, print the figures; exit code 1 where an event was lost or a bed stayed away."""
    parser = argparse.ArgumentParser(prog="scripts/load_beds", description=__doc__)
    parser.add_argument("--beds", type=int, default=200, help="default: %(default)s")
    parser.add_argument(
        "--speed", type=float, default=20.0, help="times true time (default: %(default)s)"
    )
    parser.add_argument(
        "--seconds",
        type=float,
        default=120.0,
        help="half before the broker is killed, half after (default: %(default)s)",
    )
    args = parser.parse_args()
    for name in ("beds", "speed", "seconds"):
        if not getattr(args, name) > 0:
            parser.error(f"--{name} is {getattr(args, name)}, but must be more than 0.")
    try:
        figures = measure(args.beds, args.speed, args.seconds)
    except OsaError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    print(*figures.lines(), sep="\n")
    return EXIT_OK if figures.is_good else EXIT_BUG


if __name__ == "__main__":
    sys.exit(main())
