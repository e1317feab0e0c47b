"""The settings file taken up by the bedside: what runs goes by it at once, or by what was."""

from collections.abc import Callable
from pathlib import Path

import pytest

from osa_daemon.audio.block import Block
from osa_daemon.audio.source import SourceState
from osa_daemon.service.reload import Reload
from tests.service.at_bedside import BREATH, PAUSE, Script, Wire, live_settings, make

CHAIN = [(SourceState.RUNNING, BREATH, 150), (SourceState.RUNNING, PAUSE, 400)]


class Bed:
    """A bedside that reads its file again, with `text` in it, once `when` is true."""

    def __init__(
        self,
        tmp_path: Path,
        text: str,
        when: Callable[[Wire], bool],
        sensitivities: tuple[str, ...] = ("balanced",),
    ) -> None:
        self.wire = Wire()
        self.live = live_settings(tmp_path, sensitivities=sensitivities)
        self.rules = self.live.rules  # as they were at first
        self.reloaded = 0
        reload = Reload(self.live, self._count)

        class Edited(Script):
            def read(self, timeout_s: float) -> Block | None:
                nonlocal text
                if text and when(bed.wire):
                    (tmp_path / "config.yaml").write_text(
                        f"journal:\n  state_dir: {tmp_path}\n{text}"
                    )
                    text = ""
                    reload.ask()
                return super().read(timeout_s)

        bed = self
        make(tmp_path, self.wire, Edited(*CHAIN), self.live, reload=reload).run()
        assert not reload.is_asked

    def _count(self) -> None:
        self.reloaded += 1

    def alerts(self) -> list[tuple[bool, str | None]]:
        """What was raised and taken back."""
        return [(told["active"], told["level"]) for told in self.wire.all("alert")[1:]]


def is_raised(wire: Wire) -> bool:
    """Whether an alert stands."""
    return bool(wire.all("alert")) and bool(wire.last("alert")["active"])


def test_a_file_that_switches_alerts_off_takes_the_one_back_that_is_raised(tmp_path: Path):
    """As a command does: whoever switches alerts off wants none."""
    bed = Bed(tmp_path, "alerts:\n  enabled: false\n", is_raised)
    assert bed.wire.last("alert")["text"] == "Alerts were switched off."
    assert bed.wire.last("settings")["alerts"] is False
    assert bed.reloaded == 1


def test_the_ladder_goes_by_the_new_file_in_the_pause_that_goes_on(tmp_path: Path):
    """A pause that has no alert yet gets it where the file now puts it."""

    def is_paused(wire: Wire) -> bool:
        return "ON" in wire.all("apnea")

    for name in ("usual", "later"):  # a journal of its own: alerts of the other count in none
        (tmp_path / name).mkdir()
    usual = Bed(tmp_path / "usual", "logging:\n  level: info\n", is_paused).alerts()
    later = Bed(
        tmp_path / "later", "alerts:\n  after_s: 110\n  urgent_s: 119\n", is_paused
    ).alerts()
    assert (True, "alert") in usual
    assert (True, "alert") not in later


@pytest.mark.parametrize(
    "wrong", ["alerts:\n  enabled: maybe\n", "detection:\n  sensitivity: low\n"]
)
def test_a_file_that_cannot_be_taken_up_leaves_everything(tmp_path: Path, wrong: str):
    """Whether the file is wrong or the model has no rules for it: what is raised stays."""
    bed = Bed(tmp_path, wrong + "alerts:\n  after_s: 90\n" * ("alerts" not in wrong), is_raised)
    assert bed.reloaded == 0
    assert bed.live.rules == bed.rules
    assert bed.live.is_refused
    told = bed.wire.last("problem/configuration")
    assert told["state"] == "ON"
    assert "The settings before stay in force" in told["text"]
    assert bed.wire.last("alert")["text"] != "Alerts were switched off."
