"""The shipped detector beside other ways to hear pauses, and beside itself in fp32."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from functools import partial
from pathlib import Path

from osa_daemon.detector.model import file_sha256, read_metadata
from osa_daemon.detector.properties import read_properties
from osa_daemon.evaluation.comparison import compare, side_by_side, summary_of
from osa_daemon.evaluation.night import JudgedNight
from osa_daemon.features.encoder import Encoder
from osa_daemon.training.detector.baselines import envelope, windows
from osa_daemon.training.detector.baselines.search import TRIES, search
from osa_daemon.training.detector.comparison.identity import identity_row
from osa_daemon.training.detector.comparison.variants import defaults
from osa_daemon.training.detector.comparison.workshop import Row, Way, Workshop, digest_of
from osa_daemon.training.detector.corpus import FeatureNight
from osa_daemon.training.detector.judge import judge, read
from osa_daemon.training.encoder_export import EncoderSpec
from osa_daemon.training.simulator import NightSpec

GROUP = "comparisons"
SHIPPED = "this model"
ENVELOPE, WINDOWS, FP32_NAME = "envelope rule", "window classifier", "fp32"
WINDOWS_TRAIN_H = 10.0
FP32 = EncoderSpec(int8=False)
FP32_NIGHTS = 12  # with events: 24 h of test nights, whose sound is simulated and encoded anew


@dataclass(frozen=True, slots=True)
class Rival:
    """One that is put beside the shipped detector: its way, and how it was tuned."""

    way: Way
    tuned: Row = field(default_factory=dict)


def names() -> tuple[str, ...]:
    """Return the names of all rivals."""
    return (*RIVALS, FP32_NAME)


def shipped(model: Path) -> Rival:
    """Return the detector in `model`, at its balanced thresholds."""
    metadata = read_metadata(read_properties(model), model)
    thresholds = dict(metadata.thresholds["balanced"])
    way = partial(judge_shipped, model.resolve(), metadata.encoder_sha256, thresholds)
    return Rival(Way(digest_of(file_sha256(model), thresholds), way), {"thresholds": thresholds})


def judge_shipped(
    model: Path, encoder_sha256: str, thresholds: dict[str, float], night: FeatureNight
) -> JudgedNight:
    """Judge a night with the detector in `model`."""
    (reading,) = read(str(model), encoder_sha256, [night])
    return judge(reading, thresholds)


def envelope_rule(shop: Workshop) -> Rival:
    """Return the envelope rule with the best numbers."""
    rule, _ = search(shop.nights([*shop.validation(), *shop.calm()]))
    numbers = asdict(rule)
    way = Way(digest_of(numbers), partial(envelope.judge, rule=rule))
    return Rival(way, {"rule": {name: str(n) for name, n in numbers.items()}, "tries": TRIES})


def window_classifier(shop: Workshop) -> Rival:
    """Return the tutorials' window classifier, fitted on 10 h of the training nights."""
    hours = sum(spec.duration_s for spec in shop.training()) / 3600
    part = shop.training(min(WINDOWS_TRAIN_H / hours, 1.0))
    train_nights = shop.nights(part)
    validation = shop.nights([*shop.validation(), *shop.calm()])
    classifier, _ = windows.choose(train_nights, validation, windows.Fitting())
    tuned = {
        "threshold": classifier.threshold,
        "trim_s": classifier.trim_s,
        "train_hours": round(sum(spec.duration_s for spec in part) / 3600, 2),
    }
    made_of = digest_of(tuned, *([n.name for n in nights] for nights in (train_nights, validation)))
    return Rival(Way(made_of, partial(windows.judge, classifier=classifier)), tuned)


RIVALS: Mapping[str, Callable[[Workshop], Rival]] = {
    ENVELOPE: envelope_rule,
    WINDOWS: window_classifier,
}


def contest(shop: Workshop, model: Path, only: Sequence[str]) -> Iterator[tuple[str, Row]]:
    """Yield the result of each rival in `only` as it is ready; kept ones are read again.

    A result holds `tuned`, `system` and `against` (see `evaluation.comparison`), `identity`, and
    `champion`: which detector it was put beside.
    """
    champion = shipped(model)
    specs = (shop.training(), shop.validation(), shop.calm(), shop.judged_nights())
    nights = [repr(spec) for part in specs for spec in part]
    made_of = (champion.way.made_of, defaults(), nights)
    for name in only:
        key = digest_of(name, FP32_NIGHTS if name == FP32_NAME else None, *made_of)
        row = shop.kept(GROUP, name, key)
        if row is None:
            if name == FP32_NAME:
                row = precision_row(shop, champion)
            else:
                row = _row(shop, champion, RIVALS[name](shop))
            row = shop.keep(GROUP, name, key, row | {"champion": champion.way.made_of})
        yield name, row


def _row(shop: Workshop, champion: Rival, one: Rival) -> Row:
    paths = shop.paths(shop.judged_nights())
    ours, theirs = shop.judge(champion.way, paths), shop.judge(one.way, paths)
    both = side_by_side({"ours": ours, "theirs": theirs}, "ours")
    return {
        "tuned": one.tuned,
        "ours": both["systems"]["ours"],
        "system": both["systems"]["theirs"],
        "against": both["against"]["theirs"],
        "identity": identity_row(ours, theirs),
    }


def precision_row(shop: Workshop, champion: Rival) -> Row:
    """Return the shipped detector behind its int8 encoder beside the same in fp32."""
    specs = precision_nights(shop)
    encoder_sha256 = Encoder(shop.encoder(FP32)).sha256
    way = replace(champion.way, made_of=digest_of(champion.way.made_of, encoder_sha256))
    ours = shop.judge(champion.way, shop.paths(specs))
    theirs = shop.judge(way, shop.paths(specs, FP32))
    # a night is named after its encoder, too
    theirs = [replace(other, name=one.name) for one, other in zip(ours, theirs, strict=True)]
    return {
        "int8": summary_of(ours),
        "fp32": summary_of(theirs),
        "against": compare(ours, theirs),
        "hours": round(sum(night.hours for night in ours), 1),
    }


def precision_nights(shop: Workshop) -> list[NightSpec]:
    """Return the first judged nights that hold events: few others would tell of F1."""
    having = [spec for spec in shop.judged_nights() if spec.severity != "none"]
    return having[:FP32_NIGHTS]
