"""Simulated nights as cached features: what is made, when, and by whom."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import pytest

pytest.importorskip("joblib")

from osa_daemon.audio.block import Block
from osa_daemon.errors import ResourceError, StorageError, UsageError
from osa_daemon.features.encoder import Encoder
from osa_daemon.training.detector import corpus, workers
from osa_daemon.training.detector.corpus import FeatureNight, make_or_load
from osa_daemon.training.simulator import NightSpec

pytestmark = pytest.mark.train

SPECS = tuple(
    NightSpec(seed, "train", "synthesised", "events", 60.0, severity="severe") for seed in (1, 2)
)
Make = Callable[..., list[FeatureNight]]


@pytest.fixture
def make(encoder_path: Path, tmp_path: Path) -> Make:
    """Makes or loads nights with one cache, in this process."""

    def call(specs: Sequence[NightSpec] = SPECS, **options: Any) -> list[FeatureNight]:
        return make_or_load(specs, None, encoder_path, tmp_path / "cache", 1, **options)

    return call


@pytest.fixture
def made(monkeypatch: pytest.MonkeyPatch) -> list[NightSpec]:
    """The specs that were simulated, in order."""
    specs: list[NightSpec] = []
    simulate = corpus.simulate

    def counting(spec: NightSpec, material: Any) -> Any:
        specs.append(spec)
        return simulate(spec, material)

    monkeypatch.setattr(corpus, "simulate", counting)
    return specs


def test_no_night_is_made_twice(make: Make, made: list[NightSpec]):
    """A second run loads what the first has made, and it is the same."""
    first, second = make(), make()
    assert made == list(SPECS)
    np.testing.assert_array_equal(first[1].features.encoder, second[1].features.encoder)
    assert first[1].facts == second[1].facts


def test_the_same_spec_twice_is_one_night(make: Make, made: list[NightSpec]):
    """A manifest that repeats a spec gets it twice from one making."""
    nights = make((SPECS[0], SPECS[0]))
    assert len(made) == 1
    assert nights[0].name == nights[1].name


def test_a_changed_spec_is_made_anew(make: Make, made: list[NightSpec]):
    """Only the night whose spec changed is made again."""
    make()
    louder = replace(SPECS[1], snr_db=20.0)
    make((SPECS[0], louder))
    assert made == [*SPECS, louder]


def test_changed_code_makes_all_anew(
    make: Make, made: list[NightSpec], monkeypatch: pytest.MonkeyPatch
):
    """What another version of the simulator made is not taken for this one's."""
    make()
    monkeypatch.setattr(corpus, "sources_digest", lambda: "another")
    make()
    assert made == [*SPECS, *SPECS]


def test_an_interrupted_run_leaves_no_half_written_file(
    make: Make, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
):
    """Ctrl-C while a night is written leaves the nights before it whole, and nothing else."""
    whole = np.savez
    written: list[int] = []

    def interrupted(file: Any, **rows: Any) -> None:
        written.append(1)
        if len(written) == 2:
            file.write(b"half")
            raise KeyboardInterrupt
        whole(file, **rows)

    monkeypatch.setattr(np, "savez", interrupted)
    with pytest.raises(KeyboardInterrupt):
        make()
    monkeypatch.undo()
    (path,) = (tmp_path / "cache").iterdir()
    assert corpus.load(path, "first").facts["seed"] == 1


def test_a_run_goes_on_where_it_was_interrupted(make: Make, made: list[NightSpec], tmp_path: Path):
    """Nights that are there are not made again when others are lacking."""
    make(SPECS[:1])
    make()
    assert made == list(SPECS)


def test_a_night_that_cannot_be_made_is_named(make: Make):
    """The error says in one sentence which night it was and what to do."""
    recorded = replace(SPECS[0], seed=77, generator="recorded")
    with pytest.raises(UsageError, match=r"seed 77.*recorded.*name the data folder"):
        make((recorded,))


def test_a_bug_names_its_night(make: Make, monkeypatch: pytest.MonkeyPatch):
    """What nobody foresaw comes back with the night's spec, too, and with its cause."""

    def broken(spec: NightSpec, material: Any) -> Any:
        raise ZeroDivisionError("division by zero")

    monkeypatch.setattr(corpus, "simulate", broken)
    with pytest.raises(RuntimeError, match=r"seed 1, .*ZeroDivisionError: division") as caught:
        make()
    assert isinstance(caught.value.__cause__, ZeroDivisionError)


def test_a_damaged_night_is_named(make: Make, tmp_path: Path):
    """A file that a crash of the machine cut short is named, and what to do about it."""
    make(SPECS[:1])
    (path,) = (tmp_path / "cache").iterdir()
    path.write_bytes(path.read_bytes()[:1000])
    with pytest.raises(StorageError, match=f"{path.name}.*delete it"):
        make(SPECS[:1])


def test_frames_stay_where_their_sound_was(encoder_path: Path):
    """Sound that is lost, at the beginning or for minutes, becomes lost frames of zeros."""
    rng = np.random.default_rng(0)
    sound = (0.01 * rng.standard_normal(16_000 * 4)).astype(np.float32)
    blocks = (Block(16_000 * start_s, sound) for start_s in (6, 200))
    features = corpus.features_of(blocks, Encoder(encoder_path))
    heard = np.flatnonzero(features.valid)
    assert (features.index, len(features)) == (0, 204 * 5)
    assert heard.tolist() == [*range(30, 50), *range(1000, 1020)]
    assert not features.encoder[~features.valid].any()


def test_log_mel_is_loaded_where_asked_for(make: Make):
    """One row of 80 for each frame; it costs no memory where nobody wants it."""
    (with_mel,) = make(SPECS[:1], logmel=True)
    (without,) = make(SPECS[:1])
    assert without.logmel is None
    assert with_mel.logmel is not None
    assert with_mel.logmel.shape == (len(with_mel.features), 80)


def test_facts_tell_of_each_event_what_sound_could_find(make: Make):
    """The fall in level and audibility stand beside onset and duration."""
    (night,) = make((replace(SPECS[0], duration_s=150.0),))
    told = night.facts["events"]
    assert night.facts["generator"] == "synthesised"
    assert [(e["onset_s"], e["duration_s"], e["type"], e["counts"]) for e in told] == list(
        night.events
    )
    assert all({"level_drop_db", "audible"} <= e.keys() for e in told)


def test_a_cluster_makes_what_one_process_makes(
    make: Make, encoder_path: Path, tmp_path: Path, start_cluster: Callable[..., str]
):
    """Two workers of a Dask cluster fill the cache with the nights that are lacking."""
    here = make(SPECS[:1])
    address = start_cluster(2, processes=True)
    there = make_or_load(SPECS, None, encoder_path, tmp_path / "there", 1, dask=address)
    np.testing.assert_array_equal(here[0].features.levels, there[0].features.levels)
    assert [night.facts["seed"] for night in there] == [1, 2]


def test_a_cluster_that_fails_names_the_night(
    encoder_path: Path, tmp_path: Path, start_cluster: Callable[..., str]
):
    """An error of a worker reaches the one who asked as it is."""
    recorded = replace(SPECS[0], seed=77, generator="recorded")
    address = start_cluster(1, processes=False)
    with pytest.raises(UsageError, match="seed 77"):
        make_or_load((recorded,), None, encoder_path, tmp_path, 1, dask=address)


def test_an_absent_cluster_is_told(make: Make, monkeypatch: pytest.MonkeyPatch):
    """Where no scheduler answers, one sentence says what to start."""
    pytest.importorskip("distributed")
    monkeypatch.setattr(workers, "CONNECT_S", 0.2)
    with pytest.raises(ResourceError, match=r"127\.0\.0\.1:9.*dask scheduler"):
        make(dask="tcp://127.0.0.1:9")


def test_workers_of_another_version_are_refused():
    """Nights are named after the code of the one who asks: another's must not make them."""
    with pytest.raises(ResourceError, match="another version"):
        corpus.require_code("of another version")


def test_a_cache_that_is_not_shared_is_told(make: Make, monkeypatch: pytest.MonkeyPatch):
    """Workers that write to a disk of their own are found out."""
    monkeypatch.setattr(workers.Workers, "run", lambda *_: None)
    with pytest.raises(ResourceError, match="must be a folder that they share"):
        make()
