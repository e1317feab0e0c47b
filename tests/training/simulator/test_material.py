"""What may enter a night: splits and licences."""

from pathlib import Path

import numpy as np
import pytest

from osa_daemon.errors import InputError
from osa_daemon.training.simulator import Material, NightSpec, simulate
from osa_daemon.training.simulator.night import Split

SPLITS: tuple[Split, ...] = ("train", "val", "test")


def groups(data_dir: Path, split: Split, which: str = "all") -> set[str]:
    """Name the groups of all breath and snore clips that can be reached."""
    material = Material(data_dir, split, which)  # type: ignore[arg-type]
    return {c.group for sound in ("breath", "snore") for c in material.clips(sound)}


def test_splits_do_not_mix(data_dir: Path) -> None:
    """Material of a split reaches neither clips nor timelines of another."""
    assert groups(data_dir, "train") == {"a", "b", "f"}
    assert groups(data_dir, "val") == {"d", "v"}  # of training's groups "v" is kept back
    assert groups(data_dir, "test") == {"e"}
    for split in ("train", "val", "test"):
        people = {t.person for t in Material(data_dir, split, "all").timelines}
        assert people == {f"person_{split}"}


def test_clear_material_has_free_licences_only(data_dir: Path) -> None:
    """The clear set leaves out unlicensed, uploaded and copyleft clips."""
    assert groups(data_dir, "train", "clear") == {"a"}


def test_noncommercial_clips_are_never_trained_on(data_dir: Path) -> None:
    """NC and ND clips do not enter training even where a manifest puts them there."""
    assert "c" not in groups(data_dir, "train")


def test_recorded_night_names_its_people(data_dir: Path) -> None:
    """The person of a night is its sound groups and the person of its timeline."""
    spec = NightSpec(3, "train", "recorded", "events", 120, severity="severe")
    night = simulate(spec, Material(data_dir, "train", "all"))
    voice, _, timeline = night.person.partition("/")
    assert set(voice.split("+")) <= {"a", "b", "f", "v"}
    assert timeline == "person_train"
    assert night.events


def test_missing_folder_is_one_sentence(tmp_path: Path) -> None:
    """A folder without a manifest is named."""
    with pytest.raises(InputError, match=r"manifest\.csv"):
        Material(tmp_path, "train", "all")


def test_untreated_airflow_is_for_tests_only(data_dir: Path) -> None:
    """Traces without a licence reach test nights alone, even where a table puts them elsewhere."""
    folder = data_dir / "physiology"
    (folder / "airflow").mkdir()
    rows = [f"{who}_{split}.npz,{who},{split}" for split in SPLITS for who in ("cpap", "dm")]
    (folder / "airflow.csv").write_text("\n".join(["file,person,split", *rows]) + "\n")
    kinds = np.array(["obstructive"])
    events = np.array([(60.0, 15.0, 0)], [("onset_s", "f4"), ("duration_s", "f4"), ("type", "u1")])
    for row in rows:
        np.savez(
            folder / "airflow" / row.partition(",")[0],
            signal=np.ones(800, np.int16),
            rate=8,
            scale=1.0,
            event_types=kinds,
            events=events,
        )
    for split in SPLITS:
        material = Material(data_dir, split, "all")
        rng = np.random.default_rng(0)
        drawn = [material.airflow(rng, scored=True) for _ in range(20)]
        people = {trace.person for trace in drawn if trace is not None}
        assert people == ({"cpap", "dm"} if split == "test" else {"cpap"})
        for trace in drawn:
            assert trace is not None
            assert trace.scored == (trace.person == "dm")
            assert trace.events[0].onset_s == (60 if trace.scored else 45)
