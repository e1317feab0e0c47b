"""From a seed to a night: who sleeps how, and which faults come when."""

from dataclasses import dataclass
from datetime import datetime
from random import Random
from typing import Final
from zoneinfo import ZoneInfo

ZONE: Final = "Europe/Berlin"
# both changes of time among them, the turn of the year, and noon, where a night ends
BEGINNINGS: Final = (
    "2026-03-01T22:00", "2026-03-29T01:30", "2026-10-25T01:30", "2026-12-31T23:30",
    "2026-06-15T11:30",
)  # fmt: skip
TICKS_S: Final = 0.2  # a frame; everything begins and ends on one

# kind: how often an hour, and how long (s) at least and at most
FAULTS: Final[dict[str, tuple[float, float, float]]] = {
    "unplugged": (0.5, 1, 300),
    "busy": (0.2, 5, 120),
    "stalled": (0.4, 4, 60),
    "dripping": (1.0, 0.2, 2.8),
    "zeros": (0.3, 2, 120),
    "clipped": (0.2, 5, 90),
    "starved": (0.4, 3, 20),
    "broker down": (0.5, 1, 1_200),
    "broker refuses": (0.2, 10, 300),
    "broker silent": (0.3, 5, 120),
    "broker slow": (0.3, 30, 600),
    "acknowledgements lost": (0.4, 30, 600),
    "messages doubled": (0.3, 30, 600),
    "events not permitted": (0.2, 30, 300),
    "disk full": (0.4, 5, 600),
    "disk read-only": (0.2, 5, 600),
    "disk busy": (0.4, 1, 30),
    "disk fails": (0.2, 5, 120),
    "clock stepped": (0.3, 0, 0),
    "killed": (0.8, 1, 40),
    "killed, journal damaged": (0.1, 1, 40),
    "stopped": (0.2, 1, 60),
    "command": (2.0, 0, 0),
}
COMMANDS: Final = (
    ("sensitivity", b"high"), ("sensitivity", b"balanced"), ("sensitivity", b"\xff\x00"),
    ("alert_after_s", b"30"), ("alert_after_s", b"45"), ("alert_after_s", b"-1"),
    ("acknowledge", b"PRESS"), ("test_alert", b"PRESS"), ("nonsense", b"{{ 7 * 7 }}"),
)  # fmt: skip
RESTS: Final = (
    (("monitoring", b"OFF"), ("monitoring", b"ON")),
    (("alerts", b"OFF"), ("alerts", b"ON")),
    (("bed_presence", b"OFF"), ("bed_presence", b"None")),
)


@dataclass(frozen=True, slots=True)
class Fault:
    """What goes wrong, from when to when (s since the night began); `number` is its chance."""

    kind: str
    start_s: float
    end_s: float
    number: int
    command: tuple[str, bytes] | None = None


@dataclass(frozen=True, slots=True)
class Stretch:
    """How the sleeper sounds, from when to when (s)."""

    kind: str
    start_s: float
    end_s: float


@dataclass(frozen=True, slots=True)
class Plan:
    """A night. `began_utc_s`: true time of its beginning (s since 1970)."""

    seed: int
    length_s: float
    began_utc_s: float
    wall_error_s: float
    sleep: tuple[Stretch, ...]
    faults: tuple[Fault, ...]


def make_plan(seed: int, hours: float) -> Plan:
    """Make the night of a seed: the same one each time."""
    random = Random(f"night {seed}")
    length_s = hours * 3_600
    began = datetime.fromisoformat(random.choice(BEGINNINGS)).replace(tzinfo=ZoneInfo(ZONE))
    before_time_is_known = random.choice((0.0, 0.0, 0.0, -3_600.0 * 24 * 30, 7_200.0))
    faults = _faults(random, length_s)
    if before_time_is_known:
        known_s = grid(random.uniform(20, length_s / 4))
        faults.append(Fault("clock set right", known_s, known_s, 0))
    return Plan(
        seed=seed,
        length_s=length_s,
        began_utc_s=began.timestamp(),
        wall_error_s=before_time_is_known,
        sleep=make_sleep(random, length_s + 600),
        faults=tuple(sorted(faults, key=lambda fault: fault.start_s)),
    )


def grid(moment_s: float) -> float:
    """Return the nearest beginning of a frame."""
    return round(round(moment_s / TICKS_S) * TICKS_S, 1)


def _faults(random: Random, length_s: float) -> list[Fault]:
    found = []
    calm = random.choice((0.3, 1.0, 1.0, 3.0))  # nights differ in how much goes wrong
    for kind, (an_hour, least_s, most_s) in FAULTS.items():
        moment_s = random.expovariate(an_hour * calm / 3_600)
        while moment_s < length_s:
            lasts_s = least_s * (most_s / least_s) ** random.random() if least_s else 0.0
            start_s = grid(moment_s)
            end_s = min(grid(moment_s + max(lasts_s, TICKS_S)), length_s)
            found.append(
                Fault(kind, start_s, end_s, random.getrandbits(30), _command(kind, random))
            )
            moment_s = end_s + random.expovariate(an_hour * calm / 3_600)
    moment_s = random.expovariate(0.4 * calm / 3_600)
    while moment_s < length_s:
        until_s = moment_s + random.uniform(10, 900)
        for when_s, command in zip((moment_s, until_s), random.choice(RESTS), strict=True):
            found.append(Fault("command", grid(when_s), grid(when_s), 0, command))
        moment_s = until_s + random.expovariate(0.4 * calm / 3_600)
    return found


def _command(kind: str, random: Random) -> tuple[str, bytes] | None:
    return random.choice(COMMANDS) if kind == "command" else None


def make_sleep(random: Random, length_s: float) -> tuple[Stretch, ...]:
    """Return how somebody sleeps for at least so long (s)."""
    found: list[Stretch] = []
    moment_s = 0.0

    def add(kind: str, lasts_s: float) -> None:
        nonlocal moment_s
        end_s = grid(moment_s + lasts_s)
        found.append(Stretch(kind, moment_s, end_s))
        moment_s = end_s

    while moment_s < length_s:
        add(random.choice(("breathing", "breathing", "snoring")), random.uniform(15, 240))
        draw = random.random()
        if draw < 0.6:
            add(random.choice(("apnea", "apnea", "effort")), random.uniform(10.6, 45))
        elif draw < 0.75:
            add("hypopnea", random.uniform(10.6, 40))
        elif draw < 0.79:
            add("apnea", random.uniform(60, 115))
        elif draw < 0.81:
            add("apnea", random.uniform(130, 300))
        elif draw < 0.84:
            add("empty", random.uniform(30, 900))
        elif draw < 0.87:
            add("covered", random.uniform(10, 300))
    return tuple(found)
