"""What a variant is given of a night."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch")

from osa_daemon.errors import UsageError
from osa_daemon.features.levels import BANDS, LEVEL_WIDTH
from osa_daemon.training.detector.comparison.views import View, over_floor, seen
from tests.training.detector.baselines.nights import night_of

pytestmark = pytest.mark.train


def test_the_whole_view_is_the_night():
    """Nothing is left out by default."""
    night = night_of(duration_s=20)
    assert seen(night, View()) is night


@pytest.mark.parametrize(
    ("view", "width"),
    [
        (View(bands=8), LEVEL_WIDTH - 4 * BANDS // 2),
        (View(bands=1), 3),
        (View(bands=0), 1),
        (View(fast_floor=False), 3 * BANDS + 2),
    ],
)
def test_levels_are_left_out(view: View, width: int):
    """Each view of the levels has its columns."""
    assert seen(night_of(duration_s=20), view).features.levels.shape == (100, width)


def test_two_bands_become_their_mean_power():
    """10 dB and 0 dB over the floor are together 10 log10 of their mean power."""
    night = night_of(duration_s=20)
    levels = np.zeros_like(night.features.levels)
    levels[:, 0] = 1.0
    night = replace(night, features=replace(night.features, levels=levels))
    paired = seen(night, View(bands=8)).features.levels
    assert paired[0, 0] == pytest.approx(np.log10((10 + 1) / 2))


def test_log_mel_takes_the_encoders_place():
    """Log-mel is told over the floor; a louder microphone changes nothing."""
    night = night_of(duration_s=20)
    mel = np.full((100, 80), -4.0, np.float16)
    heard = seen(replace(night, logmel=mel), View(sound="logmel", bands=0))
    assert heard.features.encoder.shape == (100, 80)
    louder = replace(night.features, noise_dbfs=night.features.noise_dbfs + 20)
    np.testing.assert_allclose(over_floor(mel + 2, louder), heard.features.encoder, atol=1e-5)


def test_log_mel_must_have_been_loaded():
    """A night without log-mel is refused in one sentence."""
    with pytest.raises(UsageError, match="logmel=True"):
        seen(night_of(duration_s=20), View(sound="logmel"))
