"""Those who look at a page, and a phone that is its microphone: well-behaved clients."""

import asyncio
import json
import ssl
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Final

import numpy as np
from websockets.asyncio.client import ClientConnection, connect
from websockets.typing import Origin

from osa_daemon.audio.file import FileSource
from osa_daemon.web.phone_wire import HEADER, INT16, VERSION

HEAD: Final = b"GET /api/live HTTP/1.1\r\nHost: localhost\r\n\r\n"
DEAF: Final = "No sound arrives"
RATE_HZ: Final = 16_000
NOTE_EACH: Final = 8  # blocks of 0.25 s


class Viewer:
    """One who looks; `heard` holds when each sound came, `deaf` those that held none."""

    def __init__(self) -> None:
        self.heard: dict[str, float] = {}
        self.deaf: set[str] = set()

    async def look(self, port: int, source: str, tls: ssl.SSLContext | None) -> None:
        """Read events until cancelled."""
        reader, writer = await asyncio.open_connection(
            "127.0.0.1", port, local_addr=(source, 0), limit=1 << 20, ssl=tls
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
                told = json.loads(value)
                self.heard[told["at"]] = time.time()
                if told["hears"] == DEAF:
                    self.deaf.add(told["at"])


async def be_the_microphone(port: int, sound: Path) -> None:
    """Send a recording as a phone does, in real time."""
    origin = Origin(f"http://localhost:{port}")
    async with connect(f"ws://localhost:{port}/api/phone", origin=origin, host="127.0.0.1") as line:
        hello = {"stream": "f" * 32, "rate_hz": RATE_HZ, "ignored": []}
        await line.send(json.dumps({"v": VERSION, "hello": hello}))
        listening = asyncio.create_task(_listen(line))
        try:
            await _send(line, sound)
        finally:
            listening.cancel()


async def _send(line: ClientConnection, sound: Path) -> None:
    began_s = time.monotonic()
    for number, (end, frame) in enumerate(_frames(sound)):
        await asyncio.sleep(began_s + end / RATE_HZ - time.monotonic())
        await line.send(frame)
        if number % NOTE_EACH == 0:
            note = {"stopped": None, "hidden": False, "battery": None, "charging": None}
            await line.send(json.dumps({"v": VERSION, "note": note}))


async def _listen(line: ClientConnection) -> None:
    async for _ in line:
        pass


def _frames(sound: Path) -> Iterator[tuple[int, bytes]]:
    """The frames of a recording, each after the number of the sample that follows it."""
    source = FileSource(sound)
    sequence = 0
    while (block := source.read(0.0)) is not None:
        samples = np.clip(block.samples * 32_768, -32_768, 32_767).astype("<i2")
        end = block.start + len(samples)
        head = HEADER.pack(VERSION, INT16, len(samples), sequence, block.start, end / RATE_HZ)
        yield end, head + samples.tobytes()
        sequence += 1
