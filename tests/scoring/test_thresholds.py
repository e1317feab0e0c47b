"""Thresholds from the model's metadata."""

import pytest

from osa_daemon.errors import ModelError
from osa_daemon.scoring.thresholds import Thresholds


def test_metadata_is_read():
    """Named thresholds replace the defaults."""
    assert Thresholds.of({"event": 0.4, "breath": 0.6}) == Thresholds(event=0.4, breath=0.6)


@pytest.mark.parametrize("value", [0.0, 1.0, -0.1, 7.0, float("nan")])
def test_only_probabilities_are_thresholds(value):
    """A value outside 0 to 1 is refused with its name."""
    with pytest.raises(ModelError, match="threshold event is"):
        Thresholds.of({"event": value})


def test_release_is_not_above_in_progress():
    """A pause could never end otherwise."""
    with pytest.raises(ModelError, match=r"release is 0\.8"):
        Thresholds.of({"release": 0.8, "in_progress": 0.6})


def test_an_unknown_name_is_refused():
    """A model of another version says so."""
    with pytest.raises(ModelError, match="named wheeze"):
        Thresholds.of({"wheeze": 0.5})
