"""What `scripts/bench` runs once everything is installed."""

import argparse
import json
import os
import platform
import sys
from contextlib import ExitStack
from dataclasses import asdict
from pathlib import Path
from typing import Any

from osa_daemon.audio.file import FileSource
from osa_daemon.errors import OsaError, UsageError
from osa_daemon.evaluation.corpora.nights import read_night
from osa_daemon.evaluation.reference import ReferenceNight
from osa_daemon.service.bench.figures import Figures, Paced, Round, tables
from osa_daemon.service.bench.peers import UNAVAILABLE, Peer, Peers, write_samples
from osa_daemon.service.bench.runs import (
    PAUSE_S,
    Place,
    cost,
    latencies,
    place,
    start,
    watched_run,
)
from osa_daemon.service.outputs import whole_file

STARTS = 3
SPEED = 4.0
BEGIN, END = "<!-- bench:begin -->\n", "<!-- bench:end -->"


def say(text: str) -> None:
    """Tell what is being measured, apart from the tables."""
    print(text, file=sys.stderr, flush=True)


def machine() -> str:
    """Return kind, processor and cores of this machine, and the load that others made just now."""
    board = Path("/proc/device-tree/model")
    lines = Path("/proc/cpuinfo").read_text().splitlines()
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    name = board.read_text().strip("\0\n") if board.exists() else (names or ["unknown"])[0]
    kind = platform.machine().replace("x86_64", "x86-64")
    place = "" if "Raspberry" in name else ", **not on a Pi**"
    load = f"{os.cpu_count()} cores, load average {os.getloadavg()[0]:.1f} before the bench began"
    return f"an {kind} machine ({name}, {load}){place}"


def rounds(
    args: argparse.Namespace, at: Place, missing: dict[str, str]
) -> tuple[list[Round], dict[str, Any]]:
    """Run ours and each peer in turn; a peer that fails goes to `missing`."""
    peers = Peers(
        args.repository / ".cache" / "bench-peers", args.repository / "scripts" / "bench_peers"
    )
    samples = at.folder / "samples.npy"
    if args.peers:
        missing |= {**peers.missing(), **UNAVAILABLE}
        write_samples(args.sound, samples)
    names = peers.installed() if args.peers else []
    taken: list[Round] = []
    found: dict[str, Any] = {}
    for number in range(args.rounds):
        say(f"Round {number + 1} of {args.rounds}: {', '.join(['the whole chain', *names])}")
        found = watched_run(at, args.sound)
        results = {name: peers.run(name, samples) for name in names}
        missing |= {name: failure for name, failure in results.items() if isinstance(failure, str)}
        good = {name: peer for name, peer in results.items() if isinstance(peer, Peer)}
        taken.append(Round(cost(found), good))
    return taken, found


def paced(args: argparse.Namespace, at: Place, night: ReferenceNight) -> Paced:
    """Run at a pace, and see how late pauses are told."""
    pauses = [s for s in night.events if s.type != "hypopnea" and s.duration_s >= PAUSE_S]
    before = len(at.heard)
    found = watched_run(at, args.sound, args.speed)
    told = latencies(found, pauses, at.heard[before:])
    return Paced(args.speed, cost(found), len(pauses), told)


def bench(args: argparse.Namespace) -> Figures:
    """Measure everything that was asked for."""
    FileSource(args.sound).close()  # what cannot be read is told now, not after minutes
    night = None if args.quick else read_night(args.sound)
    missing: dict[str, str] = {}
    about = machine()
    slow: Paced | None = None
    with place() as at:
        taken, found = rounds(args, at, missing)
        say(f"Start-up, {STARTS} times")
        starts = [start(at, args.sound) for _ in range(STARTS)]
        if night is not None:
            say(f"Latency: {found['audio_s'] / args.speed:.0f} s")
            slow = paced(args, at, night)
    return Figures(
        machine=about,
        sound=args.sound.name,
        audio_s=found["audio_s"],
        first_frame_heard_s=found["first_frame_heard_s"],
        rounds=taken,
        starts=starts,
        paced=slow,
        missing=missing,
    )


def write_block(readme: Path, text: str) -> None:
    """Put `text` between the markers of a README.

    Raises:
        UsageError: it has no such markers.
    """
    whole = readme.read_text(encoding="utf-8")
    head, begin, rest = whole.partition(BEGIN)
    _, end, tail = rest.partition(END)
    if not begin or not end:
        raise UsageError(f"{readme} lacks the lines {BEGIN.strip()} and {END}.")
    readme.write_text(head + begin + text + end + tail, encoding="utf-8")


def arguments() -> argparse.Namespace:
    """Return the options; their text stands in `scripts/bench`."""
    parser = argparse.ArgumentParser(prog="scripts/bench", usage="see scripts/bench --help")
    parser.add_argument("--repository", type=Path, required=True)
    parser.add_argument("--peers", action="store_true")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--json", type=Path)
    parser.add_argument("--rounds", type=int, default=5, metavar="N")
    parser.add_argument("--speed", type=float, default=SPEED, metavar="N")
    parser.add_argument("--sound", type=Path)
    args = parser.parse_args()
    if args.rounds < 1 or args.speed <= 0:
        parser.error("--rounds must be at least 1, and --speed above 0.")
    args.sound = args.sound or args.repository / "tests" / "data" / "night.ogg"
    return args


def main() -> int:
    """Measure, print and write."""
    args = arguments()
    try:
        with ExitStack() as files:
            out = files.enter_context(whole_file(args.json)) if args.json else None
            figures = bench(args)
            if out is not None:
                out.write(json.dumps(asdict(figures), indent=2) + "\n")
        text = tables(figures)
        print(text, end="")
        if args.write:
            write_block(args.repository / "README.md", text)
    except OsaError as error:
        print(error, file=sys.stderr)
        return error.exit_code
    return 0


if __name__ == "__main__":
    sys.exit(main())
