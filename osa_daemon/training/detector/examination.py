"""A detector before the test nights: made once, judged once for each detector, resumable."""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from osa_daemon.detector.model import file_sha256
from osa_daemon.errors import StorageError
from osa_daemon.evaluation.night import JudgedNight
from osa_daemon.evaluation.store import NightStore, key_of, make_folder
from osa_daemon.features.encoder import Encoder
from osa_daemon.training.detector.corpus import load, make
from osa_daemon.training.detector.judge import judge, read
from osa_daemon.training.detector.workers import Workers
from osa_daemon.training.simulator import NightSpec


@dataclass(frozen=True, slots=True)
class Examiner:
    """Where nights come from and what is kept: `cache` holds nights, and judged ones below it."""

    data: Path | None
    encoder: Path
    cache: Path
    jobs: int

    def make(self, specs: Sequence[NightSpec]) -> list[Path]:
        """Make the nights that the cache lacks; return the files of all, in order."""
        return make(specs, self.data, self.encoder, self.cache, self.jobs)

    def judge(
        self, model: Path, thresholds: Mapping[str, float], specs: Sequence[NightSpec]
    ) -> list[JudgedNight]:
        """Judge nights at one operating point; a night that was judged before is read again.

        Raises:
            StorageError: a judged night cannot be read back.
        """
        paths = self.make(specs)
        store = NightStore(self.cache / "judged")
        make_folder(store.folder)
        digest, encoder_sha256 = file_sha256(model), Encoder(self.encoder).sha256
        keys = [key_of(model=digest, thresholds=dict(thresholds), night=p.stem) for p in paths]
        how = (model.resolve(), encoder_sha256, dict(thresholds))
        calls = [
            (how, path, store, key)
            for path, key in zip(paths, keys, strict=True)
            if store.find(path.stem, key) is None
        ]
        Workers(self.jobs).run(_judge, calls, "judging")
        return [_found(store, path, key) for path, key in zip(paths, keys, strict=True)]


def _found(store: NightStore, path: Path, key: str) -> JudgedNight:
    night = store.find(path.stem, key)
    if night is None:
        raise StorageError(
            f"The judged night {path.stem} cannot be read back from {store.folder}: run again."
        )
    return night


def _judge(
    how: tuple[Path, str, Mapping[str, float]], path: Path, store: NightStore, key: str
) -> None:
    """Judge one night and keep what was judged; `how`: detector, encoder's digest, thresholds."""
    model, encoder_sha256, thresholds = how
    (reading,) = read(str(model), encoder_sha256, [load(path, path.stem)])
    store.keep(key, judge(reading, thresholds))


def manifest_digest(specs: Sequence[NightSpec]) -> str:
    """Return a digest of a manifest, to say which nights a figure is of."""
    return hashlib.sha256(repr(list(specs)).encode()).hexdigest()[:12]
