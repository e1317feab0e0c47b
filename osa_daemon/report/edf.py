"""The events of a night as an EDF+ file of annotations, for programs that score sleep.

EDF+ (Kemp and Olivan 2003) has a local time without a zone: seconds are counted from it, so that
an hour that the clock is set by in the night moves nothing.
"""

import importlib
from datetime import tzinfo
from typing import Any, Final

from osa_daemon.errors import InputError
from osa_daemon.report.extra import missing
from osa_daemon.report.night import Night

YEARS: Final = range(1985, 2085)  # two digits of a year, from 85 on (EDF+ 2.1.3.2)
BEGINNING = "Recording starts"
LABELS = {"apnea": "Apnea", "hypopnea": "Hypopnea"}


def edf_of(night: Night, zone: tzinfo | None = None) -> bytes:
    """Return the content of an EDF+ file that begins with the night, and annotates its events.

    Where there was none, its beginning is annotated. No signal and no name is in it. `zone` is
    where its times are told, by default this place.

    Raises:
        InputError: the night was dated by a clock that was not set.
        ResourceError: edfio is not installed, or not usable.
    """
    edfio = _edfio()
    began = night.began_utc.astimezone(zone)
    if began.year not in YEARS:
        raise InputError(
            f"The night {night.night} has no EDF+ file: the format knows the years {YEARS[0]} to "
            f"{YEARS[-1]} alone. Its clock was wrong; --csv writes its events."
        )
    annotations = [
        edfio.EdfAnnotation(
            round((event.onset_utc - night.began_utc).total_seconds(), 3),
            round(event.duration_s, 3),
            LABELS[event.type],
        )
        for event in night.events
    ]
    # edfio writes no file without any annotation; these words are those of the standard
    annotations = annotations or [edfio.EdfAnnotation(0, None, BEGINNING)]
    recording = edfio.Recording(startdate=began.date(), equipment_code="osa_daemon")
    file = edfio.Edf([], recording=recording, starttime=began.time(), annotations=annotations)
    content: bytes = file.to_bytes()
    return content


def check_edf() -> None:
    """Raise ResourceError where edfio is not there, before anything else is made."""
    _edfio()


def _edfio() -> Any:
    try:
        return importlib.import_module("edfio")
    except ImportError as error:
        raise missing("edfio", "--edf") from error
