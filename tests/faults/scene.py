"""What a fault is tried in: a broker, a witness, a room with a microphone, the daemon."""

import json
import os
import subprocess
import time
from collections.abc import Callable, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from tests.daemon import DaemonProcess
from tests.faults import decided
from tests.faults.installed import SERVICE, InstalledService
from tests.faults.room import Loop
from tests.faults.witness import Witness
from tests.mosquitto import Mosquitto, wait_for
from tests.system.soundserver import SoundServer

INJECTED = Path(__file__).with_name("injected")
HEARD_S = 120.0  # generous: what must be quick is asserted apart
EVENT_S = 150.0  # a cycle of sound, the wait for a decision, and a slow machine
ARRIVES_S = 60.0  # from the last decision to the witness


class Scene:
    """Everything that a trial starts, ended with it; and what the trial saw.

    `service` is the installed one where the trial needs a real systemd.
    """

    def __init__(self, folder: Path, service: InstalledService | None = None) -> None:
        self.folder = folder
        self.observed: list[str] = []
        self.deaf_s: float | None = None
        self._service = service
        self._began_wall_s = time.time()
        self._stack = ExitStack()
        self._brokers: list[Mosquitto] = []
        self.witnesses: list[Witness] = []
        self._daemons: list[DaemonProcess] = []
        self.journals: list[Path] = []
        self._sound: SoundServer | None = None
        self._loop: Loop | None = None

    # what there is

    def broker(self, *, is_running: bool = True) -> Mosquitto:
        """A broker that keeps sessions and what waits for them across its own restarts."""
        folder = self.folder / f"broker{len(self._brokers)}"
        folder.mkdir()
        broker = Mosquitto(folder).with_persistence()
        self._stack.callback(broker.stop)
        self._brokers.append(broker)
        return broker.start() if is_running else broker

    def witness(self, broker: Mosquitto, topic: str = "osa_daemon/#", **login: str) -> Witness:
        """An independent subscriber; ready where the broker runs."""
        name = f"witness{len(self.witnesses)}"
        witness = Witness(broker.port, topic, client_id=name, **login)
        self._stack.callback(witness.close)
        self.witnesses.append(witness)
        return witness

    def meet(self) -> tuple[Mosquitto, Witness]:
        """A running broker and a witness that has subscribed there."""
        broker = self.broker()
        witness = self.witness(broker)
        witness.wait_until_ready()
        return broker, witness

    @property
    def sound(self) -> SoundServer:
        """The sound server with the virtual microphone, started at the first use."""
        if self._sound is None:
            if self._service is not None:
                self._sound = self._service.sound
            else:
                self._sound = SoundServer(self.folder / "sound")
                self._stack.callback(self._sound.close)
            self._sound.start()
        return self._sound

    @property
    def service(self) -> InstalledService:
        """The installed service."""
        assert self._service is not None
        return self._service

    def sleeper(self) -> Loop:
        """Somebody breathes in the room, with a pause in each round (`room.ROUND_S`)."""
        if self._loop is None:
            self._loop = Loop(self.sound)
            self._stack.callback(self._loop.close)
        return self._loop

    # the daemon as a process

    def settings(self, *, device: str | None = None, state: str = "state", more: str = "") -> str:
        """Settings that follow `mqtt: host, port`; `more` are further lines."""
        heard = f"microphone:\n  device: {device}\n" if device else ""
        return f"{heard}journal:\n  state_dir: {self.folder / state}\n{more}"

    def start(
        self,
        port: int,
        *options: str,
        settings: str | None = None,
        script: str | None = None,
        environment: Mapping[str, str] | None = None,
        name: str = "daemon",
    ) -> DaemonProcess:
        """Start the daemon; `script` of `injected/` in its place, which does harm and runs it."""
        home = self.folder / name
        home.mkdir(exist_ok=True)
        for before in self._daemons:
            if before.folder == home:
                before.close()
        (home / "notify").unlink(missing_ok=True)
        given = self.settings() if settings is None else settings
        self._remember(given)
        sound = self._sound.environment if self._sound is not None else {}
        daemon = DaemonProcess(
            home,
            port,
            *options,
            settings=given,
            command=("-m", "osa_daemon", "run") if script is None else (str(INJECTED / script),),
            environment={**sound, **(environment or {})},
        )
        self._stack.callback(daemon.close)
        self._daemons.append(daemon)
        return daemon

    def listen(self, port: int, **options: Any) -> DaemonProcess:
        """Start the daemon at the virtual microphone, in a room with a sleeper."""
        self.sleeper()
        settings = options.pop("settings", None) or self.settings(device=self.device)
        return self.start(port, settings=settings, **options)

    @property
    def device(self) -> str:
        """The virtual microphone's identity."""
        return f"name:{self.sound.device}"

    def serve(
        self, port: int, *, device: str | None = None, more: str = "", unit: str = ""
    ) -> None:
        """Start the installed service, at the virtual microphone; `unit`: lines of a drop-in."""
        settings = f"microphone:\n  device: {device or self.device}\n"
        settings += f"mqtt:\n  host: 127.0.0.1\n  port: {port}\n{more}"
        self.service.configure(settings, unit)
        self.journals.append(self.service.state / "journal.sqlite3")
        self.service.machine.run("systemctl", "start", "--no-block", SERVICE)

    def _remember(self, settings: str) -> None:
        folder = settings.partition("state_dir: ")[2].splitlines()[0]
        journal = Path(folder) / "journal.sqlite3"
        if journal not in self.journals:
            self.journals.append(journal)

    def mount(self, at: Path, *options: str) -> None:
        """Mount something, in this process's own view; it goes with the trial at the latest."""
        at.mkdir(exist_ok=True)
        command = ["mount", *options, str(at)]
        subprocess.run(command, check=True, capture_output=True, timeout=30)
        self._stack.callback(unmount, at)

    def pactl(self, *words: str) -> None:
        """Ask the sound server for something."""
        environment = {**os.environ, **self.sound.environment}
        command = ["pactl", *words]
        subprocess.run(command, env=environment, check=True, capture_output=True, timeout=20)

    # what is seen

    def saw(self, text: str) -> None:
        """Note a sentence for the report."""
        self.observed.append(text)

    def hears(self, witness: Witness, since_s: float = 0.0, timeout_s: float = HEARD_S) -> float:
        """Wait until it says (after `since_s`) that it hears; when that was (monotonic s)."""
        return self.told(witness, "/hearing", "online", since_s, timeout_s)

    def told(
        self,
        witness: Witness,
        suffix: str,
        text: str,
        since_s: float = 0.0,
        timeout_s: float = 60.0,
    ) -> float:
        """Wait until `text` comes on a topic after `since_s`; when that was (monotonic s)."""
        what = f"{text!r} on {suffix} (last there: {witness.last(suffix)[:200]!r})"
        wait_for(lambda: witness.first_after(suffix, text, since_s), timeout_s, what)
        found = witness.first_after(suffix, text, since_s)
        assert found is not None
        return found

    def event_after(self, witness: Witness, since_s: float, timeout_s: float = EVENT_S) -> float:
        """Wait for a decided event that comes after `since_s`; when it came."""
        return self.told(witness, "/event", '"id"', since_s, timeout_s)

    def was_deaf(self, seconds: float) -> None:
        """Note for how long nothing was heard, as the trial has measured it."""
        self.deaf_s = (self.deaf_s or 0.0) + seconds

    def daemon_log(self) -> str:
        """What the daemons of this trial logged."""
        logs = {daemon.log: None for daemon in self._daemons}
        text = "".join(log.read_text(errors="replace") for log in logs)
        served = self._service.log(self._began_wall_s) if self._service is not None else ""
        return text + served

    def decided_ids(self, journal: Path) -> set[str]:
        """The ids of the events that were committed by now."""
        return set(decided.committed(journal))

    def transcript(self) -> str:
        """What the witnesses heard, with seconds since the start of the trial."""
        began_s = time.monotonic() - (time.time() - self._began_wall_s)
        heard = sorted((m for w in self.witnesses for m in w.heard), key=lambda m: m.at_s)
        return "".join(f"{m.at_s - began_s:8.2f} {m.topic} {m.payload[:500]}\n" for m in heard)

    def wait_for_log(self, text: str, timeout_s: float = 60.0) -> None:
        """Wait until a log holds `text`."""
        wait_for(lambda: text in self.daemon_log(), timeout_s, f"{text!r} in the log")

    # the end

    def count(self) -> decided.Count:
        """Give what was decided time to arrive; what was decided, and what did not arrive."""
        give_up_s = time.monotonic() + ARRIVES_S
        while True:
            told = decided.count(self.journals, self.daemon_log(), self.witnesses)
            if not told.lost or time.monotonic() > give_up_s or not self._can_arrive():
                return told
            time.sleep(0.2)

    def _can_arrive(self) -> bool:
        return bool(self.witnesses)

    def longest_deaf_s(self) -> float | None:
        """For how long nothing was heard: as measured, or as it was told, whichever is more."""
        told = [witness.deaf_s() for witness in self.witnesses]
        known = [*told, *([self.deaf_s] if self.deaf_s is not None else [])]
        return max(known, default=None)

    def close(self) -> None:
        """End what was started, and leave the installed service as it was found."""
        try:
            if self._service is not None:
                self._service.systemctl("stop")
        finally:
            self._stack.close()
            if self._service is not None:
                self._service.sound.kill()


def unmount(at: Path) -> None:
    """Take a mount away, whoever still uses it; nothing where there is none."""
    subprocess.run(["umount", "--lazy", at], check=False, capture_output=True, timeout=30)


def payload(text: str) -> dict[str, Any]:
    """A message's JSON object; empty where there is none."""
    return dict(json.loads(text)) if text else {}


def seconds_until(condition: Callable[[], object], timeout_s: float, what: str) -> float:
    """Wait until something is so; how long that took (s)."""
    began_s = time.monotonic()
    wait_for(condition, timeout_s, what)
    return time.monotonic() - began_s
