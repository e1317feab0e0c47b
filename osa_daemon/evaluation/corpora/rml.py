"""Respiratory events of a Philips RML scoring file (Sleepware, as PSG-Audio has them).

XML of the name space `http://www.respironics.com/PatientStudy.xsd`; of it only
`<Event Family Type Start Duration>` inside `<Events>` counts, in seconds from the start of the
recording. Snores, arousals, desaturations and what else has a family of its own are left out.
"""

from pathlib import Path
from xml.parsers import expat

from osa_daemon.errors import InputError
from osa_daemon.evaluation.corpora.kinds import kind_of
from osa_daemon.evaluation.corpora.table import read_seconds
from osa_daemon.scoring.matching import Span

FAMILY = "Respiratory"
# respiratory, but no apnea or hypopnea: they have no single pause
OTHERS = frozenset(
    {"RERA", "PeriodicRespiration", "CheyneStokesRespiration", "Hypoventilation", "FlowLimitation"}
)


def read_rml(path: Path) -> tuple[Span, ...]:
    """Read the respiratory events of a scoring file, in order of onset.

    Raises:
        InputError: the file cannot be read, is no RML, was not scored, or an event in it cannot
            be understood.
    """
    reader = _Reader(path)
    try:
        with path.open("rb") as file:
            reader.parser.ParseFile(file)
    except OSError as error:
        raise InputError(f"{path} cannot be read: {error.strerror}.") from error
    except expat.ExpatError as error:
        raise InputError(
            f"{path}, line {error.lineno}, is damaged: {expat.ErrorString(error.code)}; "
            "copy the file again."
        ) from error
    except (LookupError, ValueError) as error:
        raise InputError(
            f"{path} names an encoding that is not known: save it as UTF-8."
        ) from error
    if not reader.has_events:
        raise InputError(f"{path} holds no <Events>: it was not scored, or is no Philips RML file.")
    return tuple(sorted(reader.events, key=lambda event: event.onset_s))


class _Reader:
    """Takes elements as they come, with the line that each stands in."""

    def __init__(self, path: Path) -> None:
        self.parser = expat.ParserCreate()
        self.parser.StartElementHandler = self._start
        self.parser.EndElementHandler = self._end
        self.events: list[Span] = []
        self.has_events = False
        self._path = path
        self._open: list[str] = []

    def _start(self, tag: str, attributes: dict[str, str]) -> None:
        name = tag.rpartition(":")[2]
        parent = self._open[-1] if self._open else ""
        self._open.append(name)
        self.has_events |= name == "Events"
        if name == "Event" and parent == "Events" and attributes.get("Family") == FAMILY:
            self._take(attributes)

    def _end(self, _tag: str) -> None:
        self._open.pop()

    def _take(self, attributes: dict[str, str]) -> None:
        label = attributes.get("Type", "")
        if label in OTHERS:
            return
        place = f"{self._path}, line {self.parser.CurrentLineNumber},"
        kind = kind_of(label)
        if kind is None:
            raise InputError(
                f'{place} has the respiratory Type "{label}", which is no known event: expected '
                "ObstructiveApnea, CentralApnea, MixedApnea or Hypopnea."
            )
        onset_s, duration_s = (
            read_seconds(place, name, attributes.get(name, "")) for name in ("Start", "Duration")
        )
        self.events.append(Span(onset_s, duration_s, kind))
