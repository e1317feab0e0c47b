"""Every range that a night is drawn from, with its source.

"measured N" is section N of the physiology statistics beside the training data (whole-night
polysomnographies and airflow traces); "judgement" is ours and wants measuring.
"""

from dataclasses import dataclass

import numpy as np


@dataclass(frozen=True, slots=True)
class Range:
    """A range `low` … `high`, triangular where `mode` is given, else uniform."""

    low: float
    high: float
    source: str
    mode: float | None = None

    def draw(self, rng: np.random.Generator) -> float:
        """Draw one value."""
        if self.mode is None:
            return float(rng.uniform(self.low, self.high))
        return float(rng.triangular(self.low, self.mode, self.high))


@dataclass(frozen=True, slots=True)
class LogNormal:
    """`offset` + exp(N(mean, sd)), cut to `low` … `high`."""

    mean: float
    sd: float
    low: float
    high: float
    source: str
    offset: float = 0.0

    def draw(self, rng: np.random.Generator) -> float:
        """Draw one value."""
        value = self.offset + float(np.exp(rng.normal(self.mean, self.sd)))
        return float(np.clip(value, self.low, self.high))


# breath clock
RATE_BPM = Range(9.0, 24.0, "measured 4: 12.2-21.7, median 16.3; task: 9 to 24", mode=16.0)
PERIOD_CV = Range(0.08, 0.18, "measured 4: .08-.18, median .105", mode=0.10)
AMPLITUDE_CV = Range(0.07, 0.29, "measured 4: .07-.29, median .117", mode=0.11)
INSPIRATORY_SHARE = Range(0.36, 0.46, "measured 4: CPAP flow, .41 ± .03", mode=0.41)
RATE_DRIFT = Range(0.05, 0.10, "measured 4: the 2-min rate moves by sd 1.3 of 16.3 a minute")
RATE_DRIFT_TAU_S = Range(90.0, 300.0, "measured 4: windows of 2 min")
LEVEL_DRIFT_DB = Range(0.5, 2.5, "judgement: slow change of depth and head position")
IRREGULAR_FACTOR = Range(1.5, 2.2, "measured 4 (REM and wake are more irregular), size judged")
IRREGULAR_SPAN_S = Range(300.0, 1500.0, "literature: REM episodes of 5-25 min")
IRREGULAR_PER_H = Range(0.0, 1.0, "literature: 4-5 REM episodes a night")

QUIET_PHASES_PER_H = Range(0.0, 5.0, "judgement")
QUIET_PHASE_S = Range(60.0, 900.0, "judgement: quiet sleep of minutes")
QUIET_RAMP_S = Range(12.0, 60.0, "judgement: several breaths")
QUIET_PHASE_DB = Range(3.0, 11.0, "judgement: half to a quarter of the flow")

# sound of one breath
INHALE_SOUNDING = Range(0.70, 0.95, "judgement: share of the phase that is heard")
EXHALE_SOUNDING = Range(0.45, 0.85, "judgement: flow of the late expiration is too slow to hear")
EXHALE_LEVEL_DB = Range(-8.0, 5.0, "judgement: exhale against inhale where both are heard")
ONE_PHASE_SHARE = Range(0.25, 0.25, "judgement: share of people heard on one phase only")
ONE_PHASE_DROP_DB = Range(18.0, 30.0, "judgement")
FLOW_TO_SOUND = Range(1.3, 2.0, "literature: breath sound amplitude grows as flow^1.3 to ^2")

BRIEF_SHARE = 0.2  # judgement: people of whose breaths only the fastest flow is heard
BRIEF_SOUNDING = Range(0.15, 0.6, "judgement: share of the phase that is heard of them")

# recorded voices: natural logarithm of the speed, and colour, of one group in different nights
SPEED_CHANGE = Range(-0.13, 0.13, "judgement: the same person")
SPEED_CHANGE_FAR = Range(-0.35, 0.35, "judgement: throats of children and of large men")
VOICE_COLOUR_DB = 6.0  # judgement: microphones and rooms
VOICE_COLOUR_FAR_DB = 11.0  # judgement: other noses and mouths
TWO_GROUPS_SHARE = 0.35  # judgement: inspirations of one group, expirations of another
BLOWN_SHARE = 0.35  # judgement: nights whose breaths keep the recording's spectrum, no more

# snoring
SNORER_SHARE = Range(0.6, 0.6, "issue 8: at least 30 % of the test sleepers never snore")
SNORE_LEVEL_DB = Range(5.0, 20.0, "literature: quiet snores 40, loud ones 60 dB; breath below 35")
SNORE_BOUT_S = LogNormal(5.3, 0.8, 40.0, 2400.0, "judgement: bouts of minutes, median 200 s")
QUIET_BOUT_S = LogNormal(4.8, 0.9, 30.0, 2400.0, "judgement: median 120 s")
SNORE_RAMP_S = Range(10.0, 90.0, "judgement: loudness builds over several breaths")
ALTERNATING_SHARE = 0.12  # judgement: snorers who snore on one of two breaths
SNORE_CV_DB = Range(1.0, 4.0, "judgement")

# between events
SHORT_PAUSES_PER_H = Range(0.0, 16.0, "judgement: pauses under 10 s that must not count")
SHORT_PAUSE_S = Range(4.0, 9.0, "task: up to 9.5 s between two sounds as heard", mode=7.0)
SHORT_RECOVERY_SHARE = 0.4  # judgement: short pauses that end like an apnea
SHORT_EFFORT_SHARE = 0.2  # judgement: short pauses with blocked efforts
SIGHS_PER_H = Range(2.0, 12.0, "literature: about 6-10 sighs an hour of sleep")
SIGH_LEVEL_DB = Range(4.0, 9.0, "judgement: twice to three times the volume")
COUGHS_PER_H = Range(0.0, 2.0, "judgement")
SMACKS_PER_H = Range(0.0, 5.0, "judgement")
GROANS_PER_H = Range(0.0, 3.0, "judgement")
WORDS_PER_H = Range(0.0, 2.0, "judgement: sleep talk")
RUSTLES_PER_H = Range(2.0, 10.0, "literature: 2-6 position changes an hour, small moves more")
RUSTLE_LEVEL_DB = Range(0.0, 18.0, "judgement: over the sleeper's breath")

AIRFLOW_EXHALE_DB = Range(-14.0, 3.0, "judgement: as breath sound, per person")
AIRFLOW_RATTLE_HZ = Range(28.0, 90.0, "literature: palatal snore 30-80 Hz")

# events
OBSTRUCTIVE_S = LogNormal(1.9, 0.9, 10.2, 70.0, "measured 1: all/ucdd/phone pooled", offset=9.5)
CENTRAL_S = LogNormal(1.5, 0.9, 10.2, 45.0, "measured 1: central", offset=9.5)
MIXED_S = LogNormal(2.6, 0.7, 11.0, 75.0, "measured 1: mixed", offset=9.5)
HYPOPNEA_S = LogNormal(1.96, 0.71, 10.2, 60.0, "measured 1: UCDDB (PSG-Audio marks short)", 9.5)
NIGHT_SPREAD = Range(0.0, 0.275, "measured 1: sd of the nights' mean log duration")
GAP_S = {
    "mild": LogNormal(3.52, 0.67, 6.0, 110.0, "measured 2: AHI 5-15"),
    "moderate": LogNormal(3.35, 0.59, 6.0, 110.0, "measured 2: AHI 15-30"),
    "severe": LogNormal(3.05, 0.55, 5.0, 110.0, "measured 2: AHI 30-60 and above"),
}
FOLLOWED = {"mild": 0.57, "moderate": 0.78, "severe": 0.93}  # measured 2: within 90 s
INDEX_PER_H = {
    "mild": Range(2.0, 15.0, "AASM strata, and rarer"),
    "moderate": Range(15.0, 30.0, "AASM strata"),
    "severe": Range(30.0, 75.0, "AASM strata; measured 3: 90 % of clinic nights below 78"),
}
FIRST_TYPE = {  # judgement: home sleepers, hypopneas about half (measured 1 counts, less PSG-Audio)
    "obstructive": 0.42,
    "central": 0.08,
    "mixed": 0.07,
    "hypopnea": 0.43,
}
NEXT_TYPE = {  # measured 2: type of the next event inside a run
    "central": {"central": 0.33, "mixed": 0.24, "hypopnea": 0.22, "obstructive": 0.21},
    "hypopnea": {"hypopnea": 0.70, "obstructive": 0.26, "mixed": 0.03, "central": 0.01},
    "mixed": {"mixed": 0.51, "obstructive": 0.34, "hypopnea": 0.10, "central": 0.05},
    "obstructive": {"obstructive": 0.78, "hypopnea": 0.15, "mixed": 0.05, "central": 0.02},
}
RECOVERY_SHARE = 0.82  # measured on 27 nights: apneas that end with an arousal within 5 s
RECOVERY_SHARE_HYPOPNEA = 0.55  # judgement: fewer and weaker
RECOVERY_BREATHS = Range(2.0, 5.9, "measured 5: 12 s of larger flow after an event")
RECOVERY_LEVEL_DB = Range(3.0, 13.0, "measured 5: flow 1.2-1.9 after; gasps 20-60 dB over floor")
RECOVERY_PACE = Range(0.65, 0.95, "judgement: faster breathing after the arousal")
GASP_SHARE = Range(0.3, 0.9, "judgement: share of recoveries that begin with a gasp or snort")
GASP_LEVEL_DB = Range(4.0, 18.0, "measured 6: 20-60 dB over the floor")
EFFORT_SHARE = 0.6  # judgement, from real home recordings (measured 6): obstructive with clicks
EFFORT_PERIOD_S = Range(3.0, 4.0, "measured 6: every 3.3-3.5 s")
EFFORT_LEVEL_DB = Range(-12.0, 8.0, "measured 6: 20-45 dB over the floor in snorers", mode=-3.0)
MIXED_CENTRAL_SHARE = Range(0.35, 0.65, "judgement: the silent first part of a mixed apnea")
CRESCENDO_DB = Range(0.0, 6.0, "judgement: growing snore before an obstruction")
CRESCENDO_S = Range(8.0, 25.0, "judgement")
WANING_DB = Range(5.0, 11.0, "literature: waxing and waning around central apneas")
WANING_S = Range(10.0, 22.0, "literature: Cheyne-Stokes cycles of 45-90 s")
HYPOPNEA_DROP_DB = Range(4.0, 19.0, "task and measured 5: .13-.56 of flow", mode=10.0)
HYPOPNEA_FLAT_SHARE = 0.12  # measured 5: many scored hypopneas hardly change the flow
HYPOPNEA_SLOW_SHARE = 0.5  # judgement: the flow falls over two or three breaths
HYPOPNEA_MUTED_SHARE = 0.4  # judgement: the snore stops with the flow
FLOW_LIMITED_SHARE = 0.5  # literature: most obstructive hypopneas have a longer, flat inspiration
AROUSAL_MOVES_SHARE = 0.4  # literature: movement with a third to a half of the arousals
MORE_HYPOPNEAS_SHARE = 0.2  # task: more hypopneas in training than its severe timelines hold
MORE_CENTRAL_SHARE = 0.08  # as above: of a hundred events in them fewer than one is central
LONG_APNEA_SHARE = 0.04  # judgement
LONG_APNEA_SHARE_TRAIN = 0.15  # task: else most silences of 30 s and more are none, and none alerts
LONG_APNEA_S = Range(40.0, 90.0, "task: a small share of 40-90 s", mode=50.0)
HYPOPNEA_FLAT_DROP_DB = Range(-4.0, 4.0, "measured 5: 0.88-1.27 of the flow before")
HYPOPNEA_CRESCENDO_DB = Range(0.0, 4.0, "judgement: effort grows inside")
APNEA_FLOW = Range(0.01, 0.08, "measured 5: .03-.12 of the flow before", mode=0.03)
HYPOPNEA_FLOW = Range(0.12, 0.75, "measured 5: .13 / .56 / .96 at the deepest", mode=0.35)
RECOVERY_FLOW = Range(1.0, 2.0, "measured 5: 1.17, up to 1.92, in the first 12 s after", mode=1.3)

# levels
SNR_LOW_DB = Range(-3.0, 6.0, "issue 8: a third of the nights below +6")
SNR_HIGH_DB = Range(6.0, 20.0, "issue 8: up to +20")
SNR_LOW_SHARE = 1 / 3
SNORER_OVER_NOISE_DB = Range(0.0, 8.0, "judgement: the median breath of a snorer is a snore")
BREATH_DBFS = Range(-65.0, -25.0, "issue 8: gain over ±20 dB round -45 dBFS")
EMPTY_NOISE_DBFS = Range(-80.0, -30.0, "as BREATH_DBFS less the breath's height over the noise")
TURNED_AWAY_DB = Range(8.0, 28.0, "judgement: mouth into the pillow, off axis", mode=16.0)
TURNED_AWAY_DULL_DB = Range(4.0, 18.0, "judgement: treble at 4 kHz that pillow and head take")
AWAY_SPAN_S = Range(90.0, 600.0, "task")
FACING_SPAN_S = Range(60.0, 900.0, "judgement: between two times turned away", mode=240.0)
ABSENT_SPAN_S = Range(300.0, 1200.0, "task: 5-20 min")

# turning over
POSITION_CHANGES_PER_H = Range(1.0, 6.0, "literature: 2-6 changes of position an hour")
POSITION_LEVEL_DB = Range(-8.0, 8.0, "judgement: nearer or farther, another side of the head")
POSITION_COLOUR_DB = Range(1.0, 5.0, "judgement")
TURN_MOVING_S = Range(1.0, 6.0, "judgement: how long somebody takes to turn over", mode=2.5)
TURN_FADE_S = Range(1.5, 5.0, "judgement: the head comes to rest after the body")
TURN_RUSTLE_DB = Range(2.0, 24.0, "judgement: bedclothes over the sleeper's breath", mode=11.0)
TURN_THUMP_SHARE = 0.3  # judgement: turns in which the bed or a knee is heard
TURN_HELD_SHARE = 0.5  # judgement: turns in which the breath is held
TURN_HELD_S = Range(3.0, 8.0, "judgement: breath held while moving; no event")
SWITCHING_SHARE = 0.25  # judgement: nights that change between nose and mouth
SWITCH_SPAN_S = Range(60.0, 900.0, "judgement: minutes by nose, then by mouth", mode=240.0)
SWITCH_LEVEL_DB = Range(-4.0, 4.0, "judgement: mouth against nose, slow flow")
SWITCH_FADE_S = Range(3.0, 15.0, "judgement: a few breaths")

# other sources, against the sleeper's median breath
PARTNER_LEVEL_DB = Range(-15.0, -2.0, "task: the sleeper is the nearer and louder one")
PARTNER_LOUD_SHARE = 0.2  # judgement: nights in which the partner is as loud or louder
PARTNER_LOUD_DB = Range(-2.0, 6.0, "task: up to 6 dB over the sleeper")
PARTNER_SNORES_SHARE = 0.6  # judgement
PARTNER_GONE_SHARE = 0.2  # judgement: goes to the bathroom
PARTNER_GONE_S = Range(120.0, 600.0, "judgement")
TELEVISION_LEVEL_DB = Range(-12.0, 15.0, "judgement: from a murmur to covering the breath")
TELEVISION_PAUSE_S = Range(10.0, 60.0, "issue 8: falls silent for 10-60 s")
TELEVISION_SCENE_S = Range(20.0, 150.0, "judgement")
TALK_LEVEL_DB = Range(-3.0, 20.0, "judgement: voices of 40-60 dB against breath of 25-35")
TALK_PER_H = Range(6.0, 40.0, "judgement")
PET_LEVEL_DB = Range(-8.0, 15.0, "judgement")
PETS_PER_H = Range(6.0, 40.0, "judgement")
DOG_SHARE = 0.6  # judgement: else a cat
SECOND_PET_SHARE = 0.2  # judgement
PET_BOUT_DB = Range(-16.0, 3.0, "judgement: an animal's breath, snore or purr against its bark")
PET_BOUT_S = LogNormal(5.5, 0.8, 60.0, 1800.0, "judgement: minutes, median 4; then it stops")
PET_PAUSE_S = LogNormal(4.6, 1.0, 10.0, 1800.0, "judgement: median 100 s")
PANTING_S = Range(6.0, 90.0, "judgement: panting comes in bouts")
PET_RATE_BPM = Range(10.0, 30.0, "literature: 10-30 breaths a minute in sleeping dogs and cats")
SWITCHED_OFF_SHARE = 0.3  # judgement: a sleep timer ends it for the night
AUDIOBOOK_SHARE = 0.3  # judgement: one steady voice, turned low
AUDIOBOOK_DB = Range(-12.0, 0.0, "judgement: against a television")
SWELLING_SHARE = 0.35  # judgement: of the music beside a bed
SWELL_S = Range(2.5, 8.0, "judgement: as slow as breath")
HOUSE_LEVEL_DB = Range(-6.0, 14.0, "judgement")
HOUSE_PER_H = Range(1.0, 20.0, "judgement")

# the room's noise
NOISE_STEPS_SHARE = 0.2  # judgement: nights in which the noise changes
NOISE_ITSELF_SHARE = 0.35  # judgement: of these, the noise that is there changes; else another
NOISE_STEP_DB = Range(3.0, 15.0, "judgement: a fan's speeds differ by 5-10 dB")
NOISE_RAMP_S = Range(0.3, 5.0, "judgement: a motor that runs up")
NOISE_SWELL_S = Range(4.0, 60.0, "judgement: rain, a lorry, wind")
NOISE_STEP_S = LogNormal(5.0, 0.9, 20.0, 2400.0, "judgement: median 150 s; thermostats: minutes")
NOISE_STEADY_S = LogNormal(5.5, 0.9, 20.0, 3600.0, "judgement: median 240 s")
WAVES_SHARE = 0.05  # judgement: noise machines with waves, besides those drawn among others
WAVES_SHARE_EMPTY = 0.15  # judgement: where they may be mistaken for somebody
CLOCK_SHARE = 0.05  # judgement
CLOCK_DB = Range(-5.0, 15.0, "judgement: a tick over the noise")

# room and microphone
DISTANCE_M = Range(0.3, 3.0, "issue 8", mode=0.8)
REVERBERATION_S = Range(0.15, 0.6, "literature: furnished bedrooms .3-.5 s")
ROOM_M = Range(2.5, 6.0, "judgement: length and width of a bedroom")
CEILING_M = Range(2.2, 3.2, "judgement: building codes start at 2.1-2.5 m")
BAND_LIMIT_HZ = Range(4_000.0, 7_900.0, "task: 4-8 kHz", mode=7_500.0)
LOW_CUT_HZ = Range(20.0, 120.0, "judgement: small microphones")
SELF_NOISE_DB = Range(-30.0, -6.0, "judgement: against the room's noise")
AUTOMATIC_GAIN_SHARE = 0.2  # judgement
AUTOMATIC_GAIN_DB = Range(3.0, 9.0, "measured 6: the floor climbs 5-8 dB in 4 s")
AUTOMATIC_GAIN_S = Range(1.5, 5.0, "measured 6: 4 s")
GATE_SHARE = 0.04  # judgement: noise gates of phones and headsets; never in test nights
GATE_THRESHOLD_DB = Range(1.0, 4.0, "judgement: over the noise; breath that is heard opens it")
GATE_DB = Range(10.0, 40.0, "judgement: what a gate takes")
GATE_HOLD_S = Range(0.1, 0.5, "judgement: usual settings")
GAIN_DRIFT_SHARE = 0.1  # judgement
GAIN_DRIFT_DB = Range(1.0, 3.0, "judgement: slow change of gain, of a microphone that slips")
GAIN_DRIFT_S = Range(30.0, 600.0, "judgement")
CLIPPING_SHARE = 0.06  # judgement
QUANTISED_SHARE = 0.08  # judgement: 10-12 bit or mu-law
HUM_SHARE = 0.15  # judgement: mains hum
HUM_DB = Range(-25.0, -3.0, "judgement: mains hum against the room's noise")
COARSENESS = Range(0.2, 1.0, "judgement: step against the noise between breaths")
WHINE_SHARE = 0.06  # judgement: USB power
WHINE_DB = Range(-25.0, -8.0, "judgement: tones of 1 kHz and above against the room's noise")
OFFSET_SHARE = 0.1  # judgement: sound cards with a constant offset
OFFSET_DBFS = Range(-70.0, -40.0, "judgement: cheap sound cards")
LOST_PACKETS_SHARE = 0.08  # judgement: an overloaded USB bus
LOST_PACKETS_PER_H = Range(2.0, 120.0, "judgement")
GAP_SHARE = 0.12  # judgement: nights with dropouts
GAP_LENGTH_S = Range(0.5, 20.0, "judgement: a stalled or unplugged microphone")
CODEC_SHARES = {  # judgement: 0.15 of nights; cost decides too, Opus takes 70 s an hour of night
    "vorbis": 0.035,
    "mp3": 0.025,
    "opus": 0.008,
    "mu_law": 0.025,
    "ima_adpcm": 0.02,
    "vox_adpcm": 0.01,
    "gsm": 0.01,
    "low_rate": 0.02,
}
VORBIS_COMPRESSION = Range(0.6, 1.0, "measured: 36-28 kbit/s of noise at 16 kHz")
MP3_COMPRESSION = Range(0.5, 0.95, "measured: 26-19 kbit/s at 16 kHz")
OPUS_COMPRESSION = Range(0.9, 0.97, "measured: 28-11 kbit/s; messengers send 12-24")
CODEC_FLOOR_DBFS = Range(-62.0, -45.0, "judgement: a room's noise in a phone's recording")
