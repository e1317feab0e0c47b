"""A real PostgreSQL in a folder of its own, on a Unix socket, as a user that is not root."""

import os
import shutil
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from typing import Any

import pytest

SCHEMA = Path(__file__).resolve().parents[2] / "config" / "fleet" / "schema.sql"
ROOT_RUNS_AS = "postgres"  # made by Debian's package; the server refuses to run as root
READY_S = 30.0


def programs() -> Path:
    """The folder of initdb and postgres; skips the test where there is none."""
    found = sorted(Path("/usr/lib/postgresql").glob("*/bin/initdb"))
    if not found:
        pytest.skip("PostgreSQL is not installed: apt-get install postgresql")
    return found[-1].parent


class Postgres:
    """A cluster with the tables of schema.sql, running from construction until `close`."""

    def __init__(self) -> None:
        self._psycopg = pytest.importorskip("psycopg", reason="psycopg is not installed")
        self._programs = programs()
        self._how: dict[str, Any] = {"stdin": subprocess.DEVNULL}
        self.folder = Path(tempfile.mkdtemp(prefix="osa-pg-"))  # a socket's path is short
        if os.geteuid() == 0:
            shutil.chown(self.folder, ROOT_RUNS_AS, ROOT_RUNS_AS)
            self._how |= {"user": ROOT_RUNS_AS, "group": ROOT_RUNS_AS, "extra_groups": []}
        self.address = f"host={self.folder} dbname=postgres user=osa"
        self._process: subprocess.Popen[bytes] | None = None
        try:
            make = [self._programs / "initdb", "--no-sync", "-A", "trust", "-U", "osa"]
            make += ["-E", "UTF8", "--locale=C.UTF-8", "-D", self.folder / "data"]
            subprocess.run(
                make, check=True, capture_output=True, timeout=60, cwd=self.folder, **self._how
            )
            self.start()
            with self.connect() as database:
                database.execute(SCHEMA.read_text("utf-8"))
        except BaseException:
            self.close()
            raise

    def start(self) -> None:
        """Start it, and wait until it answers; after a kill it recovers first."""
        command = [self._programs / "postgres", "-D", self.folder / "data", "-k", self.folder]
        command += ["-h", "", "-F", "-c", "shared_buffers=16MB"]
        until_s = time.monotonic() + READY_S
        with (self.folder / "log").open("ab") as log:
            while True:
                if self._process is None or self._process.poll() is not None:
                    # children of a killed one may still hold its memory
                    self._process = subprocess.Popen(
                        command, stdout=log, stderr=log, cwd=self.folder, **self._how
                    )
                try:
                    self.connect().close()
                except self._psycopg.OperationalError:
                    assert time.monotonic() < until_s, (self.folder / "log").read_text()
                    time.sleep(0.05)
                else:
                    return

    def kill(self) -> None:
        """SIGKILL: it commits nothing more."""
        assert self._process is not None
        self._process.kill()
        self._process.wait(10)

    def connect(self) -> Any:
        """A connection of one's own."""
        return self._psycopg.connect(self.address, autocommit=True, connect_timeout=5)

    def ask(self, query: str) -> list[tuple[Any, ...]]:
        """The rows of a query; none while the server is down."""
        try:
            with self.connect() as database:
                return list(database.execute(query).fetchall())
        except self._psycopg.OperationalError:
            return []

    def close(self) -> None:
        """End it, and remove the folder."""
        if self._process is not None and self._process.poll() is None:
            self._process.send_signal(signal.SIGINT)  # fast shutdown
            try:
                self._process.wait(10)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait(10)
        shutil.rmtree(self.folder, ignore_errors=True)
