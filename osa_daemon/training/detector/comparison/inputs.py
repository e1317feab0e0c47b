"""The same network and training on other input: what the encoder is worth, on test nights."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict

from osa_daemon.evaluation.comparison import side_by_side
from osa_daemon.evaluation.night import JudgedNight
from osa_daemon.training.detector.comparison.cost import network_ms
from osa_daemon.training.detector.comparison.effort import BRIEF, Effort
from osa_daemon.training.detector.comparison.identity import identity_row
from osa_daemon.training.detector.comparison.trial import Trained, train
from osa_daemon.training.detector.comparison.variants import INPUTS, SHIPPED, Variant, defaults
from osa_daemon.training.detector.comparison.workshop import Row, Workshop, digest_of
from osa_daemon.training.detector.train import TrainingPlan

GROUP = "inputs"
EFFORT: Effort = BRIEF
OURS = "encoder and band levels"
VARIANTS: dict[str, Variant] = {
    OURS: SHIPPED,
    **{variant.name: variant for variant in INPUTS},
}


def names() -> tuple[str, ...]:
    """Return the names of all inputs, the shipped detector's first."""
    return tuple(VARIANTS)


def inputs(shop: Workshop, plan: TrainingPlan, only: Sequence[str]) -> Iterator[tuple[str, Row]]:
    """Yield the result of each input in `only` as it is ready; kept ones are read again.

    A result holds `tuned` and `system` (its summary), `of` (the same in rows that may stand side
    by side), and against the shipped detector's input,
    trained as briefly: `ours`, `against` and `identity`, as those of `contest`.
    """
    nights = EFFORT.nights(shop)
    judged_on = EFFORT.judged_on(shop.judged_nights())
    every = (*nights.training, *nights.validation, *nights.calm, *judged_on)
    made_of = digest_of(defaults(), asdict(plan), [repr(spec) for spec in every])

    def judged(name: str) -> tuple[Trained, list[JudgedNight]]:
        specs = (nights.training, nights.validation)
        trained, _ = train(VARIANTS[name], shop, specs, plan, calm=nights.calm)
        return trained, shop.judge(trained.way, shop.paths(judged_on))

    ours: list[JudgedNight] = []
    for name in only:
        key = digest_of(name, asdict(VARIANTS[name]), made_of)
        row = shop.kept(GROUP, name, key)
        if row is None:
            trained, theirs = judged(name)
            if not ours:  # once: calibration and thresholds take minutes
                ours = theirs if name == OURS else judged(OURS)[1]
            row = shop.keep(GROUP, name, key, _row(trained, ours, theirs) | {"of": made_of})
        yield name, row


def _row(trained: Trained, ours: Sequence[JudgedNight], theirs: Sequence[JudgedNight]) -> Row:
    both = side_by_side({"ours": ours, "theirs": theirs}, "ours")
    return {
        "tuned": {
            **trained.facts,
            "cpu_ms_per_second": network_ms(trained.model, trained.encoder_sha256),
        },
        "ours": both["systems"]["ours"],
        "system": both["systems"]["theirs"],
        "against": both["against"]["theirs"],
        "identity": identity_row(ours, theirs),
    }
