"""What scorers write and what it means."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from osa_daemon.evaluation.corpora.kinds import is_other, kind_of

KINDS = {"obstructive_apnea", "central_apnea", "mixed_apnea", "apnea", "hypopnea"}


@pytest.mark.parametrize(
    ("label", "kind"),
    [
        ("ObstructiveApnea", "obstructive_apnea"),
        ("Obstructive apnea|Obstructive Apnea", "obstructive_apnea"),
        ("Apnea, central", "central_apnea"),
        ("mixed_apnoea", "mixed_apnea"),
        ("APNEA-M", "mixed_apnea"),
        ("OA", "obstructive_apnea"),
        ("Apneas", "apnea"),
        ("Obstructive Hypopnea", "hypopnea"),
        ("HYP-C", "hypopnea"),
        ("Central hypopnoea event", "hypopnea"),
    ],
)
def test_spellings_mean_their_type(label: str, kind: str) -> None:
    """Capitals, order, signs and British spelling do not matter."""
    assert kind_of(label) == kind


@pytest.mark.parametrize("label", ["Apnea/hypopnea", "Positional apnea", "post-apneic arousal"])
def test_what_speaks_of_apneas_is_not_passed_over(label: str) -> None:
    """It is no type and no other event either: whoever reads it must say so."""
    assert kind_of(label) is None
    assert not is_other(label)


@given(st.text(max_size=20))
def test_every_label_is_a_type_or_none(label: str) -> None:
    """And never a type and another event at once."""
    kind = kind_of(label)
    assert kind is None or (kind in KINDS and not is_other(label))
