"""Sounds by name, and what is measured of them."""

from collections.abc import Callable

import numpy as np
import pytest

from osa_daemon.audio.block import Samples
from osa_daemon.training import synthesis
from osa_daemon.training.synthesis.babble import babble
from osa_daemon.training.synthesis.household import household_makers
from osa_daemon.training.synthesis.music import tones
from osa_daemon.training.synthesis.noises import noise_makers

Body = Callable[[synthesis.Voice, np.random.Generator], Samples]
Around = Callable[[np.random.Generator, float], Samples]

BODY: dict[str, Body] = {
    "inhale": lambda v, r: synthesis.breath(v, r, 1.4, phase="inhale", effort=1.0),
    "exhale": lambda v, r: synthesis.breath(v, r, 1.9, phase="exhale", effort=1.0),
    "snore": lambda v, r: synthesis.snore(v, r, 1.3, effort=1.0),
    "gasp": lambda v, r: synthesis.gasp(v, r, 0.9, effort=1.0),
    "effort": lambda v, r: synthesis.effort_sound(v, r, effort=1.0),
    "cough": lambda v, r: synthesis.cough(v, r, effort=1.0),
}
AROUND: dict[str, Around] = {
    "babble": babble,
    "tones": tones,
    **noise_makers(),
    **household_makers(),
}


@pytest.fixture(params=BODY)
def body(request: pytest.FixtureRequest) -> Body:
    """Return a function that makes one sound of a sleeper, each in turn."""
    return BODY[request.param]


@pytest.fixture(params=AROUND)
def around(request: pytest.FixtureRequest) -> Around:
    """Return a function that makes one sound of the house, each in turn."""
    return AROUND[request.param]
