"""Each choice of the detector against others, on validation nights: accuracy and cost."""

from collections.abc import Iterator, Sequence
from dataclasses import asdict, replace

from osa_daemon.evaluation.comparison import compare, summary_of
from osa_daemon.evaluation.night import JudgedNight
from osa_daemon.training.detector.comparison.chunks import CHUNKS_S, features_by_chunk
from osa_daemon.training.detector.comparison.cost import front_end_ms, network_ms
from osa_daemon.training.detector.comparison.trial import Trained, judged, train
from osa_daemon.training.detector.comparison.variants import ABLATIONS, SHIPPED, Variant, defaults
from osa_daemon.training.detector.comparison.workshop import Row, Workshop, digest_of
from osa_daemon.training.detector.train import TrainingPlan
from osa_daemon.training.encoder_export import EncoderSpec

GROUP = "ablations"
TRAIN_PART, VALIDATION_PART = 1 / 3, 1 / 2  # of the shipped detector's nights
STEPS = 1_500
CHUNKS = "chunks"
CHUNKS_TABLE = "Sound per pass of the encoder (one network)"
CHUNKS_PART = 1 / 10  # of the validation nights: their sound is simulated anew


def names() -> tuple[str, ...]:
    """Return the names of all ablations."""
    return (*(variant.name for variant in ABLATIONS), CHUNKS)


def plan_of(steps: int) -> TrainingPlan:
    """Return the plan of a short training: the learning rate falls as in the whole one."""
    plan = TrainingPlan()
    return replace(plan, steps=steps, check_every=max(min(plan.check_every, steps // 3), 1))


def ablations(shop: Workshop, plan: TrainingPlan, only: Sequence[str]) -> Iterator[tuple[str, Row]]:
    """Yield the result of each variant in `only` as it is ready; kept ones are read again.

    A result holds `table` and `rows`: name → what the table shows.
    """
    variants = {variant.name: variant for variant in ABLATIONS}
    specs = (shop.training(TRAIN_PART), shop.validation(VALIDATION_PART))
    made_of = digest_of(defaults(), asdict(plan), [repr(spec) for part in specs for spec in part])
    for name in only:
        variant = variants.get(name, SHIPPED)
        key = digest_of(name, asdict(variant), made_of)
        row = shop.kept(GROUP, name, key)
        if row is None:
            trained, watched = train(variant, shop, specs, plan)
            if name == CHUNKS:
                result: Row = {"table": CHUNKS_TABLE, "rows": _chunk_rows(trained, shop)}
            else:
                shop.keep_nights(digest_of(variant.name, made_of), watched)
                shipped = shop.kept_nights(digest_of(SHIPPED.name, made_of), len(watched))
                told = (
                    accuracy_of(watched) | _gain(watched, shipped) | _cost(variant, trained, shop)
                )
                result = {"table": variant.table, "rows": {name: told}}
            row = shop.keep(GROUP, name, key, result)
        yield name, row


def _gain(watched: Sequence[JudgedNight], shipped: Sequence[JudgedNight]) -> Row:
    """Return a variant's F1 over the shipped one's, paired; None before that was trained."""
    if not shipped:
        return {"f1_over_shipped": None}
    # a night's own name holds the encoder's digest
    numbered = [replace(night, name=str(number)) for number, night in enumerate(watched)]
    f1 = compare(numbered, shipped)["all"].get("f1", {})
    return {
        "f1_over_shipped": f1.get("difference"),
        "f1_over_shipped_95": f1.get("difference_95"),
    }


def _cost(variant: Variant, trained: Trained, shop: Workshop) -> Row:
    heard = variant.view.sound == "encoder"
    encoder = shop.encoder(variant.encoder)
    return {
        "detector_ms_per_second": network_ms(trained.model, trained.encoder_sha256),
        "front_end_ms_per_second": front_end_ms(encoder) if heard else None,
        "detector_mb": trained.facts["size_mb"],
        "encoder_mb": round(encoder.stat().st_size / 1e6, 2) if heard else None,
        "weights": trained.weights,
        "members": trained.members,
        "steps": trained.plan.steps,
    }


def accuracy_of(nights: Sequence[JudgedNight]) -> Row:
    """Return what the tables tell of judged nights."""
    summary = summary_of(nights)
    names = ("f1", "f1_95", "recall_apnea", "recall_hypopnea", "false_per_hour", "mean_iou")
    rows = {name: summary["all"].get(name) for name in names}
    return {**rows, "eventless_false_per_hour": summary["eventless"].get("false_per_hour")}


def _chunk_rows(trained: Trained, shop: Workshop) -> dict[str, Row]:
    """Judge features of other chunks with one network, and tell what the chunks cost."""
    specs, encoder = shop.validation(CHUNKS_PART), shop.encoder(EncoderSpec())
    by_chunk = features_by_chunk(shop.nights(specs), specs, shop.data, encoder, shop.jobs)
    return {
        f"{chunk_s:g} s every {hop_s:g} s": {
            **accuracy_of([judged(trained, night) for night in nights]),
            "front_end_ms_per_second": front_end_ms(encoder, chunk_s, hop_s),
            "waits_s": (chunk_s - hop_s) / 2 + hop_s,
        }
        for (chunk_s, hop_s), nights in zip(CHUNKS_S, by_chunk, strict=True)
    }
