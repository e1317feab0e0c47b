"""Whisper as tutorials use it: the tiny encoder in torch on 30 s of padded sound, every 5 s.

The weights are random: the cost does not depend on them. Only the encoder is made; a program that
loads the whole model holds more memory.
"""

import torch
from measure import RATE_HZ, Hear, Samples, measure
from whisper.audio import N_FRAMES, log_mel_spectrogram, pad_or_trim
from whisper.model import AudioEncoder

STEP_S = 5
TINY = {"n_mels": 80, "n_ctx": 1500, "n_state": 384, "n_head": 6, "n_layer": 4}


def make() -> Hear:
    """Return the encoder on its log-mel spectrogram."""
    torch.set_num_threads(1)
    encoder = AudioEncoder(**TINY).eval()

    def hear(samples: Samples) -> None:
        with torch.inference_mode():
            mel = log_mel_spectrogram(pad_or_trim(samples))
            assert mel.shape[-1] == N_FRAMES
            encoder(mel[None])

    return hear


if __name__ == "__main__":
    measure(__doc__, make, STEP_S * RATE_HZ)
