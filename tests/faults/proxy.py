"""A wire to the broker that can be slow, dead, or keep packets back."""

import contextlib
import socket
import threading
import time

from tests.mosquitto import free_port

CHUNK_BYTES = 65_536
PUBACK = 4  # MQTT 5.0 section 2.1.2


class Proxy:
    """Forwards TCP from `port` to `target`; its attributes say what becomes of what passes.

    `delay_s` holds back each piece, either way; `trickle_s` each byte. While `swallows`, what
    arrives is read and thrown away. While `drops_pubacks`, no acknowledgement of a message reaches
    the client; `dropped_pubacks` counts them.
    """

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.delay_s = self.trickle_s = 0.0
        self.swallows = self.drops_pubacks = False
        self.dropped_pubacks = 0
        self.connections = 0
        self._target = target
        self._open: list[socket.socket] = []
        self._is_over = False
        self._listener = socket.create_server(("127.0.0.1", self.port))
        threading.Thread(target=self._accept, daemon=True).start()

    def cut(self) -> None:
        """End every connection."""
        for end in self._open:
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)
        self._open.clear()

    def close(self) -> None:
        """End it."""
        self._is_over = True
        # closing alone would leave `accept` waiting
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self.cut()

    def _accept(self) -> None:
        while not self._is_over:
            try:
                near, _ = self._listener.accept()
            except OSError:
                return
            self.connections += 1
            try:
                far = socket.create_connection(("127.0.0.1", self._target), 5)
            except OSError:
                near.close()
                continue
            far.settimeout(None)
            self._open += [near, far]
            threading.Thread(target=self._pass_on, args=(near, far, None), daemon=True).start()
            packets = _Packets()
            threading.Thread(target=self._pass_on, args=(far, near, packets), daemon=True).start()

    def _pass_on(
        self, source: socket.socket, target: socket.socket, packets: "_Packets | None"
    ) -> None:
        try:
            while data := source.recv(CHUNK_BYTES):
                if self.delay_s:
                    time.sleep(self.delay_s)
                if packets is not None:
                    data = self._without_pubacks(packets.push(data))
                if data and not self.swallows:
                    self._send(target, data)
        except OSError:
            pass  # cut
        for end in (source, target):
            with contextlib.suppress(OSError):
                end.shutdown(socket.SHUT_RDWR)

    def _send(self, target: socket.socket, data: bytes) -> None:
        while self.trickle_s and data:
            target.sendall(data[:1])
            data = data[1:]
            time.sleep(self.trickle_s)
        target.sendall(data)

    def _without_pubacks(self, packets: list[bytes]) -> bytes:
        if self.drops_pubacks:
            kept = [packet for packet in packets if packet[0] >> 4 != PUBACK]
            self.dropped_pubacks += len(packets) - len(kept)
            packets = kept
        return b"".join(packets)


class _Packets:
    """Cuts a stream of bytes into MQTT packets (MQTT 5.0 sections 1.5.5 and 2.1)."""

    def __init__(self) -> None:
        self._rest = b""

    def push(self, data: bytes) -> list[bytes]:
        self._rest += data
        packets = []
        while (length := self._length()) is not None and len(self._rest) >= length:
            packets.append(self._rest[:length])
            self._rest = self._rest[length:]
        return packets

    def _length(self) -> int | None:
        value = 0
        for index, byte in enumerate(self._rest[1:5]):
            value |= (byte & 0x7F) << (7 * index)
            if not byte & 0x80:
                return 2 + index + value
        return None
