"""The plain data that leaves this room: one `Frame` of probabilities every 0.2 s."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Delayed:
    """The delayed reading of an earlier frame, made with what followed it.

    `index` is that earlier frame. `apnea` and `hypopnea` are the probabilities that the frame
    lies inside such an event (from its onset to its end); they exclude each other, so their sum
    is the probability of a respiratory event.
    """

    index: int
    audible: float
    breath: float
    apnea: float
    hypopnea: float
    snore: float
    gasp: float


@dataclass(frozen=True, slots=True)
class Frame:
    """Frame `index` (0.2 s of sound from `index` / 5 s): causal reading and level.

    The probabilities use nothing after the frame (save the encoder's margin of 1 s).
    `apnea`, `hypopnea`: such an event has lasted at least 10 s and is still going on.
    `audible`: a pause could be heard here. `breath`, `snore`, `gasp`: that sound is present.
    `valid` is False in a gap; the probabilities then mean nothing and are 0.
    `delayed` is None until the stream is longer than the delay.
    """

    index: int
    valid: bool
    level_dbfs: float
    noise_dbfs: float
    clipped: bool
    silent: bool
    audible: float
    breath: float
    apnea: float
    hypopnea: float
    snore: float
    gasp: float
    delayed: Delayed | None
