"""The test nights: their manifest, and a detector that stands before them."""

import json
import os
import shutil
from collections import Counter
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("librosa")

from osa_daemon.errors import InputError, UsageError
from osa_daemon.training.detector import examination, testing
from osa_daemon.training.detector.evaluate import (
    NOTES,
    Examination,
    examine,
    kept_figures,
    metadata_of,
)
from osa_daemon.training.detector.examination import Examiner
from osa_daemon.training.detector.looks import COLUMNS, read_looks
from osa_daemon.training.detector.testing import (
    EMPTY_HOURS,
    EVENTLESS,
    EVENTLESS_HOURS,
    GENERATORS,
    STRATA,
    draw_manifest,
    read_manifest,
)
from osa_daemon.training.simulator import Material, NightSpec

pytestmark = pytest.mark.train
SHARED = Path(os.environ.get("OSA_SHARED", Path(__file__).parents[4] / "shared")) / "data"
MODELS = Path(__file__).parents[3] / "osa_daemon" / "models"
SHORT = [
    NightSpec(number, "test", "synthesised", "events", 60.0, severity="severe", snr_db=18.0)
    for number in (1, 2)
]


def hours_of(specs: list[NightSpec], kind: str) -> float:
    """Return the hours of eventless nights of a kind."""
    return sum(s.duration_s for s in specs if s.severity == "none" and s.kind == kind) / 3600


def test_the_manifest_has_the_hours_that_the_protocol_asks_for() -> None:
    """60 h of empty room and 30 h of each other eventless kind, nights of 2 h, test split only."""
    specs = read_manifest()
    assert hours_of(specs, "empty") == EMPTY_HOURS == 60
    assert {kind: hours_of(specs, kind) for kind in EVENTLESS} == dict.fromkeys(
        EVENTLESS, EVENTLESS_HOURS
    )
    assert {spec.duration_s for spec in specs} == {7_200.0}
    assert {spec.split for spec in specs} == {"test"}


def test_every_timeline_meets_every_generator_once() -> None:
    """No timeline is left out or counted twice, and each stratum of the index has 20 nights."""
    having = [spec for spec in read_manifest() if spec.severity != "none"]
    met = Counter((spec.timeline, spec.generator) for spec in having)
    assert set(met.values()) == {1}
    assert len(met) == len({spec.timeline for spec in having}) * len(GENERATORS)
    strata = Counter((spec.severity, spec.index_per_h) for spec in having)
    assert len(strata) == len(STRATA)
    assert min(strata.values()) >= 20


@pytest.mark.parametrize("share", [0.1, 0.3, 0.5])
def test_a_first_part_of_the_manifest_holds_the_whole_mixture(share: float) -> None:
    """Any beginning has about its share of each kind: what was judged first is no choice."""
    specs = read_manifest()
    first = specs[: round(share * len(specs))]
    whole = Counter(s.kind if s.severity == "none" else "having" for s in specs)
    part = Counter(s.kind if s.severity == "none" else "having" for s in first)
    for kind, count in whole.items():
        assert abs(part[kind] - share * count) <= 2


@pytest.mark.shared
@pytest.mark.skipif(not SHARED.is_dir(), reason="the development data is not here")
def test_the_manifest_is_what_its_seed_draws() -> None:
    """Nobody picked nights by hand."""
    names = [night.name for night in Material(SHARED, "test", "all").timelines]
    assert draw_manifest(names) == read_manifest()


def test_a_damaged_manifest_is_told(tmp_path: Path) -> None:
    """A line that is no night is one sentence with the file's name."""
    path = tmp_path / "nights.csv"
    path.write_text(",".join(testing.COLUMNS) + "\nx,recorded,events,mild,a,4,60\n")
    with pytest.raises(InputError, match=r"nights\.csv"):
        read_manifest(path)


def test_a_night_is_judged_once(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What was judged before is read again, and is the same; only a new night is judged."""
    examiner = Examiner(None, MODELS / "encoder.onnx", tmp_path, 1)
    model = MODELS / "detector.onnx"
    thresholds = metadata_of(model).thresholds["balanced"]
    before = examiner.judge(model, thresholds, SHORT[:1])
    judged: list[Path] = []
    really = examination._judge

    def counting(*arguments: object) -> None:
        judged.append(arguments[1])  # type: ignore[arg-type]
        really(*arguments)  # type: ignore[arg-type]

    monkeypatch.setattr(examination, "_judge", counting)
    after = examiner.judge(model, thresholds, SHORT)
    assert len(judged) == 1
    assert after[0].decided == before[0].decided
    assert np.array_equal(after[0].rows.p_audible, before[0].rows.p_audible)
    assert len(after) == 2


def test_an_examination_tells_what_was_judged(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its figures name the part of the manifest, the detector and the sensitivity; it is a look."""
    specs = [replace(spec, duration_s=40.0) for spec in SHORT]
    monkeypatch.setattr("osa_daemon.training.detector.evaluate.read_manifest", lambda: specs)
    examiner = Examiner(None, MODELS / "encoder.onnx", tmp_path, 1)
    log = tmp_path / "looks.csv"
    log.write_text(",".join(COLUMNS) + "\n")
    judged, figures = examine(Examination(MODELS / "detector.onnx", "low", 0.5), examiner, log)
    assert len(judged) == 1
    assert (figures["manifest"]["nights"], figures["manifest"]["of"]) == (1, 2)
    assert figures["manifest"]["sensitivity"] == "low"
    assert figures["test"]["set"]["nights"] == 1
    (look,) = figures["looks"]
    assert look["detector"] == figures["detector_sha256"][:12]
    assert look["manifest"] == figures["manifest"]["digest"]
    assert (look["nights"], look["what"]) == ("1", "osa-daemon evaluate")
    assert read_looks(log) == [look]


def test_kept_figures_are_those_of_the_same_detector(tmp_path: Path) -> None:
    """Notes and looks are today's; figures of another detector, or none, are refused."""
    log = tmp_path / "looks.csv"
    log.write_text(",".join(COLUMNS) + "\n")
    for name in ("detector.onnx", "figures.json"):
        shutil.copy(MODELS / name, tmp_path / name)
    figures = kept_figures(tmp_path, log)
    assert figures["looks"] == []
    assert figures["tried"] == json.loads(NOTES.read_text())["tried"]
    shipped = json.loads((MODELS / "figures.json").read_text())
    assert figures["test"] == shipped["test"]
    (tmp_path / "figures.json").write_text(json.dumps(shipped | {"detector_sha256": "0"}))
    with pytest.raises(UsageError, match="of another detector"):
        kept_figures(tmp_path, log)
    (tmp_path / "figures.json").unlink()
    with pytest.raises(UsageError, match="cannot be read"):
        kept_figures(tmp_path, log)
