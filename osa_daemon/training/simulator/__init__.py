"""Simulated nights with their truth: `simulate(spec, material)`.

`ranges` holds every parameter with its source. The way of a night: `timeline` → `plan` (breath
clock and events) → `render` (`voices`) → `room` → with `backdrop` and `companions` →
`microphone`; `truth` is computed from what was rendered. `mixture` draws training sets, `c3`
writes files.
"""

from osa_daemon.training.simulator.c3 import write_c3
from osa_daemon.training.simulator.material import Material
from osa_daemon.training.simulator.mixture import draw_specs
from osa_daemon.training.simulator.night import Labels, NightSpec, SimulatedNight, TrueEvent
from osa_daemon.training.simulator.simulate import simulate

__all__ = [
    "Labels",
    "Material",
    "NightSpec",
    "SimulatedNight",
    "TrueEvent",
    "draw_specs",
    "simulate",
    "write_c3",
]
