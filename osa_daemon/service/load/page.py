"""A daemon with its page, many viewers and one hostile client: `scripts/load_page`."""

import argparse
import asyncio
import json
import os
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any, Final

from osa_daemon.errors import EXIT_BUG, EXIT_OK, ResourceError

START_S: Final = 120.0
FROM_ONE: Final = 5  # viewers behind one address
HEAD: Final = b"GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
RUBBISH: Final = (
    b"\x00" * 20_000,
    b"GET / HTTP/1.1\r\nHost: localhost\r\nX: " + b"x" * 60_000 + b"\r\n\r\n",
    b"POST /api/commands HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n\r\n"
    + b"x" * 50_000,
    b"GET /api/phone HTTP/1.1\r\nHost: localhost\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n"
    b"Sec-WebSocket-Version: 13\r\nSec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\n\r\n"
    + b"\x82\xff"
    + b"\xff" * 20_000,
    b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n" * 200,
)
RUBBISH_EVERY_S: Final = 0.002
HELD: Final = 30  # connections that it would like to keep, without reading


@dataclass(slots=True)
class Phase:
    """What was seen for a while: shares of a core, and how late viewers heard of the sound (s)."""

    name: str
    page: float = 0.0
    daemon: float = 0.0
    lags_s: list[float] = field(default_factory=list)
    seconds_told: int = 0
    spread_s: list[float] = field(default_factory=list)
    memory_mb: float = 0.0

    def line(self) -> str:
        """The phase as a line of the table."""
        lags = sorted(self.lags_s) or [0.0]
        spread = sorted(self.spread_s) or [0.0]
        return (
            f"{self.name:<28} page {self.page:6.2%} of a core, {self.memory_mb:3.0f} MB;"
            f" daemon {self.daemon:6.2%}; sound told {self.seconds_told} times,"
            f" {median(lags):.2f} s after it (worst {lags[-1]:.2f} s);"
            f" first to last viewer {median(spread) * 1000:.1f} ms (worst {spread[-1] * 1000:.0f})"
        )


class Viewer:
    """One who looks; `heard` holds when each sound came."""

    def __init__(self) -> None:
        self.heard: dict[str, float] = {}

    async def look(self, port: int, source: str) -> None:
        """Read events until cancelled."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, local_addr=(source, 0), limit=1 << 20
        )
        writer.write(HEAD)
        name = ""
        while line := (await reader.readline()).decode().rstrip():
            name = name or line
        while line := (await reader.readline()).decode():
            key, _, value = line.rstrip().partition(": ")
            if key == "event":
                name = value
            elif key == "data" and name == "sound":
                self.heard[json.loads(value)["at"]] = time.time()


@contextmanager
def daemon(sound: Path) -> Iterator[tuple[subprocess.Popen[bytes], int]]:
    """A daemon that hears `sound` in real time, with a page, without a broker; its port."""
    with tempfile.TemporaryDirectory() as folder, socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
        probe.close()
        config = Path(folder) / "config.yaml"
        config.write_text(
            f"journal:\n  state_dir: {folder}\nweb:\n  enabled: true\n  port: {port}\n"
            "mqtt:\n  port: 1\n"
        )
        command = [sys.executable, "-m", "osa_daemon", "run", "--config", str(config)]
        quiet = subprocess.DEVNULL
        process = subprocess.Popen(
            [*command, "--source", f"file:{sound}"], stdout=quiet, stderr=quiet
        )
        try:
            yield process, port
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


async def phase(name: str, pids: tuple[int, int], viewers: list[Viewer], seconds: float) -> Phase:
    """Watch for so long."""
    seen = Phase(name)
    before, began_s = [cpu_s(pid) for pid in pids], time.time()
    await asyncio.sleep(seconds)
    took_s = time.time() - began_s
    seen.page, seen.daemon = (
        (cpu_s(pid) - then) / took_s for pid, then in zip(pids, before, strict=True)
    )
    status = Path(f"/proc/{pids[0]}/status").read_text("ascii")
    seen.memory_mb = int(status.partition("VmRSS:")[2].split()[0]) / 1024
    if viewers:
        for at, first_s in viewers[0].heard.items():
            if first_s < began_s:
                continue
            all_s = [viewer.heard[at] for viewer in viewers if at in viewer.heard]
            seen.seconds_told += len(all_s) == len(viewers)
            seen.lags_s.append(max(all_s) - datetime.fromisoformat(at).timestamp())
            seen.spread_s.append(max(all_s) - min(all_s))
    return seen


async def measure(sound: Path, count: int, seconds: float) -> list[Phase]:
    """Nobody, one viewer, many, many and a hostile one."""
    with daemon(sound) as (process, port):
        pids = (page_of(process, port), process.pid)
        await asyncio.sleep(5)  # what a start costs is over
        phases = [await phase("nobody", pids, [], seconds)]
        viewers = [Viewer() for _ in range(count)]
        tasks = [
            asyncio.create_task(viewer.look(port, f"127.0.0.{2 + n // FROM_ONE}"))
            for n, viewer in enumerate(viewers)
        ]
        await asyncio.sleep(3)
        phases.append(await phase(f"{count} viewers", pids, viewers, seconds))
        hostile = subprocess.Popen(
            [sys.executable, "-m", "osa_daemon.service.load.page", "--hostile", str(port)]
        )
        try:
            await asyncio.sleep(3)
            phases.append(await phase("and a hostile client", pids, viewers, seconds))
        finally:
            hostile.kill()
            hostile.wait()
        lost = [task for task in tasks if task.done()]
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)
        if lost:
            raise ResourceError(f"{len(lost)} viewers were thrown out.")
        return phases


def be_hostile(port: int) -> None:
    """Hold connections that read nothing, and send rubbish on others, until killed."""
    held: list[socket.socket] = []
    sent = 0
    while True:
        with suppress(OSError):
            client = socket.socket()
            client.settimeout(0.2)
            client.bind(("127.0.0.99", 0))
            client.connect(("127.0.0.1", port))
            if len(held) < HELD and sent % 3 == 0:
                client.sendall(HEAD)
                held.append(client)
            else:
                client.sendall(RUBBISH[sent % len(RUBBISH)])
                client.close()
        sent += 1
        if sent % 500 == 0:
            for client in held:
                client.close()
            held.clear()
        time.sleep(RUBBISH_EVERY_S)


def main(arguments: list[str] | None = None) -> int:
    """Measure and print."""
    parser = argparse.ArgumentParser(prog="scripts/load_page", description=__doc__)
    parser.add_argument("--viewers", type=int, default=20)
    parser.add_argument("--seconds", type=float, default=60.0, help="each of three phases")
    parser.add_argument("--sound", type=Path, help="a recording that is long enough")
    parser.add_argument("--hostile", type=int, metavar="PORT", help=argparse.SUPPRESS)
    options = parser.parse_args(arguments)
    if options.hostile is not None:
        be_hostile(options.hostile)
    try:
        phases = asyncio.run(measure(options.sound, options.viewers, options.seconds))
    except ResourceError as error:
        print(error, file=sys.stderr)
        return EXIT_BUG
    for seen in phases:
        print(seen.line())
    nobody, watched = phases[0], phases[1]
    more: Any = watched.page + watched.daemon - nobody.page - nobody.daemon
    print(f"{options.viewers} viewers cost {more:.2%} of a core, in both processes together.")
    return EXIT_OK


if __name__ == "__main__":
    sys.exit(main())
