"""A night in a network of its own that holds a broker and a name server: who is asked for what?

Run by `test_network.py` in new namespaces of network and mounts, with FOLDER NIGHT [ntfy]. It
prints what was asked, reached and listened on as a line of JSON.
"""

import fcntl
import json
import socket
import struct
import subprocess
import sys
import threading
from pathlib import Path

from tests.daemon import DaemonProcess
from tests.mosquitto import Mosquitto, Subscriber, wait_for
from tests.system import traced

SIOCSIFFLAGS, IFF_UP, IFF_RUNNING = 0x8914, 1, 64  # netdevice(7)
NAME, NTFY_NAME, NTFY_PORT = "broker.test", "ntfy.test", 2586
SPEED = "24"
LISTENING = "0A"  # TCP_LISTEN, as /proc/net/tcp shows it


def bring_loopback_up() -> None:
    """A new network has nothing but a loopback that is down."""
    with socket.socket() as any_socket:
        request = struct.pack("16sH14x", b"lo", IFF_UP | IFF_RUNNING)
        fcntl.ioctl(any_socket, SIOCSIFFLAGS, request)


class NameServer:
    """Knows the two names at this machine, no other; notes every question."""

    def __init__(self, folder: Path) -> None:
        self.asked: set[str] = set()
        own = folder / "resolv.conf"
        own.write_text("nameserver 127.0.0.1\noptions attempts:1 timeout:2\n")
        theirs = str(Path("/etc/resolv.conf").resolve())
        subprocess.run(["mount", "--bind", str(own), theirs], check=True)
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(("127.0.0.1", 53))
        threading.Thread(target=self._answer, daemon=True).start()

    def _answer(self) -> None:
        while True:
            query, client = self._socket.recvfrom(4096)
            labels, at = [], 12
            while length := query[at]:
                labels.append(query[at + 1 : at + 1 + length].decode())
                at += 1 + length
            name, kind = ".".join(labels), query[at + 2]
            self.asked.add(name)
            question = query[12 : at + 5]
            is_known = name in {NAME, NTFY_NAME}
            found = is_known and kind == 1
            record = b"\xc0\x0c\0\1\0\1\0\0\0\x3c\0\4" + socket.inet_aton("127.0.0.1")
            flags = b"\x81\x80" if is_known else b"\x81\x83"
            head = query[:2] + flags + struct.pack(">4H", 1, int(found), 0, 0)
            self._socket.sendto(head + question + (record if found else b""), client)


def listening(*known: int) -> list[int]:
    """The TCP ports of this network that somebody listens on, and UDP ports, but for `known`."""
    ports = []
    for name in ("tcp", "tcp6", "udp", "udp6"):
        for line in Path(f"/proc/net/{name}").read_text().splitlines()[1:]:
            _, local, remote, state, *_ = line.split()
            waits = state == LISTENING if name.startswith("tcp") else remote.endswith(":0000")
            port = int(local.rpartition(":")[2], 16)
            if waits and port not in known:
                ports.append(port)
    return ports


def main(folder: Path, night: str, *more: str) -> None:
    """Let a night pass."""
    bring_loopback_up()
    names = NameServer(folder)
    broker = Mosquitto(folder).start()
    subscriber = Subscriber(broker.port)
    settings = (
        f"journal:\n  state_dir: {folder / 'state'}\nalerts:\n  notice_s: 12\n  after_s: 14\n"
    )
    if more:
        settings += f"ntfy:\n  url: http://{NTFY_NAME}:{NTFY_PORT}/bed-a7f3k2q9\n"
    daemon = DaemonProcess(
        folder,
        broker.port,
        *("--source", f"file:{night}", "--speed", SPEED),
        settings=settings,
        before=traced.command(folder / "trace"),
        host=NAME,
    )
    try:
        subscriber.wait_for(lambda: subscriber.on("/event"), 90.0, "an event")
        ports = listening(53, broker.port, broker.local_port)
        if more:
            wait_for(lambda: NTFY_NAME in names.asked, 20.0, "ntfy")
        assert daemon.end() == 0, daemon.log.read_text()
    finally:
        daemon.close()
        subscriber.close()
        broker.stop()
    found = list(traced.calls(folder / "trace"))
    places = {broker.port: "broker", 53: "names", NTFY_PORT: "ntfy"}
    reached = traced.reached(found) - traced.own(found)
    told = {
        "asked": sorted(names.asked),
        "reached": sorted(f"{host} {places.get(port, port)}" for host, port in reached),
        "listening": ports,
        "events": len(subscriber.on("/event")),
    }
    print(json.dumps(told))


if __name__ == "__main__":
    main(Path(sys.argv[1]), *sys.argv[2:])
