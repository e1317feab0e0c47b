"""Features of the same nights from other chunks of sound: what the bedside could choose."""

from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

from joblib import Parallel, delayed

from osa_daemon.features.encoder import Encoder
from osa_daemon.features.extractor import FeatureExtractor
from osa_daemon.features.features import Features
from osa_daemon.training.detector.corpus import FeatureNight, blocks_of, first_frames, join
from osa_daemon.training.simulator import Material, NightSpec, simulate

# (chunk, hop), s: half of the difference is heard on either side of the hop and discarded
CHUNKS_S = ((2.4, 2.0), (3.0, 1.0), (4.0, 2.0), (6.0, 4.0), (10.0, 8.0), (20.0, 18.0))


def features_by_chunk(
    nights: Sequence[FeatureNight],
    specs: Sequence[NightSpec],
    data: Path | None,
    encoder: Path,
    jobs: int,
) -> list[list[FeatureNight]]:
    """Return `nights`, made of `specs`, with the features of each of `CHUNKS_S`."""
    work = (delayed(_features)(spec, data, encoder) for spec in specs)
    heard = Parallel(n_jobs=jobs)(work)
    return [
        [
            replace(night, features=first_frames(features[number], len(night.features)))
            for night, features in zip(nights, heard, strict=True)
        ]
        for number in range(len(CHUNKS_S))
    ]


def _features(spec: NightSpec, data: Path | None, encoder_path: Path) -> list[Features]:
    night = simulate(spec, Material(data, spec.split, spec.material))
    encoder = Encoder(encoder_path)
    found = []
    for chunk_s, hop_s in CHUNKS_S:
        extractor = FeatureExtractor(encoder, chunk_s=chunk_s, hop_s=hop_s)
        parts = [extractor.push(block) for block in blocks_of(night)]
        parts.append(extractor.flush())
        found.append(join([part for part in parts if part is not None]))
    return found
