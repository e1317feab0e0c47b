"""Writers of small recordings in the formats of others."""

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import soundfile
from numpy.typing import NDArray

RML = """<?xml version="1.0" encoding="utf-8"?>
<PatientStudy xmlns="http://www.respironics.com/PatientStudy.xsd">
  <Acquisition><Sessions><Session><RecordingStart>2010-05-07T22:01:00</RecordingStart>
  <Duration>28800</Duration></Session></Sessions></Acquisition>
  <ScoringData>
    <Events>
{events}
    </Events>
    <StagingData><UserStaging><NeuroAdultAASMStaging>
      <Stage Type="Wake" Start="0" />
    </NeuroAdultAASMStaging></UserStaging></StagingData>
  </ScoringData>
</PatientStudy>
"""


def rml_of(*events: str) -> str:
    """The text of a scoring file with these elements in it, one a line from line 7 on."""
    return RML.format(events="\n".join(events))


def rml_event(
    kind: str, start: float | str, duration: float | str, family: str = "Respiratory"
) -> str:
    """One event as Sleepware writes it."""
    return f'<Event Family="{family}" Type="{kind}" Start="{start}" Duration="{duration}" />'


def write_edf(
    path: Path,
    channels: dict[str, NDArray[Any]],
    *,
    rate_hz: int = 48_000,
    start: dt.time = dt.time(22, 1),
    annotations: tuple[tuple[float, float | None, str], ...] | None = None,
    patient: str | None = None,
) -> Path:
    """Write an EDF file with channels of sound; EDF+ where annotations are given."""
    edfio = pytest.importorskip("edfio")
    signals = [
        edfio.EdfSignal(data, rate_hz, label=label, physical_range=(-1, 1))
        for label, data in channels.items()
    ]
    options: dict[str, Any] = {"starttime": start, "data_record_duration": 1}
    if annotations is not None:
        options["annotations"] = [edfio.EdfAnnotation(*each) for each in annotations]
    if patient is not None:
        options["patient"] = edfio.Patient(code=patient)
    path.parent.mkdir(parents=True, exist_ok=True)
    edfio.Edf(signals, **options).write(path)
    return path


def write_wav(path: Path, seconds: float = 60.0, rate_hz: int = 8_000) -> Path:
    """Write a sound file of quiet noise."""
    path.parent.mkdir(parents=True, exist_ok=True)
    noise = np.random.default_rng(1).normal(0, 0.01, round(seconds * rate_hz))
    soundfile.write(path, noise, rate_hz)
    return path


def tone(seconds: float, rate_hz: int = 48_000, hz: float = 440.0) -> NDArray[Any]:
    """A sine of half of full scale."""
    return np.asarray(0.5 * np.sin(2 * np.pi * hz * np.arange(round(seconds * rate_hz)) / rate_hz))
