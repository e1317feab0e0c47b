"""Every range that a synthetic sleeper is drawn from, with its unit and where it comes from.

Marks: [V] published figure, seen in the abstract; [L] cited from memory, so a soft prior;
[M] widened or moved until the 10-90 % bands of spectra, envelopes and modulation met those of the
development recordings (`compare.py`; close microphones, phones, games: hardly true sleepers);
[D] chosen here, wider than what people show, because the detector must meet more than people.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Range:
    """Lowest and highest value of a parameter; `source` says where they come from."""

    low: float
    high: float
    source: str

    def draw(self, rng: np.random.Generator) -> float:
        """Return a value drawn uniformly."""
        return float(rng.uniform(self.low, self.high))

    def draw_log(self, rng: np.random.Generator) -> float:
        """Return a value drawn uniformly on a logarithmic scale."""
        return float(np.exp(rng.uniform(np.log(self.low), np.log(self.high))))


# person
LEVEL_DB = Range(-6.0, 6.0, "[D] between people at the same distance")
FAINT_PHASE_DB = Range(-18.0, 4.0, "[M] one phase is inaudible in some people; over 0: both alike")
FLOW_EXPONENT = Range(1.0, 2.0, "[L] breath sound amplitude over flow, Gavriely & Cugell 1996")
SNORER_SHARE = 0.6  # [D] habitual snorers are 25-45 % of adults, and more of those with apneas

# nose and mouth: turbulence and resonances (Hz, dB, dB per octave)
NOSE_LOW_CUT_HZ = Range(60.0, 700.0, "[M] lower edge of nasal breaths")
NOSE_KNEE_HZ = Range(300.0, 2800.0, "[L] nasal breath sounds lie between 300 and 2500 Hz")
NOSE_SLOPE_DB = Range(3.0, 16.0, "[M] fall per octave above the knee")
NOSE_PEAK_HZ = Range(
    350.0, 1700.0, "[V] two resonances, 0.6-0.75 and 2.5-3.5 kHz, in replicas: Rhinology 3375"
)
NOSE_HISS_HZ = Range(3000.0, 7000.0, "[V] obstruction shows at 2-4 and 4-6 kHz, Tahamiler 2007")
NOSE_HISS_DB = Range(-6.0, 12.0, "[D]")
MOUTH_LOW_CUT_HZ = Range(50.0, 600.0, "[M]")
MOUTH_KNEE_HZ = Range(300.0, 3200.0, "[M]")
MOUTH_SLOPE_DB = Range(3.0, 14.0, "[M]")
FORMANT_1_HZ = Range(300.0, 850.0, "[L] vocal tract, Peterson & Barney 1952")
FORMANT_2_HZ = Range(850.0, 2200.0, "[L] as above")
FORMANT_3_HZ = Range(2000.0, 3300.0, "[L] as above")
TUBE_HZ = Range(380.0, 680.0, "[L] first resonance of a tube 13 to 22 cm long, closed at one end")
EXTRA_PEAK_HZ = Range(450.0, 7500.0, "[M] real breaths show up to ten bands")
EXTRA_PEAKS = 3.0  # [M] mean number of bands beyond the formants
FORMANT_4_HZ = Range(3200.0, 4800.0, "[L] Fant 1960")
FORMANT_BANDWIDTH = Range(0.03, 0.4, "[D] over the frequency; open glottis damps, Fant 1960")
FORMANT_GAIN_DB = Range(1.0, 15.0, "[M] height of a peak over its surroundings")
RUMBLE_HZ = Range(40.0, 200.0, "[M] air that strikes the microphone or the chest's own sound")
RUMBLE_DB = Range(3.0, 25.0, "[M]")
RUMBLE_SHARE = 0.4  # [M] people whose breath rumbles
NOTCH_HZ = Range(230.0, 7000.0, "[V] minima by the sinuses, unlike from nose to nose; as the peak")
NOTCH_DB = Range(2.0, 18.0, "[M] depth of gaps between bands")
NOTCHES = 3.0  # [M] mean number of such gaps
RIPPLE_DB = Range(0.5, 3.5, "[D] fine structure of one person's spectrum")
EXHALE_SHIFT = Range(0.65, 1.05, "[L] exhalation is lower in frequency at nose and mouth")
EXHALE_TILT_DB = Range(-4.0, 2.0, "[D] per octave over 1 kHz, relative to inhalation")

# movement inside a breath
ROUGHNESS_HZ = Range(10.0, 100.0, "[L] amplitude roughness of turbulent flow past soft tissue")
ROUGHNESS_DEPTH = Range(0.01, 0.3, "[M] natural log of amplitude")
FLUTTER_HZ = Range(1.5, 9.0, "[D]")
FLUTTER_DEPTH = Range(0.01, 0.25, "[M] natural log of amplitude")
DRIFT = Range(0.0, 0.18, "[M] resonances rise or fall by that share in one breath")
FLOW_BRIGHTNESS_DB = Range(0.0, 5.0, "[L] per octave: spectra flatten as flow rises, Shykoff 1988")
INHALE_RISE = Range(0.05, 0.55, "[M] share of the breath until its loudest part")
EXHALE_RISE = Range(0.03, 0.4, "[L] expiratory flow peaks early and decays")
HOLD = Range(0.0, 0.35, "[D] share of the breath at its loudest")
ENVELOPE_POWER = Range(0.35, 1.8, "[M] 1 is a cosine flank")
TWO_STROKE_SHARE = 0.08  # [D] breaths that falter once

# whistle and voice in breath
WHISTLE_SHARE = 0.15  # [D] people whose nose or lungs whistle
WHISTLE_HZ = Range(350.0, 2600.0, "[L] wheeze and nasal whistle, Sovijarvi 2000 (CORSA)")
WHISTLE_DB = Range(-24.0, 3.0, "[D] relative to the breath")
VOICED_SHARE = 0.12  # [D] people who hum or groan softly as they exhale
GROAN_HZ = Range(75.0, 260.0, "[L] fundamental of adult voices")

# snore; formants by place: 32 men, smartphone, drug-induced sleep (2017), and J Clin
# Otolaryngol Head Neck Surg 34(3):76, table 2; peaks by place: Agrawal 2002, 11 people
SNORE_GAIN_DB = Range(10.0, 30.0, "[L] 50-70 dBA against breath of 25-40 dBA, Levartovsky 2016")
SNORE_LOW_CUT_HZ = Range(40.0, 400.0, "[M]")
PALATAL_F0_HZ = Range(
    20.0, 75.0, "[L] soft palate, Beck 1995; [V] spectrum peaks at 136 Hz, Agrawal 2002"
)
TONGUE_F0_HZ = Range(
    45.0, 120.0, "[V] centre over 90 Hz for the tongue base, under it for the palate"
)
VOICED_SNORE_HZ = Range(90.0, 380.0, "[M] snores with a stack of harmonics, like a voice")
VOICED_SNORE_SHARE = 0.3  # [M] people whose snores can sound so
SNORE_JITTER = Range(0.01, 0.18, "[L] period to period; apneic snores jitter more, Sola-Soler 2003")
SNORE_SHIMMER = Range(0.05, 0.6, "[D] natural log of pulse amplitude")
SNORE_GLIDE = Range(0.75, 1.35, "[D] fundamental at the end over that at the start")
SNORE_FORMANT_1_HZ = Range(
    130.0, 1000.0, "[V] 488 ± 126 palate, 635 ± 197 tongue, in others up to 880"
)
SNORE_FORMANT_2_HZ = Range(600.0, 2400.0, "[V] 1267 ± 307 palate, 1724 ± 550 tongue; peak 1243 Hz")
SNORE_FORMANT_3_HZ = Range(1900.0, 3400.0, "[V] means 2630-2930")
SNORE_SLOPE_DB = Range(3.0, 14.0, "[M] fall per octave above the knee")
SNORE_KNEE_HZ = Range(120.0, 4000.0, "[M]")
SNORE_BREATHINESS_DB = Range(-18.0, 14.0, "[D] noise against pulses")
SNORE_AIR_TILT_DB = Range(0.0, 8.0, "[M] per octave: air round the rattle is brighter than it")
SNORE_WHISTLE_HZ = Range(500.0, 2500.0, "[D] hissing and whistling snores")
PULSE_MS = Range(0.4, 6.0, "[D] width of one opening")

# gasp, blocked effort, cough
GASP_TILT_DB = Range(-1.5, 4.0, "[M] per octave: forced breath is brighter than quiet breath")
GASP_GAIN_DB = Range(10.0, 25.0, "[M] recovery breaths 20-60 dB over the floor at home")
EFFORT_GAIN_DB = Range(-5.0, 20.0, "[M] clicks of blocked efforts 20-45 dB over the floor")
EFFORT_S = Range(0.1, 0.4, "[M] clicks and snorts inside pauses")
COUGH_GAIN_DB = Range(18.0, 35.0, "[L] coughs are 60-85 dBA at 1 m")
COUGH_BURST_S = Range(0.03, 0.09, "[L] explosive phase, Korpas 1996")
COUGH_FLOW_S = Range(0.1, 0.3, "[L] intermediate phase, Korpas 1996")
COUGH_VOICE_S = Range(0.04, 0.15, "[L] voiced phase where there is one, Korpas 1996")
