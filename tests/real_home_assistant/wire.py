"""A wire between two parts that can go dead: nothing passes, and nobody is told."""

import contextlib
import selectors
import socket
import threading

from tests.mosquitto import free_port

POLL_S = 0.05
CHUNK_BYTES = 65_536


class Wire:
    """Forwards TCP from `port` to `target`; while `is_dead`, what is sent waits in the kernel."""

    def __init__(self, target: int) -> None:
        self.port = free_port()
        self.is_dead = False
        self._target = target
        self._is_over = threading.Event()
        self._other: dict[socket.socket, socket.socket] = {}
        self._selector = selectors.DefaultSelector()
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._selector.register(self._listener, selectors.EVENT_READ)
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Cut it."""
        self._is_over.set()
        self._thread.join(5)
        for end in list(self._other):
            self._drop(end)
        self._listener.close()
        self._selector.close()

    def _run(self) -> None:
        while not self._is_over.is_set():
            if self.is_dead:
                self._is_over.wait(POLL_S)
                continue
            for key, _ in self._selector.select(POLL_S):
                if key.fileobj is self._listener:
                    self._join()
                else:
                    self._forward(key.fileobj)

    def _join(self) -> None:
        near, _ = self._listener.accept()
        try:
            far = socket.create_connection(("127.0.0.1", self._target), 5)
        except OSError:
            near.close()
            return
        self._other |= {near: far, far: near}
        for end in (near, far):
            self._selector.register(end, selectors.EVENT_READ)

    def _forward(self, end: object) -> None:
        if not isinstance(end, socket.socket) or end not in self._other:
            return  # its other end went in the same round
        try:
            data = end.recv(CHUNK_BYTES)
            self._other[end].sendall(data)
        except OSError:
            data = b""
        if not data:
            self._drop(end)

    def _drop(self, end: socket.socket) -> None:
        for each in (end, self._other.get(end)):
            if each is not None and self._other.pop(each, None) is not None:
                with contextlib.suppress(KeyError, ValueError):
                    self._selector.unregister(each)
                each.close()
