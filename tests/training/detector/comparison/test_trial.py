"""Variants are trained and judged as the shipped detector is, and what is finished is kept."""

from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from osa_daemon.training.detector.baselines import envelope
from osa_daemon.training.detector.comparison.contest import FP32_NIGHTS, precision_nights
from osa_daemon.training.detector.comparison.cost import network_ms
from osa_daemon.training.detector.comparison.trial import train
from osa_daemon.training.detector.comparison.variants import ABLATIONS, INPUTS, Variant
from osa_daemon.training.detector.comparison.views import View
from osa_daemon.training.detector.comparison.workshop import Way, Workshop, digest_of, thinned
from osa_daemon.training.detector.corpus import FeatureNight
from osa_daemon.training.detector.testing import read_manifest
from osa_daemon.training.detector.train import TrainingPlan
from osa_daemon.training.encoder_export import EncoderSpec
from tests.training.detector.baselines.nights import night_of
from tests.training.detector.comparison.stored import StoredNights, specs_of

pytestmark = pytest.mark.train

PLAN = TrainingPlan(steps=2, batch=2, check_every=1)


@pytest.fixture
def shop(tmp_path: Path) -> Workshop:
    """A workshop of small nights, in one process."""
    return StoredNights(data=tmp_path, cache=tmp_path, jobs=1)


@pytest.mark.parametrize(
    "variant",
    [
        Variant("levels", "", View(sound="none"), {"bottleneck": 0}),
        Variant("early", "", shape={"delay_frames": 75, "dilations": (1, 2, 4)}),
    ],
    ids=lambda variant: variant.name,
)
def test_a_variant_is_trained_and_judges(shop: Workshop, variant: Variant):
    """A trained variant judges nights in another place as it judged the validation nights."""
    specs = specs_of(1, 2), specs_of(3)
    trained, watched = train(variant, shop, specs, PLAN)
    again = shop.judge(trained.way, shop.paths(specs[1]))
    assert [night.decided for night in again] == [night.decided for night in watched]
    assert again[0].truth == watched[0].truth
    assert network_ms(trained.model, trained.encoder_sha256) > 0


def test_a_finished_training_is_not_repeated(shop: Workshop, monkeypatch: pytest.MonkeyPatch):
    """The second time, the checkpoint gives the same detector without a step."""
    specs = specs_of(1), specs_of(2)
    first, _ = train(Variant("same", ""), shop, specs, PLAN)
    monkeypatch.setattr(
        "osa_daemon.training.detector.train.Trainer._one_step", lambda _: pytest.fail("a step")
    )
    second, _ = train(Variant("same", ""), shop, specs, PLAN)
    assert first.way.made_of == second.way.made_of


def fails(night: FeatureNight) -> Any:
    """A way that cannot judge."""
    raise AssertionError(night.name)


def test_judged_nights_are_kept(shop: Workshop):
    """A night that was judged in one way is read again, and judged anew in another."""
    paths = shop.paths(specs_of(1))
    rule = partial(envelope.judge, rule=envelope.EnvelopeRule())
    first = shop.judge(Way("a", rule), paths)
    again = shop.judge(Way("a", fails), paths)
    assert again[0].decided == first[0].decided
    with pytest.raises(AssertionError):
        shop.judge(Way("b", fails), paths)


def test_results_are_kept_under_their_key(shop: Workshop):
    """A result is found again only by what it depends on."""
    shop.keep("group", "name", digest_of(1), {"f1": 0.5})
    kept = shop.kept("group", "name", digest_of(1))
    assert kept is not None
    assert kept["f1"] == 0.5
    assert shop.kept("group", "name", digest_of(2)) is None
    assert shop.kept("group", "other", digest_of(1)) is None


def test_a_share_of_nights_is_spread_over_all():
    """A third of the nights takes every third one, and at least one night is left."""
    specs = specs_of(*range(9))
    assert [spec.seed for spec in thinned(specs, 1 / 3)] == [0, 3, 6]
    assert thinned(specs, 1.0) == specs
    assert len(thinned(specs, 0.001)) == 1


def test_every_variant_has_a_name_of_its_own():
    """Results are kept by name."""
    names = [variant.name for variant in (*ABLATIONS, *INPUTS)]
    assert len(names) == len(set(names))


def test_the_shipped_encoder_is_not_exported_anew(shop: Workshop):
    """Trials with the shipped encoder use its file."""
    assert shop.encoder(EncoderSpec()).name == "encoder.onnx"


def test_kept_nights_come_back_whole_or_not_at_all(shop: Workshop):
    """Nights kept under a key come back in order; where one is lacking, none does."""
    nights = [envelope.judge(night_of(seed=k), envelope.EnvelopeRule()) for k in range(2)]
    shop.keep_nights("a", nights)
    assert [night.facts["person"] for night in shop.kept_nights("a", 2)] == ["a0/b0", "a1/b1"]
    assert shop.kept_nights("a", 3) == []


def test_test_nights_are_the_first_of_the_manifest(tmp_path: Path):
    """A share of the test nights is what the card judges, whatever is trained on for a trial."""
    manifest = read_manifest()
    shop = Workshop(tmp_path, tmp_path, scale=0.01, test_share=0.3)
    nights = shop.judged_nights()
    assert nights == manifest[: round(0.3 * len(manifest))]


def test_precision_is_told_of_nights_with_events(tmp_path: Path):
    """F1 needs events: the first judged nights that hold some, or all where there are fewer."""
    manifest = read_manifest()
    nights = precision_nights(Workshop(tmp_path, tmp_path))
    assert nights == [spec for spec in manifest if spec.severity != "none"][:FP32_NIGHTS]
    assert len(nights) == FP32_NIGHTS
    few = Workshop(tmp_path, tmp_path, test_share=10 / len(manifest))
    assert precision_nights(few) == [s for s in few.judged_nights() if s.severity != "none"]
    assert 0 < len(precision_nights(few)) < FP32_NIGHTS
