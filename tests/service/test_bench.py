"""What `scripts/bench` adds up, matches and writes; nothing here depends on a machine's speed."""

from collections.abc import Callable
from pathlib import Path

import pytest

from osa_daemon.errors import UsageError
from osa_daemon.scoring.matching import Span
from osa_daemon.service.bench.__main__ import write_block
from osa_daemon.service.bench.daemon import DOORS, PUBLISHING
from osa_daemon.service.bench.figures import Figures, Paced, Round, tables
from osa_daemon.service.bench.peers import NAMES, Peer, Peers
from osa_daemon.service.bench.runs import (
    Cost,
    Latency,
    Message,
    Start,
    cost,
    latencies,
    place,
    watched_run,
)
from osa_daemon.service.bench.stopwatch import Stopwatch


def passing(clock: list[float], seconds: float) -> Callable[[], None]:
    """A function that takes so long by a clock of one number."""

    def work() -> None:
        clock[0] += seconds

    return work


def test_a_stage_is_not_charged_for_the_stage_it_calls() -> None:
    """Time counts once: where it was spent, not where the call came from."""
    clock = [0.0]
    watch = Stopwatch(lambda: clock[0])
    encoder = watch.timed(passing(clock, 3.0), "encoder")

    def extract() -> None:
        clock[0] += 1.0
        encoder()
        encoder()

    watch.timed(extract, "levels")()
    assert watch.spent_s == {"levels": 1.0, "encoder": 6.0}


def test_time_counts_where_a_stage_fails() -> None:
    """An exception passes through, and neither its time nor the nesting is lost."""
    clock = [0.0]
    watch = Stopwatch(lambda: clock[0])

    def fail() -> None:
        clock[0] += 2.0
        raise ValueError

    with pytest.raises(ValueError):
        watch.timed(fail, "a")()
    watch.timed(passing(clock, 1.0), "b")()
    assert watch.spent_s == {"a": 2.0, "b": 1.0}


def test_the_stages_of_a_real_run_add_up(data: Path) -> None:
    """Each door was passed, and the stages together are what the process used."""
    with place() as at:
        found = watched_run(at, data / "short.ogg")
        topics = {message.topic.rsplit("/", 1)[-1] for message in at.heard}
    stages = found["stages_s"]
    assert set(stages) == {stage for _, _, stage in DOORS} | {PUBLISHING}
    assert all(spent > 0 for spent in stages.values())
    assert sum(stages.values()) == pytest.approx(found["cpu_s"])
    assert sum(cost(found).stages_ms.values()) == pytest.approx(cost(found).cpu_ms)
    assert found["audio_s"] == pytest.approx(165, abs=1)
    assert 3 <= found["first_frame_heard_s"] <= 4
    assert {"status", "apnea"} <= topics


def told_at(frame_s: float, heard_s: float, read_at_s: float) -> dict[str, float]:
    """A note of the watched daemon."""
    return {"frame_s": frame_s, "heard_s": heard_s, "read_at_s": read_at_s}


def test_latency_counts_from_ten_seconds_into_the_pause() -> None:
    """Sound time to the frame and to what was read, wall time to the message, are told apart."""
    pauses = [Span(30, 20, "apnea"), Span(100, 25, "central_apnea"), Span(200, 9, "apnea")]
    found = {"turned_on": [told_at(42, 43.5, 500.0), told_at(150, 151, 600.0)]}
    heard = [
        Message("osa_daemon/bedside/apnea", "ON", 499.0),
        Message("osa_daemon/bedside/apnea", "OFF", 500.01),
        Message("osa_daemon/bedside/apnea", "ON", 500.02),
    ]
    told = latencies(found, pauses, heard)
    assert len(told) == 1
    assert (told[0].frame_s, told[0].heard_s) == (2, 3.5)
    assert told[0].wall_ms == pytest.approx(20)


def test_a_message_that_never_came_has_no_wall_time() -> None:
    """The pause is told by the daemon, but nobody received it."""
    found = {"turned_on": [told_at(42, 43.5, 500.0)]}
    (told,) = latencies(found, [Span(30, 20, "apnea")], [])
    assert told.wall_ms is None


def figures() -> Figures:
    """Two rounds beside one peer, with invented numbers."""
    ours = [
        Cost(4.0, {"encoder": 3.0, "detector": 1.0}, 100.0),
        Cost(6.0, {"encoder": 5.0, "detector": 1.0}, 100.0),
    ]
    return Figures(
        machine="an invented machine",
        sound="night.ogg",
        audio_s=600,
        first_frame_heard_s=3.25,
        rounds=[
            Round(ours[0], {"tutorial": Peer(80.0, 400.0)}),
            Round(ours[1], {"tutorial": Peer(180.0, 400.0)}),
        ],
        starts=[Start(4.0, 4.2), Start(4.4, 5.0)],
        paced=Paced(4.0, ours[0], 3, [Latency(30, 0.4, 2.0, 11.0), Latency(90, 1.4, 3.0, 15.0)]),
        missing={"YAMNet": "no weights"},
    )


def test_ratios_are_taken_within_a_round_and_come_first() -> None:
    """80/4 and 180/6 make 25, not 130/5; the ratio stands before the figures."""
    text = tables(figures())
    row = next(line for line in text.splitlines() if NAMES["tutorial"] in line)
    cells = [cell.strip() for cell in row.split("|")]
    assert cells[2:6] == ["25 (20 to 30)", "4.0 (4.0 to 4.0)", "130.0 ms", "400 MB"]
    assert text.index("CPU, ratio") < text.index("where it goes") < text.index("latency")


def test_tables_tell_medians_and_what_is_missing() -> None:
    """Start and latency by median and most; what could not be compared in one line."""
    text = tables(figures())
    assert "| start to READY | 4.6 s | 5.0 s |" in text
    assert "(2 of 3 pauses told) | 0.9 s | 1.4 s |" in text
    assert "wall clock | 13 ms | 15 ms |" in text
    assert "Not compared: YAMNet: no weights." in text


def test_the_block_of_a_readme_is_replaced(tmp_path: Path) -> None:
    """What stands around the markers stays; a second writing replaces the first."""
    readme = tmp_path / "README.md"
    readme.write_text("above\n<!-- bench:begin -->\n<!-- bench:end -->\nbelow\n")
    write_block(readme, "| old |\n")
    write_block(readme, "| new |\n")
    assert readme.read_text() == (
        "above\n<!-- bench:begin -->\n| new |\n<!-- bench:end -->\nbelow\n"
    )


def test_a_readme_without_markers_is_left_alone(tmp_path: Path) -> None:
    """One sentence names what is lacking."""
    readme = tmp_path / "README.md"
    readme.write_text("nothing\n")
    with pytest.raises(UsageError, match="bench:begin"):
        write_block(readme, "| new |\n")
    assert readme.read_text() == "nothing\n"


def test_a_peer_that_is_not_installed_is_named_with_its_reason(tmp_path: Path) -> None:
    """The reason is what the installation left, or that there was none."""
    (tmp_path / "silero.missing").write_text("ERROR: no such version\n")
    (tmp_path / "birdnet.installed").touch()
    peers = Peers(tmp_path, tmp_path)
    assert peers.installed() == ["birdnet"]
    assert peers.missing()["silero"] == "ERROR: no such version"
    assert set(peers.missing()) == set(NAMES) - {"birdnet"}


def test_every_peer_has_its_program() -> None:
    """Each name of the table stands for a file."""
    folder = Path(__file__).parents[2] / "scripts" / "bench_peers"
    assert all((folder / f"{name}.py").is_file() for name in NAMES)
