"""What a night costs Home Assistant's recorder."""

from collections.abc import Callable

import pytest

from tests.real_home_assistant.recorder import Rows

MOST_AN_HOUR = 500
LEAST_EVENTS_AN_HOUR = 20  # of 30 in the recording


@pytest.mark.timeout(5400)
def test_a_night_writes_few_rows(
    recorded_hour: Callable[[], Rows], measured: Callable[[str], None]
) -> None:
    """A default night of 30 events an hour is at most 500 rows an hour in the recorder."""
    rows = recorded_hour()
    measured(rows.table())
    events = sum(count for key, count in rows.states.items() if key.startswith("event."))
    assert events / rows.hours >= LEAST_EVENTS_AN_HOUR, "the night was not heard"
    assert rows.per_hour <= MOST_AN_HOUR
