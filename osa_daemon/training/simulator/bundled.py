"""The two nights that travel with the repository, as written and as seeded.

The seeds were chosen for what the nights hold, before any detector was trained: every event
can be found by sound, five hypopneas fall by at least 8 dB, breath stands clear of the noise.
"""

from osa_daemon.training.simulator.composed import Script
from osa_daemon.training.simulator.material import Scored

NIGHT_SEED = 9
SHORT_SEED = 2
VORBIS_QUALITY = 0.2  # keeps 18 minutes under 4 MB

NIGHT = Script(
    duration_s=1_080,
    over_noise_db=15.0,
    scored=(
        Scored(60, 16, "obstructive"),
        Scored(112, 21, "obstructive"),
        Scored(165, 20, "hypopnea", drop_db=12),
        Scored(221, 33, "obstructive"),
        Scored(282, 24, "hypopnea", drop_db=10),
        Scored(345, 14, "obstructive"),
        Scored(420, 15, "central"),
        Scored(462, 17, "central"),
        Scored(506, 14, "central"),
        Scored(570, 19, "obstructive"),
        Scored(618, 22, "hypopnea", drop_db=12),
        Scored(705, 28, "mixed"),
        Scored(765, 18, "hypopnea", drop_db=14),
        Scored(825, 39, "obstructive"),
        Scored(902, 13, "obstructive"),
        Scored(950, 26, "hypopnea", drop_db=10),
        Scored(1_010, 20, "obstructive"),
    ),
    television=(540, 120),
    partner=(690, 150),
)
SHORT = Script(
    duration_s=165,
    over_noise_db=18.0,
    snores=False,
    scored=(
        Scored(34, 15, "obstructive"),
        Scored(74, 36, "obstructive"),
        Scored(132, 16, "hypopnea", drop_db=12),
    ),
)
