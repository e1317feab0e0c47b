"""The running noise floor."""

import numpy as np
import pytest

from osa_daemon.features.floor import FAST, NoiseFloor

USABLE = np.ones(5, np.bool_)


def second(*powers):
    """Return one second of a single band."""
    return np.array(powers, np.float64)[:, None]


def test_is_unknown_before_two_frames():
    """One frame is too little to call anything a floor."""
    floor = NoiseFloor(1).push(0, second(1, 1, 1, 1, 1), USABLE)
    assert np.isnan(floor[0])
    assert np.all(floor[1:] == 1)


def test_takes_the_least_mean_of_two_frames():
    """The floor is the quietest 0.4 s so far, and never anything after."""
    floor = NoiseFloor(1).push(0, second(8, 4, 2, 6, 1), USABLE)[:, 0]
    assert floor[1:].tolist() == [6, 3, 3, 3]


def test_bands_are_apart():
    """Each band has its own floor."""
    power = np.stack([np.full(5, 2.0), np.full(5, 7.0)], axis=1)
    assert NoiseFloor(2).push(0, power, USABLE)[-1].tolist() == [2, 7]


@pytest.mark.parametrize("quiet_at", [0, 3, 4, 5])
def test_forgets_after_sixty_to_sixty_five_seconds(quiet_at):
    """A quiet second counts for 60 s at least, and no longer than 65 s."""
    follower = NoiseFloor(1)
    floors = {}
    for number in range(80):
        level = 1.0 if number == quiet_at else 9.0
        floors[number] = follower.push(number, second(*[level] * 5), USABLE)[-1, 0]
    lasted = sum(1 for floor in floors.values() if floor == 1)
    assert 60 <= lasted <= 65
    assert floors[79] == 9


def test_history_ends():
    """Two followers that began at different times agree once both are 66 s old."""
    random = np.random.default_rng(3)
    early, late = NoiseFloor(4), NoiseFloor(4)
    for number in range(140):
        power = random.exponential(size=(5, 4))
        first = early.push(number, power, USABLE)
        if number >= 33:
            then = late.push(number, power, USABLE)
        if number >= 33 + 66:
            assert np.array_equal(first, then)


def test_unusable_frames_do_not_count():
    """Lost sound and digital silence leave the floor where it was."""
    follower = NoiseFloor(1)
    follower.push(0, second(4, 4, 4, 4, 4), USABLE)
    floor = follower.push(1, second(0, 0, 4, 4, 4), np.array([False, False, True, True, True]))
    assert np.all(floor == 4)


def test_a_jump_joins_no_frames():
    """The frames on both sides of a jump are never averaged together."""
    follower = NoiseFloor(1)
    follower.push(0, second(9, 9, 9, 9, 1), USABLE)
    floor = follower.push(7, second(1, 9, 9, 9, 9), USABLE)
    assert np.all(floor == 5)
    assert np.isnan(NoiseFloor(1).push(7, second(1, 9, 9, 9, 9), USABLE)[0, 0])


def test_a_fast_floor_follows_a_room_that_grew_louder():
    """What was quieter counts for 12 s at least and 16 s at most."""
    follower = NoiseFloor(1, FAST)
    floors = [
        follower.push(k, second(*[1.0 if k < 20 else 9.0] * 5), USABLE)[-1, 0] for k in range(60)
    ]
    lasted = sum(1 for floor in floors[20:] if floor == 1)
    assert 12 <= lasted <= 16
    assert floors[59] == 9
