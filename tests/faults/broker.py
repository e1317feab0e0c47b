"""Faults of the broker and of the way to it."""

import shutil
import signal
import socket
import time
from contextlib import closing
from pathlib import Path

import numpy as np
import soundfile

from tests.daemon import DaemonProcess
from tests.faults import certificates
from tests.faults.decided import waiting
from tests.faults.fault import fault
from tests.faults.proxy import Proxy
from tests.faults.room import DATA, rounds
from tests.faults.scene import Scene
from tests.faults.witness import Witness
from tests.mosquitto import PASSWORD, USER, free_port, wait_for

SPEED = 4  # of the file in the microphone's place: a pause every 13 s
ARRIVES = "the daemon goes on hearing and ends nothing; every event arrives"
NIGHT_HOURS = 8


def sleep_sounds(scene: Scene, count: int = 40) -> tuple[str, ...]:
    """Options that let a long file of rounds sound in the microphone's place."""
    path = scene.folder / "rounds.flac"
    if not path.exists():
        soundfile.write(path, rounds(count), 16_000)
    return ("--source", f"file:{path}", "--speed", str(SPEED))


def start(scene: Scene, port: int, **options: object) -> DaemonProcess:
    """The daemon over such a file."""
    return scene.start(port, *sleep_sounds(scene), **options)  # type: ignore[arg-type]


def decide(scene: Scene, more: int, timeout_s: float = 120.0) -> None:
    """Wait until so many more events were decided."""
    journal = scene.journals[0]
    before = len(scene.decided_ids(journal))
    wait_for(
        lambda: len(scene.decided_ids(journal)) >= before + more, timeout_s, f"{more} more events"
    )


def all_arrive(
    scene: Scene, witness: Witness, daemon: DaemonProcess, timeout_s: float = 90.0
) -> None:
    """Everything decided until now arrives, and the outbox empties, while the daemon runs."""
    journal = scene.journals[0]
    now = scene.decided_ids(journal)
    began_s = time.monotonic()
    wait_for(lambda: now <= witness.event_ids, timeout_s, "every event")
    wait_for(lambda: waiting(journal) == 0, timeout_s, "an empty outbox")
    scene.saw(f"all {len(now)} events {time.monotonic() - began_s:.0f} s later")
    doubles = len(witness.events) - len(witness.event_ids)
    if doubles:
        scene.saw(f"{doubles} came twice")
    assert daemon.process.poll() is None, "the daemon ended"


@fault(injected="no broker for the first 30 s", expected=ARRIVES)
def broker_down_at_start(scene: Scene) -> None:
    """Ready all the same."""
    broker = scene.broker(is_running=False)
    daemon = start(scene, broker.port)
    daemon.wait_until_ready()
    scene.saw("ready without it")
    decide(scene, 2)
    broker.start()
    witness = scene.witness(broker)
    witness.wait_until_ready()
    all_arrive(scene, witness, daemon)


@fault(
    injected=f"no broker for {NIGHT_HOURS} h of night (24 times the bundled 20 minutes, as fast as "
    "they can be heard), then it comes",
    expected="the daemon goes on hearing; every event arrives, in order; memory flat",
    limit_s=1500.0,
)
def broker_down_for_a_night(scene: Scene) -> None:
    """The backlog of a whole night catches up."""
    broker = scene.broker(is_running=False)
    path = scene.folder / "night.wav"
    night, rate_hz = soundfile.read(DATA / "night.ogg", dtype="int16")
    with soundfile.SoundFile(path, "w", rate_hz, 1, "PCM_16") as file:
        for _ in range(NIGHT_HOURS * 3):
            file.write(night)
        # what goes on after the night, so that the daemon does not end with it
        file.write(np.tile(night, 12))
    daemon = scene.start(broker.port, "--source", f"file:{path}", "--speed", "150")
    daemon.wait_until_ready()
    peaks = [_peak_mb(daemon)]
    wanted = 16 * NIGHT_HOURS * 3  # the model finds 17 in each repetition, one more or less
    journal = scene.journals[0]
    wait_for(lambda: len(scene.decided_ids(journal)) >= wanted, 1200, f"{wanted} events")
    peaks.append(_peak_mb(daemon))
    before = waiting(journal)
    broker.start()
    witness = scene.witness(broker)
    witness.wait_until_ready()
    all_arrive(scene, witness, daemon, 180.0)
    daemon.end()
    onsets = [event["onset"] for event in witness.events]
    scene.saw(f"{before} events waited; peak memory {peaks[0]:.0f} MB, then {peaks[1]:.0f} MB")
    assert onsets == sorted(onsets), "not in order"
    assert peaks[1] - peaks[0] < 40, f"memory grew from {peaks[0]:.0f} to {peaks[1]:.0f} MB"


def _peak_mb(daemon: DaemonProcess) -> float:
    status = Path(f"/proc/{daemon.process.pid}/status").read_text()
    return int(status.partition("VmHWM:")[2].split()[0]) / 1024


@fault(injected="broker restarted three times in order", expected=ARRIVES)
def broker_restarted(scene: Scene) -> None:
    """As by an update."""
    broker, witness = scene.meet()
    daemon = start(scene, broker.port)
    for _ in range(3):
        decide(scene, 1)
        broker.stop()
        time.sleep(3.0)
        broker.start()
    decide(scene, 1)
    all_arrive(scene, witness, daemon)


@fault(injected="broker ended by SIGKILL three times, each time down for 5 s", expected=ARRIVES)
def broker_killed(scene: Scene) -> None:
    """As by a power cut of its machine, which keeps what it had written."""
    broker, witness = scene.meet()
    daemon = start(scene, broker.port)
    for _ in range(3):
        decide(scene, 1)
        time.sleep(1.0)  # what it has acknowledged it must have written: its matter, not ours
        broker.kill()
        time.sleep(5.0)
        broker.start()
    decide(scene, 1)
    all_arrive(scene, witness, daemon)


@fault(injected="a way to the broker with 3 s of delay in each direction", expected=ARRIVES)
def broker_slow(scene: Scene) -> None:
    """A WLAN at the end of the garden."""
    broker, witness = scene.meet()
    with closing(Proxy(broker.port)) as proxy:
        proxy.delay_s = 3.0
        daemon = start(scene, proxy.port)
        decide(scene, 3)
        all_arrive(scene, witness, daemon)
        scene.saw(f"{proxy.connections} connections")
        daemon.end()


@fault(
    injected="wrong password for 20 s, then the right one in the password file",
    expected="said in the log, tried again with pauses; every event arrives once the password is "
    "right, without a restart",
)
def login_refused(scene: Scene) -> None:
    """A password that somebody changed."""
    broker = scene.broker(is_running=False).with_password().start()
    witness = scene.witness(broker, user=USER, password=PASSWORD)
    witness.wait_until_ready()
    secret = scene.folder / "password"
    secret.write_text("wrong")
    secret.chmod(0o600)
    login = f"  username: {USER}\n  password_file: {secret}\n"
    daemon = start(scene, broker.port, settings=login + scene.settings())
    scene.wait_for_log("refused")
    decide(scene, 1)
    secret.write_text(PASSWORD)
    all_arrive(scene, witness, daemon)


@fault(injected="broker halted (SIGSTOP) for 40 s: TCP takes, nobody answers", expected=ARRIVES)
def broker_halted(scene: Scene) -> None:
    """Half-open: nothing tells but the missing acknowledgement."""
    broker, witness = scene.meet()
    daemon = start(scene, broker.port)
    decide(scene, 1)
    broker.freeze()
    time.sleep(40.0)
    broker.thaw()
    decide(scene, 1)
    all_arrive(scene, witness, daemon)


@fault(
    injected="a router that swallows everything for 40 s and closes nothing",
    expected=ARRIVES,
)
def link_half_open(scene: Scene) -> None:
    """The other end is gone, and nobody says so."""
    broker, witness = scene.meet()
    with closing(Proxy(broker.port)) as proxy:
        daemon = start(scene, proxy.port)
        decide(scene, 1)
        proxy.swallows = True
        time.sleep(40.0)
        proxy.swallows = False
        decide(scene, 1)
        all_arrive(scene, witness, daemon)
        daemon.end()


@fault(
    injected="every PUBACK is lost for 40 s",
    expected="sent again until acknowledged: every event arrives, some twice with the same id",
)
def pubacks_lost(scene: Scene) -> None:
    """The broker has it, and we do not know."""
    broker, witness = scene.meet()
    with closing(Proxy(broker.port)) as proxy:
        daemon = start(scene, proxy.port)
        decide(scene, 1)
        proxy.drops_pubacks = True
        time.sleep(40.0)
        proxy.drops_pubacks = False
        decide(scene, 1)
        all_arrive(scene, witness, daemon)
        daemon.end()
        scene.saw(f"{proxy.dropped_pubacks} acknowledgements were lost")
        assert proxy.dropped_pubacks > 0, "no acknowledgement was lost: nothing was tried"


@fault(injected="the broker hangs up every 2 s for 30 s", expected=ARRIVES)
def link_flaps(scene: Scene) -> None:
    """A link that comes and goes."""
    broker, witness = scene.meet()
    with closing(Proxy(broker.port)) as proxy:
        daemon = start(scene, proxy.port)
        for _ in range(15):
            time.sleep(2.0)
            proxy.cut()
        scene.saw(f"{proxy.connections} connections")
        decide(scene, 1)
        all_arrive(scene, witness, daemon)
        daemon.end()


@fault(
    injected="a server on the broker's port that takes connections and never says a word, for 40 s",
    expected=ARRIVES,
)
def broker_mute(scene: Scene) -> None:
    """Something else listens there."""
    port = free_port()
    with socket.create_server(("127.0.0.1", port)):
        daemon = start(scene, port)
        daemon.wait_until_ready()
        decide(scene, 1)
        time.sleep(20.0)
    broker = scene.broker(is_running=False)
    broker.port = port
    broker.start()
    witness = scene.witness(broker)
    witness.wait_until_ready()
    all_arrive(scene, witness, daemon)


@fault(
    injected="a certificate of an unknown authority for 20 s, then the right one",
    expected="nothing is sent meanwhile, not in the clear either; every event arrives afterwards",
)
def certificate_wrong(scene: Scene) -> None:
    """Whoever it is, it is not our broker."""
    with_certificate(scene, certificates.make(scene.folder / "others"), "certificate")


@fault(
    injected="a certificate that has run out, then one that has not",
    expected="nothing is sent meanwhile; every event arrives afterwards",
)
def certificate_expired(scene: Scene) -> None:
    """Nobody has renewed it."""
    with_certificate(scene, None, "expired")


def with_certificate(scene: Scene, wrong: certificates.Certificate | None, word: str) -> None:
    """A broker with a wrong certificate, then with one of our authority."""
    right = certificates.make(scene.folder / "ours")
    if wrong is None:
        wrong = certificates.expired(right, scene.folder / "old")
    broker = scene.broker(is_running=False)
    broker.with_tls(wrong.certificate, wrong.key)
    broker.start()
    tls = f"  tls:\n    enabled: true\n    ca_file: {right.authority}\n"
    daemon = start(scene, broker.port, settings=tls + scene.settings())
    decide(scene, 1)
    scene.wait_for_log(word)
    said = broker.log.read_text()
    assert "PUBLISH" not in said and "CONNECT" not in said, "something was sent"
    broker.stop()
    for old, new in ((wrong.certificate, right.certificate), (wrong.key, right.key)):
        shutil.copy(new, old)
    broker.start()
    witness = scene.witness(broker, ca_file=str(right.authority))
    witness.wait_until_ready()
    all_arrive(scene, witness, daemon)


@fault(injected="the broker's name has no address; after a restart it has one", expected=ARRIVES)
def name_unknown(scene: Scene) -> None:
    """The router's name service is down; said, and nothing else suffers."""
    broker, witness = scene.meet()
    config = scene.folder / "nowhere.yaml"
    config.write_text(f"mqtt:\n  host: nowhere.invalid\n{scene.settings()}")
    daemon = scene.start(1, *sleep_sounds(scene), "--config", str(config))
    scene.wait_for_log('"nowhere.invalid" is not known')
    decide(scene, 1)
    assert daemon.process.poll() is None, "the daemon ended"
    assert daemon.end(signal.SIGTERM) == 0, "SIGTERM did not end it cleanly"
    daemon = start(scene, broker.port)
    all_arrive(scene, witness, daemon)


@fault(
    injected="each message that comes in makes the client's callback raise an error",
    expected=ARRIVES,
)
def callback_raises(scene: Scene) -> None:
    """In paho such an error ends the thread, and `is_connected` stays true."""
    broker, witness = scene.meet()
    daemon = start(scene, broker.port, script="raising_callback.py")
    decide(scene, 1)
    for _ in range(3):
        witness.publish("osa_daemon/bedside/set/sensitivity", "high")
    scene.wait_for_log("injected into the callback")
    decide(scene, 1)
    all_arrive(scene, witness, daemon)


@fault(
    injected="10 000 commands at once, unknown, binary and too long among them, and 500 births of "
    "Home Assistant",
    expected="the daemon goes on hearing, in time; a proper command is obeyed afterwards; every "
    "event arrives",
)
def flood_of_commands(scene: Scene) -> None:
    """Somebody on the broker who means no good."""
    broker, witness = scene.meet()
    daemon = start(scene, broker.port)
    decide(scene, 1)
    stranger = scene.witness(broker, "nothing/#")
    stranger.wait_until_ready()
    hostile = (b"\x00\xff" * 40, b"{" * 200, b"x" * 9000, b"", b"high\n", "ä".encode() * 90)
    for number in range(10_000):
        key = ("sensitivity", "monitoring", "no_such_key", "../../etc")[number % 4]
        topic = f"osa_daemon/bedside/set/{key}"
        if number % 20 == 0:
            topic, text = "homeassistant/status", b"online"
        else:
            text = hostile[number % len(hostile)]
        stranger.send(topic, text)
    decide(scene, 1)
    asked_s = time.monotonic()
    # as a person does, who sees that nothing has changed
    while not (told_s := witness.first_after("/settings", '"sensitivity":"high"', asked_s)):
        assert time.monotonic() - asked_s < 120.0, "a proper command is not obeyed"
        witness.publish("osa_daemon/bedside/set/sensitivity", "high")
        time.sleep(3.0)
    scene.saw(f"a proper command was obeyed {told_s - asked_s:.1f} s later")
    all_arrive(scene, witness, daemon)


@fault(
    injected="two daemons with one device id on one broker",
    expected="the clash is said in both logs or as a problem; no event of either is lost",
)
def two_of_one_name(scene: Scene) -> None:
    """A second Pi set up from a copy of the card."""
    broker, _ = scene.meet()
    first = start(scene, broker.port, name="first")
    second = start(scene, broker.port, name="second", settings=scene.settings(state="second-state"))
    decide(scene, 3)
    scene.wait_for_log("device_id")
    scene.saw("said in the log")
    assert first.process.poll() is None and second.process.poll() is None, "a daemon ended"
