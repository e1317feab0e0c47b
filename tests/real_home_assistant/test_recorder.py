"""What a night costs Home Assistant's recorder."""

from collections.abc import Callable

import pytest

from tests.real_home_assistant.recorder import Rows

MOST_AN_HOUR = 500


@pytest.mark.timeout(5400)
def test_a_night_writes_few_rows(
    recorded_hour: Callable[[], Rows], measured: Callable[[str], None]
) -> None:
    """A default night of 30 events an hour is at most 500 rows an hour in the recorder."""
    rows = recorded_hour()
    measured(rows.table())
    assert any(key.startswith("event.") for key in rows.states)
    assert rows.per_hour <= MOST_AN_HOUR
