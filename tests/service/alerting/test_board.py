"""What the house sees of the alert that stands, and of one that takes another's place."""

from datetime import datetime, timedelta

import pytest

from osa_daemon.scoring.event import Alert, AlertLevel
from osa_daemon.service.alerting.board import HANDOVER_TICKS, Board, Cause, Standing

NOW = datetime(2026, 3, 1, 23, 0).astimezone()
ALERT, URGENT, NOTICE = AlertLevel.ALERT, AlertLevel.URGENT, AlertLevel.NOTICE


class House:
    """A board, what it told, and what it logged."""

    def __init__(self) -> None:
        self.told: list[tuple[Alert, datetime]] = []
        self.log: list[tuple[str, Cause, str]] = []
        self.board = Board(lambda alert, since: self.told.append((alert, since)), self)

    def raised(self, standing: Standing) -> None:
        """Note a beginning."""
        self.log.append(("raised", standing.cause, standing.text))

    def ended(self, standing: Standing, now: datetime, *, acknowledged: bool) -> None:
        """Note an end."""
        self.log.append(("acknowledged" if acknowledged else "over", standing.cause, standing.text))

    def sees(self) -> list[tuple[bool, str, str]]:
        """Whether an alert is raised, of which kind and level, as it was told."""
        return [(alert.active, alert.kind, alert.level.value) for alert, _ in self.told]

    def put(self, cause: Cause, since: datetime = NOW) -> None:
        """Raise an alert."""
        self.board.put(Standing(cause, ALERT, since, f"{cause.value}.", NOW), NOW)

    def ticks(self, count: int = HANDOVER_TICKS) -> None:
        """Let time pass."""
        for _ in range(count):
            self.board.tick()


@pytest.fixture
def house() -> House:
    """A house without alerts."""
    return House()


def test_an_alert_is_seen_at_once_and_its_end_too(house: House):
    """Nothing waits where nothing stood."""
    house.put(Cause.PAUSE)
    assert house.sees() == [(True, "apnea", "alert")]
    house.board.end("It is over.", NOW)
    assert house.sees()[1:] == [(False, "apnea", "alert")]
    house.ticks()
    assert len(house.told) == 2


def test_who_waits_for_an_alert_sees_each_begin(house: House):
    """One that takes another's place is told after the end of that one, a moment later."""
    house.put(Cause.CLUSTER)
    house.put(Cause.PAUSE)
    assert house.sees() == [(True, "cluster", "alert"), (False, "cluster", "alert")]
    assert house.told[-1][0].text == "Another alert takes its place."
    house.ticks(HANDOVER_TICKS - 1)
    assert len(house.told) == 2
    house.ticks(1)
    assert house.sees()[2:] == [(True, "apnea", "alert")]
    house.ticks()
    assert len(house.told) == 3


def test_what_is_over_before_it_was_told_is_not_told(house: House):
    """It stands in the log alone."""
    house.put(Cause.CLUSTER)
    house.put(Cause.PAUSE)
    house.board.end("Breathing is heard again.", NOW)
    house.ticks()
    assert house.sees() == [(True, "cluster", "alert"), (False, "cluster", "alert")]
    assert house.log[-1] == ("over", Cause.PAUSE, "Breathing is heard again.")
    house.put(Cause.PAUSE)
    assert house.sees()[2:] == [(True, "apnea", "alert")]


def test_an_alert_keeps_its_beginning_as_it_rises(house: House):
    """`since` is that of the condition, at the end too; the end says the highest level."""
    since = NOW - timedelta(seconds=30)
    house.put(Cause.PAUSE, since)
    house.board.rise(URGENT, "No breathing sound for 60 s.")
    house.board.end("It is over.", NOW)
    assert [alert_since for _, alert_since in house.told] == [since] * 3
    assert house.sees()[1:] == [(True, "apnea", "urgent"), (False, "apnea", "urgent")]
    assert [entry[0] for entry in house.log] == ["raised", "raised", "over"]


def test_a_notice_takes_no_alert_away(house: House):
    """It is told where nothing stands."""
    notice = Alert(False, NOTICE, "apnea", 0.0, "No breathing sound for 20 s.")
    house.board.notice(notice, NOW)
    house.put(Cause.TEST)
    house.board.notice(notice, NOW)
    assert house.sees() == [(False, "apnea", "notice"), (True, "technical", "alert")]


def test_taking_note_is_told_and_kept(house: House):
    """Who reads the log sees that somebody looked."""
    house.put(Cause.PAUSE)
    house.board.end("The alert was acknowledged.", NOW, acknowledged=True)
    assert house.told[-1][0].acknowledged is True
    assert house.log[-1][0] == "acknowledged"


def test_a_latching_alert_says_once_that_its_cause_is_over(house: House):
    """It stays raised."""
    house.put(Cause.PAUSE)
    house.board.latch("Breathing is heard again.")
    house.board.latch("Breathing is heard again.")
    assert house.sees() == [(True, "apnea", "alert")] * 2
    kept = "Breathing is heard again. Nobody has taken note of the alert yet."
    assert house.told[-1][0].text == kept


@pytest.mark.parametrize(
    ("stands", "comes", "gives_way"),
    [
        (Cause.CLUSTER, Cause.MICROPHONE, True),
        (Cause.MICROPHONE, Cause.CLUSTER, False),
        (Cause.MICROPHONE, Cause.PAUSE, True),
        (Cause.PAUSE, Cause.PAUSE, True),
        (Cause.PAUSE, Cause.MICROPHONE, False),
        (Cause.TEST, Cause.INDEX, True),
        (Cause.INDEX, Cause.TEST, False),
    ],
)
def test_the_weightier_takes_the_place(stands: Cause, comes: Cause, *, gives_way: bool):
    """A pause always does, another pause's too; how urgent the other is does not matter."""
    assert Standing(stands, URGENT, NOW, "t", NOW).gives_way_to(comes) is gives_way
    assert Standing(stands, URGENT, NOW, "t", NOW, is_over=True).gives_way_to(comes)


def test_what_does_not_stand_does_not_end(house: House):
    """An end without a beginning is told to nobody."""
    house.board.end("x", NOW)
    house.board.latch("x")
    house.ticks()
    assert house.told == []
    assert house.log == []
