"""Fixtures that more than one room needs."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.mosquitto import Mosquitto, Subscriber


@pytest.fixture
def make_mosquitto(tmp_path: Path) -> Iterator[Callable[[], Mosquitto]]:
    """Makes brokers that are not started yet, and stops them at the end."""
    made: list[Mosquitto] = []

    def make() -> Mosquitto:
        folder = tmp_path / f"broker{len(made)}"
        folder.mkdir()
        made.append(Mosquitto(folder))
        return made[-1]

    yield make
    for broker in made:
        broker.stop()


@pytest.fixture
def mosquitto(make_mosquitto: Callable[[], Mosquitto]) -> Mosquitto:
    """A running broker that lets anyone in."""
    return make_mosquitto().start()


@pytest.fixture
def subscribe() -> Iterator[Callable[..., Subscriber]]:
    """Makes subscribers, and closes them at the end."""
    made: list[Subscriber] = []

    def make(
        port: int, topic: str = "#", client_id: str = "", password: str | None = None
    ) -> Subscriber:
        made.append(Subscriber(port, topic, client_id, password))
        return made[-1]

    yield make
    for subscriber in made:
        subscriber.close()
