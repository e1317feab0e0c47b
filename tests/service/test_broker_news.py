"""What a page's viewers are told of the link to the broker."""

from dataclasses import dataclass
from typing import Any

import pytest

from osa_daemon.service.broker_news import BrokerNews


@dataclass
class Link:
    """A link as a test wants it."""

    connected: bool = True
    problem: str | None = None


@pytest.mark.parametrize(
    ("ntfy", "ways"),
    [
        (None, "this page alone"),
        (Link(), "ntfy and this page alone"),
        (Link(problem="ntfy.sh cannot be reached."), "this page alone"),
    ],
)
def test_a_broker_that_is_away_is_told_once_and_taken_back(ntfy: Link | None, ways: str):
    """What it means comes first, then why; a link that is well from the start is no news."""
    link = Link()
    told: list[tuple[str, Any]] = []
    news = BrokerNews(link, lambda *state: told.append(state), ntfy)
    news.look()
    assert told == []
    link.connected, link.problem = False, "no broker answers at pi:1883: check mqtt.host"
    news.look()
    news.look()
    ((suffix, payload),) = told
    assert suffix == "problem/broker"
    assert payload["state"] == "ON"
    assert payload["text"] == (
        f"Home Assistant is told nothing now: an alert reaches {ways}. "
        "No broker answers at pi:1883: check mqtt.host."
    )
    link.connected, link.problem = True, None
    news.look()
    assert told[1:] == [(suffix, {**payload, "state": "OFF", "text": None})]


def test_a_broker_that_refuses_something_is_not_said_to_be_away():
    """It is there, and takes the rest."""
    link = Link(problem="the broker at pi:1883 does not take osa/event")
    told: list[Any] = []
    BrokerNews(link, lambda _, payload: told.append(payload["text"])).look()
    assert told == [
        "Home Assistant is not told everything. The broker at pi:1883 does not take osa/event."
    ]
