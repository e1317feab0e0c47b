"""A private PulseAudio with one virtual microphone, for tests with real PortAudio.

The microphone `osamic` hears a room that goes on whether or not anybody listens: while the
server is stopped or dead, what is played is lost, as with a real microphone.
"""

import fcntl
import os
import shutil
import signal
import subprocess
import threading
import time
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

RATE_HZ = 48_000
DEVICE = "osamic"
STEP_S = 0.01
PIPE_BYTES = 16_384  # 0.17 s: a sound card's buffer, rather than the pipe's usual 0.7 s
READY_S = 20.0
F_SETPIPE_SZ = 1031  # fcntl(2)

COMMAND = (
    *("pulseaudio", "-n", "--daemonize=no", "--exit-idle-time=-1", "--use-pid-file=no"),
    *("--realtime=no", "--high-priority=no", "--log-target=stderr", "--log-level=notice"),
)
MICROPHONE = (
    "module-pipe-source",
    *("source_name=room", "file={folder}/room.fifo", "format=s16le", "rate=48000", "channels=1"),
)
SERVER = f"""\
load-module module-native-protocol-unix auth-anonymous=1 socket={{folder}}/native
load-module {" ".join(MICROPHONE)}
"""
ALSA = """\
</usr/share/alsa/alsa.conf>
pcm.osamic {{ type pulse server "unix:{folder}/native" device "room" \
hint {{ show on description "virtual microphone" }} }}
"""


def missing() -> str | None:
    """Say what this machine lacks for a sound server, if anything."""
    if shutil.which("pulseaudio") is None:
        return "pulseaudio is not installed"
    if not list(Path("/usr/lib").glob("*/alsa-lib/libasound_module_pcm_pulse.so")):
        return "libasound2-plugins is not installed"
    return None


class SoundServer:
    """Runs in `folder`; `environment` leads a program's PortAudio to it."""

    device = DEVICE
    rate_hz = RATE_HZ

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        self.environment = {
            "HOME": str(folder / "home"),
            "XDG_RUNTIME_DIR": str(folder),
            "PULSE_RUNTIME_PATH": str(folder),
            "PULSE_STATE_PATH": str(folder / "state"),
            "PULSE_SERVER": f"unix:{folder}/native",
            "ALSA_CONFIG_PATH": str(folder / "asound.conf"),
        }
        (folder / "home").mkdir(parents=True)
        (folder / "server.pa").write_text(SERVER.format(folder=folder), encoding="utf-8")
        (folder / "asound.conf").write_text(ALSA.format(folder=folder), encoding="utf-8")
        self._room = _Room(folder / "room.fifo")
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        """Start the server and wait until it answers."""
        fifo = self.folder / "room.fifo"
        fifo.unlink(missing_ok=True)
        with (self.folder / "pulse.log").open("ab") as log:
            self._process = subprocess.Popen(
                [*COMMAND, "-F", self.folder / "server.pa"],
                env={**os.environ, **self.environment},
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        give_up = time.monotonic() + READY_S
        while not (fifo.exists() and self._answers()):
            if time.monotonic() > give_up or self._process.poll() is not None:
                raise RuntimeError((self.folder / "pulse.log").read_text(encoding="utf-8"))
            time.sleep(0.05)
        self._open_folder()
        self._room.plug_in()

    def _open_folder(self) -> None:
        """The server makes it 0700, at each new microphone too, which shuts out other users."""
        self.folder.chmod(0o755)

    def _answers(self) -> bool:
        return self._ask("info")

    def _ask(self, *words: str) -> bool:
        asked = subprocess.run(
            ["pactl", *words],
            env={**os.environ, **self.environment},
            capture_output=True,
            timeout=READY_S,
            check=False,
        )
        return asked.returncode == 0

    @property
    def pid(self) -> int:
        """Process id of the server."""
        assert self._process is not None
        return self._process.pid

    def play(self, samples: NDArray[np.float32]) -> float:
        """Let `samples` (48 kHz, -1 … 1) sound in the room from now on; return the monotonic time.

        They sound once, in real time, in place of what sounded before; then it is quiet.
        """
        scaled = np.clip(np.round(samples * 32768), -32768, 32767).astype(np.int16)
        return self._room.play(scaled)

    def stop(self) -> None:
        """Halt the server as it is (SIGSTOP)."""
        os.kill(self.pid, signal.SIGSTOP)

    def cont(self) -> None:
        """Let a halted server go on (SIGCONT)."""
        os.kill(self.pid, signal.SIGCONT)

    def kill(self) -> None:
        """Kill the server (SIGKILL)."""
        if self._process is not None:
            self._process.kill()
            self._process.wait()

    def restart(self) -> None:
        """Kill the server and start it again."""
        self.kill()
        self.start()

    def add_another_before(self) -> None:
        """Let the system list another microphone, of no use, before this one."""
        asound = self.folder / "asound.conf"
        usual, ours = asound.read_text(encoding="utf-8").split("\n", 1)
        another = ours.replace(DEVICE, "another").replace('"room"', '"none"')
        asound.write_text(f"{usual}\n{another}{ours}", encoding="utf-8")

    def unplug(self) -> None:
        """Take the microphone away; the server goes on."""
        assert self._ask("unload-module", MICROPHONE[0])

    def plug_in(self) -> None:
        """Bring the microphone back."""
        words = [word.format(folder=self.folder) for word in MICROPHONE]
        assert self._ask("load-module", *words)
        self._open_folder()
        self._room.plug_in()

    def starve(self) -> None:
        """The microphone stays and gives no more frames."""
        self._room.is_open = False

    def feed(self) -> None:
        """It gives frames again."""
        self._room.is_open = True

    @property
    def lost_frames(self) -> int:
        """What the server did not take in time: it never reached the microphone."""
        return self._room.lost_frames

    @property
    def pace(self) -> float:
        """How many times as many frames the microphone gives as it should."""
        return self._room.pace

    @pace.setter
    def pace(self, pace: float) -> None:
        self._room.pace = pace

    def close(self) -> None:
        """End everything."""
        self.kill()
        self._room.close()


class _Room:
    """Writes what sounds into the microphone's pipe, paced by the monotonic clock."""

    def __init__(self, fifo: Path) -> None:
        self.is_open = True
        self.pace = 1.0
        self.lost_frames = 0
        self._fifo = fifo
        self._lock = threading.Lock()
        self._pipe: int | None = None
        self._noise = np.random.default_rng(1)
        self._signal = np.zeros(0, dtype=np.int16)
        self._begin_s = time.monotonic()
        self._done = 0
        self._is_over = threading.Event()
        self._thread = threading.Thread(target=self._write_all, daemon=True)
        self._thread.start()

    def play(self, samples: NDArray[np.int16]) -> float:
        with self._lock:
            self._signal, self._begin_s, self._done = samples, time.monotonic(), 0
            return self._begin_s

    def plug_in(self) -> None:
        with self._lock:
            self._unplug()
            self._pipe = os.open(self._fifo, os.O_WRONLY | os.O_NONBLOCK)
            fcntl.fcntl(self._pipe, F_SETPIPE_SZ, PIPE_BYTES)

    def close(self) -> None:
        self._is_over.set()
        self._thread.join()
        self._unplug()

    def _unplug(self) -> None:
        if self._pipe is not None:
            os.close(self._pipe)
            self._pipe = None

    def _write_all(self) -> None:
        written_s = time.monotonic()
        owed = 0.0
        while not self._is_over.wait(STEP_S):
            with self._lock:
                now_s = time.monotonic()
                owed += (now_s - max(written_s, self._begin_s)) * RATE_HZ * self.pace
                written_s = now_s
                due = self._done + int(owed)
                owed -= int(owed)
                if self.is_open:
                    self._write(self._between(self._done, due))
                self._done = due

    def _between(self, begin: int, end: int) -> NDArray[np.int16]:
        sounding = self._signal[begin:end]
        # never the same again: a microphone that repeats itself is stuck
        quiet = self._noise.integers(-3, 4, end - begin - len(sounding), dtype=np.int16)
        return np.concatenate([sounding, quiet])

    def _write(self, samples: NDArray[np.int16]) -> None:
        if self._pipe is None:
            return
        try:
            written = os.write(self._pipe, samples.tobytes()) // samples.itemsize
        except BlockingIOError:
            written = 0  # nobody listens: the sound is lost
        except BrokenPipeError:
            self._unplug()
            return
        self.lost_frames += len(samples) - written
