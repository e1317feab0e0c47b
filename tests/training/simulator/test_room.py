"""The bedroom: its echoes lie where the walls are, and farther away there is more of them."""

import numpy as np
import pytest

from osa_daemon.training.simulator.room import Room, draw_room, impulse_response, in_room

RATE_HZ = 16_000
ROOM = Room((4.0, 3.0, 2.5), 0.4)


def echo_share(room: Room, distance_m: float) -> float:
    """Return the median energy of all but the first 2 ms, of several places."""
    responses = [impulse_response(np.random.default_rng(s), room, distance_m) for s in range(20)]
    return float(np.median([np.sum(r[32:] ** 2) for r in responses]))


def test_a_response_has_unit_energy_and_direct_sound_first() -> None:
    """Nothing comes before the direct sound, and levels stay as they were."""
    for seed in range(20):
        rng = np.random.default_rng(seed)
        response = impulse_response(rng, draw_room(rng), float(rng.uniform(0.3, 4)))
        assert response.dtype == np.float32
        assert np.sum(response**2) == pytest.approx(1, rel=1e-4)
        assert abs(response[0]) > 0.05


def test_distance_and_hard_walls_bring_more_room() -> None:
    """The share of echoes grows with the distance and with the reverberation time."""
    assert echo_share(ROOM, 2.5) > echo_share(ROOM, 0.4) + 0.2
    assert echo_share(Room(ROOM.size_m, 0.6), 1.0) > echo_share(Room(ROOM.size_m, 0.15), 1.0) + 0.1


def test_the_tail_decays_in_the_reverberation_time() -> None:
    """Between 0.1 and 0.3 s the sound falls by half of 60 dB in a room of 0.4 s."""
    total = np.zeros(int(0.4 * RATE_HZ))
    for seed in range(30):
        total += impulse_response(np.random.default_rng(seed), ROOM, 2.0)[: len(total)] ** 2
    early, late = (total[int(t * RATE_HZ) :][:800].sum() for t in (0.1, 0.3))
    assert 10 * np.log10(early / late) == pytest.approx(30, abs=4)


def test_the_critical_distance_is_that_of_a_bedroom() -> None:
    """Furnished bedrooms have a reverberation radius of about half a metre to a metre."""
    assert 0.4 < ROOM.critical_distance_m < 1.0


def test_a_room_keeps_the_length_and_the_time() -> None:
    """A click stays where it was, over the borders of blocks as well."""
    track = np.zeros(200_000, np.float32)
    track[[0, 65_000, 130_000]] = 1
    response = impulse_response(np.random.default_rng(0), ROOM, 1.0)
    heard = in_room(track, response)
    assert heard.shape == track.shape
    for start in (0, 65_000, 130_000):
        assert heard[start : start + len(response)] == pytest.approx(response, abs=1e-5)
