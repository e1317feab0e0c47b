"""A house: a real broker, a real Home Assistant, a phone, and beds with daemons.

Run by scripts/test_real_home_assistant, which names the installation of Home Assistant in
OSA_HOME_ASSISTANT and the minutes of a night for its recorder in OSA_RECORDER_MINUTES.
"""

import os
import shutil
import time
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.daemon import DaemonProcess
from tests.mosquitto import Mosquitto, wait_for
from tests.real_home_assistant.bed import Bed
from tests.real_home_assistant.home import BLUEPRINTS, BROKER_LOST, Changes, HomeAssistant
from tests.real_home_assistant.hour import render_hour
from tests.real_home_assistant.phone import Phone
from tests.real_home_assistant.recorder import Rows, read_rows
from tests.system import soundserver

RECORDED = "recorded"
SETTLED_S = 90.0  # until every entity has its first value: an hour of a night has no beginning
TABLES = pytest.StashKey[list[str]]()

# the bed of test_phone.py
AUTOMATION = """\
automation:
  - id: told
    alias: Tell a phone
    use_blueprint:
      path: osa_daemon/tell_a_phone.yaml
      input:
        alert: binary_sensor.told_alert
        acknowledge: button.told_acknowledge
        phone: notify.stub_phone
"""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """The recorder's hour began first, and is looked at last."""
    items.sort(key=lambda item: item.path.name == "test_recorder.py")


def pytest_configure(config: pytest.Config) -> None:
    """Make room for what tests measured."""
    config.addinivalue_line("markers", "ends_the_broker: Home Assistant may say that it is gone")
    config.stash[TABLES] = []


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print what tests measured."""
    for table in config.stash[TABLES]:
        terminalreporter.write_line(table)


@pytest.fixture
def measured(request: pytest.FixtureRequest) -> Callable[[str], None]:
    """Takes a line or a table that is printed in the end."""
    return request.config.stash[TABLES].append


@pytest.fixture(scope="session", autouse=True)
def _midnight() -> Iterator[None]:
    """It is about midnight in the house: no night ends at noon while a test counts its events."""
    os.environ["TZ"] = f"BED{datetime.now(UTC).hour}"
    time.tzset()
    yield
    del os.environ["TZ"]
    time.tzset()


@pytest.fixture(scope="session")
def installation() -> Path:
    """Where this Home Assistant is installed."""
    named = os.environ.get("OSA_HOME_ASSISTANT")
    assert named, "OSA_HOME_ASSISTANT names no installation: run scripts/test_real_home_assistant"
    return Path(named)


@pytest.fixture(scope="session")
def broker(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Mosquitto]:
    """The broker of the house; it keeps sessions when it restarts."""
    broker = Mosquitto(tmp_path_factory.mktemp("broker")).with_persistence().start()
    yield broker
    broker.stop()


@pytest.fixture(scope="session")
def phone() -> Iterator[Phone]:
    """Whom the blueprint tells."""
    phone = Phone()
    yield phone
    phone.close()


@pytest.fixture(scope="session")
def home(
    installation: Path, broker: Mosquitto, phone: Phone, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[HomeAssistant]:
    """Home Assistant, connected to the broker, with the blueprints of the repository."""
    folder = tmp_path_factory.mktemp("home") / "config"
    shutil.copytree(BLUEPRINTS, folder / "blueprints" / "automation" / "osa_daemon")
    home = HomeAssistant(installation, folder, phone.configuration + AUTOMATION)
    try:
        home.start().add_mqtt(broker.port)
        yield home
    finally:
        home.stop()


@pytest.fixture(autouse=True)
def _nothing_to_complain_of(home: HomeAssistant, request: pytest.FixtureRequest) -> Iterator[None]:
    """After each test Home Assistant's log holds no new warning or error."""
    begin = home.log.stat().st_size
    yield
    found = home.complaints(begin)
    if request.node.get_closest_marker("ends_the_broker"):
        found = [line for line in found if not BROKER_LOST.search(line)]
    assert not found, "\n".join(found)


@pytest.fixture
def make_bed(tmp_path: Path, start_daemon: Callable[..., DaemonProcess]) -> Callable[[str], Bed]:
    """Makes a bed by its device id; each test takes an id of its own."""
    return lambda device_id: Bed(device_id, tmp_path / device_id, start_daemon)


@pytest.fixture
def changes(home: HomeAssistant) -> Iterator[Changes]:
    """States of Home Assistant as they change during the test."""
    changes = home.changes()
    yield changes
    changes.close()


@pytest.fixture
def sound_server(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """A sound server with a microphone that can be unplugged."""
    lack = soundserver.missing()
    assert lack is None, lack
    server = soundserver.SoundServer(tmp_path / "sound")
    for name, value in server.environment.items():
        monkeypatch.setenv(name, value)
    try:
        server.start()
        yield server
    finally:
        server.close()


@pytest.fixture(scope="session", autouse=True)
def _begin_the_hour(request: pytest.FixtureRequest) -> None:
    """Let the recorder's hour go on beside the other tests."""
    if any(item.path.name == "test_recorder.py" for item in request.session.items):
        request.getfixturevalue("recorded_hour")


@pytest.fixture(scope="session")
def recorded_hour(
    installation: Path, _midnight: None, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Callable[[], Rows]]:
    """A house of its own with nothing but a night in real time; call it for the rows, once."""
    minutes = int(os.environ.get("OSA_RECORDER_MINUTES", "60"))
    folder = tmp_path_factory.mktemp("recorded")
    sound = render_hour(folder / "hour.wav", minutes)
    (folder / "broker").mkdir()
    (folder / "bed").mkdir()
    broker = Mosquitto(folder / "broker").start()
    home = HomeAssistant(installation, folder / "config")
    daemons: list[DaemonProcess] = []

    def start(port: int, *options: str, settings: str, folder: Path) -> DaemonProcess:
        daemons.append(DaemonProcess(folder, port, *options, settings=settings))
        return daemons[-1]

    def rows() -> Rows:
        daemon = daemons[0]
        wait_for(lambda: daemon.process.poll() is not None, 60.0 * minutes + 120, "the end of it")
        home.stop()  # it writes what it still holds
        return read_rows(home.folder, RECORDED, begin + SETTLED_S, begin + 60.0 * minutes)

    try:
        home.start().add_mqtt(broker.port)
        bed = Bed(RECORDED, folder / "bed", start)
        bed.has_slept()
        bed.start(broker.port, "--source", f"file:{sound}")
        begin = time.time()  # before the recording does: what its end makes lies behind the hour
        yield rows
    finally:
        home.stop()
        for daemon in daemons:
            daemon.close()
        broker.stop()
