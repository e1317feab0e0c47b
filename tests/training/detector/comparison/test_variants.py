"""What the variants differ in."""

import pytest

pytest.importorskip("torch")

from osa_daemon.training.detector.comparison.variants import ABLATIONS, INPUTS, SHIPPED
from osa_daemon.training.detector.network import Disturbance


def test_nobody_with_one_input_alone_must_do_without_it() -> None:
    """The shipped detector learns without its encoder at times; who has no levels cannot."""
    assert SHIPPED.disturbed_by == Disturbance()
    assert Disturbance().encoder_dropout > 0
    alone = [v for v in (*ABLATIONS, *INPUTS) if not v.view.bands]
    assert len(alone) >= 2
    assert {v.disturbed_by.encoder_dropout for v in alone} == {0.0}


def test_a_variant_of_the_disturbance_keeps_its_own() -> None:
    """The ablation without any disturbance is not given the usual one."""
    (calm,) = [v for v in ABLATIONS if v.name == "undisturbed"]
    assert calm.disturbed_by == calm.disturbance
    assert calm.disturbed_by.feature_noise == 0
