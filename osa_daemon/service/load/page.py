"""A daemon with its page, many viewers and hostile clients: `scripts/load_page`."""

import argparse
import asyncio
import os
import socket
import ssl
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Coroutine, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Final

from osa_daemon.errors import EXIT_BUG, EXIT_OK, ResourceError
from osa_daemon.service.load.looking import Viewer, be_the_microphone
from osa_daemon.web.access import TLS_FOLDER

START_S: Final = 120.0
SETTLE_S: Final = 5.0  # after which what a beginning costs is over
FROM_ONE: Final = 5  # viewers behind one address


@dataclass(frozen=True, slots=True)
class Scene:
    """A daemon with these settings; `kinds` of hostile clients come, one after the other.

    `has_tls`: with a certificate that it made itself. `has_phone`: a phone is its microphone.
    """

    settings: str
    kinds: tuple[str, ...]
    has_tls: bool = False
    has_phone: bool = False


SCENES: Final = {
    "plain": Scene("", ("flood",)),
    "tls": Scene("  tls:\n    enabled: true\n", ("greet", "flood"), has_tls=True),
    "phone": Scene("microphone:\n  device: phone\n", ("speak",), has_phone=True),
}
HOSTILE: Final = {
    "flood": "and one who floods",
    "greet": "and one who floods with handshakes",
    "speak": "and hostile phones",
}


@dataclass(slots=True)
class Phase:
    """What was seen for a while: shares of a core, and how late viewers heard of the sound (s).

    `lost` seconds of sound were told to some viewer not at all, `deaf` ones held no sound.
    """

    name: str
    page: float = 0.0
    daemon: float = 0.0
    lags_s: list[float] = field(default_factory=list)
    seconds_told: int = 0
    lost: int = 0
    deaf: int = 0
    spread_s: list[float] = field(default_factory=list)
    memory_mb: float = 0.0

    def line(self) -> str:
        """The phase as a line of the table."""
        cost = (
            f"{self.name:<36} page {self.page:6.2%} of a core, {self.memory_mb:3.0f} MB;"
            f" daemon {self.daemon:6.2%}"
        )
        if not self.lags_s:
            return cost
        lags, spread = sorted(self.lags_s), sorted(self.spread_s)
        return (
            f"{cost}; sound told {self.seconds_told} times, {self.lost} lost, {self.deaf} empty,"
            f" {median(lags):.2f} s after it (worst {lags[-1]:.2f} s);"
            f" first to last viewer {median(spread) * 1000:.1f} ms (worst {spread[-1] * 1000:.0f})"
        )


@dataclass(frozen=True, slots=True)
class Served:
    """A daemon that runs: its process and its page's, the port, and how to speak to it."""

    process: subprocess.Popen[bytes]
    page_pid: int
    port: int
    tls: ssl.SSLContext | None


@contextmanager
def daemon(scene: Scene, sound: Path) -> Iterator[Served]:
    """A daemon that hears `sound` in real time, or a phone; with a page, without a broker.

    Raises:
        ResourceError: its page does not come up.
    """
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        probe.close()
        config = Path(folder) / "config.yaml"
        config.write_text(
            f"journal:\n  state_dir: {folder}\nmqtt:\n  port: 1\n"
            f"web:\n  enabled: true\n  port: {port}\n{scene.settings}"
        )
        command = [sys.executable, "-m", "osa_daemon", "run", "--config", str(config)]
        if not scene.has_phone:
            command += ["--source", f"file:{sound}"]
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(command, stdout=quiet, stderr=quiet)
        try:
            page_pid = page_of(process, port)
            tls = None
            if scene.has_tls:
                authority = Path(folder) / TLS_FOLDER / "authority.pem"
                tls = ssl.create_default_context(cafile=str(authority))
            yield Served(process, page_pid, port, tls)
        finally:
            process.terminate()
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()


def page_of(process: subprocess.Popen[bytes], port: int) -> int:
    """Wait until the page is there; return its process id.

    Raises:
        ResourceError: it does not come.
    """
    until_s = time.monotonic() + START_S
    while time.monotonic() < until_s and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                for child in Path("/proc").glob("[0-9]*"):
                    with suppress(OSError):
                        words = (child / "cmdline").read_bytes().split(b"\0")
                        if (
                            f"--parent={process.pid}".encode() in words
                            and b"osa_daemon.web" in words
                        ):
                            return int(child.name)
        time.sleep(0.2)
    raise ResourceError("The page did not come up: see `osa-daemon doctor`.")


def cpu_s(pid: int) -> float:
    """Return the processor time of a process, its threads included (s)."""
    fields = Path(f"/proc/{pid}/stat").read_text("ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


async def phase(name: str, served: Served, viewers: list[Viewer], seconds: float) -> Phase:
    """Watch for so long."""
    seen = Phase(name)
    pids = (served.page_pid, served.process.pid)
    before, began_s = [cpu_s(pid) for pid in pids], time.time()
    await asyncio.sleep(seconds)
    took_s = time.time() - began_s
    seen.page, seen.daemon = (
        (cpu_s(pid) - then) / took_s for pid, then in zip(pids, before, strict=True)
    )
    status = Path(f"/proc/{served.page_pid}/status").read_text("ascii")
    seen.memory_mb = int(status.partition("VmRSS:")[2].split()[0]) / 1024
    everybody = {at for viewer in viewers for at in viewer.heard}
    for at in sorted(everybody)[:-1]:  # the last one may still be on its way to some
        all_s = [viewer.heard[at] for viewer in viewers if at in viewer.heard]
        if min(all_s) < began_s:
            continue
        seen.seconds_told += 1
        seen.lost += len(all_s) < len(viewers)
        seen.deaf += at in viewers[0].deaf
        seen.lags_s.append(max(all_s) - datetime.fromisoformat(at).timestamp())
        seen.spread_s.append(max(all_s) - min(all_s))
    return seen


async def play(name: str, sound: Path, count: int, seconds: float) -> AsyncIterator[Phase]:
    """Nobody, many viewers, and each hostile client beside them.

    Raises:
        ResourceError: a viewer was thrown out, or the phone.
    """
    scene = SCENES[name]
    with daemon(scene, sound) as served:
        phone = [be_the_microphone(served.port, sound)] if scene.has_phone else []
        async with at_work(phone):
            await asyncio.sleep(SETTLE_S)
            yield await phase(f"{name}: nobody", served, [], seconds)
            viewers = [Viewer() for _ in range(count)]
            looks = [
                viewer.look(served.port, f"127.0.0.{2 + number // FROM_ONE}", served.tls)
                for number, viewer in enumerate(viewers)
            ]
            async with at_work(looks):
                await asyncio.sleep(SETTLE_S)
                yield await phase(f"{name}: {count} viewers", served, viewers, seconds)
                for kind in scene.kinds:
                    with hostile(kind, served):
                        await asyncio.sleep(SETTLE_S)
                        named = f"{name}: {HOSTILE[kind]}"
                        yield await phase(named, served, viewers, seconds)
    if scene.has_phone:
        with daemon(scene, sound) as served, hostile("speak", served):
            await asyncio.sleep(SETTLE_S)
            yield await phase(f"{name}: hostile ones alone", served, [], seconds)


@asynccontextmanager
async def at_work(work: list[Coroutine[None, None, None]]) -> AsyncIterator[None]:
    """Have it done meanwhile.

    Raises:
        ResourceError: some of it came to an end.
    """
    tasks = [asyncio.create_task(each) for each in work]
    try:
        yield
        if lost := [task for task in tasks if task.done()]:
            raise ResourceError(f"{len(lost)} of {len(tasks)} were thrown out.")
    finally:
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


@contextmanager
def hostile(kind: str, served: Served) -> Iterator[None]:
    """A hostile client, in a process of its own."""
    command = [sys.executable, "-m", "osa_daemon.service.load.hostile", kind, str(served.port)]
    process = subprocess.Popen(command if served.tls is None else [*command, "--tls"])
    try:
        yield
        if process.poll() is not None:
            raise ResourceError("The hostile client came to an end: nothing was measured.")
    finally:
        process.kill()
        process.wait()


async def measure(names: list[str], sound: Path, count: int, seconds: float) -> None:
    """Play the scenes and print what was seen."""
    for name in names:
        phases: list[Phase] = []
        async for seen in play(name, sound, count, seconds):
            print(seen.line(), flush=True)
            phases.append(seen)
        nobody, watched = phases[:2]
        more = watched.page + watched.daemon - nobody.page - nobody.daemon
        print(f"{name}: {count} viewers cost {more:.2%} of a core, in both processes together.")


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="scripts/load_page", description=__doc__)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0, help="of each phase")
    parser.add_argument("--sound", type=Path, help="a recording that is long enough")
    parser.add_argument("--only", action="append", choices=SCENES, help="this scene")
    options = parser.parse_args(arguments)
    try:
        asyncio.run(
            measure(options.only or list(SCENES), options.sound, options.viewers, options.seconds)
        )
    except ResourceError as error:
        print(error, file=sys.stderr)
        return EXIT_BUG
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
