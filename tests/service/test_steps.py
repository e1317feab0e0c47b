"""The wall clock is set while the daemon listens: what the journal then says of the night."""

import time
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path

import pytest

from osa_daemon.errors import StorageError
from osa_daemon.journal.journal import Journal
from osa_daemon.journal.rows import AlertRow, EventRow, MinuteRow, NightRow
from osa_daemon.scoring.event import Event
from osa_daemon.scoring.night import night_of, read_figures
from osa_daemon.settings.alerts import Alerts
from tests.service.at_clock import Bed, House

TWO = datetime(2026, 11, 30, 2, 0).astimezone()  # at night, local time
HOUR = timedelta(hours=1)


@pytest.fixture
def house() -> House:
    """A machine that has just begun, in 1970."""
    return House()


@pytest.fixture
def path(tmp_path: Path) -> Path:
    """Where the journal lies."""
    return tmp_path / "journal.sqlite3"


@pytest.fixture
def bed(house: House, path: Path) -> Iterator[Bed]:
    """A daemon that has just begun."""
    made = Bed(house, path)
    yield made
    made.close()


def events_of(path: Path, night: date = date(2026, 11, 29)) -> dict[str, EventRow]:
    """The events of a night by their names, as a report has them."""
    with Journal.open(path) as journal:
        return {event.id: event for event in journal.events_of(night)}


def nights_of(path: Path) -> dict[date, int]:
    """The nights with their counts of events."""
    with Journal.open(path) as journal:
        return {row.night: figures(row) for row in journal.last_nights(99)}


def figures(row: NightRow) -> int:
    """The count of events that a night tells."""
    found = read_figures(row.figures)
    assert found is not None
    return found.events


def test_a_night_that_began_in_1970_is_put_right(house: House, path: Path, bed: Bed):
    """Events and minutes get the times that they had; the night has them all, 1970 nothing."""
    bed.listen(30)
    bed.decide("a")
    house.wait(100.0)
    bed.decide("b", 35.0)
    bed.tonight.save()
    house.wait(10.0)
    house.set_to(TWO)
    bed.steps.look()
    assert bed.tonight.night == date(2026, 11, 29)
    assert bed.tonight.tally.figures().events == 2
    assert bed.tonight.tally.figures().monitorable_s == 1800.0
    found = events_of(path)
    assert found["b"].end_utc == TWO - timedelta(seconds=10)
    assert found["a"].onset_utc == TWO - timedelta(seconds=10 + 35 + 100 + 20)
    assert [each.duration_s for each in found.values()] == [20.0, 35.0]
    assert nights_of(path) == {date(2026, 11, 29): 2}


def test_the_retained_states_are_told_anew(house: House, bed: Bed):
    """The last event and the night have the right dates; the event is not sent again."""
    bed.decide("a")
    house.set_to(TWO)
    bed.steps.look()
    last = house.states["last_event"]
    assert datetime.fromisoformat(last["end"]) == TWO
    assert last["night"] == house.states["night/current"]["night"] == "2026-11-29"
    assert house.states["night/current"]["events"] == 1
    assert datetime.fromisoformat(house.states["night/current"]["started"]) > TWO - HOUR
    assert [event["id"] for event in house.events] == ["a"]


@pytest.mark.parametrize("hours", [-26, -3, 5, 40])
def test_any_step_moves_what_was_dated_before(house: House, path: Path, hours: int):
    """Forwards and backwards, over noon and within a night; later events are dated as they are."""
    house.set_to(TWO)
    bed = Bed(house, path)
    bed.decide("before")
    right = TWO + hours * HOUR
    house.set_to(right)
    bed.decide("between")  # the step is not noticed yet
    bed.steps.look()
    house.wait(50.0)
    bed.steps.look()
    bed.decide("after")
    bed.close()
    night = night_of(right)
    found = events_of(path, night)
    ends = [
        (found[name].end_utc - right).total_seconds() for name in ("before", "between", "after")
    ]
    assert ends == [0.0, 20.0, 90.0]
    assert bed.tonight.night == night
    assert bed.tonight.tally.figures().events == 3


def test_a_step_there_and_back_changes_nothing(house: House, path: Path):
    """Somebody sets a wrong time, and puts it right: each event has the time that it had."""
    house.set_to(TWO)
    bed = Bed(house, path)
    bed.decide("a")
    house.wall_s += 7200.0
    bed.steps.look()
    bed.decide("b")
    house.wall_s -= 7200.0
    bed.steps.look()
    bed.close()
    found = events_of(path)
    assert found["a"].end_utc == TWO + timedelta(seconds=20)
    assert found["b"].end_utc == TWO + timedelta(seconds=40)


def test_what_another_boot_dated_is_left_alone(house: House, path: Path):
    """After a power cut the clock goes on from what it was: only the new boot's times are wrong."""
    house.set_to(TWO)
    first = Bed(house, path, "first")
    first.listen(20)
    first.decide("a")
    first.close()
    house.now_s, house.wall_s = 30.0, TWO.timestamp() + 0.5  # the clock lost twenty minutes
    second = Bed(house, path, "second")
    second.listen(2)
    second.decide("b")
    house.wall_s += 1500.0
    second.steps.look()
    second.close()
    found = events_of(path)
    assert found["a"].end_utc == TWO + timedelta(seconds=1220)
    assert found["b"].end_utc == TWO + timedelta(seconds=1500 + 140.5)
    assert nights_of(path) == {date(2026, 11, 29): 2}
    with Journal.open(path) as journal:
        (row,) = journal.last_nights(9)
    assert read_figures(row.figures).monitorable_s == 22 * 60.0


def test_a_step_while_the_daemon_was_down_is_seen(house: House, path: Path):
    """Killed before the clock was set, started after: the same boot's rows are put right."""
    first = Bed(house, path)
    first.decide("a")
    first.close()
    house.set_to(TWO)
    second = Bed(house, path)
    second.close()
    assert events_of(path)["a"].end_utc == TWO
    assert second.tonight.tally.figures().events == 1


def test_a_step_on_a_full_disk_is_put_right_later(house: House, path: Path, bed: Bed):
    """The night keeps its counts under its right name, and the journal gets them with room."""
    bed.decide("a")
    bed.store._journal._db.execute("PRAGMA query_only = 1")
    house.set_to(TWO)
    bed.steps.look()
    assert (bed.tonight.night, bed.tonight.tally.figures().events) == (date(2026, 11, 29), 1)
    bed.decide("b")
    assert house.events[-1]["durable"] is False
    bed.store._journal._db.execute("PRAGMA query_only = 0")
    house.wait(60.0)
    bed.steps.look()
    found = events_of(path)
    assert found["a"].end_utc == TWO
    assert found["b"].end_utc == TWO + timedelta(seconds=20)
    assert bed.tonight.tally.figures().events == 2


def test_a_step_over_noon_leaves_the_night_its_events(house: House, path: Path):
    """The clock was slow before noon, on a full disk: the next night begins with nothing."""
    noon = datetime(2026, 11, 30, 12, 0).astimezone()
    house.set_to(noon - timedelta(seconds=120))
    bed = Bed(house, path)
    house.wait(30.0)
    bed.store._journal._db.execute("PRAGMA query_only = 1")
    bed.decide("a")
    house.set_to(noon + timedelta(seconds=10))
    bed.steps.look()
    bed.store._journal._db.execute("PRAGMA query_only = 0")
    bed.tonight.roll(bed.clock.now())
    bed.tonight.save()
    house.wait(60.0)
    bed.steps.look()
    assert (bed.tonight.night, bed.tonight.tally.figures().events) == (date(2026, 11, 30), 0)
    bed.close()
    assert nights_of(path)[date(2026, 11, 29)] == 1


def test_what_waits_in_memory_is_moved(house: House, path: Path, bed: Bed):
    """An event that the disk did not take before the step is stored with the right time."""
    bed.store._journal._db.execute("PRAGMA query_only = 1")
    bed.decide("a")
    house.set_to(TWO)
    bed.steps.look()
    bed.store._journal._db.execute("PRAGMA query_only = 0")
    house.wait(60.0)
    bed.outbox.pump()
    found = events_of(path)
    assert (found["a"].end_utc, found["a"].night) == (TWO, date(2026, 11, 29))


def test_minutes_that_wait_for_their_batch_are_moved(house: House, path: Path, bed: Bed):
    """They are written with the time and the night that it was."""
    start = bed.clock.now().astimezone(UTC)
    row = MinuteRow(start, bed.tonight.night, 60.0, 60.0, 0.0, 0.0, -50.0, -60.0, 14.0)
    bed.minutes._rows.append(row)
    house.set_to(TWO)
    bed.steps.look()
    with Journal.open(path) as journal:
        (night,) = journal.last_nights(9)
    assert night.night == date(2026, 11, 29)
    assert read_figures(night.figures).monitorable_s == 60.0


def test_an_alert_and_an_open_pause_are_moved(house: House, path: Path, bed: Bed):
    """Both belong to the night that it was; a restart decides the pause at its right time."""
    now = bed.clock.now().astimezone(UTC)
    bed.store.does(lambda j: j.begin_pause(now - timedelta(seconds=30), now))
    alert = AlertRow(now, None, bed.tonight.night, "apnea", "alert", "No breath.", False)
    bed.store.does(lambda j: j.record_alert(alert))
    house.set_to(TWO)
    bed.steps.look()
    with Journal.open(path) as journal:
        (moved,) = journal.alerts_of(date(2026, 11, 29))
        assert moved.raised_utc == TWO
        assert journal.left_open.seen_utc == TWO


@pytest.mark.parametrize("change", ["2026-10-25T01:00", "2027-03-28T01:00"])
def test_summer_time_moves_nothing(
    house: House, path: Path, monkeypatch: pytest.MonkeyPatch, change: str
):
    """Before the hour that comes twice, or not at all, and after it: true times, one night."""
    monkeypatch.setenv("TZ", "Europe/Berlin")
    time.tzset()
    try:
        moment = datetime.fromisoformat(change).replace(tzinfo=UTC)
        house.set_to(moment - timedelta(minutes=30))
        bed = Bed(house, path)
        before = bed.decide("before")
        house.wait(3600.0)
        bed.steps.look()
        after = bed.decide("after")
        bed.close()
        assert before.utcoffset() != after.utcoffset()
        found = events_of(path, moment.date() - timedelta(days=1))
        assert found["after"].onset_utc - found["before"].onset_utc == timedelta(seconds=3620)
        assert [found[name].duration_s for name in ("before", "after")] == [20.0, 20.0]
    finally:
        monkeypatch.undo()
        time.tzset()


@pytest.mark.parametrize("seconds", [-1.0, 1.0, 0.3])
def test_a_leap_second_is_no_step(house: House, path: Path, seconds: float):
    """What is less than two seconds is followed, and moves nothing."""
    house.set_to(TWO)
    bed = Bed(house, path)
    bed.decide("a")
    house.wall_s += seconds
    bed.steps.look()
    assert bed.clock.now() == TWO + timedelta(seconds=20 + seconds)
    bed.close()
    assert events_of(path)["a"].end_utc == TWO + timedelta(seconds=20)


def test_a_slew_is_no_step(house: House, path: Path):
    """A clock that runs a thousandth too fast for a night is followed; nothing is moved."""
    house.set_to(TWO)
    bed = Bed(house, path)
    bed.decide("a")
    for _ in range(4 * 3600):
        house.now_s += 1.0
        house.wall_s += 1.001
        assert bed.clock.look() is None
    assert abs((bed.clock.now() - TWO).total_seconds() - 20 - 14_414.4) < 0.1
    bed.close()
    assert events_of(path)["a"].end_utc == TWO + timedelta(seconds=20)


def test_limits_of_alerts_outlive_a_step(house: House, bed: Bed):
    """Who had the last alert of a night before the step has no more after it."""
    settings = Alerts(max_per_night=1)
    limits = bed.alerts._limits
    limits.count("apnea", bed.clock.now())
    house.set_to(TWO)
    bed.steps.look()
    assert limits.left(settings, "apnea", bed.clock.now()) == 0
    assert limits._is_soon(settings, "apnea", bed.clock.now())


def test_a_journal_that_cannot_be_opened_does_not_stop_the_clock(house: House, tmp_path: Path):
    """Without a disk the night goes on under its right name."""

    def fails() -> Journal:
        raise StorageError("The disk is gone.")

    bed = Bed(house, tmp_path / "journal.sqlite3")
    bed.close()
    bed.store._open = fails
    event = Event("a", "apnea", 0.0, 20.0, 0.9, "silent", True, False)
    bed.tonight.add(event, bed.tonight.night)
    house.set_to(TWO)
    bed.steps.look()
    assert (bed.tonight.night, bed.tonight.tally.figures().events) == (date(2026, 11, 29), 1)
