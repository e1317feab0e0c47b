"""Warnings that strangers can cause: few in the log, and none forgotten."""

import logging

import pytest

from osa_daemon.publish.seldom import Seldom


def test_a_flood_is_one_line_in_ten_seconds(caplog: pytest.LogCaptureFixture) -> None:
    """A thousand warnings within a minute make six lines, which tell of all of them."""
    now_s = [0.0]
    seldom = Seldom(logging.getLogger("stranger"), clock=lambda: now_s[0])
    for number in range(1000):
        now_s[0] = number * 0.06
        seldom.warning("No.")
    lines = [record.getMessage() for record in caplog.records]
    assert len(lines) == 6
    assert lines[0] == "No."
    assert lines[1] == "No. (166 warnings like it were left out before.)"


def test_what_comes_seldom_is_told_as_it_is(caplog: pytest.LogCaptureFixture) -> None:
    """Nothing is counted or left out where warnings are ten seconds apart."""
    now_s = [0.0]
    seldom = Seldom(logging.getLogger("stranger"), clock=lambda: now_s[0])
    for _ in range(3):
        seldom.warning("100 % no.")
        now_s[0] += 10.0
    assert [record.getMessage() for record in caplog.records] == 3 * ["100 % no."]
