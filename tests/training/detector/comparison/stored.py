"""A workshop of small nights that are not simulated."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from osa_daemon.training.detector.comparison.workshop import Workshop
from osa_daemon.training.detector.corpus import store
from osa_daemon.training.detector.plan import Calm, Share
from osa_daemon.training.encoder_export import EncoderSpec
from osa_daemon.training.simulator import NightSpec
from osa_daemon.training.simulator.night import Generator
from tests.training.detector.baselines.nights import night_of

PAUSES = ((120.0, 20.0), (200.0, 30.0))
GENERATORS: tuple[Generator, ...] = ("recorded", "synthesised", "airflow")


def specs_of(*seeds: int) -> list[NightSpec]:
    """Specs that name stored nights."""
    return [
        NightSpec(seed, "val", GENERATORS[seed % 3], "events", 300.0, severity="severe")
        for seed in seeds
    ]


class StoredNights(Workshop):
    """A workshop whose nights are there already, named by their specs' seeds."""

    def paths(self, specs: Sequence[NightSpec], encoder: EncoderSpec | None = None) -> list[Path]:
        """Files of the nights, made where they lack."""
        files = [self.cache / f"{spec.seed}.npz" for spec in specs]
        for spec, path in zip(specs, files, strict=True):
            if not path.exists():
                night = night_of(300, PAUSES, seed=spec.seed)
                facts = {**night.facts, "generator": spec.generator}
                store(replace(night, facts=facts), path)
        return files

    def specs(self, share: Share | Calm, part: float = 1.0) -> list[NightSpec]:
        """Three nights of each split, one of each generator; none that are calm."""
        if isinstance(share, Calm):
            return []
        return specs_of(*(range(3) if share.split == "train" else range(3, 6)))
