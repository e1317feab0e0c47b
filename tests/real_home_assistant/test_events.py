"""Decided events across what a year brings: each reaches a subscriber, and the count is right."""

import json
import signal
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.daemon import DaemonProcess
from tests.mosquitto import Mosquitto, Subscriber, wait_for
from tests.real_home_assistant.bed import Bed
from tests.real_home_assistant.home import HomeAssistant

SPEED = 3
EVENT_S = 180.0  # the next event is decided within this, at that speed, by far


class Watch:
    """Who looks at a bed: at its journal, at Home Assistant, at a subscriber of its own."""

    def __init__(self, home: HomeAssistant, bed: Bed, subscriber: Subscriber) -> None:
        self.home, self.bed, self.subscriber = home, bed, subscriber

    def received(self) -> set[str]:
        """Ids that the subscriber has got."""
        return {json.loads(text)["id"] for text in self.subscriber.on(self.bed.topic("event"))}

    def wait_for_another(self) -> None:
        """Wait until one more event is decided and committed."""
        before = self.bed.events_of_tonight()
        wait_for(lambda: self.bed.events_of_tonight() > before, EVENT_S, "a decided event")

    def all_is_right(self) -> int:
        """Wait until everybody knows of every decided event; return how many there are."""
        shown = self.bed.id_of("events_tonight")

        def right() -> bool:
            decided = set(self.bed.decided())
            told = self.home.state(shown)
            return self.received() == decided and told == str(len(decided))

        try:
            wait_for(right, 60.0, "what was decided")
        except AssertionError:
            decided = set(self.bed.decided())
            lost, shows = decided - self.received(), self.home.state(shown)
            raise AssertionError(f"{len(decided)} decided, {lost=}, {shows=}") from None
        return len(self.bed.decided())


@pytest.mark.ends_the_broker
def test_every_decided_event_arrives_and_is_counted_across_restarts(
    home: HomeAssistant,
    broker: Mosquitto,
    subscribe: Callable[..., Subscriber],
    make_bed: Callable[[str], Bed],
    data: Path,
    measured: Callable[[str], None],
) -> None:
    """Broker, Home Assistant and daemon restart amid events: none is lost, the count is right.

    The daemon is killed while a pause is in progress; after that it hears the recording anew.
    """
    bed = make_bed("counted")
    subscriber = subscribe(broker.port, bed.topic("event"), client_id="counting")
    watch = Watch(home, bed, subscriber)

    def start() -> DaemonProcess:
        sound = f"file:{data / 'night.ogg'}"
        daemon = bed.start(broker.port, "--source", sound, "--speed", str(SPEED))
        daemon.wait_until_ready()
        return daemon

    daemon = start()
    watch.wait_for_another()
    counts = {"before": watch.all_is_right()}

    broker.stop()
    watch.wait_for_another()
    broker.start()
    counts["broker restarted"] = watch.all_is_right()

    home.stop()
    watch.wait_for_another()
    home.start()
    counts["Home Assistant restarted"] = watch.all_is_right()

    pause = bed.id_of("breathing_pause")
    wait_for(lambda: home.state(pause) == "on", EVENT_S, "a pause in progress")
    daemon.end(signal.SIGKILL)
    daemon = start()
    watch.wait_for_another()
    counts["daemon killed and started"] = watch.all_is_right()

    broker.stop()
    watch.wait_for_another()
    daemon.end(signal.SIGKILL)
    broker.start()
    daemon = start()
    counts["killed while the broker was away"] = watch.all_is_right()

    assert daemon.end() == 0, daemon.log.read_text()
    texts = subscriber.on(bed.topic("event"))
    measured(f"events after each: {counts}; {len(texts)} on the wire, "
             f"{len(watch.received())} ids, {len(bed.decided())} in the journal")  # fmt: skip
    assert watch.received() == set(bed.decided())
