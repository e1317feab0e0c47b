"""Which of several alerts the house sees, and what it is told of the end of each."""

from datetime import datetime, timedelta

import pytest

from osa_daemon.scoring.event import Alert, AlertLevel
from osa_daemon.service.alerting.board import Board, Cause, Standing

NOW = datetime(2026, 3, 1, 23, 0).astimezone()
ALERT, URGENT, NOTICE = AlertLevel.ALERT, AlertLevel.URGENT, AlertLevel.NOTICE


class House:
    """A board, what it told, and what it logged."""

    def __init__(self) -> None:
        self.told: list[tuple[Alert, datetime]] = []
        self.log: list[tuple[str, Cause, bool]] = []
        self.board = Board(lambda alert, since: self.told.append((alert, since)), self)

    def raised(self, standing: Standing) -> None:
        """Note a beginning."""
        self.log.append(("raised", standing.cause, False))

    def ended(self, standing: Standing, now: datetime, *, acknowledged: bool) -> None:
        """Note an end."""
        self.log.append(("ended", standing.cause, acknowledged))

    def sees(self) -> list[tuple[bool, str, str]]:
        """Whether an alert is raised, of which kind and level, as it was told."""
        return [(alert.active, alert.kind, alert.level.value) for alert, _ in self.told]

    def put(self, cause: Cause, level: AlertLevel = ALERT, since: datetime = NOW) -> None:
        """Raise an alert."""
        self.board.put(cause, level, since, f"{cause.value}.", NOW)

    def end(self, cause: Cause, *, latching: bool = False) -> None:
        """End one."""
        self.board.end(cause, "It is over.", NOW, latching=latching)


@pytest.fixture
def house() -> House:
    """A house without alerts."""
    return House()


def test_the_weightier_alert_is_seen_and_the_other_comes_back(house: House):
    """A pause goes before a cluster; when it is over the cluster is seen again, then its end."""
    house.put(Cause.CLUSTER)
    house.put(Cause.PAUSE)
    house.end(Cause.PAUSE)
    house.end(Cause.CLUSTER)
    assert house.sees() == [
        (True, "cluster", "alert"), (True, "apnea", "alert"), (True, "cluster", "alert"),
        (False, "cluster", "alert"),
    ]  # fmt: skip


def test_urgent_goes_before_a_pause(house: House):
    """The level weighs more than the cause."""
    house.put(Cause.PAUSE)
    house.put(Cause.INDEX, URGENT)
    assert house.sees()[-1] == (True, "index", "urgent")


def test_what_is_hidden_comes_and_goes_untold(house: House):
    """Only what the house sees is told, so that nobody is woken twice."""
    house.put(Cause.PAUSE)
    house.put(Cause.MICROPHONE)
    house.end(Cause.MICROPHONE)
    assert house.sees() == [(True, "apnea", "alert")]
    assert [entry[:2] for entry in house.log][1:] == [
        ("raised", Cause.MICROPHONE),
        ("ended", Cause.MICROPHONE),
    ]


def test_an_alert_keeps_its_beginning_as_it_rises(house: House):
    """`since` is that of the condition, at the end too; it is one entry in the log."""
    since = NOW - timedelta(seconds=30)
    house.put(Cause.PAUSE, ALERT, since)
    house.put(Cause.PAUSE, URGENT, since)
    house.end(Cause.PAUSE)
    assert [alert_since for _, alert_since in house.told] == [since] * 3
    assert house.told[-1][0].level is URGENT
    assert [entry[0] for entry in house.log] == ["raised", "raised", "ended"]


def test_another_pause_ends_the_alert_that_was_left(house: House):
    """Two pauses are two alerts, even where the end of the first was never heard."""
    house.put(Cause.PAUSE)
    house.put(Cause.PAUSE, since=NOW + timedelta(minutes=20))
    assert [entry[0] for entry in house.log] == ["raised", "ended", "raised"]


def test_a_notice_takes_no_alert_away(house: House):
    """It is told where nothing stands."""
    notice = Alert(False, NOTICE, "apnea", 0.0, "No breathing sound for 20 s.")
    house.board.notice(notice, NOW)
    house.put(Cause.TEST)
    house.board.notice(notice, NOW)
    assert house.sees() == [(False, "apnea", "notice"), (True, "technical", "alert")]


def test_taking_note_ends_all(house: House):
    """The end that is told is that of what was seen."""
    house.put(Cause.CLUSTER)
    house.put(Cause.PAUSE)
    house.board.end_all("The alert was acknowledged.", NOW, acknowledged=True)
    assert house.board.standing == ()
    last, _ = house.told[-1]
    assert (last.active, last.kind, last.acknowledged) == (False, "apnea", True)
    assert [entry for entry in house.log if entry[0] == "ended"] == [
        ("ended", Cause.CLUSTER, True),
        ("ended", Cause.PAUSE, True),
    ]


def test_a_latching_alert_stays_until_somebody_takes_note(house: House):
    """It says that its cause is over, once; a new one takes its place."""
    house.put(Cause.PAUSE)
    house.end(Cause.PAUSE, latching=True)
    house.end(Cause.PAUSE, latching=True)
    assert house.sees() == [(True, "apnea", "alert")] * 2
    assert house.told[-1][0].text == "It is over. Nobody has taken note of the alert yet."
    assert not house.board.stands(Cause.PAUSE)
    house.board.end_all("The alert was acknowledged.", NOW, acknowledged=True)
    assert house.told[-1][0].active is False


def test_what_does_not_stand_does_not_end(house: House):
    """An end without a beginning is told to nobody."""
    house.end(Cause.PAUSE)
    house.board.end_all("x", NOW)
    assert house.told == []
    assert house.log == []
