"""Hours in real time under a real systemd: does memory stay flat, does every pause arrive?

Run by scripts/soak_service. Writes `minutes.csv` and `summary.txt` into a folder.
"""

import argparse
import csv
import json
import os
import signal
import statistics
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from contextlib import ExitStack, closing
from datetime import datetime
from pathlib import Path

from tests.faults import report
from tests.faults.installed import InstalledService
from tests.faults.room import Nights, Pause
from tests.faults.witness import Witness
from tests.mosquitto import Mosquitto

MINUTE_S = 60.0
SAME_PAUSE_S = 8.0  # between an onset as it is scripted and as it was heard
SETTLED_MINUTE = 10  # memory and files are compared with those of this minute
READY_S = 180.0
PAGE = os.sysconf("SC_PAGE_SIZE")


def of_process(pid: int) -> dict[str, float]:
    """Memory (MB), open files, threads and bytes written of a process; empty where it is gone."""
    place = Path(f"/proc/{pid}")
    try:
        status = dict(
            line.split(":", 1)
            for line in (place / "status").read_text().splitlines()
            if ":" in line
        )
        written = dict(line.split(": ") for line in (place / "io").read_text().splitlines())
        return {
            "rss_mb": int(status["VmRSS"].split()[0]) / 1024,
            "fds": len(list((place / "fd").iterdir())),
            "threads": int(status["Threads"]),
            "write_bytes": int(written["write_bytes"]),
        }
    except (OSError, KeyError):
        return {}


class Soak:
    """One long run; `sample` is called every minute."""

    def __init__(self, service: InstalledService, nights: Nights, witness: Witness) -> None:
        self._service = service
        self._nights = nights
        self._witness = witness
        self.rows: list[dict[str, object]] = []

    def sample(self, minute: int) -> dict[str, object]:
        """Take the figures of a minute."""
        pid = self._service.main_pid
        daemon = of_process(pid)
        children = [of_process(child) for child in self._service.children(pid)]
        sizes = {path.name: path.stat().st_size for path in self._service.state.iterdir()}
        told = json.loads(self._witness.last("/diagnostics") or "{}")
        (gap_s,) = (self._service.journal_rows("SELECT sum(gap_s) FROM minutes") or [(None,)])[0]
        row = {
            "minute": minute,
            "time": datetime.now().astimezone().isoformat(timespec="seconds"),
            "load": os.getloadavg()[0],
            **{f"daemon_{key}": value for key, value in daemon.items()},
            **{f"child_{key}": value for child in children[:1] for key, value in child.items()},
            "restarts": self._service.restarts,
            "overruns": told.get("overruns"),
            "cpu_share": told.get("cpu_share"),
            "gap_s": gap_s,
            "deaf_s": self._witness.deaf_s(),
            "outbox": self._count("outbox"),
            "state_bytes": sum(sizes.values()),
            "wal_bytes": sum(size for name, size in sizes.items() if name.endswith("-wal")),
            "fed": len(self._nights.fed),
            "decided": self._count("events"),
            "received": len(self._witness.event_ids),
            "doubles": len(self._witness.events) - len(self._witness.event_ids),
            "latency_s": self._last_latency_s(),
        }
        self.rows.append(row)
        return row

    def _count(self, table: str) -> int | None:
        rows = self._service.journal_rows(f"SELECT count(*) FROM {table}")
        return int(str(rows[0][0])) if rows else None

    def latencies(self) -> list[tuple[Pause, float]]:
        """From the end of each pause that sounded to its event on the wire (s)."""
        found = []
        messages = self._witness.on("/event")
        for pause in self._nights.fed:
            for message in messages:
                onset_s = datetime.fromisoformat(json.loads(message.payload)["onset"]).timestamp()
                if abs(onset_s - pause.onset_wall_s) <= SAME_PAUSE_S:
                    found.append((pause, message.at_s - pause.ended_s))
                    break
        return found

    def undecided(self) -> int:
        """Pauses that no event was told of, those aside that it may still decide."""
        settled_s = time.monotonic() - MINUTE_S
        told = [pause for pause, _ in self.latencies()]
        return sum(pause not in told for pause in self._nights.fed if pause.ended_s < settled_s)

    def _last_latency_s(self) -> float | None:
        found = self.latencies()
        return found[-1][1] if found else None

    def lost(self) -> set[str]:
        """Ids that were decided and did not arrive."""
        decided = {str(row[0]) for row in self._service.journal_rows("SELECT id FROM events")}
        return decided - self._witness.event_ids


def summary(soak: Soak, head: str) -> str:
    """Minute 10 against the last one, and a verdict for each figure."""
    rows = soak.rows
    early: Mapping[str, object] = rows[min(SETTLED_MINUTE, len(rows)) - 1]
    late: Mapping[str, object] = rows[-1]
    columns = "".join(f"minute {row['minute']}".rjust(16) for row in (early, late))
    lines = [head, "", f"{'':22}{columns}"]
    lines += [
        f"{key:22}{_show(early.get(key)):>16}{_show(late.get(key)):>16}"
        for key in late
        if key not in {"minute", "time"}
    ]
    delays = [delay for _, delay in soak.latencies()]
    if delays:
        lines += [
            "",
            f"latency, end of a pause to its event: median {statistics.median(delays):.1f} s, "
            f"longest {max(delays):.1f} s, of {len(delays)} pauses",
            "pauses that sounded and led to no event of that onset: "
            f"{soak.undecided()} (a detector misses some)",
        ]
    hours = (int(str(late["minute"])) - int(str(early["minute"]))) / 60
    written = _number(late, "daemon_write_bytes") - _number(early, "daemon_write_bytes")
    if hours > 0:
        lines.append(f"written: {written / hours / 1e6:.2f} MB an hour by the daemon")
    lines += ["", *(f"{'ok    ' if fine else 'FAILED'} {text}" for fine, text in verdicts(soak))]
    return "\n".join(lines) + "\n"


def verdicts(soak: Soak) -> list[tuple[bool, str]]:
    """What must hold at the end."""
    rows = soak.rows
    early, late = rows[min(SETTLED_MINUTE, len(rows)) - 1], rows[-1]
    grown_mb = _number(late, "daemon_rss_mb") - _number(early, "daemon_rss_mb")
    child_mb = _number(late, "child_rss_mb") - _number(early, "child_rss_mb")
    lost, outbox = soak.lost(), _number(late, "outbox")
    files = _number(late, "daemon_fds") - _number(early, "daemon_fds")
    threads = _number(late, "daemon_threads") - _number(early, "daemon_threads")
    delays = [delay for _, delay in soak.latencies()]
    return [
        (bool(delays), f"{len(delays)} pauses were decided and timed"),
        (not lost, f"{len(lost)} decided events lost {sorted(lost) if lost else ''}".rstrip()),
        (outbox == 0, f"{outbox:.0f} events left in the outbox"),
        (grown_mb < 10, f"the daemon's memory grew by {grown_mb:.1f} MB (less than 10 allowed)"),
        (child_mb < 5, f"the capture process's memory grew by {child_mb:.1f} MB (less than 5)"),
        (files <= 0, f"{files:+.0f} open files"),
        (threads <= 0, f"{threads:+.0f} threads"),
        (_number(late, "restarts") == 0, f"{_number(late, 'restarts'):.0f} restarts"),
        (_number(late, "deaf_s") == 0, f"{_number(late, 'deaf_s'):.1f} s said to be deaf"),
        (_number(late, "gap_s") < 5, f"{_number(late, 'gap_s'):.1f} s of sound lost (less than 5)"),
    ]


def _number(row: Mapping[str, object], key: str) -> float:
    value = row.get(key)
    return float(str(value)) if value is not None else float("nan")


def _show(value: object) -> str:
    return f"{value:.2f}" if isinstance(value, float) else str(value)


def soak(minutes: int, out: Path) -> int:
    """Run for so many minutes; return 1 where a verdict failed."""
    out.mkdir(parents=True, exist_ok=True)
    with ExitStack() as stack:
        folder = Path(stack.enter_context(tempfile.TemporaryDirectory(prefix="osa-soak-")))
        (folder / "broker").mkdir()
        broker = Mosquitto(folder / "broker").with_persistence().start()
        stack.callback(broker.stop)
        service = stack.enter_context(closing(InstalledService(folder)))
        service.sound.start()
        nights = stack.enter_context(closing(Nights(service.sound, ("short", "night"))))
        witness = stack.enter_context(closing(Witness(broker.port)))
        witness.wait_until_ready()
        service.configure(
            f"microphone:\n  device: name:{service.sound.device}\n"
            f"mqtt:\n  host: 127.0.0.1\n  port: {broker.port}\n"
        )
        service.systemctl("start")
        witness.wait(lambda: witness.last("/hearing") == "online", READY_S, "sound")
        began = datetime.now().astimezone().isoformat(timespec="seconds")
        head = f"{minutes} minutes in real time from {began}, commit {report.commit()}"
        run = Soak(service, nights, witness)
        try:
            _sample_all(run, minutes, out, head)
        finally:
            (out / "daemon.log").write_text(service.log())
        return 0 if all(fine for fine, _ in verdicts(run)) else 1


def _sample_all(run: Soak, minutes: int, out: Path, head: str) -> None:
    began_s = time.monotonic()
    with (out / "minutes.csv").open("w", newline="", buffering=1) as file:
        writer: csv.DictWriter[str] | None = None
        for minute in range(1, minutes + 1):
            time.sleep(max(0.0, began_s + minute * MINUTE_S - time.monotonic()))
            row = run.sample(minute)
            if writer is None:
                writer = csv.DictWriter(file, list(row), restval="", extrasaction="ignore")
                writer.writeheader()
            writer.writerow(row)
            # rewritten each minute: a run that is cut short still tells what it saw
            (out / "summary.txt").write_text(summary(run, head))


def main(arguments: Sequence[str]) -> int:
    """Run it, and print what came of it."""
    parser = argparse.ArgumentParser(prog="scripts/soak_service", description=__doc__)
    parser.add_argument("--minutes", type=int, default=120)
    parser.add_argument("--out", type=Path, default=Path("build/soak"))
    options = parser.parse_args(arguments)
    # what was started is ended, too, when we are
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(1))
    code = soak(options.minutes, options.out)
    print((options.out / "summary.txt").read_text())
    return code


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
