"""Crops: the same by seed, whole, and silent about what cannot be known."""

from collections.abc import Iterator

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from osa_daemon.features.features import Features
from osa_daemon.training.detector import crops
from osa_daemon.training.detector.corpus import LABELS, FeatureNight
from osa_daemon.training.detector.crops import CROP_FRAMES, Crops

pytestmark = pytest.mark.train

DELAY = 100


def night_of(frames: int, **spans: tuple[int, int]) -> FeatureNight:
    """A night of random features, its labels one span of ones each."""
    rng = np.random.default_rng(frames)
    levels = np.arange(frames, dtype=np.float32)[:, None]  # tells where a crop begins
    flags, zeros = np.ones(frames, np.bool_), np.zeros(frames, np.float32)
    encoder = rng.normal(size=(frames, 3)).astype(np.float32)
    labels = {name: np.zeros(frames, np.uint8) for name in LABELS}
    for name, (start, end) in spans.items():
        labels[name][start:end] = 1
    features = Features(0, encoder, levels, flags, zeros, zeros, ~flags, ~flags)
    return FeatureNight(str(frames), features, labels, (), {})


@pytest.fixture
def no_gaps(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Nothing is cut out of crops."""
    monkeypatch.setattr(crops, "GAP_SHARE", 0.0)
    return


def starts_of(batch: dict[str, "torch.Tensor"]) -> list[int]:
    """Where the crops of a batch begin in their night."""
    return [int(start) for start in batch["levels"][:, 0, 0]]


def test_the_same_seed_draws_the_same_crops():
    """Every tensor of a batch repeats, the gaps that were cut into it included."""
    nights = [night_of(1_800), night_of(700)]
    one, two = (Crops(nights, seed=4).draw(12) for _ in range(2))
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_the_spread_is_that_of_frames_with_sound():
    """Lost sound and padding move neither mean nor deviation; every seventh frame is enough."""
    night = night_of(700)
    night.features.valid[100:300] = False
    night.features.encoder[100:300] = 50.0
    valid = np.flatnonzero(night.features.valid)[::7]
    spread = Crops([night], seed=1).spread()
    for name, rows in (("encoder", night.features.encoder), ("levels", night.features.levels)):
        mean, deviation = spread[name]
        np.testing.assert_allclose(mean, rows[valid].mean(0), atol=2e-2, rtol=1e-3)
        np.testing.assert_allclose(deviation, rows[valid].std(0), atol=2e-2, rtol=1e-3)


def test_a_restored_draw_goes_on():
    """What is drawn after a restart is what would have been drawn without it."""
    first = Crops([night_of(1_900)], seed=4)
    first.draw(3)
    state = first.state()
    second = Crops([night_of(1_900)], seed=9)
    second.restore(state)
    assert starts_of(first.draw(6)) == starts_of(second.draw(6))


def test_a_short_night_is_followed_by_lost_sound():
    """A night shorter than a crop is filled up, and what was filled weighs nothing."""
    batch = Crops([night_of(400, breath=(0, 400))], seed=1).draw(2)
    assert batch["valid"].shape == (2, CROP_FRAMES, 1)
    assert not batch["valid"][:, 400:].any()
    assert not batch["causal_weight"][:, 400:].any()
    assert not batch["event_weight"][:, 400 + DELAY :].any()


def test_cut_sound_weighs_nothing_in_either_reading(monkeypatch: pytest.MonkeyPatch):
    """A gap is unknown when it is there, and in the delayed reading a delay later."""
    monkeypatch.setattr(crops, "GAP_SHARE", 1.0)
    batch = Crops([night_of(8_000)], seed=2).draw(1)
    lost = np.flatnonzero(batch["valid"][0, :, 0].numpy() == 0)
    assert 2 <= len(lost) <= 60
    assert not batch["causal_weight"][0, lost].any()
    behind = lost[lost + DELAY < CROP_FRAMES] + DELAY
    assert not batch["event_weight"][0, behind].any()
    assert not batch["delayed_weight"][0, behind].any()


@pytest.mark.usefixtures("no_gaps")
def test_the_delayed_reading_is_not_asked_of_frames_before_the_crop():
    """Its first rows belong to sound that the crop does not hold."""
    batch = Crops([night_of(4_000)], seed=3).draw(8)
    assert not batch["event_weight"][:, :DELAY].any()
    assert not batch["delayed_weight"][:, :DELAY].any()
    assert batch["event_weight"][:, DELAY:].all()


@pytest.mark.usefixtures("no_gaps")
def test_an_event_that_began_before_the_crop_is_not_asked_for():
    """Who did not hear the breath before it cannot know a pause from an empty room."""
    apnea = (1_000, 1_300)
    batch = Crops([night_of(3_000, apnea=apnea)], seed=5).draw(40)
    inside = [k for k, start in enumerate(starts_of(batch)) if apnea[0] < start < apnea[1]]
    assert inside
    for k in inside:
        rest = apnea[1] - starts_of(batch)[k]
        assert not batch["causal_weight"][k, :rest, 2:4].any()
        assert batch["causal_weight"][k, rest:, 2:4].all()
        assert batch["causal_weight"][k, :rest, :2].all()
        assert not batch["event_weight"][k, DELAY : DELAY + rest].any()
        assert batch["event_weight"][k, DELAY + rest :].all()


@pytest.mark.usefixtures("no_gaps")
def test_an_event_at_the_beginning_of_a_night_is_asked_for():
    """A recording may begin with a pause: the truth says so, and the crop holds all of it."""
    batch = Crops([night_of(CROP_FRAMES, apnea=(0, 100))], seed=6).draw(4)
    begins = [k for k, start in enumerate(starts_of(batch)) if start == 0]
    assert begins
    assert batch["event_weight"][begins, DELAY : DELAY + 100].all()


def test_longer_nights_are_drawn_more_often():
    """Every minute of all nights is drawn as often."""
    batch = Crops([night_of(9_000, snore=(0, 9_000)), night_of(3_000)], seed=7).draw(80)
    long = int(batch["causal"][:, 700, 4].sum())
    assert 48 <= long <= 72
