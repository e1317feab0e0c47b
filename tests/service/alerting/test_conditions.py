"""When a cluster, an index or something that lasts is worth an alert."""

from datetime import datetime, timedelta

from osa_daemon.service.alerting.conditions import Cluster, Lasting, index_is_high
from osa_daemon.settings.alerts import Alerts

NOW = datetime(2026, 3, 1, 23, 0).astimezone()
THREE_IN_TEN = Alerts(cluster_events=3, cluster_minutes=10)


def minutes(*before: float) -> list[datetime]:
    """Moments so many minutes before now."""
    return [NOW - timedelta(minutes=minute) for minute in before]


def test_as_many_events_as_are_wanted_make_a_cluster():
    """Three within ten minutes; the first of them is its beginning."""
    cluster = Cluster(minutes(9, 5))
    assert cluster.holds(THREE_IN_TEN, NOW) is None
    cluster.add(NOW)
    held = cluster.holds(THREE_IN_TEN, NOW)
    assert held is not None
    assert (held.since, held.text) == (minutes(9)[0], "3 respiratory events within 10 min.")


def test_old_events_and_those_of_a_wrong_clock_do_not_count():
    """Ten minutes ago is too long; what lies ahead was dated by a clock that was set since."""
    assert Cluster([*minutes(10, 5, 1), NOW + timedelta(hours=1)]).holds(THREE_IN_TEN, NOW) is None


def test_a_cluster_goes_on_until_less_than_half_are_left():
    """Events that come steadily make one alert, not one after the other."""
    cluster = Cluster(minutes(9, 5, 0))
    began = cluster.holds(THREE_IN_TEN, NOW)
    for later, is_on in ((2, True), (6, False)):
        held = cluster.holds(THREE_IN_TEN, NOW + timedelta(minutes=later))
        assert (held is not None) is is_on
        assert held is None or began is None or held.since == began.since


def test_without_a_number_there_is_no_cluster():
    """By default nobody is told of one."""
    assert Cluster(minutes(*range(1, 60))).holds(Alerts(), NOW) is None


def test_memory_of_events_is_bounded():
    """A night of a thousand events is no more than the most that can be asked for."""
    cluster = Cluster(NOW for _ in range(1000))
    held = cluster.holds(Alerts(cluster_events=100, cluster_minutes=5), NOW)
    assert held is not None
    assert held.text.startswith("100 ")


def test_the_index_must_be_known_and_above():
    """At the value nothing is told, nor where it is unknown or nobody asked."""
    wanted = Alerts(index_above=15)
    assert index_is_high(wanted, None, NOW) is None
    assert index_is_high(wanted, 15.0, NOW) is None
    assert index_is_high(Alerts(), 90.0, NOW) is None
    held = index_is_high(wanted, 15.6, NOW)
    assert held is not None
    assert held.text == "About 16 respiratory events per hour in this night."


def test_a_moment_in_between_ends_nothing_that_lasts():
    """A loose contact gives sound now and then; half a minute of it counts."""
    lasting = Lasting(over_s=30.0)
    for second in range(100):
        lasting.push(second, NOW, is_so=second % 20 < 10)
    assert lasting.holds(90.0, 99.0, "x") is not None
    for second in range(100, 131):
        lasting.push(second, NOW, is_so=False)
    assert lasting.holds(0.0, 131.0, "x") is None


def test_what_lasts_counts_from_its_beginning():
    """An interruption begins the time anew; null asks for nothing."""
    lasting = Lasting()
    for second in range(10):
        lasting.push(second, NOW + timedelta(seconds=second), is_so=second >= 3)
    assert lasting.holds(7.0, 9.0, "x") is None
    held = lasting.holds(6.0, 9.0, "x")
    assert held is not None
    assert held.since == NOW + timedelta(seconds=3)
    assert lasting.holds(None, 900.0, "x") is None
    lasting.push(10.0, NOW, is_so=False)
    assert lasting.holds(6.0, 99.0, "x") is None
