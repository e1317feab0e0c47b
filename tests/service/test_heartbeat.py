"""Signs of life: who hangs is found by the deadline of what it does, and named."""

import pytest

from osa_daemon.service.heartbeat import Heartbeats
from osa_daemon.service.tasks import Task

JOURNAL = Task("the journal", 45.0)
ROW = Task("a row", 2.0)


class Clock:
    """A monotonic clock that a test moves; `beats` are looked at after each second of it."""

    def __init__(self) -> None:
        self.now_s = 0.0
        self.beats = Heartbeats(lambda: self.now_s)

    def pass_s(self, seconds: int) -> list[str]:
        """Let time go on, and return what hangs at its end."""
        found = []
        for _ in range(seconds):
            self.now_s += 1.0
            found = self.beats.hangs()
        return [str(hang) for hang in found]


def test_each_stage_is_judged_by_its_own_deadline():
    """One that is silent for longer than it may be is found; a sign of life is enough."""
    clock = Clock()
    fast, _slow = clock.beats.watch("fast", 2.0), clock.beats.watch("slow", 10.0)
    assert clock.pass_s(2) == []
    assert clock.pass_s(1) == [
        "The stage fast has given no sign of life for 3 s; 2 s are allowed.",
    ]
    fast.beat()
    assert clock.pass_s(1) == []


def test_what_a_stage_does_has_its_own_deadline_and_its_name():
    """The innermost task counts; with its end the time of the one around it begins anew."""
    clock = Clock()
    stage = clock.beats.watch("chain", 5.0)
    with stage.doing(JOURNAL):
        assert clock.pass_s(40) == []
        with stage.doing(ROW):
            assert clock.pass_s(3) == [
                "The stage chain has hung in a row for 3 s; 2 s are allowed."
            ]
        assert clock.pass_s(45) == []
        assert clock.pass_s(1) == [
            "The stage chain has hung in the journal for 46 s; 45 s are allowed."
        ]
    assert stage.task is None
    assert clock.pass_s(5) == []
    assert clock.pass_s(1) != []


def test_a_task_that_fails_is_over():
    """An exception ends it like anything else."""
    clock = Clock()
    stage = clock.beats.watch("chain", 60.0)
    with pytest.raises(ValueError, match="x"), stage.doing(ROW):
        raise ValueError("x")
    assert clock.pass_s(60) == []


def test_a_stage_may_tell_its_own_age():
    """The publisher's thread knows when it last went round."""
    clock = Clock()
    clock.beats.watch_age("MQTT", 60.0, lambda: clock.now_s)
    assert clock.pass_s(60) == []
    assert clock.pass_s(1) == [
        "The stage MQTT has given no sign of life for 61 s; 60 s are allowed."
    ]


def test_a_process_that_stood_still_as_a_whole_hangs_nowhere():
    """After SIGSTOP and SIGCONT, or a starved minute, no stage has lost more than 5 s of its time.

    A stage that tells its own age is treated alike.
    """
    clock = Clock()
    clock.beats.watch("chain", 30.0)
    clock.beats.watch_age("MQTT", 60.0, lambda: clock.now_s)
    assert clock.pass_s(20) == []
    clock.now_s += 3600.0
    assert clock.beats.hangs() == []
    assert clock.pass_s(5) == []
    assert [text.split()[2] for text in clock.pass_s(1)] == ["chain"]
    assert [text.split()[2] for text in clock.pass_s(30)] == ["chain", "MQTT"]


def test_what_hangs_is_found_however_starved_the_process_is():
    """Where the guard itself comes round once in a minute, every look counts 5 s."""
    clock = Clock()
    clock.beats.watch("chain", 30.0)
    looks = 0
    while not clock.beats.hangs():
        clock.now_s += 60.0
        looks += 1
    assert looks == 7


def test_a_stage_that_has_ended_is_forgotten():
    """The thread that loads the models is gone once they are there."""
    clock = Clock()
    clock.beats.forget(clock.beats.watch("start", 1.0))
    assert clock.pass_s(10) == []
