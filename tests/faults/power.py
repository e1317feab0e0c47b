"""Power cuts: what the disk held at any moment is rebuilt, and opened as the daemon opens it."""

import importlib

from tests.faults.fault import fault
from tests.faults.scene import Scene

STATES, SEED = 3000, 9


@fault(
    injected=f"{STATES} states of the disk (seed {SEED}), rebuilt from a trace of the journal's "
    "writes and syncs: what was not synced dropped, torn or reordered",
    expected="each opens, and holds every event whose commit had returned, none by half",
    limit_s=1200.0,
)
def power_cut(scene: Scene) -> None:
    """Between any two writes."""
    # what rebuilds the states belongs to the journal's tests
    trial = importlib.import_module("tests.journal.power_cut")
    summary = trial.run(SEED, STATES)
    scene.saw(f"{summary.states} states, {sum(summary.set_aside.values())} of them set aside")
    assert summary.states == STATES, f"only {summary.states} states were made"
    assert not summary.wrong, f"{len(summary.wrong)} states lost something: {summary.wrong[0]}"
