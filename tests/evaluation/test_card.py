"""The model card."""

import re
from typing import Any

import pytest

from osa_daemon.evaluation.card import card_of, readme_table
from osa_daemon.evaluation.comparison import side_by_side, summary_of
from osa_daemon.evaluation.report import figures_of
from tests.evaluation.judged import apnea, night


def judged() -> list:
    """Nights of three people with an event each, and an eventless one."""
    return [
        *(night([apnea(100)], [apnea(100)], name=f"{i}", person=f"p{i}") for i in range(3)),
        night(name="quiet", kind="quiet"),
    ]


def on_other_input() -> dict[str, Any]:
    """One network on several inputs: clearly better, not clearly, both, and clearly worse."""
    systems = dict.fromkeys(("encoder", "levels", "mel", "both", "less"), judged())
    better, worse = ({"difference": 0.1, "clearly": word} for word in ("better", "worse"))
    return side_by_side(systems, "encoder") | {
        "identity": {
            "levels": {"events": {"f1": better}},
            "mel": {"events": {"f1": {"difference": 0.1, "clearly": None}}},
            "both": {"events": {"f1": better}, "eventless": {"false_per_hour": worse}},
            "less": {"events": {"f1": worse}},
        }
    }


def everything() -> dict[str, Any]:
    """All that a card can be told beside the figures."""
    row = summary_of(judged())["quiet"]
    both = {"this model": judged(), "the rule": judged()}
    sides = side_by_side(both, "this model")
    parts = sides["against"]["the rule"]
    identity = {"events": parts["all"], "eventless": parts["eventless"]}
    return {
        "material": "clear",
        "train_hours": 60.0,
        "validation_hours": 8.0,
        "calm_hours": 54.0,
        "weights": 123_456,
        "versions": {"torch": "2.6"},
        "detector_sha256": "ab" * 32,
        "encoder_sha256": "cd" * 32,
        "cost": {"size_mb": 1.2, "cpu_ms_per_s": 0.4, "int8_f1_difference": 0.001},
        "about": {"generators": ["recorded"], "weights": 5},
        "manifest": {"nights": 4, "of": 8, "digest": "ef" * 32, "sensitivity": "balanced"},
        "thresholds": {"balanced": {"event": 0.5, "in_progress": 0.4}},
        "calibration": {
            "night_h": 8.0,
            "events": [{"threshold": 0.5, "recall": 0.912, "false_per_night": 1.5}],
            "in_progress": [{"threshold": 0.4, "told": 0.87, "false_alerts_per_night": 0.25}],
        },
        "training_sets": {"(a)": row, "(b)": row | {"f1_over_a": 0.02, "f1_over_a_95": [0, 0.05]}},
        "left_out": {"recorded": row | {"steps": 2_500, "train_hours": 80.0}},
        "plan": {"steps": 6_000},
        "members": 2,
        "cross": {"recorded": {"recorded": row}, "airflow": {"recorded": row, "airflow": row}},
        "comparisons": sides
        | {
            "identity": {"the rule": identity},
            "tuned": {"the rule": {"rule": {"drop_db": 6.0}}},
            "effort": {"this model": {"steps": 6_000, "train_hours": 120.0}, "the rule": {}},
        },
        "inputs": on_other_input(),
        "precision": {
            "int8": summary_of(judged()),
            "fp32": summary_of(judged()),
            "against": parts,
            "hours": 4.0,
        },
        "ablations": {"Encoder depth": {"1 block": {"f1": 0.9}, "2 blocks": {"cpu_ms": 5.5}}},
        "pictures": ["recall_by_snr"],
        "bundled": {"short": {"hours": 0.046, "events": 3, "found": 2, "false": 1, "f1": 0.667}},
        "looks": [
            {"look": "1", "commit": "abcdef0", "what": "the card", "note": "The truth is another."}
        ],
        "weakest": ["A partner who breathes alike."],
        "tried": ["A larger network."],
        "untested": ["Cats."],
    }


def test_a_card_says_what_it_is_and_is_not():
    """Even an empty card disclaims, says that nights are simulated, and names human agreement."""
    text = card_of(figures_of([]), {})
    words = " ".join(text.split())
    assert "not a medical device" in words
    assert "simulated nights" in words
    assert "Thorey 2019" in words
    assert "clinical" in words


def test_what_is_not_known_is_left_out_of_the_card():
    """A card without comparisons or looks has no headings of them."""
    text = card_of(figures_of(judged()), {})
    assert "Side by side" not in text
    assert "Looks at the test nights" not in text
    assert "Operating points" not in text


def test_a_full_card_holds_every_part():
    """Each part that it is told stands in it, under a heading of its own."""
    text = card_of(figures_of(judged()), everything())
    titles = re.findall(r"^## (.+)$", text, re.M)
    assert len(titles) == len(set(titles))
    for word in (
        "| false events and alerts rated on | 54.0 h of simulated nights more without events |",
        "Against the rule",
        "Encoder depth",
        "what a sound is, or whose",
        "rule: (drop db: 6.000)",
        "int8 minus fp32",
        "![Recall by snr](pictures/recall_by_snr.png)",
        "the encoder wins clearly, by one of these figures at least, over levels.",
        "Over mel and both it does not win clearly there",
        "It is clearly behind less there.",
        "judged on the same test nights (3 h with events, 1 h without)",
        "Cats.",
        "A larger network.",
        "abcdef0",
        "| short | 0.05 | 3 | 2 | 1 | 0.667 | - | - |",
        "A partner who",
        "left out of training",
        "Whisper tiny.en",
        "abababababab",
        "set (a)",
        "4 of its 8 nights, sha256 efefefefefef",
        "| balanced | 0.912 | 1.5 | 0.870 | 0.25 |",
        "| weights | 123456 |",
        "| breathing in training | recorded |",
        "After look 1: The truth is another.",
        "0.020 (0.000 to 0.050)",
        "asks 2 networks, each trained for 6000 steps on 60.0 h",
        "one treated sleeper in training",
        "one of seven",
    ):
        assert word in text, word


def test_the_note_of_a_look_is_no_cell_of_its_table():
    """The table is for what can be read at a glance; a sentence stands below it."""
    text = card_of(figures_of([]), everything())
    assert "| 1 | abcdef0 | the card |\n" in text


def test_what_was_not_measured_is_told():
    """A part of the card that there is nothing of stands among what was not tested."""
    about = everything()
    sentence = "Training set (a), clear licences alone, beside set (b)."
    assert sentence not in card_of(figures_of([]), about)
    del about["training_sets"]
    assert sentence in card_of(figures_of([]), about)


@pytest.mark.parametrize(
    ("members", "steps", "hours", "words"),
    [
        (2, 2_500, 120.0, "but **not with the same effort**"),
        (1, 6_000, 120.0, "but **not with the same effort**"),
        (2, 6_000, 40.0, "but **not with the same effort**"),
        (2, 6_000, 119.96, "same validation nights, and all networks trained alike."),
        (2, None, 10.0, "same validation nights, and all networks trained alike."),
    ],
)
def test_the_effort_of_systems_is_told_beside_them(
    members: int, steps: int | None, hours: float, words: str
):
    """Fewer networks or steps than the model's own are not taken for the same effort."""
    about = everything()
    about["comparisons"]["effort"] = {
        "this model": {"members": 2, "steps": 6_000, "train_hours": 120.0},
        "a rival": {"members": members, "steps": steps, "train_hours": hours},
    }
    text = card_of(figures_of([]), about)
    assert words in " ".join(text.split())
    assert f"| a rival | {members} | {steps or '-'} | {hours:.1f} | - |" in text


def test_no_heading_stands_alone():
    """Under every heading there is text."""
    for about in ({}, everything()):
        text = card_of(figures_of(judged()), about)
        assert not re.search(r"^## .+\n+(## |\Z)", text, re.M)


def test_the_same_figures_make_the_same_card():
    """The card is made from the figures alone."""
    assert card_of(figures_of(judged()), everything()) == card_of(
        figures_of(judged()), everything()
    )


def test_the_readme_shows_a_few_figures():
    """F1, recall, false events and alerts, with the hours that they come from."""
    table = readme_table(figures_of(judged()))
    assert "on 4 h of simulated test nights" in table
    assert "| event F1 (IoU ≥ 0.3), quiet to moderately noisy rooms | 1.000 (1.000 to 1.000) |" in (
        table
    )
