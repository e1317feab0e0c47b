"""How alike a moment is to each moment before it.

A convolution sees what a sound is; that the breath after a pause is the one from before it, that
something comes back every four seconds, only a comparison sees, in a voice that no training held
as in the others. After the self-similarity matrices of Foote 1999, *Visualizing music and audio
using self-similarity*, cut to the recent past, with learned projections in the place of spectra.
"""

import torch
from torch import Tensor, nn

LAGS = 200  # frames compared with: 40 s, so that most pauses have both their edges in sight
NEAR = 50  # of these the nearest one by one: 10 s hold two breaths and more
FAR_STEP = 5  # and the others by the best of a second
LAG_COLUMNS = NEAR + (LAGS - NEAR) // FAR_STEP
KEYS_IN_ROW = 2  # a row of memory has room for the keys of two frames
CHUNK = 100  # frames compared at once in training
_LEAST_SQUARE = 1e-4


class SelfSimilarity(nn.Module):
    """Compares each frame with the frames before it, in `heads` projections at once.

    `channels` is the width of a row of memory: half of it holds one frame's keys.
    """

    def __init__(self, width: int, channels: int, heads: int, out: int) -> None:
        super().__init__()
        self.heads = heads
        self.channels = channels
        self.rows = LAGS // KEYS_IN_ROW  # of memory
        self.key = nn.Linear(width, channels // KEYS_IN_ROW)
        self.out = nn.Linear(heads * LAG_COLUMNS, out)

    def forward(self, x: Tensor, valid: Tensor, memory: Tensor) -> tuple[Tensor, Tensor]:
        """(B, T, width), (B, T, 1), (B, rows, channels) → (B, T, out), the new memory.

        Lost sound, `valid` 0, is like nothing.
        """
        batch, frames, _ = x.shape
        keys = self._keys(x) * valid
        before = memory.reshape(batch, LAGS, self.channels // KEYS_IN_ROW)
        longer = torch.cat([before, keys], dim=1)
        in_chunks = self.training and frames % CHUNK == 0
        alike = self._in_chunks(keys, longer) if in_chunks else self._alike(keys, longer)
        kept = longer[:, -LAGS:].reshape(batch, self.rows, self.channels)
        return torch.relu(self.out(alike)).reshape(batch, frames, -1), kept

    def _keys(self, x: Tensor) -> Tensor:
        """Return the keys (B, T, channels / 2): of each head a vector of about the length one."""
        batch, frames, _ = x.shape
        keys = self.key(x).reshape(batch, frames, self.heads, -1)
        length = (keys.square().sum(dim=3, keepdim=True) + _LEAST_SQUARE).sqrt()
        return (keys / length).reshape(batch, frames, -1)

    def _in_chunks(self, keys: Tensor, longer: Tensor) -> Tensor:
        """As `_alike`, at less cost for long stretches: nothing is compared but what is asked."""
        batch, frames, width = keys.shape
        count = frames // CHUNK
        asked = keys.reshape(batch * count, CHUNK, width)
        stretches = longer.unfold(1, LAGS + CHUNK, CHUNK).transpose(2, 3)
        alike = self._alike(asked, stretches.reshape(batch * count, LAGS + CHUNK, width))
        return alike.reshape(batch, frames, -1)

    def _alike(self, keys: Tensor, longer: Tensor) -> Tensor:
        """Compare (B, T, …) with the `LAGS` frames before: (B, T, heads · (near + far))."""
        asked, known = (self._by_head(rows) for rows in (keys, longer))
        by_frame = asked @ known.transpose(2, 3)  # (B, heads, T, LAGS + T)
        batch, heads, frames, _ = by_frame.shape
        # a row one longer than it is shifts the next one: column k is then LAGS - k frames back
        shifted = torch.cat([by_frame.flatten(2), by_frame[:, :, :, 0]], dim=2)
        by_lag = shifted.reshape(batch, heads, frames, -1)[:, :, :, :LAGS]
        far = by_lag[:, :, :, :-NEAR].reshape(batch, heads, frames, -1, FAR_STEP).amax(dim=4)
        rows = torch.cat([far, by_lag[:, :, :, -NEAR:]], dim=3)
        return rows.transpose(1, 2).flatten(2)

    def _by_head(self, rows: Tensor) -> Tensor:
        batch, frames, _ = rows.shape
        return rows.reshape(batch, frames, self.heads, -1).transpose(1, 2)
