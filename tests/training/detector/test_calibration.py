"""Probabilities that mean what they say."""

from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

torch = pytest.importorskip("torch")

from osa_daemon.features.levels import LEVEL_WIDTH
from osa_daemon.training.detector.calibration import (
    Rows,
    Scaling,
    calibrated,
    calibration_errors,
    evidence_of,
    expected_error,
    fit_events,
    fit_sigmoids,
    fit_softmax,
    fold,
)
from osa_daemon.training.detector.network import Network, NetworkShape

pytestmark = pytest.mark.train

COUNT = 40_000
WIDTH = 24
NAMES = ("breath", "audible", "apnea", "hypopnea", "snore", "gasp", "ignore")


def spread(outputs: int, seed: int = 0) -> Any:
    """Logits that are right: (COUNT, outputs), normal around -1 with a spread of 2."""
    draw = torch.Generator().manual_seed(seed)
    return torch.randn(COUNT, outputs, dtype=torch.float64, generator=draw) * 2 - 1


def truth_of(logits: Any, seed: int = 1) -> Any:
    """Outcomes as often true as the logits say."""
    draw = torch.Generator().manual_seed(seed)
    chance = torch.rand(logits.shape, dtype=torch.float64, generator=draw)
    return (chance < torch.sigmoid(logits)).double()


def classes_of(logits: Any, seed: int = 1) -> Any:
    """Classes as often true as the softmax of the logits says."""
    draw = torch.Generator().manual_seed(seed)
    return torch.multinomial(torch.softmax(logits, 1), 1, generator=draw)[:, 0]


def test_the_type_of_an_event_has_a_temperature_of_its_own():
    """Who is too sure of events and right about their types keeps the types."""
    right = spread(3)
    event, kind = (right[:, 1] + right[:, 2]) / 2 - right[:, 0], (right[:, 1] - right[:, 2]) / 2
    wrong = torch.stack([torch.zeros(COUNT), event * 3 + kind, event * 3 - kind], 1)
    fit = fit_events(Rows(wrong, classes_of(right), torch.ones(COUNT)))
    mended = wrong @ fit.matrix.T + fit.bias
    expected = right - right[:, :1]
    torch.testing.assert_close(mended, expected, atol=0.25, rtol=0.06)


def test_without_one_of_the_classes_events_are_scaled_as_one():
    """Nothing is known of a type that never occurs."""
    targets = torch.zeros(COUNT, dtype=torch.int64)
    targets[:1000] = 1
    rows = Rows(spread(3), targets, torch.ones(COUNT))
    scaling, fit = fit_softmax(rows), fit_events(rows)
    assert torch.equal(fit.matrix, scaling.matrix)
    assert torch.equal(fit.bias, scaling.bias)


def test_a_sigmoid_that_is_too_sure_is_found_out():
    """Logits that were doubled and shifted come back to what they were."""
    right = spread(2)
    wrong = torch.stack([right[:, 0] * 2 + 1, right[:, 1]], 1)
    fit = fit_sigmoids(Rows(wrong, truth_of(right), torch.ones(COUNT, 2)))
    torch.testing.assert_close(
        fit.matrix, torch.diag(torch.tensor([0.5, 1.0], dtype=torch.float64)), atol=0.03, rtol=0
    )
    torch.testing.assert_close(
        fit.bias, torch.tensor([-0.5, 0.0], dtype=torch.float64), atol=0.05, rtol=0
    )


def test_a_class_that_was_weighted_gets_its_frequency_back():
    """Training with a threefold weight adds its logarithm to the logit; it is taken away."""
    right = spread(3)
    wrong = right + torch.tensor([0.0, 0.0, np.log(3.0)])
    fit = fit_softmax(Rows(wrong, classes_of(right), torch.ones(COUNT)))
    assert fit.bias.tolist() == pytest.approx([0.0, 0.0, -np.log(3.0)], abs=0.06)
    assert fit.matrix.diagonal().tolist() == pytest.approx([1.0] * 3, abs=0.03)


def test_the_classes_share_one_temperature():
    """Which of the classes is the likeliest changes by the biases alone."""
    right = spread(3)
    fit = fit_softmax(Rows(right * 4, classes_of(right), torch.ones(COUNT)))
    assert torch.equal(fit.matrix, torch.diag(fit.matrix[0, 0].expand(3)))
    assert fit.matrix[0, 0] == pytest.approx(0.25, abs=0.01)


def test_frames_that_weigh_nothing_do_not_count():
    """What is unknown may be anything."""
    right = spread(1)
    targets, weights = truth_of(right), torch.ones(COUNT, 1)
    targets[::3], weights[::3] = 1.0, 0.0
    fit = fit_sigmoids(Rows(right, targets, weights))
    assert fit.matrix.item() == pytest.approx(1.0, abs=0.05)
    assert fit.bias.item() == pytest.approx(0.0, abs=0.05)
    event, weights = classes_of(spread(3)), torch.ones(COUNT)
    event[::3], weights[::3] = 2, 0.0
    assert fit_softmax(Rows(spread(3), event, weights)).bias.tolist() == pytest.approx(
        [0.0] * 3, abs=0.06
    )


@pytest.mark.parametrize("value", [0.0, 1.0])
def test_what_is_always_alike_stays_as_it_is(value: float):
    """An output that never, or always, occurs teaches nothing."""
    rows = Rows(spread(1), torch.full((COUNT, 1), value), torch.ones(COUNT, 1))
    fit = fit_sigmoids(rows)
    assert (fit.matrix.item(), fit.bias.item()) == (1.0, 0.0)


def test_a_class_that_never_occurs_is_not_pushed_away():
    """Nights without hypopneas do not end them."""
    targets = classes_of(spread(2))
    fit = fit_softmax(Rows(spread(3), targets, torch.ones(COUNT)))
    assert fit.bias[2] == fit.bias[0] == 0.0


def test_the_error_is_that_of_belief_against_frequency():
    """Right beliefs have none; 0.9 for what is true half of the time has 0.4."""
    ones = torch.ones(COUNT)
    right = torch.sigmoid(spread(1)[:, 0])
    assert expected_error(right, truth_of(spread(1))[:, 0], ones) == pytest.approx(0, abs=0.01)
    half = torch.arange(COUNT) % 2
    assert expected_error(torch.full((COUNT,), 0.9), half, ones) == pytest.approx(0.4)
    assert expected_error(right, half, torch.zeros(COUNT)) is None


def test_the_error_leaves_out_what_weighs_nothing():
    """Unknown frames are no evidence of anything."""
    truth, weights = torch.ones(COUNT), torch.ones(COUNT)
    truth[::2], weights[::2] = 0.0, 0.0
    assert expected_error(torch.full((COUNT,), 1.0), truth, weights) == 0.0


def test_a_scaling_goes_into_the_layer():
    """The layer then gives what the scaling makes of its logits."""
    torch.manual_seed(0)
    head, x = torch.nn.Linear(5, 3), torch.randn(7, 5)
    scaling = Scaling(torch.randn(3, 3), torch.tensor([0.1, 0.0, -3.0]))
    expected = head(x) @ scaling.matrix.T + scaling.bias
    fold(head, scaling)
    torch.testing.assert_close(head(x), expected)


def night(seed: int, **spans: tuple[int, int]) -> Any:
    """A night of random features, long enough for everything to happen."""
    rng = np.random.default_rng(seed)
    frames = 2_000
    labels = {name: np.zeros(frames, np.uint8) for name in NAMES}
    for name in ("breath", "audible", "snore", "gasp"):
        labels[name] = rng.integers(0, 2, frames).astype(np.uint8)
    for name, (start, end) in spans.items():
        labels[name][start:end] = 1
    features = SimpleNamespace(
        encoder=rng.normal(size=(frames, WIDTH)).astype(np.float16),
        levels=rng.normal(size=(frames, LEVEL_WIDTH)).astype(np.float16),
        valid=np.ones(frames, np.bool_),
    )
    return SimpleNamespace(features=features, labels=labels)


@pytest.fixture(scope="module")
def nights() -> list[Any]:
    """Two nights with events of both types."""
    return [night(0, apnea=(300, 700)), night(1, hypopnea=(800, 1200), ignore=(1500, 1700))]


@pytest.fixture(scope="module")
def network() -> Network:
    """A network that knows nothing and is sure of it."""
    torch.manual_seed(0)
    network = Network(NetworkShape(WIDTH, LEVEL_WIDTH, channels=8)).eval()
    with torch.no_grad():
        network.causal_head.weight.mul_(8)
        network.delayed_head.weight.mul_(8)
    return network


def test_the_network_itself_is_calibrated(network: Network, nights: list[Any]):
    """None of its errors grew, and that of the events is a fraction of what it was."""
    before = calibration_errors(network, nights)
    after = calibration_errors(calibrated(network, nights), nights)
    assert before.keys() == after.keys()
    assert all(after[name] <= error + 0.01 for name, error in before.items())
    assert after["delayed event"] < 0.5 * before["delayed event"]


def test_the_given_network_stays_as_it_was(network: Network, nights: list[Any]):
    """What comes back is another one."""
    kept = {name: value.clone() for name, value in network.state_dict().items()}
    calibrated(network, nights)
    assert all(torch.equal(value, kept[name]) for name, value in network.state_dict().items())


def test_scored_events_that_sound_cannot_find_weigh_nothing(network: Network, nights: list[Any]):
    """Their frames, 200 and later by the delay, are no evidence of the event's reading."""
    evidence = evidence_of(network, nights[1:])
    assert int((evidence.event.weights == 0).sum()) == 200 + network.shape.delay_frames


def test_labels_that_are_not_known_have_no_error(network: Network):
    """Nights of other people may say nothing of snores."""
    other = night(2, apnea=(300, 700))
    del other.labels["snore"]
    errors = calibration_errors(calibrated(network, [other]), [other])
    assert errors["delayed snore"] is None
    assert errors["causal apnea"] is not None
