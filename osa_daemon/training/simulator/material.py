"""The recordings and timelines that nights of one split may use."""

import csv
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import soundfile as sf

from osa_daemon.errors import InputError
from osa_daemon.training.simulator.licence import may_be_used
from osa_daemon.training.simulator.night import SAMPLE_RATE_HZ, Samples, Split, Which

_SCORED_SHARE = 0.5
_SECONDS_KEPT = 3_600  # of decoded clips: 230 MB


@dataclass(frozen=True, slots=True)
class Clip:
    """A recording: `path` below the sounds folder; `group` is one person or recording."""

    path: str
    sound: str
    subclass: str
    group: str


@dataclass(frozen=True, slots=True)
class Scored:
    """A scored event of a timeline; `type` obstructive, central, mixed or hypopnea.

    `drop_db`: how far breath falls in a hypopnea, drawn where it is None.
    """

    onset_s: float
    duration_s: float
    type: str
    drop_db: float | None = None


@dataclass(frozen=True, slots=True)
class Timeline:
    """The scored events of one real night, in order of onset; `name` is the night's."""

    name: str
    person: str
    source: str
    hours: float
    events: tuple[Scored, ...]


@dataclass(frozen=True, slots=True)
class Airflow:
    """A real trace of airflow, inspiration positive: `flow` (n,) at `rate_hz`.

    `scored`: of an untreated sleeper, so that its own `events` are a night's events.
    """

    person: str
    rate_hz: float
    flow: Samples
    events: tuple[Scored, ...]
    scored: bool = False


class Material:
    """Clips, timelines and airflow of one split.

    Args:
        data_dir: the data folder (`sounds/`, `physiology/`), or None for synthesis only.
        split: nothing of another split can be reached through this object.
        which: `clear` licences only, or `all` that may be trained on.

    Raises:
        InputError: the folder holds no manifest.
    """

    def __init__(self, data_dir: Path | None, split: Split, which: Which) -> None:
        self.split: Split = split
        self.which: Which = which
        self._dir = data_dir
        self._clips: dict[str, list[Clip]] = defaultdict(list)
        self._segments: dict[str, list[tuple[float, float, str]]] = defaultdict(list)
        self._decoded: dict[str, Samples] = {}
        self._decoded_s = 0.0
        self.timelines: tuple[Timeline, ...] = ()
        self._airflow_files: list[tuple[str, str]] = []
        self._scored_files: list[tuple[str, str]] = []
        if data_dir is not None:
            self._read_sounds(data_dir / "sounds")
            self._read_physiology(data_dir / "physiology")

    def clips(self, sound: str, *subclasses: str) -> list[Clip]:
        """Return the clips of a class (`breath`, `snore`, …), of some subclasses if named."""
        found = self._clips.get(sound, [])
        return [c for c in found if not subclasses or c.subclass in subclasses]

    def groups(self, sound: str, least: int = 1) -> dict[str, list[Clip]]:
        """Return the clips of a class by group, where the group has `least` segments or more."""
        by_group: dict[str, list[Clip]] = defaultdict(list)
        for clip in self.clips(sound):
            if self.segments(clip):
                by_group[clip.group].append(clip)
        count = {g: sum(len(self.segments(c)) for c in cs) for g, cs in by_group.items()}
        return {g: cs for g, cs in by_group.items() if count[g] >= least}

    def segments(self, clip: Clip) -> list[tuple[float, float, str]]:
        """Return the marked single sounds of a clip: start and end in seconds, phase."""
        return self._segments.get(clip.path, [])

    def samples(self, clip: Clip) -> Samples:
        """Return the samples of a clip, 16 kHz mono.

        Raises:
            InputError: the file is missing or of another rate.
        """
        if clip.path not in self._decoded:
            assert self._dir is not None
            audio = _read(self._dir / "sounds" / clip.path)
            if self._decoded_s > _SECONDS_KEPT:
                self._decoded.clear()
                self._decoded_s = 0.0
            self._decoded[clip.path] = audio
            self._decoded_s += len(audio) / SAMPLE_RATE_HZ
        return self._decoded[clip.path]

    @property
    def has_airflow(self) -> bool:
        """Whether `airflow` can draw a trace."""
        return bool(self._airflow_files)

    def airflow(self, rng: np.random.Generator, *, scored: bool = False) -> Airflow | None:
        """Return one drawn trace, or None where the material has none.

        Args:
            rng: what to draw with.
            scored: an untreated, scored sleeper would do; only test material has some, and
                half of its draws give one.
        """
        if not self._airflow_files or self._dir is None:
            return None
        untreated = scored and bool(self._scored_files) and bool(rng.random() < _SCORED_SHARE)
        files = self._scored_files if untreated else self._airflow_files
        file, person = files[int(rng.integers(len(files)))]
        with np.load(self._dir / "physiology" / "airflow" / file) as data:
            rate_hz = float(data["rate"])
            flow = data["signal"].astype(np.float32) * np.float32(data["scale"])
            names = [str(n) for n in data["event_types"]]
            rows = data["events"]
        # of treated sleepers the mark is the end of the event
        ends = 0.0 if untreated else 1.0
        events = tuple(
            Scored(float(r["onset_s"] - ends * r["duration_s"]), float(r["duration_s"]), n)
            for r in rows
            if (n := names[int(r["type"])]) != "apnea_unspecified"
        )
        return Airflow(person, rate_hz, flow, events, untreated)

    def _read_sounds(self, folder: Path) -> None:
        allowed = set()
        for row in _rows(folder / "manifest.csv"):
            if not may_be_used(row, self.split, self.which):
                continue
            allowed.add(row["file"])
            clip = Clip(row["file"], row["class"], row["subclass"], row["group"])
            self._clips[clip.sound].append(clip)
        for row in _rows(folder / "segments.csv"):
            if row["file"] in allowed:
                span = (float(row["t_start"]), float(row["t_end"]), row["phase"])
                self._segments[row["file"]].append(span)

    def _read_physiology(self, folder: Path) -> None:
        timelines = []
        for row in _rows(folder / "nights.csv"):
            if row["split"] != self.split or not self._timeline_allowed(row["redistributable"]):
                continue
            events = tuple(
                Scored(float(e["onset_s"]), float(e["duration_s"]), e["type"])
                for e in _rows(folder / "timelines" / f"{row['night']}.csv")
                if e["type"] in ("obstructive", "central", "mixed", "hypopnea")
            )
            source = row["night"].partition("_")[0]
            timelines.append(
                Timeline(row["night"], row["person"], source, float(row["hours"]), events)
            )
        self.timelines = tuple(timelines)
        for row in _rows(folder / "airflow.csv"):
            if row["split"] != self.split:
                continue
            if row["file"].startswith("cpap"):
                self._airflow_files.append((row["file"], row["person"]))
            # of the others no licence is known: they test and never train, whatever a table says
            elif row["file"].startswith("dm_") and self.split == "test":
                self._scored_files.append((row["file"], row["person"]))

    def _timeline_allowed(self, redistributable: str) -> bool:
        if self.split == "test":
            return True
        if redistributable.startswith("no"):
            return False
        return self.which == "all" or redistributable.startswith("yes")


def _rows(path: Path) -> list[dict[str, str]]:
    try:
        with path.open(newline="", encoding="utf-8") as lines:
            return list(csv.DictReader(lines))
    except OSError as error:
        raise InputError(f"The training data lacks {path}: {error.strerror}.") from error


def _read(path: Path) -> Samples:
    try:
        audio, rate_hz = sf.read(path, dtype="float32", always_2d=True)
    except (OSError, sf.LibsndfileError) as error:
        raise InputError(f"The clip {path} cannot be read: {error}.") from error
    if rate_hz != SAMPLE_RATE_HZ:
        raise InputError(f"The clip {path} has {rate_hz} Hz; clips must have 16000 Hz.")
    mono: Samples = audio.mean(axis=1, dtype=np.float32)
    return mono
