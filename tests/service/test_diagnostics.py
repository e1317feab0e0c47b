"""The load of the daemon, its children included."""

import os
from pathlib import Path

import pytest

from osa_daemon.service.diagnostics import Deadband, children_cpu_s


def test_living_children_count(tmp_path: Path):
    """User and system time of each child, whatever its name holds."""
    listed = tmp_path / "self" / "task" / "1"
    listed.mkdir(parents=True)
    (listed / "children").write_text("7 8 ")
    (tmp_path / "7").mkdir()
    (tmp_path / "7" / "stat").write_text("7 (a (b) c) S 1 7 7 0 -1 4 0 0 0 0 30 12 0 0 20 0 1")
    assert children_cpu_s(tmp_path) == pytest.approx(42 / os.sysconf("SC_CLK_TCK"))


def test_without_a_list_of_children_there_are_none(tmp_path: Path):
    """A kernel that lists no children is no failure."""
    assert children_cpu_s(tmp_path) == 0.0


def test_a_figure_is_told_anew_where_it_has_moved():
    """Small steps one way are told once they have added up; unknown is told at once."""
    band = Deadband(0.02)
    given = [0.10, 0.11, 0.09, 0.119, 0.121, 0.11, None, 0.11]
    assert [band.settle(value) for value in given] == [
        0.10, 0.10, 0.10, 0.10, 0.121, 0.121, None, 0.11,
    ]  # fmt: skip
