"""A source that asks for a new process: what is known is kept before the end."""

from pathlib import Path

import pytest

from osa_daemon.audio.block import Block
from osa_daemon.audio.source import SourceState
from osa_daemon.errors import StalledError
from osa_daemon.journal.journal import Journal
from tests.service.at_bedside import BREATH, PAUSE, Script, Wire, make


class Giving(Script):
    """A source that gives up at its end."""

    def read(self, timeout_s: float) -> Block | None:
        """The next frame, or none ever."""
        if not self._steps:
            raise StalledError("No capture process has worked for 10 min.")
        return super().read(timeout_s)


def test_a_pause_that_goes_on_is_decided_and_told_before_the_end(tmp_path: Path):
    """As at any end: `truncated`, committed and sent; the sentence goes on to the process."""
    wire = Wire()
    source = Giving((SourceState.RUNNING, BREATH, 150), (SourceState.RUNNING, PAUSE, 115))
    with pytest.raises(StalledError, match="10 min"):
        make(tmp_path, wire, source).run()
    (event,) = wire.events
    assert event["truncated"] is True
    with Journal.open(tmp_path / "journal.sqlite3") as journal:
        assert journal.left_open is None
        assert journal.outbox_length() == 0
