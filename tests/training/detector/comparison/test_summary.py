"""Results of comparisons become what the model card takes."""

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("torch")

from osa_daemon.detector.model import read_metadata
from osa_daemon.detector.properties import read_properties
from osa_daemon.errors import UsageError
from osa_daemon.evaluation.card import card_of
from osa_daemon.evaluation.comparison import side_by_side
from osa_daemon.evaluation.figures.matched import match_nights
from osa_daemon.evaluation.night import JudgedNight
from osa_daemon.evaluation.report import figures_of
from osa_daemon.service.models import models_folder
from osa_daemon.training.detector.baselines.envelope import EnvelopeRule, judge
from osa_daemon.training.detector.comparison import (
    ablation,
    contest,
    generators,
    inputs,
    training_sets,
)
from osa_daemon.training.detector.comparison.command import text_of, wanted
from osa_daemon.training.detector.comparison.generators import rows_by_generator
from osa_daemon.training.detector.comparison.identity import identity_row
from osa_daemon.training.detector.comparison.summary import card_figures
from tests.training.detector.baselines.nights import night_of

pytestmark = pytest.mark.train

MODEL = models_folder() / "detector.onnx"
PAUSES = ((120.0, 20.0), (240.0, 32.0))


def judged_nights(rule: EnvelopeRule) -> list[JudgedNight]:
    """Nights of three generators, with events and without, one with a television."""
    nights = []
    for seed, generator in enumerate(("recorded", "synthesised", "airflow", "recorded")):
        night = night_of(pauses=PAUSES if seed < 3 else (), seed=seed)
        kind = "television" if seed >= 2 else "events"
        facts = {**night.facts, "generator": generator, "kind": kind}
        nights.append(judge(replace(night, facts=facts), rule))
    return nights


def results() -> dict[str, dict[str, Any]]:
    """One result of each kind."""
    ours, theirs = judged_nights(EnvelopeRule()), judged_nights(EnvelopeRule(breaths_before=40))
    both = side_by_side({"ours": ours, "theirs": theirs}, "ours")
    rival = {
        "tuned": {},
        "ours": both["systems"]["ours"],
        "system": both["systems"]["theirs"],
        "against": both["against"]["theirs"],
        "identity": identity_row(ours, theirs),
    }
    precision = {"int8": rival["ours"], "fp32": rival["ours"], "against": rival["against"]}
    shipped, other = ablation.accuracy_of(ours), ablation.accuracy_of(theirs)
    return {
        "comparisons": {contest.ENVELOPE: rival, contest.FP32_NAME: precision},
        "inputs": {
            inputs.OURS: rival | {"system": rival["ours"], "tuned": {"steps": 700}},
            "band levels": rival | {"tuned": {"steps": 700}},
        },
        "ablations": {
            "as-shipped": {"table": "", "rows": {"as-shipped": shipped}},
            "depth-1": {"table": "Depth", "rows": {"depth-1": other}},
        },
        "cross": {
            "without recorded": {"tested": rows_by_generator(match_nights(theirs)), "steps": 2_500}
        },
        "training_sets": {
            name: {
                "tested": rival["ours"]["quiet"],
                "of": "x",
                "steps": 2_500,
                "all_over_clear": f1,
            }
            for name, f1 in (("clear", {}), ("all", rival["against"]["quiet"]["f1"]))
        },
    }


def test_the_card_takes_the_results():
    """Side by side, ablations and generators left out stand in the card."""
    figures = card_figures(results(), MODEL)
    text = card_of(figures_of(judged_nights(EnvelopeRule())), figures)
    assert contest.ENVELOPE in text
    assert "depth-1" in text
    assert "without recorded" in text
    assert figures["left_out"].keys() == {"recorded"}
    assert figures["cost"]["size_mb"] < 2
    assert "F1 over (a)" in text
    assert figures["inputs"]["effort"][inputs.OURS] == {"steps": 700}
    assert list(figures["inputs"]["systems"]) == [inputs.OURS, "band levels"]
    assert "## What the encoder is worth" in text


def test_the_effort_of_each_stands_beside_the_shipped_one():
    """Steps and hours of the shipped file, of rivals, and of models that left something out."""
    about = read_metadata(read_properties(MODEL), MODEL).about
    given = results()
    given["comparisons"][contest.ENVELOPE]["tuned"] = {"steps": 2_500, "rule": {}}
    figures = card_figures(given, MODEL)
    effort = figures["comparisons"]["effort"]
    assert effort[contest.SHIPPED]["steps"] == about["plan"]["steps"]
    assert effort[contest.SHIPPED]["train_hours"] == about["train_hours"]
    assert effort[contest.ENVELOPE] == {"steps": 2_500}
    assert figures["left_out"]["recorded"]["steps"] == 2_500


def test_inputs_are_told_beside_the_encoder_alone():
    """Without the shipped input, or with nothing beside it, there is no table."""
    for left in (inputs.OURS, "band levels"):
        given = results()
        del given["inputs"][left]
        assert "inputs" not in card_figures(given, MODEL)


@pytest.mark.parametrize(("of", "paired"), [("x", True), ("y", False)])
def test_training_sets_are_paired_where_they_may_be(of: str, paired: bool):
    """A difference between trainings of other nights or steps is none of the sets."""
    given = results()
    given["training_sets"]["clear"]["of"] = of
    rows = card_figures(given, MODEL)["training_sets"]
    assert list(rows) == list(training_sets.SETS.values())
    assert ("f1_over_a" in rows[training_sets.SETS["all"]]) is paired


def test_each_table_of_choices_begins_with_the_shipped_one():
    """A choice is read against the shipped row of the same training."""
    tables = card_figures(results(), MODEL)["ablations"]
    assert list(tables["Depth"]) == ["as-shipped", "depth-1"]


def test_identity_rows_hold_nights_with_others_in_the_room():
    """Of the nights only those with a television count."""
    ours, theirs = judged_nights(EnvelopeRule()), judged_nights(EnvelopeRule(breaths_before=40))
    row = identity_row(ours, theirs)
    assert row["events"]["f1"]["ours"] == 1.0
    assert row["events"]["recall"]["theirs"] == 0.0
    assert row["eventless"]["false_per_hour"]["difference"] == 0.0


def test_every_result_is_told_as_a_table():
    """Progress is told in Markdown, whichever group it is of."""
    for group, rows in results().items():
        for name, row in rows.items():
            assert text_of(group, name, row).startswith("|")


def test_groups_and_members_can_be_asked_for():
    """`--only` takes a group, a member, or nothing for all; other words are refused."""
    assert wanted(())["cross"] == generators.names()
    assert wanted(("cross", "depth-1")) == {
        "comparisons": (),
        "ablations": ("depth-1",),
        "inputs": (),
        "cross": generators.names(),
        "training_sets": (),
    }
    with pytest.raises(UsageError, match="depth-9"):
        wanted(("depth-9",))


def test_training_sets_leave_out_what_they_say():
    """A generator alone, or all others."""
    assert generators.generators_of(generators.ALL) == generators.GENERATORS
    assert generators.generators_of("airflow") == ("airflow",)
    assert generators.generators_of("without airflow") == ("recorded", "synthesised")


def test_the_shipped_detector_judges_as_a_rival(tmp_path: Path):
    """The shipped file's balanced thresholds are what it is judged at."""
    champion = contest.shipped(MODEL)
    assert champion.tuned["thresholds"]["event"] > 0
    assert champion.way.made_of == contest.shipped(MODEL).way.made_of
