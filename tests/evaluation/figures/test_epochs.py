"""Frames and epochs of 30 s."""

import numpy as np
import pytest

from osa_daemon.evaluation.figures.epochs import IGNORED, epoch_figures, epochs_of, labels_of
from tests.evaluation.judged import apnea, hypopnea, matched, night

MINUTE = 300


def test_labels_of_frames():
    """Apnea, hypopnea, what does not count, and none."""
    labels = labels_of([apnea(0, 10), hypopnea(20, 10), apnea(40, 10, counts=False)], MINUTE)
    assert [int(labels[50 * i]) for i in range(6)] == [1, 0, 2, 0, IGNORED, 0]


def test_an_epoch_of_events_holds_ten_seconds_of_them():
    """10 s make an epoch one of events, 9.8 s do not."""
    labels = labels_of([apnea(0, 10), apnea(30, 9.8)], MINUTE)
    assert epochs_of(labels).tolist() == [1, 0]
    assert epochs_of(labels, 1).tolist() == [1, 1]


def test_an_epoch_is_of_the_class_that_has_more():
    """8 s of apnea and 12 s of hypopnea are a hypopnea."""
    labels = labels_of([apnea(0, 8), hypopnea(8, 12)], MINUTE)
    assert epochs_of(labels).tolist() == [2, 0]


def test_an_epoch_of_what_does_not_count_is_left_out():
    """10 s of a scored event that sound cannot find leave the epoch out."""
    assert epochs_of(labels_of([apnea(0, 10, counts=False)], MINUTE)).tolist() == [IGNORED, 0]


def test_the_rest_of_a_night_is_no_epoch():
    """70 s are two epochs."""
    assert len(epochs_of(np.zeros(350, np.int8))) == 2


def test_frames_are_counted():
    """Half of 20 s is found, nothing false: sensitivity 1/2, specificity 1, F1 2/3."""
    figures = epoch_figures(matched(night([apnea(100, 20)], [apnea(110, 10)])))["frames"]
    assert (figures["sensitivity"], figures["specificity"]) == (0.5, 1.0)
    assert figures["f1"] == pytest.approx(2 / 3)
    assert figures["count"] == 18_000


def test_macro_f1_is_the_mean_of_the_classes():
    """An apnea taken for a hypopnea is right as event, wrong as class."""
    figures = epoch_figures(
        matched(night([apnea(90, 30), hypopnea(300, 30)], [hypopnea(90, 30), hypopnea(300, 30)]))
    )["epochs"]
    assert (figures["f1"], figures["f1_none"]) == (1.0, 1.0)
    assert (figures["f1_apnea"], figures["f1_hypopnea"]) == (0.0, pytest.approx(2 / 3))
    assert figures["macro_f1"] == pytest.approx(5 / 9)


def test_what_does_not_count_is_left_out_of_frames():
    """Frames of an uncounted event are neither right nor false, whatever was decided."""
    truth = [apnea(100, 20), hypopnea(300, 20, counts=False)]
    figures = epoch_figures(matched(night(truth, [apnea(100, 20), apnea(300, 20)])))["frames"]
    assert (figures["count"], figures["f1"], figures["kappa"]) == (17_900, 1.0, 1.0)


def test_nights_without_events_are_elsewhere():
    """Epochs are counted on nights with events, as in studies of patients."""
    assert epoch_figures(matched(night()))["nights"] == 0
