"""What the house is told of the microphone, the breathing and the end."""

from typing import Any

import pytest

from osa_daemon.audio.fault import Fault, FaultKind
from osa_daemon.audio.source import SourceHealth, SourceState
from osa_daemon.detector.frame import Frame
from osa_daemon.scoring.event import Alert, AlertLevel, Progress, Scored
from osa_daemon.service.bulletin import Bulletin
from osa_daemon.service.chain import Step
from osa_daemon.service.clock import StreamClock

RUNNING = SourceHealth(SourceState.RUNNING, "It hears.", device="Mic X")
RAISED = Alert(True, AlertLevel.ALERT, "apnea", 10.0, "No breathing sound for 30 s.")
NOTICE = Alert(False, AlertLevel.NOTICE, "apnea", 50.0, "No breathing sound for 20 s.")


class Wire:
    """Keeps the last value of each topic (the real publisher needs a broker)."""

    def __init__(self) -> None:
        self.last: dict[str, Any] = {}

    def set_state(self, suffix: str, payload: Any) -> None:
        """Note a state."""
        self.last[suffix] = payload


@pytest.fixture
def wire() -> Wire:
    """A wire without values."""
    return Wire()


@pytest.fixture
def bulletin(wire: Wire) -> Bulletin:
    """A bulletin over the wire; its clock stands still."""
    clock = StreamClock(wall=lambda: 1_772_400_000.0)
    return Bulletin(wire, clock, "0", "m", lambda _state, _text: None)


def step(index: int, progress: Progress, *, clipped: bool = False) -> Step:
    """A frame that led to this."""
    frame = Frame(index, True, -50.0, -60.0, clipped, False, 1.0, 0.0, 0.0, 0.0, 0.0, 0.0, None)
    return Step(frame, Scored(index, True, True, progress, None, False, (), ()))


def test_what_was_told_of_problems_before_the_first_sound_stays(wire: Wire, bulletin: Bulletin):
    """The beginning does not take back what the journal and the settings had to say."""
    bulletin.storage("The disk is full.")
    bulletin.configuration("A setting is odd.")
    bulletin.begin()
    assert wire.last["problem/storage"]["state"] == "ON"
    assert wire.last["problem/configuration"]["text"] == "A setting is odd."


def test_another_cause_of_the_same_state_is_told(wire: Wire, bulletin: Bulletin):
    """A microphone that was absent and is now busy needs another remedy."""
    bulletin.listen(SourceHealth(SourceState.ABSENT, "Plug it in."))
    bulletin.listen(SourceHealth(SourceState.ABSENT, "Plug it in, tried 2 times."))
    assert wire.last["problem/microphone"]["text"] == "Plug it in."
    bulletin.listen(SourceHealth(SourceState.BUSY, "End the other program."))
    assert wire.last["problem/microphone"]["text"] == "End the other program."
    assert wire.last["status"]["reason"] == "End the other program."


def test_a_cause_that_a_source_tells_apart_is_told(wire: Wire, bulletin: Bulletin):
    """A phone that is gone, and was closed since, is gone for another reason."""
    for text in ("No phone is connected.", "The phone stopped: its page was closed."):
        bulletin.listen(SourceHealth(SourceState.ABSENT, text, cause=text))
        assert wire.last["problem/microphone"]["text"] == text
        assert wire.last["status"]["reason"] == text


def test_an_overdriven_microphone_is_deaf(wire: Wire, bulletin: Bulletin):
    """Clipped in 80 % of 10 s: hearing offline, and what to do; over when it is over."""
    for index in range(50):
        bulletin.step(step(index, Progress.OFF, clipped=index % 10 < 8))
    bulletin.listen(RUNNING)
    assert wire.last["status"]["state"] == "deaf"
    assert wire.last["hearing"] == "offline"
    assert wire.last["problem/microphone"]["text"] == "Mic X is overdriven: lower its gain."
    for index in range(50, 70):
        bulletin.step(step(index, Progress.OFF))
    bulletin.listen(RUNNING)
    assert wire.last["hearing"] == "online"
    assert wire.last["problem/microphone"]["state"] == "OFF"


def test_sound_that_is_no_use_is_deaf(wire: Wire, bulletin: Bulletin):
    """With the fault as the reason; what else is wrong is told beside it; over when it is over."""
    silent = Fault(FaultKind.SILENT, "Mic X gives digital silence.", is_deaf=True)
    hum = Fault(FaultKind.HUM, "Mic X hums.")
    bulletin.listen(RUNNING)
    unusable = SourceHealth(SourceState.UNUSABLE, silent.text, "Mic X", faults=(silent, hum))
    bulletin.listen(unusable)
    assert (wire.last["status"]["state"], wire.last["hearing"]) == ("deaf", "offline")
    assert wire.last["problem/microphone"]["text"] == "Mic X gives digital silence. Mic X hums."
    assert bulletin.lost == "Mic X gives digital silence. Mic X hums."
    bulletin.listen(RUNNING)
    assert (wire.last["status"]["state"], wire.last["hearing"]) == ("monitoring", "online")
    assert wire.last["problem/microphone"]["state"] == "OFF"


def test_what_only_spoils_sound_is_a_problem_and_no_more(wire: Wire, bulletin: Bulletin):
    """Hearing stays, and so what depends on it; nobody is woken for it; the reason is told."""
    hum = Fault(FaultKind.HUM, "Mic X hums.")
    bulletin.listen(SourceHealth(SourceState.RUNNING, "It hears.", "Mic X", faults=(hum,)))
    assert wire.last["hearing"] == "online"
    assert wire.last["status"]["state"] == "monitoring"
    assert wire.last["status"]["reason"] == "Mic X hums."
    assert wire.last["problem/microphone"] == {"v": 1, "state": "ON", "text": "Mic X hums."}
    assert bulletin.lost is None
    bulletin.listen(RUNNING)
    assert wire.last["problem/microphone"]["state"] == "OFF"
    assert wire.last["status"]["reason"] is None


def test_an_overload_names_what_slows_the_board(wire: Wire):
    """Where the firmware tells: the remedy is another than to stop a program."""
    clock = StreamClock(wall=lambda: 1_772_400_000.0)
    bulletin = Bulletin(wire, clock, "0", "m", lambda *_: None, slowed=lambda: "it is too hot")
    overload = Fault(FaultKind.OVERLOAD, "The computer does not keep up.")
    hum = Fault(FaultKind.HUM, "Mic X hums.")
    for faults, text in (
        ((hum,), "Mic X hums."),
        (
            (hum, overload),
            "Mic X hums. The computer does not keep up. Its firmware says: it is too hot.",
        ),
    ):
        bulletin.listen(SourceHealth(SourceState.RUNNING, "It hears.", "Mic X", faults=faults))
        assert wire.last["problem/microphone"]["text"] == text


def test_a_loud_snorer_is_heard(wire: Wire, bulletin: Bulletin):
    """Clipping half of the time is no reason to call the microphone deaf."""
    for index in range(50):
        bulletin.step(step(index, Progress.OFF, clipped=index % 2 == 0))
    bulletin.listen(RUNNING)
    assert wire.last["hearing"] == "online"


def test_the_end_leaves_nothing_that_is_no_longer_known(wire: Wire, bulletin: Bulletin):
    """Retained states outlive the daemon: unknown, not audible, not hearing."""
    bulletin.listen(RUNNING)
    bulletin.step(step(0, Progress.OFF))
    assert wire.last["breathing_audible"] == "ON"
    assert bulletin.end()["state"] == "stopping"
    assert wire.last["apnea"] == "None"
    assert wire.last["breathing_audible"] == "OFF"
    assert wire.last["hearing"] == "offline"


def test_who_asked_for_alerts_gets_each_change_of_them_and_nothing_else(wire: Wire):
    """The payload that the broker gets, notices and ends among them, each once."""
    heard: list[Any] = []
    clock = StreamClock(wall=lambda: 1_772_400_000.0)
    bulletin = Bulletin(wire, clock, "0", "m", lambda *_: None, on_alert=heard.append)
    bulletin.begin()
    for alert in (NOTICE, RAISED, RAISED):
        bulletin.alert(alert, clock.now())
        assert heard[-1] == wire.last["alert"]
    assert [payload["level"] for payload in heard] == [None, "notice", "alert"]
