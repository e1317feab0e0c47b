"""Nights for trials, and what is kept of them, so that a comparison goes on where it was cut."""

import hashlib
import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any, Literal

from osa_daemon.evaluation.night import JudgedNight
from osa_daemon.evaluation.store import NightStore, key_of, make_folder, write_whole
from osa_daemon.training.detector.corpus import FeatureNight, load, make
from osa_daemon.training.detector.plan import (
    CALM_TRAIN,
    CALM_VALIDATION,
    TRAIN,
    VALIDATION,
    Calm,
    Share,
    calm_specs,
    specs_of,
)
from osa_daemon.training.detector.testing import first_part, read_manifest
from osa_daemon.training.detector.workers import Workers
from osa_daemon.training.encoder_export import EncoderSpec, export_encoder
from osa_daemon.training.simulator import NightSpec
from osa_daemon.training.simulator.night import Generator, Which

SHIPPED_ENCODER = Path(__file__).parents[3] / "models" / "encoder.onnx"
Row = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Way:
    """A way to judge a night: `judge` can be sent to another process.

    `made_of` names all that its verdict depends on; `logmel` is what nights must be loaded with.
    """

    made_of: str
    judge: Callable[[FeatureNight], JudgedNight]
    logmel: bool = False


def digest_of(*parts: object) -> str:
    """Return a short digest of what decides a result."""
    return hashlib.sha256(json.dumps(parts, sort_keys=True, default=str).encode()).hexdigest()[:16]


def thinned(specs: Sequence[NightSpec], share: float) -> list[NightSpec]:
    """Return an even share of specs; a smaller share is part of a greater one where it divides."""
    count = max(round(len(specs) * share), 1)
    return [specs[number * len(specs) // count] for number in range(count)]


@dataclass(frozen=True, slots=True)
class Workshop:
    """Where nights come from and where results stay.

    `cache` holds nights, checkpoints, encoders and results. `whisper` is the checkpoint (file or
    name) from which encoders of another depth or precision are exported. `scale` below 1 takes
    fewer nights for training and validation, for a trial. `judged_on` are the nights that tables
    are made of; of test nights, the first `test_share` of the manifest, as the card's.
    """

    data: Path
    cache: Path
    whisper: str = "tiny.en"
    material: Which = "all"
    jobs: int = 2
    scale: float = 1.0
    judged_on: Literal["test", "validation"] = "test"
    test_share: float = 1.0

    def encoder(self, spec: EncoderSpec) -> Path:
        """Return the file of an encoder, exporting it unless it is there."""
        if spec == EncoderSpec():
            return SHIPPED_ENCODER
        folder = self.cache / "encoders"
        make_folder(folder)
        path = folder / f"{digest_of(asdict(spec), self.whisper)}.onnx"
        if not path.exists():
            export_encoder(self.whisper, path, spec)
        return path

    def specs(self, share: Share | Calm, part: float = 1.0) -> list[NightSpec]:
        """Return `part` of the nights of one share that the shipped detector learns from."""
        if isinstance(share, Calm):
            return thinned(calm_specs(share, self.material), part * self.scale)
        return thinned(specs_of(share, self.material), part * self.scale)

    def training(
        self, part: float = 1.0, generators: Sequence[Generator] | None = None
    ) -> list[NightSpec]:
        """Return `part` of the training nights; with `generators`, of those that they make."""
        return _of([*self.specs(TRAIN, part), *self.specs(CALM_TRAIN, part)], generators)

    def validation(
        self, part: float = 1.0, generators: Sequence[Generator] | None = None
    ) -> list[NightSpec]:
        """Return `part` of the validation nights; with `generators`, of those that they make."""
        return _of(self.specs(VALIDATION, part), generators)

    def calm(self) -> list[NightSpec]:
        """Return the nights without events that false events and alerts are rated on, too."""
        return self.specs(CALM_VALIDATION)

    def judged_nights(self) -> list[NightSpec]:
        """Return the nights that tables are made of."""
        if self.judged_on == "validation":
            return self.validation()
        return first_part(read_manifest(), self.test_share)

    def paths(self, specs: Sequence[NightSpec], encoder: EncoderSpec | None = None) -> list[Path]:
        """Return the files of nights, making those that are lacking."""
        path = self.encoder(encoder or EncoderSpec())
        return make(specs, self.data, path, self.cache, self.jobs)

    def nights(
        self,
        specs: Sequence[NightSpec],
    ) -> list[FeatureNight]:
        """Return nights, all in memory: 35 MB an hour."""
        return [load(path, path.stem) for path in self.paths(specs)]

    def judge(self, way: Way, paths: Sequence[Path]) -> list[JudgedNight]:
        """Judge the nights in `paths`, in order; one that was judged before is read again."""
        store = NightStore(self.cache / "judged")
        make_folder(store.folder)
        keys = [key_of(way=way.made_of, night=path.stem) for path in paths]
        calls = [
            (way, path, store, key)
            for path, key in zip(paths, keys, strict=True)
            if store.find(path.stem, key) is None
        ]
        Workers(self.jobs).run(_judge, calls, "judging")
        found = [store.find(path.stem, key) for path, key in zip(paths, keys, strict=True)]
        return [night for night in found if night is not None]

    def keep_nights(self, key: str, nights: Sequence[JudgedNight]) -> None:
        """Keep judged nights under `key`, named by their place."""
        store = NightStore(self.cache / "judged")
        make_folder(store.folder)
        for number, night in enumerate(nights):
            store.keep(key_of(way=key), replace(night, name=str(number)))

    def kept_nights(self, key: str, count: int) -> list[JudgedNight]:
        """Return the `count` nights that were kept under `key`; none where one is lacking."""
        store = NightStore(self.cache / "judged")
        found = (store.find(str(number), key_of(way=key)) for number in range(count))
        nights = [night for night in found if night is not None]
        return nights if len(nights) == count else []

    @property
    def checkpoints(self) -> Path:
        """The folder of trials' checkpoints."""
        return self.cache / "trials"

    def kept(self, group: str, name: str, key: str) -> Row | None:
        """Return the result kept under `key`, None where there is none or another's."""
        path = self._result(group, name)
        if not path.exists():
            return None
        row: Row = json.loads(path.read_text(encoding="utf-8"))
        return row if row["key"] == key else None

    def keep(self, group: str, name: str, key: str, row: Row) -> Row:
        """Keep a result; return it with its key."""
        path = self._result(group, name)
        make_folder(path.parent)
        row = {**row, "key": key}
        write_whole(path, json.dumps(row, indent=1) + "\n")
        return row

    def _result(self, group: str, name: str) -> Path:
        return self.cache / "results" / group / f"{name}.json"


def _of(specs: list[NightSpec], generators: Sequence[Generator] | None) -> list[NightSpec]:
    return specs if generators is None else [s for s in specs if s.generator in generators]


def _judge(way: Way, path: Path, store: NightStore, key: str) -> None:
    """Judge one night and keep what was judged."""
    store.keep(key, way.judge(load(path, path.stem, logmel=way.logmel)))
