"""Fixtures that more than one room needs."""

from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest
from hypothesis import settings

from tests.daemon import DaemonProcess
from tests.mosquitto import USER, Mosquitto, Subscriber


def pytest_configure() -> None:
    """Let examples take their time: what a test says must hold on slow and busy machines too."""
    settings.register_profile("unhurried", deadline=None)
    settings.load_profile("unhurried")


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
        port: int,
        topic: str = "#",
        client_id: str = "",
        password: str | None = None,
        user: str = USER,
    ) -> Subscriber:
        made.append(Subscriber(port, topic, client_id, password, user))
        return made[-1]

    yield make
    for subscriber in made:
        subscriber.close()


@pytest.fixture
def start_daemon(tmp_path: Path) -> Iterator[Callable[..., DaemonProcess]]:
    """Starts daemons, each in its folder, and ends them at the end."""
    made: list[DaemonProcess] = []

    def start(
        port: int,
        *options: str,
        settings: str = "",
        command: tuple[str, ...] = ("-m", "osa_daemon", "run"),
        folder: Path | None = None,
        before: Sequence[str] = (),
    ) -> DaemonProcess:
        home = folder or tmp_path / f"daemon{len(made)}"
        home.mkdir(exist_ok=True)
        (home / "notify").unlink(missing_ok=True)
        made.append(
            DaemonProcess(home, port, *options, settings=settings, command=command, before=before)
        )
        return made[-1]

    yield start
    for daemon in made:
        daemon.close()


@pytest.fixture(scope="session")
def data() -> Path:
    """The folder of bundled sounds."""
    return Path(__file__).with_name("data")
