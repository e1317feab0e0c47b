"""Groups of comparisons from end to end, on small nights that are not simulated."""

import json
import re
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from osa_daemon.detector.model import file_sha256
from osa_daemon.errors import UsageError
from osa_daemon.service.models import models_folder
from osa_daemon.training.detector.baselines import envelope
from osa_daemon.training.detector.comparison import contest, cost, inputs
from osa_daemon.training.detector.comparison.ablation import ablations
from osa_daemon.training.detector.comparison.command import Options, compare_detectors
from osa_daemon.training.detector.comparison.effort import BRIEF, Effort
from osa_daemon.training.detector.comparison.generators import cross_tables
from osa_daemon.training.detector.comparison.training_sets import training_sets
from osa_daemon.training.detector.comparison.workshop import Way, Workshop
from osa_daemon.training.detector.examination import manifest_digest
from osa_daemon.training.detector.looks import COLUMNS, read_looks
from osa_daemon.training.detector.testing import read_manifest
from osa_daemon.training.detector.train import TrainingPlan
from tests.training.detector.comparison.stored import StoredNights

pytestmark = pytest.mark.train

MODEL = models_folder() / "detector.onnx"
PLAN = TrainingPlan(steps=2, batch=2, check_every=1)


@pytest.fixture
def shop(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workshop:
    """A workshop of small nights, in one process; a rule stands for the shipped detector."""
    rule = partial(envelope.judge, rule=envelope.EnvelopeRule())
    monkeypatch.setattr(contest, "shipped", lambda _: contest.Rival(Way("shipped", rule)))
    return StoredNights(data=tmp_path, cache=tmp_path, jobs=1, judged_on="validation")


def test_ablations_are_told_against_the_shipped_one(
    shop: Workshop, monkeypatch: pytest.MonkeyPatch
):
    """The shipped choice has nothing over itself; costs stand beside accuracy."""
    monkeypatch.setattr(cost, "SECONDS", 4)
    names = ("as-shipped", "bottleneck-0")
    (_, shipped), (_, other) = ablations(shop, PLAN, names)
    row = shipped["rows"]["as-shipped"]
    assert row["f1_over_shipped"] == 0.0
    assert row["front_end_ms_per_second"] > 0 < row["detector_ms_per_second"]
    assert other["rows"]["bottleneck-0"]["front_end_ms_per_second"] is None
    assert other["table"].startswith("Bottleneck")


def test_rivals_are_put_beside_the_shipped_detector(shop: Workshop):
    """Each rival is tuned, judged on the same nights, and compared in pairs."""
    names = (contest.ENVELOPE, contest.WINDOWS)
    for name, row in contest.contest(shop, MODEL, names):
        assert row["against"]["all"]["f1"]["ours"] == 1.0, name
        assert row["tuned"], name


def test_inputs_are_put_beside_the_encoder(shop: Workshop, monkeypatch: pytest.MonkeyPatch):
    """Each is trained alike and compared in pairs; the encoder's has nothing over itself."""
    monkeypatch.setattr(cost, "SECONDS", 4)
    asked = (inputs.OURS, "band levels")
    first, levels = (row for _, row in inputs.inputs(shop, PLAN, asked))
    assert first["against"]["all"]["f1"]["difference"] == 0.0
    f1 = levels["against"]["all"]["f1"]
    assert levels["ours"] == first["system"]
    assert f1["ours"] == pytest.approx(first["system"]["all"]["f1"] or 0.0)
    assert f1["theirs"] == pytest.approx(levels["system"]["all"]["f1"] or 0.0)
    assert levels["tuned"]["steps"] == first["tuned"]["steps"] == 2
    assert levels["tuned"]["weights"] < first["tuned"]["weights"]


def test_generators_are_tested_each(shop: Workshop):
    """A training set without a generator is tested on all of them."""
    ((_, row),) = cross_tables(shop, PLAN, ("without airflow",))
    assert set(row["tested"]) == {"recorded", "synthesised", "airflow"}
    assert row["train_hours"] == round(2 * 300 / 3600, 2)


def test_both_training_sets_are_tested_on_the_same_nights(shop: Workshop):
    """The second of the two is read against the first, in pairs; alone there is no difference."""
    (_, clear), (_, every) = training_sets(shop, PLAN, ("clear", "all"))
    assert clear["all_over_clear"] == {}
    assert clear["of"] == every["of"]
    assert clear["steps"] == every["steps"] == 2
    assert clear["tested"]["nights"] == every["tested"]["nights"] == 3
    over = every["all_over_clear"]
    assert over["ours"] == pytest.approx(every["tested"]["f1"] or 0.0)
    assert over["difference"] == pytest.approx(over["ours"] - over["theirs"])
    ((_, again),) = training_sets(shop, PLAN, ("clear",))
    assert again["all_over_clear"] == over


def test_training_sets_hold_the_same_nights_of_other_sounds(tmp_path: Path):
    """As many nights, the same stories: only what they may be made of differs."""
    clear, every = (
        Workshop(tmp_path, tmp_path, scale=0.02, material=name).training()
        for name in ("clear", "all")
    )
    assert {spec.material for spec in clear} == {"clear"}
    assert [replace(spec, material="all") for spec in clear] == every


def test_what_is_judged_on_test_nights_is_a_look(shop: Workshop, tmp_path: Path):
    """One for the detector that rivals stand beside, however many; none on validation nights."""
    log = tmp_path / "looks.csv"
    log.write_text(",".join(COLUMNS) + "\n")
    options = Options(shop, MODEL, tmp_path / "a.json", (contest.ENVELOPE,), 2, log)
    compare_detectors(options)
    assert read_looks(log) == []
    on_test = replace(shop, judged_on="test", test_share=2 / len(read_manifest()))
    again = replace(options, shop=on_test, out=tmp_path / "b.json")
    compare_detectors(again)
    compare_detectors(replace(again, only=("recorded",)))
    (look,) = read_looks(log)
    assert look["detector"] == file_sha256(MODEL)[:12]
    assert look["manifest"] == manifest_digest(read_manifest())
    assert look["nights"] == "2"


def test_a_run_adds_to_what_is_there(shop: Workshop, tmp_path: Path):
    """Results of an earlier run stay in the file; each is of the same detector."""
    out = tmp_path / "comparisons.json"
    for name in ("recorded", contest.ENVELOPE):
        compare_detectors(Options(shop, MODEL, out, (name,), steps=2))
    text = out.read_text()
    assert '"cross"' in text
    assert contest.ENVELOPE in text


def test_brief_trials_take_a_part_of_every_split(tmp_path: Path):
    """Of training, validation and calm nights; with generators, only what they make."""
    shop, effort = Workshop(tmp_path, tmp_path, scale=0.05), BRIEF
    whole, alone = effort.nights(shop), effort.nights(shop, ("airflow",))
    for name in ("training", "validation", "calm"):
        some, of = getattr(alone, name), getattr(whole, name)
        assert 0 < len(of) <= len(getattr(Effort(1, 1.0, 1.0, 1.0, 1, 1).nights(shop), name))
        assert some == [spec for spec in of if spec.generator == "airflow"]


def test_brief_trials_are_judged_on_the_first_of_each_kind():
    """As many of each generator with events, some without; nobody chooses which."""
    manifest = read_manifest()
    chosen = BRIEF.judged_on(manifest)
    assert chosen == [spec for spec in manifest if spec in chosen]
    for generator in ("recorded", "synthesised", "airflow"):
        having = [s for s in manifest if s.severity != "none" and s.generator == generator]
        assert [s for s in having if s in chosen] == having[: BRIEF.having]
    without = [spec for spec in manifest if spec.severity == "none"]
    assert [spec for spec in without if spec in chosen] == without[: BRIEF.without]


@pytest.mark.parametrize(
    ("asked", "words"),
    [
        ({"judged_on": "test", "test_share": 0.1}, "holds results of --judged-on validation"),
        ({"scale": 0.5}, "holds results of --scale 1.0, which"),
        ({}, "another version of the nights"),
    ],
)
def test_results_of_other_nights_are_not_added_to(
    shop: Workshop, tmp_path: Path, asked: dict[str, Any], words: str
):
    """A share, a split or a manifest other than the file's is refused before anything is trained.

    The last case is a file that does not say of which nights its results are.
    """
    out = tmp_path / "comparisons.json"
    compare_detectors(Options(shop, MODEL, out, (contest.ENVELOPE,), steps=2))
    if not asked:
        out.write_text(json.dumps({"results": json.loads(out.read_text())["results"]}))
    kept = out.read_text()
    with pytest.raises(UsageError, match=re.escape(words)):
        compare_detectors(Options(replace(shop, **asked), MODEL, out, ("cross",)))
    assert out.read_text() == kept
