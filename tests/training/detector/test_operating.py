"""Operating points and calibration from validation nights."""

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import numpy as np
import pytest

pytest.importorskip("torch")

from osa_daemon.detector.expectation import Expectation, release_of
from osa_daemon.detector.frame import Delayed, Frame
from osa_daemon.evaluation.figures.alerts import false_alerts
from osa_daemon.scoring.thresholds import Thresholds
from osa_daemon.training.detector.home import (
    KIND_SHARES,
    NIGHT_H,
    Stratum,
    expected_per_night,
)
from osa_daemon.training.detector.judge import judge
from osa_daemon.training.detector.operating import (
    Operating,
    Point,
    calibration_of,
    calm_points_of,
    choose,
    f1_of,
    points_of,
    sweep_events,
)
from osa_daemon.training.detector.tally import GRID, Counts, Tally, tally

pytestmark = pytest.mark.train

SWEEP = [
    Point(threshold, precision, recall, f1_of(precision, recall))
    for threshold, precision, recall in (
        (0.2, 0.70, 0.99),
        (0.3, 0.88, 0.97),
        (0.5, 0.92, 0.95),
        (0.7, 0.95, 0.90),
        (0.9, 0.99, 0.60),
    )
]
DELAY = 100
PAUSE = (400, 500)  # frames: 20 s


def reading(
    *pauses: tuple[int, int], sure: float, truth: tuple[Any, ...] = (), frames: int = 1500
) -> Any:
    """A night in which the network hears `pauses` (frames), as `sure` of them as is said."""

    def inside(k: int, late: int = 0) -> float:
        return sure if any(a + late <= k < b for a, b in pauses) else 0.0

    def delayed(k: int) -> Delayed:
        breath = float(inside(k) == 0)
        return Delayed(k, breath, breath, inside(k), 0.0, 0.0, 0.0)

    def frame(k: int) -> Frame:
        breath, apnea = float(inside(k) == 0), inside(k, 50)
        late = delayed(k - DELAY) if k >= DELAY else None
        quiet = (-60.0, -60.0, False, False)
        return Frame(k, True, *quiet, breath, breath, apnea, 0.0, 0.0, 0.0, late)

    facts = {"kind": "events" if truth else "quiet", "severity": "mild" if truth else "none"}
    return SimpleNamespace(
        frames=tuple(frame(k) for k in range(frames)),
        rest=tuple(delayed(k) for k in range(frames - DELAY, frames)),
        night=SimpleNamespace(
            name="night",
            events=truth,
            facts=facts | {"snr_db": 12.0},
            labels={"audible": np.ones(frames)},
        ),
    )


@pytest.fixture(scope="module")
def nights() -> list[Any]:
    """A sure pause that is one, and on another night a doubtful pause that is none."""
    truth = ((80.0, 20.0, "central_apnea", True),)
    return [reading(PAUSE, sure=0.97, truth=truth), reading((400, 600), sure=0.42)]


@pytest.fixture(scope="module")
def tallies(nights: list[Any]) -> list[Tally]:
    """Those nights, counted."""
    return tally(nights, jobs=1)


@pytest.fixture(scope="module")
def chosen(nights: list[Any]) -> Operating:
    """What is chosen from those nights."""
    return choose(nights, jobs=1)


def counts_at(night: Tally, threshold: float) -> Counts:
    """What a night led to at a threshold of the grid."""
    return night.counts[GRID.index(threshold)]


def test_high_is_no_alarm_on_calm_nights():
    """What finds more, and errs too often where there is nothing, is not `high`."""
    rows = ((0.3, 0.95, 1.4), (0.4, 0.94, 0.9), (0.5, 0.93, 0.2))
    sweep = [Point(t, 0.9, recall, f1_of(0.9, recall), rate) for t, recall, rate in rows]
    assert points_of(sweep) == {"low": 0.5, "balanced": 0.5, "high": 0.4}


def test_balanced_has_the_best_f1():
    """The threshold of `balanced` is that of the best F1."""
    assert points_of(SWEEP)["balanced"] == 0.5


def test_high_goes_below_and_low_above():
    """`high` keeps most of the precision, `low` most of the recall."""
    assert points_of(SWEEP)["high"] == 0.3
    assert points_of(SWEEP)["low"] == 0.7


def test_low_takes_a_step_that_costs_little():
    """Where nothing above is more precise, `low` still lies one step above `balanced`."""
    sweep = [Point(t, 0.9, r, f1_of(0.9, r)) for t, r in ((0.5, 0.9), (0.55, 0.88), (0.6, 0.86))]
    points = points_of(sweep)
    assert (points["balanced"], points["low"]) == (0.5, 0.55)


def test_low_takes_no_step_that_costs_too_much():
    """Where the next step loses more of what is told than may be given up, `low` stays."""
    sweep = [Point(t, p, r, f1_of(p, r)) for t, p, r in ((0.5, 0.9, 0.9), (0.55, 0.99, 0.7))]
    points = points_of(sweep)
    assert (points["balanced"], points["low"]) == (0.5, 0.5)


def test_low_takes_no_step_that_is_less_precise():
    """One that finds less and errs more often is nobody's wish: `low` stays."""
    rows = ((0.5, 0.9, 0.9), (0.55, 0.89, 0.88), (0.6, 0.88, 0.86))
    points = points_of([Point(t, p, r, f1_of(p, r)) for t, p, r in rows])
    assert (points["balanced"], points["low"]) == (0.5, 0.5)


def test_low_passes_a_step_that_is_less_precise():
    """A chance dip in precision hides no better threshold above it."""
    rows = ((0.5, 0.9, 0.9), (0.55, 0.89, 0.88), (0.6, 0.93, 0.86))
    points = points_of([Point(t, p, r, f1_of(p, r)) for t, p, r in rows])
    assert (points["balanced"], points["low"]) == (0.5, 0.6)


def test_high_errs_no_more_than_what_it_finds_is_worth():
    """Of thresholds that find as much, `high` takes the one that errs least."""
    sweep = [Point(t, p, 0.9, f1_of(p, 0.9)) for t, p in ((0.3, 0.89), (0.4, 0.9), (0.5, 0.91))]
    assert points_of(sweep)["high"] == 0.5


def test_balanced_keeps_eventless_nights_calm():
    """A slightly better F1 does not pay for false events on nights without any."""
    sweep = [Point(0.4, 0.93, 0.95, 0.94, 1.2), Point(0.5, 0.94, 0.92, 0.93, 0.3)]
    assert points_of(sweep)["balanced"] == 0.5


def test_calm_is_not_bought_with_deafness():
    """A threshold that finds nothing is never `balanced`, however calm it is."""
    sweep = [Point(0.4, 0.9, 0.9, 0.9, 1.2), Point(0.5, 0.9, 0.88, 0.89, 0.8), Point(0.9, 0, 0, 0)]
    assert points_of(sweep)["balanced"] == 0.5


def test_nothing_found_is_no_division_by_zero():
    """F1 of nothing is 0."""
    assert f1_of(0.0, 0.0) == 0.0


def test_each_threshold_counts_what_it_finds(tallies: list[Tally]):
    """A sure pause is found and told at every threshold below its probability."""
    assert counts_at(tallies[0], 0.5) == Counts(found=1, told=1)
    assert counts_at(tallies[0], 0.95) == Counts(found=1, told=1)


def test_calm_nights_rate_what_is_false_alone(nights: list[Any], chosen: Operating):
    """They raise the threshold of alerts and the hours; audibility is the mixture's."""
    alarming = reading((400, 600), sure=0.8)
    alarming.night.labels["audible"] = np.zeros(1500)  # and would spoil audibility
    rated = choose(nights, 1, [alarming] * 3)
    before, after = (c.thresholds["balanced"] for c in (chosen, rated))
    assert after["in_progress"] > before["in_progress"]
    assert after["audible"] == before["audible"]
    assert rated.calibration["nights"] == chosen.calibration["nights"] + 3


def test_each_threshold_counts_what_is_false(tallies: list[Tally]):
    """A doubtful pause of 40 s errs only at low thresholds: event, state and alert."""
    assert counts_at(tallies[1], 0.4) == Counts(false=1, false_on=1, false_alerts=1)
    assert counts_at(tallies[1], 0.45) == Counts()


def test_what_the_delayed_reading_doubts_is_no_false_alert():
    """A pause of 40 s that the delayed reading gives half as much is a state, and wakes nobody."""
    night = reading((400, 600), sure=0.42)
    unsure = SimpleNamespace(**vars(night) | {"rest": tuple(_halved(d) for d in night.rest)})
    unsure.frames = tuple(replace(f, delayed=_halved(f.delayed)) for f in night.frames)
    at = {"event": 0.4, "in_progress": 0.4, "release": 0.2}
    assert [len(judge(one, at).alerts) for one in (night, unsure)] == [1, 0]


def _halved(delayed: Delayed | None) -> Delayed | None:
    return delayed and replace(delayed, apnea=delayed.apnea / 2)


def test_the_grid_reaches_what_settings_allow():
    """A threshold can be set up to 0.99, and a low limit of false events needs it."""
    assert (GRID[0], GRID[-1]) == (0.1, 0.99)
    assert list(GRID) == sorted(set(GRID))


def test_a_low_limit_is_kept_above_what_errs(nights: list[Any]):
    """What is false up to 0.96 is kept out by a threshold above it, and stays within reach."""
    surely_false = reading((400, 600), sure=0.965)
    expectation = Expectation.of(calibration_of(tally([nights[0], surely_false], jobs=1)))
    assert expectation is not None
    assert 0.96 < (expectation.false_events.lowest_within(0.1) or 0) <= 0.97


def test_alerts_are_false_by_the_rule_of_the_card():
    """On a pause too short for an alert one is false, and early on an apnea too."""
    short, long = (((80.0, length, "central_apnea", True),) for length in (20.0, 60.0))
    heard = (390, 700)  # the network hears it from 78 to 140 s
    early = ((90.0, 60.0, "central_apnea", True),)  # begins later than what the network hears
    nights = [reading(heard, sure=0.9, truth=truth) for truth in (short, long, early)]
    on_short, on_long, on_early = (
        judge(night, {"event": 0.5, "in_progress": 0.5, "release": 0.25}) for night in nights
    )
    card = [false_alerts(night) for night in (on_short, on_long, on_early)]
    counted = [counts_at(one, 0.5).false_alerts for one in tally(nights, jobs=1)]
    assert counted == card == [2, 0, 1]


def test_what_sound_cannot_find_is_neither_missed_nor_false():
    """An event that does not count is not asked for, and heard it is no error."""
    truth = ((80.0, 20.0, "central_apnea", False),)
    heard, unheard = tally([reading(PAUSE, sure=0.9, truth=truth), reading(sure=0, truth=truth)], 1)
    assert counts_at(heard, 0.5) == counts_at(unheard, 0.5) == Counts()


def test_processes_count_alike(nights: list[Any], tallies: list[Tally]):
    """Two processes find what one finds, in the same order."""
    assert tally(nights, jobs=2) == tallies


def test_the_choice_can_be_used(chosen: Operating):
    """Each sensitivity is a set of thresholds for scoring, and above what errs."""
    assert set(chosen.thresholds) == {"low", "balanced", "high"}
    for thresholds in chosen.thresholds.values():
        assert Thresholds.of(thresholds).event >= 0.45


def test_sweeps_rate_what_eventless_nights_do(tallies: list[Tally]):
    """One false event in a night of 5 min is twelve an hour, and costs no precision elsewhere."""
    at = {p.threshold: p for p in sweep_events(tallies)}
    assert [at[t].eventless_per_h for t in (0.4, 0.45)] == [pytest.approx(12.0), 0.0]
    assert (at[0.4].precision, at[0.4].recall) == (1.0, 1.0)


def test_sweeps_rate_what_is_false_beside_events():
    """One found and one false on a night with events: a precision of a half."""
    truth = ((80.0, 20.0, "central_apnea", True),)
    night = reading(PAUSE, (900, 1_000), sure=0.97, truth=truth)
    assert sweep_events(tally([night], jobs=1))[0].precision == 0.5


def alerting(*rows: tuple[float, float, float]) -> list[dict[str, float]]:
    """Rows of a calibration: threshold, false alerts a night, share of pauses told."""
    return [
        dict(zip(("threshold", "false_alerts_per_night", "told"), r, strict=True)) for r in rows
    ]


def test_alerts_are_as_rare_as_their_sensitivity_wants_them():
    """Each takes the lowest threshold, which tells most, that wakes seldom enough."""
    rows = alerting((0.3, 2.0, 0.8), (0.5, 0.9, 0.6), (0.7, 0.3, 0.5), (0.9, 0.05, 0.2))
    assert calm_points_of(rows) == {"low": 0.9, "balanced": 0.7, "high": 0.5}


def test_a_threshold_that_tells_of_nothing_is_no_calm():
    """Where none wakes seldom enough, the highest that still tells of something is taken."""
    rows = alerting((0.3, 5.0, 0.8), (0.5, 4.0, 0.6), (0.7, 0.0, 0.0))
    assert set(calm_points_of(rows).values()) == {0.5}


def test_the_bedside_reads_the_calibration(tallies: list[Tally]):
    """What training writes is what an expectation is read from."""
    expectation = Expectation.of(calibration_of(tallies))
    assert expectation is not None
    assert expectation.recall.at(0.5) == expectation.told.at(0.5) == 1.0
    assert expectation.false_events.at(0.3) > 1.0 > expectation.false_events.at(0.5)
    assert expectation.false_alerts.at(0.3) > 1.0 > expectation.false_alerts.at(0.5)


def test_expectations_fall_as_the_threshold_rises():
    """A false event more at a higher threshold is chance, and shared with the one below."""
    false = [4, 3, 1, 3] + [1] * (len(GRID) - 4)
    night = Tally(Stratum("quiet", "none"), 8.0, True, True, tuple(Counts(false=n) for n in false))
    rows = calibration_of([night])["events"]
    assert [row["false_per_night"] for row in rows[:5]] == pytest.approx([4, 3, 2, 2, 1])


def calm(hours: float, *counts: Counts) -> Tally:
    """A quiet night with these counts at the lowest thresholds, and none above."""
    rest = (Counts(),) * (len(GRID) - len(counts))
    return Tally(Stratum("quiet", "none"), hours, True, True, counts + rest)


def test_no_false_alert_in_a_day_of_nights_promises_none():
    """Three nights without one allow one a night, of events, states and alerts alike."""
    calibration = calibration_of([calm(24.0)])
    for row in (*calibration["events"], *calibration["in_progress"]):
        rates = {name: value for name, value in row.items() if name.startswith("false")}
        bounds = {name: value for name, value in rates.items() if name.endswith("_upper_95")}
        assert set(bounds) == {f"{name}_upper_95" for name in rates.keys() - bounds.keys()}
        assert bounds
        assert list(bounds.values()) == pytest.approx([2.9957 / 3] * len(bounds), abs=1e-4)
    told = Expectation.of(calibration)
    assert told is not None
    assert told.false_alerts_upper is not None
    assert told.false_alerts.at(0.9) == 0.0
    assert told.false_alerts_upper.at(0.9) > 0.99


def test_more_nights_allow_less():
    """The bound is of all the hours that there are."""
    short, long = (calibration_of([calm(h)] * 3)["events"][-1] for h in (8.0, 80.0))
    assert short["false_per_night_upper_95"] == pytest.approx(
        10 * long["false_per_night_upper_95"], abs=1e-3
    )


def test_a_bound_is_of_what_was_counted():
    """Four in 16 h: at most 9.1537 in these, half as many in a night."""
    row = calibration_of([calm(16.0, Counts(false_alerts=4))])["in_progress"][0]
    assert row["false_alerts_per_night_upper_95"] == pytest.approx(9.1537 / 2, abs=1e-4)
    assert row["false_on_per_night_upper_95"] == pytest.approx(2.9957 / 2, abs=1e-4)


def test_bounds_are_weighted_as_the_estimate_is():
    """Where a home makes more of each false event than the validation nights do, so do they."""
    severe = Tally(Stratum("events", "severe"), 72.0, False, False, (Counts(),) * len(GRID))
    row = calibration_of([calm(8.0, Counts(false=4)), severe])["events"][0]
    share = 9.1537 / 4
    assert row["false_per_night"] > 4 * 8 / 80
    assert row["false_per_night_upper_95"] == pytest.approx(
        share * row["false_per_night"], rel=1e-3
    )


def test_bounds_fall_and_are_never_below_the_estimate():
    """Also where few counts rise by chance, and are levelled."""
    rising = (Counts(false=2), Counts(false=0), Counts(false=9), Counts(false=1))
    rows = calibration_of([calm(8.0, *rising)])["events"]
    bounds = [row["false_per_night_upper_95"] for row in rows]
    assert bounds == sorted(bounds, reverse=True)
    assert all(row["false_per_night"] < bound for row, bound in zip(rows, bounds, strict=True))


def test_the_release_that_was_measured_is_kept(chosen: Operating):
    """A threshold by hand is released as those of the sensitivities are."""
    for thresholds in chosen.thresholds.values():
        release = release_of(thresholds["in_progress"], chosen.calibration)
        assert release == thresholds["release"]


def test_noisy_nights_do_not_lower_the_expected_recall(tallies: list[Tally]):
    """Recall is told of quiet to moderately noisy rooms."""
    missed = tuple(Counts(missed=5) for _ in GRID)
    noisy = Tally(Stratum("events", "severe"), 1.0, False, False, missed)
    assert calibration_of([*tallies, noisy])["events"][5]["recall"] == 1.0


def test_a_home_has_more_calm_nights_than_a_test():
    """The same errors weigh more on quiet nights than on severe ones."""
    strata, hours = (Stratum("quiet", "none"), Stratum("events", "severe")), (10.0, 10.0)
    calm, severe = (expected_per_night(strata, hours, n) for n in ((10, 0), (0, 10)))
    assert calm > 5 * severe > 0


def test_a_rate_that_is_the_same_everywhere_is_expected():
    """Weights do not change what all nights share."""
    strata = [Stratum(kind, "none") for kind in ("quiet", "empty", "a new kind")]
    assert expected_per_night(strata, (2.0, 0.5, 1.0), (4, 1, 2)) == pytest.approx(2 * NIGHT_H)


def test_the_shares_are_of_one_whole():
    """What the table lists is all of a home's hours."""
    assert sum(KIND_SHARES.values()) == pytest.approx(1.0)
