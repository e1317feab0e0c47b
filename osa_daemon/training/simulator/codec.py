"""Lossy codecs and lower rates that a night passes through before a detector hears it."""

import io
from dataclasses import dataclass

import numpy as np
import soundfile as sf
import soxr

from osa_daemon.training.simulator import ranges
from osa_daemon.training.simulator.levels import band_power
from osa_daemon.training.simulator.night import SAMPLE_RATE_HZ, Samples

_FORMATS = {  # libsndfile's container and subtype
    "vorbis": ("OGG", "VORBIS"),
    "mp3": ("MP3", "MPEG_LAYER_III"),
    "opus": ("OGG", "OPUS"),
    "mu_law": ("WAV", "ULAW"),
    "ima_adpcm": ("WAV", "IMA_ADPCM"),
    "vox_adpcm": ("RAW", "VOX_ADPCM"),
    "gsm": ("WAV", "GSM610"),
}
_RATES_HZ = {  # at which a codec runs, one of these
    "vorbis": (16_000,),
    "mp3": (16_000,),
    "opus": (16_000, 8_000),
    "mu_law": (8_000, 16_000),
    "ima_adpcm": (8_000, 16_000),
    "vox_adpcm": (8_000,),
    "gsm": (8_000,),
    "low_rate": (8_000, 11_025, 12_000),
}
_COMPRESSION = {
    "vorbis": ranges.VORBIS_COMPRESSION,
    "mp3": ranges.MP3_COMPRESSION,
    "opus": ranges.OPUS_COMPRESSION,
}
_PIECE_S = 10  # libsndfile overflows its stack on long writes of Vorbis
_PEAK = 0.9  # loudest sample that enters a coder: resampling may overshoot


@dataclass(frozen=True, slots=True)
class Codec:
    """A codec at its rate; `compression` 0 … 1 is libsndfile's, None where there is none."""

    name: str
    rate_hz: int
    compression: float | None = None


def draw_codec(rng: np.random.Generator) -> Codec | None:
    """Draw a codec; most nights pass through none."""
    names = list(ranges.CODEC_SHARES)
    borders = np.cumsum([ranges.CODEC_SHARES[n] for n in names])
    drawn = int(np.searchsorted(borders, rng.random(), side="right"))
    if drawn == len(names):
        return None
    name = names[drawn]
    compression = _COMPRESSION[name].draw(rng) if name in _COMPRESSION else None
    return Codec(name, int(rng.choice(_RATES_HZ[name])), compression)


def coded(rng: np.random.Generator, sound: Samples, codec: Codec) -> Samples:
    """Return the sound (n,) at 16 kHz after coding and decoding: same length, no delay.

    Quiet recordings are coded at a higher gain, so that the noise floor does not fall below the
    coder's steps; white noise 20-30 dB below the floor fills what is left of digital silence.
    """
    floor = float(np.sqrt(np.median(band_power(sound)))) if len(sound) else 0.0
    peak = float(max(sound.max(initial=0), -sound.min(initial=0), 1e-6))
    wanted = 10 ** (ranges.CODEC_FLOOR_DBFS.draw(rng) / 20) / max(floor, 1e-6)
    lift = np.float32(min(max(wanted, 1.0), _PEAK / peak))
    entering = sound * lift
    if codec.rate_hz != SAMPLE_RATE_HZ:
        entering = soxr.resample(entering, SAMPLE_RATE_HZ, codec.rate_hz)
    if codec.name in _FORMATS:
        entering = _through(entering, codec)
    if codec.rate_hz != SAMPLE_RATE_HZ:
        entering = soxr.resample(entering, codec.rate_hz, SAMPLE_RATE_HZ)
    entering /= lift
    made = rng.standard_normal(len(sound), dtype=np.float32)
    made *= np.float32(floor * 10 ** (rng.uniform(-30, -20) / 20))
    fits = entering[: len(sound)]
    made[: len(fits)] += fits
    return np.clip(made, -1.0, 1.0, out=made)


def _through(sound: Samples, codec: Codec) -> Samples:
    container, subtype = _FORMATS[codec.name]
    step = _PIECE_S * codec.rate_hz
    memory = io.BytesIO()
    options = {"format": container, "subtype": subtype}
    with sf.SoundFile(
        memory, "w", codec.rate_hz, 1, compression_level=codec.compression, **options
    ) as file:
        for start in range(0, len(sound), step):
            file.write(sound[start : start + step])
    memory.seek(0)
    headless = options | {"samplerate": codec.rate_hz, "channels": 1} if container == "RAW" else {}
    # in one go: read in pieces, libsndfile's MP3 decoder starts anew and gives zeros
    read, _ = sf.read(memory, len(sound), dtype="float32", fill_value=0.0, **headless)
    return np.asarray(read, np.float32)
