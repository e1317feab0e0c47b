"""What was measured, and the tables made from it."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from osa_daemon.service.bench.peers import NAMES, Peer
from osa_daemon.service.bench.runs import Cost, Latency, Start

OURS = "**osa_daemon, whole chain: file to MQTT**"


@dataclass(frozen=True, slots=True)
class Round:
    """One run of each, one after the other."""

    ours: Cost
    peers: dict[str, Peer]


@dataclass(frozen=True, slots=True)
class Paced:
    """A run at `speed` times real time: its cost, and how late its pauses were told."""

    speed: float
    cost: Cost
    pauses: int
    latencies: list[Latency]


@dataclass(frozen=True, slots=True)
class Figures:
    """All that one bench found. `first_frame_heard_s`: sound needed for the first frame (s)."""

    machine: str
    sound: str
    audio_s: float
    first_frame_heard_s: float
    rounds: list[Round]
    starts: list[Start] = field(default_factory=list)
    paced: Paced | None = None
    missing: dict[str, str] = field(default_factory=dict)


def tables(figures: Figures) -> str:
    """Return the tables as Markdown, ratios first."""
    parts = [_about(figures), _side_by_side(figures), _stages(figures)]
    if figures.starts or figures.paced:
        parts.append(_times(figures))
    parts += [f"Not compared: {name}: {why}." for name, why in figures.missing.items()]
    return "\n\n".join(parts) + "\n"


def _about(figures: Figures) -> str:
    return (
        f"Measured by `scripts/bench` on {figures.machine}, "
        f"over `{figures.sound}` ({figures.audio_s / 60:.0f} min); "
        f"{len(figures.rounds)} rounds, each run in turn on one core; medians, ratios within a "
        "round (least to most in brackets). CPU is process time per second of sound."
    )


def _side_by_side(figures: Figures) -> str:
    rounds = figures.rounds
    names = [name for name in NAMES if all(name in one.peers for one in rounds)]
    rows = [_row(OURS, "1", "1", rounds, lambda one: one.ours)]
    for name in names:

        def peer(one: Round, name: str = name) -> Peer:
            return one.peers[name]

        cpu = _ratio(peer(one).cpu_ms / one.ours.cpu_ms for one in rounds)
        memory = _ratio(peer(one).peak_mb / one.ours.peak_mb for one in rounds)
        rows.append(_row(NAMES[name], cpu, memory, rounds, peer))
    head = "| | CPU, ratio | memory, ratio | CPU per second of sound | peak memory |"
    note = (
        "The others get decoded sound and stop at their network's output; ours decodes, decides, "
        "journals and publishes. They hear other things than breathing: this compares cost alone."
    )
    return "\n".join([head, "|---|---|---|---|---|", *rows]) + (f"\n\n{note}" if names else "")


def _row(
    name: str,
    cpu: str,
    memory: str,
    rounds: Sequence[Round],
    of: Callable[[Round], Cost | Peer],
) -> str:
    cpu_ms = median(of(one).cpu_ms for one in rounds)
    peak_mb = median(of(one).peak_mb for one in rounds)
    return f"| {name} | {cpu} | {memory} | {cpu_ms:.1f} ms | {peak_mb:.0f} MB |"


def _ratio(values: Iterable[float]) -> str:
    ordered = sorted(values)
    middle = median(ordered)
    digits = 0 if middle >= 10 else 1 if middle >= 1 else 2
    if len(ordered) == 1:
        return f"{middle:.{digits}f}"
    return f"{middle:.{digits}f} ({ordered[0]:.{digits}f} to {ordered[-1]:.{digits}f})"


def _stages(figures: Figures) -> str:
    costs = [one.ours for one in figures.rounds]
    whole = median(cost.cpu_ms for cost in costs)
    rows = []
    for name in costs[0].stages_ms:
        spent = median(cost.stages_ms[name] for cost in costs)
        rows.append(f"| {name} | {spent / whole:.0%} | {spent:.2f} ms |")
    head = "| where it goes | share | CPU per second of sound |"
    return "\n".join([head, "|---|---|---|", *rows])


def _times(figures: Figures) -> str:
    rows = []
    if starts := figures.starts:
        name = (
            f"start to first frame at the subscriber, {figures.first_frame_heard_s:.2f} s of it "
            "sound that the frame takes"
        )
        rows.append(_span(name, [one.first_frame_s for one in starts], "s"))
        rows.append(_span("start to READY", [one.ready_s for one in starts], "s"))
    if (paced := figures.paced) is not None:
        rows += _latency_rows(paced)
    head = "| start and latency | median | most |"
    return "\n".join([head, "|---|---|---|", *rows])


def _latency_rows(paced: Paced) -> list[str]:
    told = paced.latencies
    name = f"CPU per second of sound, blocks coming at {paced.speed:g} times real time"
    rows = [f"| {name} | {paced.cost.cpu_ms:.1f} ms | |"]
    if not told:
        rows.append(f"| no pause was told of {paced.pauses} that lasted 10 s | | |")
        return rows
    of = f"{len(told)} of {paced.pauses} pauses told"
    rows.append(
        _span(f"10 s into a pause to the frame that says so ({of})", [t.frame_s for t in told], "s")
    )
    rows.append(_span("… to the sound read by then", [t.heard_s for t in told], "s"))
    walls = [t.wall_ms for t in told if t.wall_ms is not None]
    if walls:
        rows.append(_span("… from there to the MQTT message, wall clock", walls, "ms"))
    return rows


def _span(name: str, values: Sequence[float], unit: str) -> str:
    digits = 0 if unit == "ms" else 1
    middle, most = median(values), max(values)
    return f"| {name} | {middle:.{digits}f} {unit} | {most:.{digits}f} {unit} |"
