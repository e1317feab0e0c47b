"""Synthetic sleepers: breath, snore, gasp, blocked effort and cough from a source and filters.

All sounds are float32 at 16 kHz and drawn from a `numpy.random.Generator`: the same generator
state gives the same samples. Loudness is relative: an ordinary breath of a person has the RMS
`voice.level` (about 1), so a caller scales everything by one gain. Values beyond ±1 are normal.
Sounds around the sleeper stand beside: `babble`, `music`, `household`, `noises`.
"""

from osa_daemon.training.synthesis.blocking import effort_sound
from osa_daemon.training.synthesis.breathing import breath
from osa_daemon.training.synthesis.coughing import cough
from osa_daemon.training.synthesis.gasping import gasp
from osa_daemon.training.synthesis.snoring import snore
from osa_daemon.training.synthesis.voice import Phase, Voice, draw_voice

__all__ = ["Phase", "Voice", "breath", "cough", "draw_voice", "effort_sound", "gasp", "snore"]
