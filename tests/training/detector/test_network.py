"""The network in torch, its targets, its training and its export."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest

from osa_daemon.detector.detector import Detector
from osa_daemon.detector.model import FORMAT, FORMAT_VERSION, Metadata
from osa_daemon.features.encoder import Encoder
from osa_daemon.features.features import Features
from osa_daemon.features.levels import LEVEL_WIDTH
from osa_daemon.features.runtime import open_model
from osa_daemon.service.models import models_folder

torch = pytest.importorskip("torch")

from osa_daemon.training.detector import train
from osa_daemon.training.detector.corpus import (
    FeatureNight,
    features_of,
    make_or_load,
)
from osa_daemon.training.detector.crops import CROP_FRAMES, Crops
from osa_daemon.training.detector.export import export, state_shape
from osa_daemon.training.detector.network import (
    DELAY_FRAMES,
    PIECE_FRAMES,
    Committee,
    Network,
    NetworkShape,
    Probabilities,
    read_whole,
)
from osa_daemon.training.detector.targets import lasting, targets_of
from osa_daemon.training.detector.train import Trainer, TrainingPlan, in_bfloat16, loss_of
from osa_daemon.training.simulator import NightSpec

pytestmark = pytest.mark.train

WIDTH = 24
NAMES = ("breath", "audible", "apnea", "hypopnea", "snore", "gasp", "ignore")


def make_inputs(frames: int, seed: int = 0) -> tuple[Any, Any, Any]:
    """Random features: encoder, levels, valid."""
    rng = np.random.default_rng(seed)
    encoder = torch.from_numpy(rng.normal(size=(1, frames, WIDTH)).astype(np.float32))
    levels = torch.from_numpy(rng.normal(size=(1, frames, LEVEL_WIDTH)).astype(np.float32))
    return encoder, levels, torch.ones(1, frames, 1)


def small_network(seed: int = 0) -> Network:
    """A network with random weights."""
    torch.manual_seed(seed)
    return Network(NetworkShape(WIDTH, LEVEL_WIDTH, channels=16)).eval()


def labels_of(frames: int, **spans: tuple[int, int]) -> dict[str, np.ndarray]:
    """Labels of a night with one span of ones each."""
    labels = {name: np.zeros(frames, np.uint8) for name in NAMES}
    for name, (start, end) in spans.items():
        labels[name][start:end] = 1
    return labels


def test_pieces_give_what_the_whole_gives():
    """With its memory carried on, the network does not notice a cut."""
    network = small_network()
    encoder, levels, valid = make_inputs(300)
    whole = network(encoder, levels, valid, network.zero_state(1))
    state = network.zero_state(1)
    parts = []
    for rows in (slice(0, 7), slice(7, 180), slice(180, 300)):
        causal, _, state = network(encoder[:, rows], levels[:, rows], valid[:, rows], state)
        parts.append(causal)
    torch.testing.assert_close(torch.cat(parts, dim=1), whole[0], atol=1e-5, rtol=1e-5)


def test_nothing_after_now_is_used():
    """The causal reading of a frame does not change with what follows."""
    network = small_network()
    encoder, levels, valid = make_inputs(200)
    first = network(encoder, levels, valid, network.zero_state(1))[0][:, :100]
    encoder[:, 100:] += 3.0
    second = network(encoder, levels, valid, network.zero_state(1))[0][:, :100]
    assert torch.equal(first, second)


def in_half(network: Network) -> Network:
    """Round the weights as the file stores them."""
    for row in network.state_dict().values():
        row.copy_(row.half().float())
    return network


def test_a_committee_says_the_mean_of_its_members():
    """Logits are averaged, and each member goes on from its own memory."""
    members = [small_network(seed) for seed in (1, 2)]
    committee = Committee(members)
    inputs = make_inputs(60)
    alone = [member(*inputs, member.zero_state(1)) for member in members]
    causal, delayed, state = committee(*inputs, committee.zero_state(1))
    torch.testing.assert_close(causal, (alone[0][0] + alone[1][0]) / 2)
    torch.testing.assert_close(delayed, (alone[0][1] + alone[1][1]) / 2)
    assert not torch.equal(alone[0][0], alone[1][0])
    assert torch.equal(state, torch.cat([alone[0][2], alone[1][2]], dim=2))


def test_the_exported_file_says_what_torch_says(tmp_path: Path):
    """ONNX and torch agree to float rounding, in both readings, of a committee as of one."""
    network = Committee([in_half(small_network(seed)) for seed in (1, 2)])
    metadata = Metadata(DELAY_FRAMES, state_shape(network), WIDTH, LEVEL_WIDTH, {}, "e", {})
    path = tmp_path / "detector.onnx"
    export(network, metadata, path)
    model = open_model(path, FORMAT, FORMAT_VERSION)
    detector = Detector(model.session, model.metadata, path, "e", LEVEL_WIDTH)
    encoder, levels, valid = make_inputs(150)
    ones, zeros = np.full(150, -50, np.float32), np.zeros(150, np.bool_)
    features = Features(0, encoder[0].numpy(), levels[0].numpy(), ~zeros, ones, ones, zeros, zeros)
    frames = detector.push(features)
    with torch.no_grad():
        heard = Probabilities(network).eval()  # exporting leaves it in training
        causal, delayed, _ = heard(encoder, levels, valid, network.zero_state(1))
    np.testing.assert_allclose([f.apnea for f in frames], causal[0, :, 2].numpy(), atol=1e-5)
    read = [f.delayed.apnea for f in frames if f.delayed is not None]
    np.testing.assert_allclose(read, delayed[0, DELAY_FRAMES:, 2].numpy(), atol=1e-5)


def test_the_exported_file_names_no_folder(tmp_path: Path):
    """What travels to the Pi holds no path of the machine that trained it."""
    network = small_network()
    metadata = Metadata(DELAY_FRAMES, state_shape(network), WIDTH, LEVEL_WIDTH, {}, "e", {})
    export(network, metadata, tmp_path / "detector.onnx")
    content = (tmp_path / "detector.onnx").read_bytes()
    assert str(Path(__file__).parents[3]).encode() not in content
    assert b"site-packages" not in content


def test_lasting_begins_after_its_time():
    """A run of ten frames has lasted four of them from its fifth on."""
    inside = np.zeros(30, np.bool_)
    inside[10:20] = True
    assert np.flatnonzero(lasting(inside, 4)).tolist() == list(range(14, 20))


def test_short_runs_never_last():
    """A run shorter than asked for gives nothing."""
    inside = np.zeros(30, np.bool_)
    inside[10:13] = True
    assert not lasting(inside, 4).any()


def test_targets_of_the_delayed_reading_lie_later():
    """An apnea at frame 100 is asked of the delayed reading 20 s later, of the causal at 10 s."""
    targets = targets_of(labels_of(400, apnea=(100, 200)), np.ones(400, np.bool_))
    event = np.flatnonzero(targets.event == 1)
    assert (event[0], event[-1]) == (100 + DELAY_FRAMES, 199 + DELAY_FRAMES)
    causal = np.flatnonzero(targets.causal[:, 2])
    assert 145 <= causal[0] <= 150
    assert causal[-1] == 199


def test_lost_and_uncertain_frames_weigh_nothing():
    """Gaps and events that sound cannot find are neither right nor wrong."""
    valid = np.ones(400, np.bool_)
    valid[50:60] = False
    targets = targets_of(labels_of(400, ignore=(200, 220)), valid)
    assert not targets.causal_weight[50:60].any()
    assert not targets.causal_weight[200:220, 2:4].any()
    assert targets.causal_weight[200:220, 1].all()
    assert not targets.event_weight[200 + DELAY_FRAMES : 220 + DELAY_FRAMES].any()


@pytest.fixture(scope="module")
def nights(tmp_path_factory: pytest.TempPathFactory) -> list[FeatureNight]:
    """Two short nights of synthesised breaths, through the shipped encoder."""
    specs = [
        NightSpec(seed, "train", "synthesised", "events", 150.0, severity="severe")
        for seed in (1, 2)
    ]
    cache = tmp_path_factory.mktemp("nights")
    encoder = models_folder() / "encoder.onnx"
    return make_or_load(specs, None, encoder, cache, jobs=1)


def test_cached_nights_are_what_was_made(nights: list[FeatureNight]):
    """Frames, labels and events of a night belong together."""
    night = nights[0]
    assert len(night.features) == 750 == len(night.labels["apnea"])
    assert night.features.encoder.shape[1] == Encoder(models_folder() / "encoder.onnx").width
    onset_s, duration_s, kind, _ = next(e for e in night.events if e[2] != "hypopnea")
    middle = int((onset_s + duration_s / 2) * 5)
    assert kind.endswith("apnea")
    assert night.labels["apnea"][middle] == 1 or night.labels["ignore"][middle] == 1


def test_training_learns_and_resumes(nights: list[FeatureNight], tmp_path: Path):
    """The loss falls, and an interrupted run ends where an uninterrupted one does."""
    shape = NetworkShape(nights[0].features.encoder.shape[1], LEVEL_WIDTH, channels=8)
    plan = TrainingPlan(steps=30, batch=2, check_every=10)
    batch = Crops(nights, seed=9).draw(4)

    def loss(network: Network) -> float:
        with torch.no_grad():
            causal, delayed, _ = network(
                batch["encoder"], batch["levels"], batch["valid"], network.zero_state(4)
            )
            return float(loss_of(causal, delayed, batch))

    def train(checkpoint: Path, *, fail_at: int | None = None) -> tuple[float, Network]:
        trainer = Trainer(shape, plan, nights, checkpoint)
        before = loss(trainer.averaged())
        checks: list[int] = []

        def score(network: Network) -> float:
            checks.append(1)
            if fail_at is not None and len(checks) == fail_at:
                raise KeyboardInterrupt
            return -loss(network)

        return before, trainer.run(score)

    before, straight = train(tmp_path / "a.pt")
    with pytest.raises(KeyboardInterrupt):
        train(tmp_path / "b.pt", fail_at=3)
    _, resumed = train(tmp_path / "b.pt")
    assert loss(straight) < 0.8 * before
    for name, value in straight.state_dict().items():
        torch.testing.assert_close(resumed.state_dict()[name], value)


@pytest.mark.parametrize(
    ("capability", "expected"), [("AVX512", True), ("AVX2", False), ("DEFAULT", False)]
)
def test_bfloat16_is_taken_where_the_machine_has_it(
    monkeypatch: pytest.MonkeyPatch, capability: str, *, expected: bool
):
    """Emulated, it would make training five times as long."""
    monkeypatch.setattr(torch.backends.cpu, "get_cpu_capability", lambda: capability)
    assert in_bfloat16() is expected


def test_a_checkpoint_is_of_the_nights_that_chose_its_best(
    nights: list[FeatureNight], tmp_path: Path
):
    """Watched on other nights, a run begins anew: its best step was chosen by the old ones."""
    shape = NetworkShape(nights[0].features.encoder.shape[1], LEVEL_WIDTH, channels=8)
    plan = TrainingPlan(steps=4, batch=2, check_every=2)

    def checks(watched: tuple[str, ...]) -> int:
        seen: list[Network] = []
        trainer = Trainer(shape, plan, nights, tmp_path / "c.pt", watched=watched)
        trainer.run(lambda network: float(len(seen.append(network) or seen)))
        return len(seen)

    assert checks(("a",)) == 2
    assert checks(("a",)) == 0
    assert checks(("b",)) == 2
    assert checks(("a",)) == 0  # a trial in between has not overwritten it


def test_a_checkpoint_is_of_the_code_that_taught(
    nights: list[FeatureNight], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """After a change of targets or loss, a run begins anew."""
    shape = NetworkShape(nights[0].features.encoder.shape[1], LEVEL_WIDTH, channels=8)
    plan = TrainingPlan(steps=2, batch=2, check_every=2)
    for code in (train.TAUGHT_BY, train.TAUGHT_BY[:1]):
        monkeypatch.setattr(train, "TAUGHT_BY", code)
        Trainer(shape, plan, nights, tmp_path / "c.pt").run(lambda _network: 0.5)
    assert len(list(tmp_path.glob("c-*.pt"))) == 2


def test_a_night_is_read_in_pieces_as_in_one():
    """Longer than a piece or not: the logits are those of the whole."""
    network = small_network()
    encoder, levels, valid = make_inputs(PIECE_FRAMES + 130)
    causal, delayed = read_whole(network, encoder[0], levels[0], valid[0])
    whole = network(encoder, levels, valid, network.zero_state(1))
    torch.testing.assert_close(causal, whole[0][0], atol=1e-5, rtol=1e-5)
    torch.testing.assert_close(delayed, whole[1][0], atol=1e-5, rtol=1e-5)


def test_crops_are_whole_and_repeat_by_seed(nights: list[FeatureNight]):
    """The same seed draws the same crops, each of full length."""
    one, two = Crops(nights, seed=4).draw(3), Crops(nights, seed=4).draw(3)
    assert one["encoder"].shape[:2] == (3, CROP_FRAMES)
    assert all(torch.equal(one[name], two[name]) for name in one)


def test_features_do_not_begin_with_a_gap(nights: list[FeatureNight]):
    """A simulated night enters the front end from its first sample on."""
    assert nights[0].features.index == 0
    assert nights[0].features.valid[:10].all()
    assert callable(features_of)
